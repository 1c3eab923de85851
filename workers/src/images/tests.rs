//! What is made of good uploads, and which are refused.

use std::io::Cursor;

use image::{DynamicImage, ExtendedColorType, ImageEncoder as _, ImageFormat, Rgb, RgbImage, RgbaImage};
use surv_operations::files::{FilePurpose, Rejection};

use super::{Made, Wanted, make};

const MAX_PIXELS: u64 = 1_000_000;

fn photo(bytes: &[u8]) -> Result<Made, Rejection> {
    make(bytes, Wanted { purpose: FilePurpose::JobPhoto, max_pixels: MAX_PIXELS })
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Left half red, right half blue.
fn two_halves(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { Rgb([200, 0, 0]) } else { Rgb([0, 0, 200]) };
    RgbImage::from_fn(width, height, |x, _| colour(x)).into()
}

fn decoded(bytes: &[u8]) -> RgbImage {
    image::load_from_memory(bytes).unwrap().into_rgb8()
}

/// An EXIF segment (big-endian TIFF) that says which way is up and where it was taken.
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    tiff.extend([0, 2]);
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
    tiff.extend([0; 4]);
    // The position: 48 degrees north.
    tiff.extend([0, 2]);
    tiff.extend([0, 1, 0, 2, 0, 0, 0, 2, b'N', 0, 0, 0]);
    tiff.extend([0, 2, 0, 5, 0, 0, 0, 1, 0, 0, 0, 68]);
    tiff.extend([0; 4]);
    tiff.extend([0, 0, 0, 48, 0, 0, 0, 1]);
    tiff.extend(b"GPS-CANARY");
    tiff
}

fn with_exif(image: &DynamicImage, orientation: u8) -> Vec<u8> {
    let plain = encoded(image, ImageFormat::Jpeg);
    let exif = exif(orientation);
    let length = u16::try_from(exif.len() + 8).unwrap().to_be_bytes();
    [&plain[..2], &[0xff, 0xe1], &length, b"Exif\0\0", &exif, &plain[2..]].concat()
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn every_format_becomes_an_image_of_ours_with_a_thumbnail() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let made = photo(&encoded(&two_halves(900, 600), format)).unwrap();

        for (encoded, size) in [(&made.full, (900, 600)), (&made.thumbnail, (400, 267))] {
            assert_eq!((encoded.content_type, (encoded.width, encoded.height)), ("image/jpeg", size), "{format:?}");
            let image = decoded(&encoded.bytes);
            assert_eq!(image.dimensions(), size);
            assert!(image.get_pixel(10, 10).0[0] > 150 && image.get_pixel(size.0 - 10, 10).0[2] > 150, "{format:?}");
        }
    }
    let first = photo(&encoded(&two_halves(90, 60), ImageFormat::Jpeg)).unwrap();
    let again = photo(&encoded(&two_halves(90, 60), ImageFormat::Jpeg)).unwrap();
    assert_eq!(first.full.bytes, again.full.bytes, "every attempt writes the same");
}

#[test]
fn what_shines_through_stays_and_logos_are_png() {
    let glass = DynamicImage::from(RgbaImage::from_pixel(40, 30, image::Rgba([1, 2, 3, 128])));
    let made = photo(&encoded(&glass, ImageFormat::Png)).unwrap();
    assert_eq!(made.full.content_type, "image/png");
    assert_eq!(image::load_from_memory(&made.full.bytes).unwrap().into_rgba8().get_pixel(5, 5).0, [1, 2, 3, 128]);

    let wanted = Wanted { purpose: FilePurpose::Logo, max_pixels: MAX_PIXELS };
    let logo = make(&encoded(&two_halves(500, 100), ImageFormat::Jpeg), wanted).unwrap();
    assert_eq!((logo.full.content_type, logo.thumbnail.content_type), ("image/png", "image/png"));
    assert_eq!((logo.thumbnail.width, logo.thumbnail.height), (400, 80));
}

#[test]
fn a_photo_is_turned_upright_and_nothing_but_its_pixels_goes_on() {
    // 6: to be turned a quarter clockwise, so the left half comes to the top.
    let upload = with_exif(&two_halves(200, 100), 6);
    assert!(holds(&upload, b"GPS-CANARY"));

    let made = photo(&upload).unwrap();

    let image = decoded(&made.full.bytes);
    assert_eq!(image.dimensions(), (100, 200));
    assert!(image.get_pixel(50, 20).0[0] > 150 && image.get_pixel(50, 180).0[2] > 150, "red is on top");
    for bytes in [&made.full.bytes, &made.thumbnail.bytes] {
        assert!(!holds(bytes, b"GPS-CANARY") && !holds(bytes, b"Exif") && !holds(bytes, b"MM\0\x2a"));
    }
}

