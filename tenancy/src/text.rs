//! Text that people type: trimmed, bounded, without control characters. NUL would be an error of Postgres, and a
//! line break in a name would be a line break in a header.

use std::ops::RangeInclusive;

/// A field that cannot be accepted, and why, as a sentence for whoever typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InvalidField {
    pub field: &'static str,
    pub reason: &'static str,
}

impl InvalidField {
    pub const fn new(field: &'static str, reason: &'static str) -> Self {
        Self { field, reason }
    }
}

/// One line of text with a length in characters, trimmed.
///
/// # Errors
/// [`InvalidField`] names the field and what is wrong.
pub fn line(field: &'static str, value: &str, length: RangeInclusive<usize>) -> Result<String, InvalidField> {
    let value = value.trim();
    let count = value.chars().count();
    if count < *length.start() {
        return Err(InvalidField::new(field, if count == 0 { "is missing" } else { "is too short" }));
    }
    if count > *length.end() {
        return Err(InvalidField::new(field, "is too long"));
    }
    if value.chars().any(char::is_control) {
        return Err(InvalidField::new(field, "has characters that cannot be shown"));
    }
    Ok(value.to_owned())
}

/// What a client says of itself, for display only: cut and cleaned, never refused.
pub fn device(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(200).collect::<String>().trim().to_owned()
}

/// An IANA zone that the product knows.
///
/// # Errors
/// [`InvalidField`] when there is none of this name.
pub fn time_zone(value: &str) -> Result<String, InvalidField> {
    match value.parse::<chrono_tz::Tz>() {
        Ok(zone) => Ok(zone.name().to_owned()),
        Err(_) => Err(InvalidField::new("time_zone", "is not a time zone such as Europe/Vienna")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_counted_in_characters() {
        assert_eq!(line("name", "  Jürgen ", 1..=6).unwrap(), "Jürgen");
        assert_eq!(line("name", "  ", 1..=6).unwrap_err().reason, "is missing");
        assert_eq!(line("name", "Jürgens", 1..=6).unwrap_err().reason, "is too long");
        assert!(line("name", "a\u{0}b", 1..=6).is_err());
        assert!(line("name", "a\nBcc", 1..=9).is_err());
    }

    #[test]
    fn zones_are_those_of_iana() {
        assert_eq!(time_zone("America/New_York").unwrap(), "America/New_York");
        assert!(time_zone("Mars/Olympus").is_err());
        assert!(time_zone("").is_err());
    }
}
