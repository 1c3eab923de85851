//! Everything with an amount: money first; the price book, estimates, invoices and payments stand on it.

pub mod money;

pub use money::{Currency, Money, MoneyError, Quantity};