#[test]
fn metadata_of_png_and_webp_do_not_go_on_either() {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif(1)).unwrap();
    encoder.write_image(&two_halves(20, 10).into_rgb8(), 20, 10, ExtendedColorType::Rgb8).unwrap();
    let mut webp = Vec::new();
    let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut webp);
    encoder.set_exif_metadata(exif(1)).unwrap();
    encoder.write_image(&two_halves(20, 10).into_rgb8(), 20, 10, ExtendedColorType::Rgb8).unwrap();

    for upload in [bytes, webp] {
        assert!(holds(&upload, b"GPS-CANARY"));
        assert!(!holds(&photo(&upload).unwrap().full.bytes, b"GPS-CANARY"));
    }
}

#[test]
fn what_is_no_image_is_told_by_its_content() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".as_slice();
    let page = b"<!DOCTYPE html><script>alert(1)</script>".as_slice();
    for upload in
        [svg, page, b"%PDF-1.7", b"GIF89a\x01\0\x01\0", b"PK\x03\x04", b"\0\0\0\x18ftypheic", b"", b"\xff\xd8"]
    {
        assert_eq!(photo(upload).unwrap_err(), Rejection::NotAnImage);
    }
}

/// What ends an archive of one file, with its whole directory.
fn zip() -> Vec<u8> {
    let name = b"a.html";
    let local = [b"PK\x03\x04\x14\0".as_slice(), &[0; 20], &[6, 0, 0, 0], name].concat();
    let central = [b"PK\x01\x02\x14\0\x14\0".as_slice(), &[0; 20], &[6, 0], &[0; 16], name].concat();
    let end = [b"PK\x05\x06".as_slice(), &[0, 0, 0, 0, 1, 0, 1, 0, 52, 0, 0, 0, 36, 0, 0, 0, 0, 0]].concat();
    [local, central, end].concat()
}

#[test]
fn what_is_something_else_as_well_is_refused() {
    let image = two_halves(60, 40);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let plain = encoded(&image, format);
        let with_archive = [plain.clone(), zip()].concat();
        let with_seven = [plain.clone(), b"7z\xbc\xaf\x27\x1c\0\x04".to_vec()].concat();
        for upload in [with_archive, with_seven] {
            assert_eq!(photo(&upload).unwrap_err(), Rejection::Ambiguous, "{format:?}");
        }
    }
    // A page or a document in a comment at the start, where programs that guess look.
    let jpeg = encoded(&image, ImageFormat::Jpeg);
    for text in ["<HTML><script>alert(1)</script>", "<svg onload=alert(1)>", "%PDF-1.4", "<!doctype x>"] {
        let length = u16::try_from(text.len() + 2).unwrap().to_be_bytes();
        let upload = [&jpeg[..2], &[0xff, 0xfe], &length, text.as_bytes(), &jpeg[2..]].concat();
        assert_eq!(photo(&upload).unwrap_err(), Rejection::Ambiguous, "{text}");
    }
}

/// Phones put a second picture or a film behind the first: it is cut off, the photo is fine.
#[test]
fn what_phones_append_is_cut_off() {
    let jpeg = encoded(&two_halves(60, 40), ImageFormat::Jpeg);
    let second = encoded(&two_halves(30, 20), ImageFormat::Jpeg);
    for appended in
        [second, b"\0\0\0\x18ftypmp42TRAILER".to_vec(), b"four letters PK\x05\x06 by chance TRAILER".to_vec()]
    {
        let made = photo(&[jpeg.clone(), appended].concat()).unwrap();
        assert_eq!((made.full.width, made.full.height), (60, 40));
        assert!(!holds(&made.full.bytes, b"TRAILER"));
    }
}

#[test]
fn what_ends_early_is_broken() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = encoded(&two_halves(300, 200), format);
        for cut in [whole.len() / 2, whole.len() * 9 / 10, 40] {
            assert_eq!(photo(&whole[..cut]).unwrap_err(), Rejection::Broken, "{format:?} at {cut} of {}", whole.len());
        }
    }
    let mut scribbled = encoded(&two_halves(300, 200), ImageFormat::Png);
    let middle = scribbled.len() / 2;
    scribbled[middle] ^= 0xff;
    assert_eq!(photo(&scribbled).unwrap_err(), Rejection::Broken);
}

/// A PNG that says how large it is, and little more.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(&two_halves(1, 1), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[test]
fn too_many_pixels_are_refused_before_they_take_memory() {
    for (width, height) in [(1_001, 1_000), (60_000, 60_000), (u32::MAX >> 1, 2), (30_000, 1)] {
        let began = std::time::Instant::now();
        assert_eq!(photo(&bomb(width, height)).unwrap_err(), Rejection::TooManyPixels, "{width} x {height}");
        assert!(began.elapsed().as_secs() < 2, "{width} x {height} was decoded");
    }
    // A real one: 64 megapixels of one colour take 200 kB.
    let large = DynamicImage::new_luma8(8_000, 8_000);
    assert_eq!(photo(&encoded(&large, ImageFormat::Png)).unwrap_err(), Rejection::TooManyPixels);
    let fits = DynamicImage::new_luma8(1_000, 1_000);
    assert!(photo(&encoded(&fits, ImageFormat::Png)).is_ok());
}
