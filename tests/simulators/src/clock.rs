//! The simulators' clock. They stand in for machines that are not ours, so they keep their own time.

use chrono::{DateTime, Utc};

#[allow(clippy::disallowed_methods, reason = "a vendor's clock is not the product's")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
