//! Colours that a company chooses, and what can be read on them.

use crate::FieldErrors;

/// Any `#rrggbb`, in lower case.
pub(super) fn accent(errors: &mut FieldErrors, typed: &str) -> String {
    let colour = typed.trim().to_ascii_lowercase();
    if channels(&colour).is_none() {
        errors.add("/accent", "is not a colour such as #1f6feb");
    }
    colour
}

/// Black or white: whichever has the higher contrast on `accent` (WCAG 2). It is always at least 4.5 to 1.
pub fn text_colour_on(accent: &str) -> &'static str {
    let luminance = channels(accent).map_or(0.0, luminance);
    let on_white = 1.05 / (luminance + 0.05);
    let on_black = (luminance + 0.05) / 0.05;
    if on_white >= on_black { "#ffffff" } else { "#000000" }
}

fn channels(colour: &str) -> Option<[u8; 3]> {
    let digits = colour.strip_prefix('#').filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let mut channels = [0; 3];
    hex::decode_to_slice(digits, &mut channels).ok()?;
    Some(channels)
}

fn luminance(channels: [u8; 3]) -> f64 {
    let [r, g, b] = channels.map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_are_six_hexadecimal_digits() {
        let mut errors = FieldErrors::new();
        assert_eq!(accent(&mut errors, " #1F6FEB "), "#1f6feb");
        assert!(errors.is_empty());
        for typed in ["", "1f6feb", "#fff", "#12345g", "#1234567", "red", "#12345ä", "url(x)"] {
            let mut errors = FieldErrors::new();
            accent(&mut errors, typed);
            assert!(!errors.is_empty(), "{typed:?}");
        }
    }

    #[test]
    fn text_is_readable_on_every_accent() {
        for (colour, text) in
            [("#000000", "#ffffff"), ("#ffffff", "#000000"), ("#ffff00", "#000000"), ("#1f6feb", "#ffffff")]
        {
            assert_eq!(text_colour_on(colour), text, "{colour}");
        }
        for grey in 0..=255_u8 {
            let luminance = luminance([grey; 3]);
            let contrast = if text_colour_on(&format!("#{grey:02x}{grey:02x}{grey:02x}")) == "#ffffff" {
                1.05 / (luminance + 0.05)
            } else {
                (luminance + 0.05) / 0.05
            };
            assert!(contrast >= 4.5, "{grey}: {contrast}");
        }
    }
}
