//! An e-mail address as the log-in directory keeps it: lower case, plausible, one line.

use crate::FieldErrors;

/// A plausible address. Whether it exists is proved by a mail, not by a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads what somebody typed; worth something only if `errors` stay empty.
    pub fn read(errors: &mut FieldErrors, pointer: &str, typed: &str) -> Self {
        Self(errors.email(pointer, typed))
    }

    /// Reads the field `/email` where it is the only one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let address = Self::read(&mut errors, "/email", typed);
        errors.into_result()?;
        Ok(address)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_two_addresses_or_a_header_is_none() {
        assert_eq!(EmailAddress::parse(" Ann@Example.COM ").unwrap().as_str(), "ann@example.com");
        for typed in ["", "ann", "@b.c", "a@b.c@d.e", "a@b.c,c@d.e", "a@b.c\r\nBcc: x@y.z", "[\"a@b.c\"]"] {
            assert!(EmailAddress::parse(typed).is_err(), "{typed:?}");
        }
    }
}
