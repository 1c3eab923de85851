//! How much of something: a decimal with up to four digits after the point, kept as an integer.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

const DIGITS: usize = 4;
const SCALE: i64 = 10_000;

/// Such as 1.25 hours or 0.3333 litres. A string on the wire: a JSON number is a float to most readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity(i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a decimal number with at most four digits after the point, such as 1.25")]
pub struct InvalidQuantity;

impl Quantity {
    pub const ONE: Self = Self(SCALE);
    pub const ZERO: Self = Self(0);

    /// In ten-thousandths.
    pub const fn in_smallest(self) -> i64 {
        self.0
    }

    pub const fn from_smallest(ten_thousandths: i64) -> Self {
        Self(ten_thousandths)
    }
}

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    /// Digits, one point, no exponent, no sign but a minus: what is typed is what is kept.
    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(InvalidQuantity),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > DIGITS || !all_digits(whole) || !all_digits(fraction) {
            return Err(InvalidQuantity);
        }
        let smallest: i128 = format!("{whole}{fraction:0<DIGITS$}").parse().map_err(|_| InvalidQuantity)?;
        i64::try_from(if negative { -smallest } else { smallest }).map(Self).map_err(|_| InvalidQuantity)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, scale) = (self.0.unsigned_abs(), SCALE.unsigned_abs());
        let fraction = format!("{:0DIGITS$}", size % scale);
        let fraction = fraction.trim_end_matches('0');
        let (sign, point) = (if self.0 < 0 { "-" } else { "" }, if fraction.is_empty() { "" } else { "." });
        write!(f, "{sign}{}{point}{fraction}", size / scale)
    }
}

impl TryFrom<String> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(text: String) -> Result<Self, InvalidQuantity> {
        text.parse()
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        quantity.to_string()
    }
}
