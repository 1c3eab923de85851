//! What is wrong with the fields of a request, all of it at once.

/// One field and what is wrong with it, as a sentence for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body, such as `/name`.
    pub pointer: String,
    pub detail: String,
}

/// Collects the problems of a request's fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&mut self, pointer: &str, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.to_owned(), detail: detail.into() });
    }

    /// A single line: trimmed, within `min..=max` characters, without control characters.
    pub fn line(&mut self, pointer: &str, value: &str, min: usize, max: usize) -> String {
        let value = value.trim();
        self.length(pointer, value, min, max);
        if value.chars().any(char::is_control) {
            self.add(pointer, "contains a control character");
        }
        value.to_owned()
    }

    /// Several lines: within `max` characters, without control characters other than line breaks and tabs.
    pub fn text(&mut self, pointer: &str, value: &str, min: usize, max: usize) -> String {
        let value = value.trim_end();
        self.length(pointer, value, min, max);
        if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.add(pointer, "contains a control character");
        }
        value.to_owned()
    }

    /// An e-mail address: lower-cased, with one `@` and a dotted domain. Whether it exists, only a mail can tell.
    pub fn email(&mut self, pointer: &str, value: &str) -> String {
        let value = value.trim().to_lowercase();
        let shaped = value.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= 64
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !domain.contains("..")
                && !domain.contains('@')
        });
        let plain = value.chars().all(|c| {
            !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '"' | '\\')
        });
        if !shaped || !plain || value.len() > 254 {
            self.add(pointer, "is not an e-mail address");
        }
        value
    }

    /// The name of an IANA time zone.
    pub fn time_zone(&mut self, pointer: &str, value: &str) -> String {
        match value.trim().parse::<chrono_tz::Tz>() {
            Ok(zone) => zone.name().to_owned(),
            Err(_) => {
                self.add(pointer, "is not a time zone such as Europe/Vienna");
                String::new()
            }
        }
    }

    fn length(&mut self, pointer: &str, value: &str, min: usize, max: usize) {
        let length = value.chars().count();
        if length < min {
            self.add(
                pointer,
                if min == 1 { "is required".to_owned() } else { format!("needs at least {min} characters") },
            );
        } else if length > max {
            self.add(pointer, format!("is longer than {max} characters"));
        }
    }

    /// `Ok` when nothing was wrong.
    ///
    /// # Errors
    /// The problems themselves.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("some fields are not right")
    }
}

impl std::error::Error for FieldErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_reported_at_once() {
        let mut errors = FieldErrors::new();
        errors.line("/name", " ", 1, 10);
        errors.email("/email", "nobody");
        errors.line("/title", "a\0b", 1, 10);

        let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/email", "/title"]);
    }

    #[test]
    fn time_zones_are_those_of_iana() {
        let mut errors = FieldErrors::new();
        assert_eq!(errors.time_zone("/time_zone", "America/New_York"), "America/New_York");
        assert!(errors.is_empty());
        errors.time_zone("/time_zone", "Mars/Olympus");
        errors.time_zone("/time_zone", "");
        assert_eq!(errors.iter().count(), 2);
    }

    #[test]
    fn addresses_are_lower_cased_and_header_tricks_refused() {
        let mut errors = FieldErrors::new();
        assert_eq!(errors.email("/email", " Pat@Example.COM "), "pat@example.com");
        assert!(errors.is_empty());
        for bad in ["a@b", "@b.c", "a@@b.c", "a b@c.d", "a@b.c\r\nBcc: x@y.z", "<a@b.c>", "a@.b.c"] {
            let mut errors = FieldErrors::new();
            errors.email("/email", bad);
            assert!(!errors.is_empty(), "{bad}");
        }
    }
}
