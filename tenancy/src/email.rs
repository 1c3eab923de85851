//! An e-mail address as the log-in directory keeps it: lower case, plausible, one line.

use crate::text::InvalidField;

/// A plausible address. Whether it exists is proved by a mail, not by a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// [`InvalidField`] for `email`.
    pub fn parse(typed: &str) -> Result<Self, InvalidField> {
        let address = typed.trim().to_lowercase();
        let plausible = (3..=254).contains(&address.chars().count())
            && !address.chars().any(|c| c.is_whitespace() || c.is_control() || "<>(),;:\"\\[]".contains(c))
            && address.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.') && !domain.ends_with('.')
            });
        if plausible { Ok(Self(address)) } else { Err(InvalidField::new("email", "is not an e-mail address")) }
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
    fn addresses_are_lower_case() {
        assert_eq!(EmailAddress::parse(" Ann@Example.COM ").unwrap().as_str(), "ann@example.com");
    }

    #[test]
    fn what_could_be_two_addresses_or_a_header_is_refused() {
        for typed in ["", "ann", "@b", "a@", "a@b@c", "a b@c.d", "a@b,c@d.e", "a@b\r\nBcc: x@y.z", "<a@b.c>", "a@.b"] {
            assert!(EmailAddress::parse(typed).is_err(), "{typed:?}");
        }
        assert!(EmailAddress::parse(&format!("{}@b.c", "a".repeat(260))).is_err());
    }
}
