//! Amounts: integers of a currency's smallest unit, checked arithmetic, and one way to round and to share out.
//!
//! No floats and no silent overflow. Rounding is commercial (half away from zero), so a credit note mirrors its invoice.
//! The web and mobile twins of [`Money::split`] are held to the same `tests/vectors/money-split.json`.

mod currency;
mod quantity;
#[cfg(test)]
mod tests;

use std::{cmp::Reverse, fmt};

use serde::{Deserialize, Serialize};

pub use currency::{Currency, UnknownCurrency};
pub use quantity::{InvalidQuantity, Quantity};

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("amounts of {0} and {1} cannot be combined")]
    CurrencyMismatch(Currency, Currency),
    #[error("the amount is too large")]
    Overflow,
    /// Also a split without any weight.
    #[error("nothing can be divided by zero")]
    DividedByZero,
}

/// An amount, such as 1050 and USD for $10.50. Negative amounts are owed the other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    pub amount_minor: i64,
    pub currency: Currency,
}

impl Money {
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.amount_minor.checked_add(other.amount_minor).map(|sum| self.with(sum)).ok_or(MoneyError::Overflow)
    }

    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.amount_minor.checked_sub(other.amount_minor).map(|rest| self.with(rest)).ok_or(MoneyError::Overflow)
    }

    /// # Errors
    /// [`MoneyError::Overflow`] for the one amount that has no opposite.
    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        self.amount_minor.checked_neg().map(|opposite| self.with(opposite)).ok_or(MoneyError::Overflow)
    }

    /// The sum; zero of `currency` when there is none.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], [`MoneyError::Overflow`].
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// This as a price for one, for so many; rounded once.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn times(self, quantity: Quantity) -> Result<Self, MoneyError> {
        self.portion(quantity.in_smallest(), Quantity::ONE.in_smallest())
    }

    /// `numerator` / `denominator` of this, rounded once: tax of 8.875 % is `portion(8_875, 100_000)`, the 15 % that
    /// a gross amount contains are `portion(15, 115)`.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`], [`MoneyError::DividedByZero`].
    pub fn portion(self, numerator: i64, denominator: i64) -> Result<Self, MoneyError> {
        // The product of two i64 always fits.
        let exact = i128::from(self.amount_minor) * i128::from(numerator);
        let rounded = divide_rounding(exact, i128::from(denominator))?;
        i64::try_from(rounded).map(|amount| self.with(amount)).map_err(|_| MoneyError::Overflow)
    }

    /// Shares this out by weight, to the last unit, by largest remainder: everybody gets the whole part of the exact
    /// share; the units left over go one each to the largest fractions, the earlier of equal ones first. 10.00 in
    /// three equal parts is 3.34, 3.33, 3.33. A negative amount is shared as its opposite.
    ///
    /// # Errors
    /// [`MoneyError::DividedByZero`] when no weight is above zero, [`MoneyError::Overflow`] when their sum is too large.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let whole =
            weights.iter().try_fold(0_u64, |sum, weight| sum.checked_add(*weight)).ok_or(MoneyError::Overflow)?;
        if whole == 0 {
            return Err(MoneyError::DividedByZero);
        }
        let total = self.amount_minor.unsigned_abs();
        // At most 2^63 · (2^64 - 1), which fits; and no share is above the total.
        let exact = |weight: u64| u128::from(total) * u128::from(weight);
        let mut shares: Vec<u128> = weights.iter().map(|weight| exact(*weight) / u128::from(whole)).collect();
        let left = u128::from(total) - shares.iter().sum::<u128>();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        // Stable: equal fractions stay in the order of the list.
        order.sort_by_key(|&at| Reverse(exact(weights[at]) % u128::from(whole)));
        // Fewer units are left than there are fractions, so nobody gets two and a weight of zero gets none.
        order.into_iter().zip(0..left).for_each(|(at, _)| shares[at] += 1);
        let signed = |share: u128| {
            let share = i128::try_from(share).map_err(|_| MoneyError::Overflow)?;
            let share = if self.amount_minor < 0 { -share } else { share };
            i64::try_from(share).map(|share| self.with(share)).map_err(|_| MoneyError::Overflow)
        };
        shares.into_iter().map(signed).collect()
    }

    const fn with(self, amount_minor: i64) -> Self {
        Self { amount_minor, currency: self.currency }
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }
}

/// For machines and logs, `-10.50 USD`. What people read is formatted for their locale elsewhere.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.currency.exponent());
        let unit = 10_u64.pow(u32::from(self.currency.exponent()));
        let (amount, sign) = (self.amount_minor.unsigned_abs(), if self.amount_minor < 0 { "-" } else { "" });
        match digits {
            0 => write!(f, "{sign}{amount} {}", self.currency),
            _ => write!(f, "{sign}{}.{:0digits$} {}", amount / unit, amount % unit, self.currency),
        }
    }
}

/// Half away from zero.
fn divide_rounding(numerator: i128, denominator: i128) -> Result<i128, MoneyError> {
    if denominator == 0 {
        return Err(MoneyError::DividedByZero);
    }
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let away = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    // rest < denominator < 2^63 in size, so twice of it fits.
    Ok(if 2 * rest.unsigned_abs() >= denominator.unsigned_abs() { quotient + away } else { quotient })
}
