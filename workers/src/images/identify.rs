//! What a file is, by its content alone, and whether it could be taken for something else.

use image::ImageFormat;
use surv_operations::files::Rejection;

/// Programs that guess look for a page or a document here.
const HEAD: usize = 4096;
/// Beginnings of pages and documents, in small letters.
const PAGES: [&[u8]; 8] = [b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<iframe", b"%pdf-"];
/// Archives that are found anywhere in a file.
const ARCHIVES: [&[u8]; 2] = [b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"];
/// A ZIP archive (a JAR, an office document) is read from its end: a record of 22 bytes and a comment.
const ZIP_END: &[u8] = b"PK\x05\x06";
const ZIP_END_LENGTH: usize = 22;
const ZIP_TAIL: usize = ZIP_END_LENGTH + u16::MAX as usize;

/// The format, if it is one that we read and nothing else.
///
/// # Errors
/// [`Rejection::NotAnImage`], [`Rejection::Ambiguous`], or [`Rejection::Broken`] for a JPEG without its end.
pub(super) fn identify(bytes: &[u8]) -> Result<ImageFormat, Rejection> {
    let format = match bytes {
        [0xff, 0xd8, 0xff, ..] => ImageFormat::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => ImageFormat::Png,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => ImageFormat::WebP,
        _ => return Err(Rejection::NotAnImage),
    };
    if is_page(bytes) || is_archive(bytes) {
        return Err(Rejection::Ambiguous);
    }
    // The decoder would fill what is missing with grey.
    if format == ImageFormat::Jpeg && !jpeg_has_end(bytes) {
        return Err(Rejection::Broken);
    }
    Ok(format)
}

fn is_page(bytes: &[u8]) -> bool {
    let head = bytes[..bytes.len().min(HEAD)].to_ascii_lowercase();
    PAGES.iter().any(|page| holds(&head, page))
}

fn is_archive(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(ZIP_TAIL)..];
    let ends = tail.windows(ZIP_END_LENGTH).any(|record| {
        // Four letters alone occur by chance: both disk numbers are zero, and both counts of entries are the same.
        record.starts_with(ZIP_END) && record[4..8] == [0; 4] && record[8..10] == record[10..12]
    });
    ends || ARCHIVES.iter().any(|archive| holds(bytes, archive))
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Walks over the segments to the end-of-image marker. What follows it is cut off by encoding anew: phones append
/// further pictures and films there.
fn jpeg_has_end(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2;
    loop {
        // A marker is 0xff, perhaps repeated, and a byte.
        while bytes.get(at) == Some(&0xff) && bytes.get(at + 1) == Some(&0xff) {
            at += 1;
        }
        let (Some(0xff), Some(marker)) = (bytes.get(at), bytes.get(at + 1)) else { return false };
        at += 2;
        match *marker {
            END => return true,
            // Without a length of their own.
            0x01 | 0xd0..=0xd7 => continue,
            _ => {}
        }
        let Some(length) = bytes.get(at..at + 2) else { return false };
        at += usize::from(u16::from_be_bytes([length[0], length[1]]));
        if *marker == SCAN {
            let Some(rest) = bytes.get(at..) else { return false };
            // In a scan, 0xff is followed by zero or is a restart; anything else ends it.
            let next = rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff));
            let Some(next) = next else { return false };
            at += next;
        }
    }
}
