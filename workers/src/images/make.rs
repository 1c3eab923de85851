//! Decoding within bounds, turning upright, making smaller, encoding.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder as _, ImageFormat, ImageReader, Limits,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType as PngFilter, PngEncoder},
    },
    imageops::FilterType,
};
use surv_operations::files::{FilePurpose, Rejection, Variant};

use super::identify::identify;

/// Good enough for evidence, a third of the size of 95.
const JPEG_QUALITY: u8 = 85;
/// Longer sides are no photo.
const LONGEST_SIDE: u32 = 20_000;
/// A decoder's memory, beside that of the pixels themselves.
const DECODER_BYTES: u64 = 64 << 20;

/// What is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub purpose: FilePurpose,
    /// Larger images are refused before they are decoded.
    pub max_pixels: u64,
}

/// One image, encoded.
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

/// All images of one file, of the same type.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub full: Encoded,
    pub thumbnail: Encoded,
}

impl Made {
    pub fn into_variants(self) -> [(Variant, Encoded); 2] {
        [(Variant::Full, self.full), (Variant::Thumbnail, self.thumbnail)]
    }
}

/// Makes them. The same bytes give the same images. Takes seconds of one processor for a large photo.
///
/// # Errors
/// Why no image is made of it.
pub(crate) fn make(bytes: &[u8], wanted: Wanted) -> Result<Made, Rejection> {
    let format = identify(bytes)?;
    let image = decode(bytes, format, wanted.max_pixels)?;
    let as_png = wanted.purpose == FilePurpose::Logo || image.color().has_alpha();
    let full = smaller(&image, Variant::Full);
    drop(image);
    let thumbnail = smaller(&full, Variant::Thumbnail);
    Ok(Made { full: encode(full, as_png)?, thumbnail: encode(thumbnail, as_png)? })
}

fn decode(bytes: &[u8], format: ImageFormat, max_pixels: u64) -> Result<DynamicImage, Rejection> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    // The deepest pixel has 16 bits in 4 channels.
    limits.max_alloc = Some(max_pixels.saturating_mul(8).saturating_add(DECODER_BYTES));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| why(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > max_pixels {
        return Err(Rejection::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(|error| why(&error))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| why(&error))?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn why(error: &image::ImageError) -> Rejection {
    match error {
        image::ImageError::Limits(_) => Rejection::TooManyPixels,
        _ => Rejection::Broken,
    }
}

fn smaller(image: &DynamicImage, variant: Variant) -> DynamicImage {
    let side = variant.longest_side();
    if image.width().max(image.height()) <= side {
        return image.clone();
    }
    image.resize(side, side, FilterType::Triangle)
}

fn encode(image: DynamicImage, as_png: bool) -> Result<Encoded, Rejection> {
    let (width, height, mut bytes) = (image.width(), image.height(), Vec::new());
    let (content_type, written) = if as_png {
        let pixels = image.into_rgba8();
        let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, PngFilter::Adaptive);
        ("image/png", encoder.write_image(&pixels, width, height, ExtendedColorType::Rgba8))
    } else {
        let pixels = image.into_rgb8();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        ("image/jpeg", encoder.write_image(&pixels, width, height, ExtendedColorType::Rgb8))
    };
    written.map_err(|_| Rejection::Broken)?;
    Ok(Encoded { content_type, bytes, width, height })
}
