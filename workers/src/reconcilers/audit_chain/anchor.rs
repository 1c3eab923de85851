//! The end of a chain, to be noted outside of the database.

use std::{fmt, str::FromStr};

use surv_tenancy::db::TenantTx;

use super::link::Hash;

/// The end of a chain at some time, noted outside of the database: then a chain that was cut back shows even if its head
/// and its events were cut back as well. In text: `seq:hash`, the hash in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    pub seq: i64,
    pub hash: Hash,
}

/// The text is not `seq:hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an anchor is a number, a colon and 64 hexadecimal digits")]
pub struct NoAnchor;

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.seq)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Anchor {
    type Err = NoAnchor;

    fn from_str(text: &str) -> Result<Self, NoAnchor> {
        let (seq, digits) = text.split_once(':').ok_or(NoAnchor)?;
        let mut hash = Hash::default();
        if digits.len() != 2 * hash.len() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NoAnchor);
        }
        for (byte, place) in hash.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&digits[place..place + 2], 16).map_err(|_| NoAnchor)?;
        }
        let seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or(NoAnchor)?;
        Ok(Self { seq, hash })
    }
}

/// Where the chain of the transaction's tenant ends now; `None` before its first entry.
///
/// # Errors
/// The database's own.
pub async fn head(tx: &mut TenantTx) -> sqlx::Result<Option<Anchor>> {
    let row = sqlx::query!("SELECT seq, hash FROM audit_heads WHERE seq > 0").fetch_optional(tx.conn()).await?;
    row.map(|row| {
        let hash = row.hash.try_into().map_err(|_| sqlx::Error::Decode("a head's hash has 32 bytes".into()))?;
        Ok(Anchor { seq: row.seq, hash })
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_read_as_it_is_written_and_nothing_else_is() {
        let anchor = Anchor { seq: 42, hash: std::array::from_fn(|place| u8::try_from(place * 8).unwrap()) };
        let text = anchor.to_string();
        assert_eq!(text.parse(), Ok(anchor));

        for wrong in ["", "42", ":", &text[1..text.len() - 1], &format!("{text}0"), &text.replace(':', ":+"), "-1:00"] {
            assert_eq!(wrong.parse::<Anchor>(), Err(NoAnchor), "{wrong}");
        }
        assert_eq!(format!("-{text}").parse::<Anchor>(), Err(NoAnchor));
        assert_eq!(format!("1:{}", "é".repeat(32)).parse::<Anchor>(), Err(NoAnchor));
    }
}
