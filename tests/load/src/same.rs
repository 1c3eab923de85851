//! Proof that pgbench runs what the product runs: Postgres counts statements by their text for each role.
//!
//! Numbers of parameters differ, and what `script.rs` puts in the place of fresh and empty values; nothing else may.

use std::collections::BTreeSet;

use anyhow::bail;
use sqlx::{PgConnection, Row as _};

const WRAPPERS: [&str; 3] =
    ["ARRAY[lpad($::text, $, $)]::uuid[]", "lpad($::text, $, $)::uuid", "decode(lpad($::text, $, $), $)"];
const KINDS: [&str; 8] = ["uuid", "timestamptz", "text", "int4", "int8", "bool", "jsonb", "bytea"];

/// Counts what a role runs. The connection is to the database `postgres`, which no side uses.
#[derive(Debug)]
pub struct Counted<'a> {
    superuser: &'a mut PgConnection,
    role: &'static str,
}

impl<'a> Counted<'a> {
    /// Begins to count anew.
    ///
    /// # Errors
    /// When pg_stat_statements is not loaded.
    pub async fn begin(superuser: &'a mut PgConnection, role: &'static str) -> anyhow::Result<Self> {
        sqlx::query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").execute(&mut *superuser).await?;
        sqlx::query("SELECT pg_stat_statements_reset()").execute(&mut *superuser).await?;
        Ok(Self { superuser, role })
    }

    /// The statements since then, without those of the session (`BEGIN`, `SET`, …).
    ///
    /// # Errors
    /// The database's own.
    pub async fn end(self) -> anyhow::Result<BTreeSet<String>> {
        let rows = sqlx::query(
            "SELECT query FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
              WHERE r.rolname = $1 AND query !~* '^(begin|set|commit|rollback)'",
        )
        .bind(self.role)
        .fetch_all(self.superuser)
        .await?;
        let texts = rows.iter().map(|row| row.get::<&str, _>(0)).filter(|text| !is_of_the_driver(text));
        Ok(texts.map(plain).collect())
    }
}

/// Refuses sides that run different statements.
///
/// # Errors
/// Names what only one of them runs.
pub fn compare(what: &str, product: &BTreeSet<String>, pgbench: &BTreeSet<String>) -> anyhow::Result<()> {
    if product == pgbench && !product.is_empty() {
        return Ok(());
    }
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>().join("\n    ");
    bail!(
        "{what}: pgbench does not run what the product runs\n  only the product:\n    {}\n  only pgbench:\n    {}",
        only(product, pgbench),
        only(pgbench, product),
    );
}

/// sqlx asks once on each connection what a type is called.
pub fn is_of_the_driver(text: &str) -> bool {
    text.contains("pg_catalog.pg_type")
}

/// A statement without line breaks and comments, each parameter and constant a `$`: Postgres shows some statements as they
/// came and others with their constants replaced.
fn plain(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("--") && !line.is_empty());
    let joined = lines.collect::<Vec<_>>().join(" ");
    let mut plain = String::with_capacity(joined.len());
    let mut characters = joined.chars().peekable();
    let mut previous = ' ';
    while let Some(character) = characters.next() {
        let in_a_word = previous.is_alphanumeric() || previous == '_';
        if character == '\'' {
            // Two quotes inside are two constants in a row, on both sides alike.
            while characters.next_if(|next| *next != '\'').is_some() {}
            characters.next();
            plain.push('$');
        } else if character == '$' || (character.is_ascii_digit() && !in_a_word) {
            while characters.next_if(|next| next.is_ascii_digit() || *next == '.').is_some() {}
            plain.push('$');
        } else if character == '"' {
            plain.push('"');
            for next in characters.by_ref() {
                plain.push(next);
                if next == '"' {
                    break;
                }
            }
        } else {
            plain.push(character);
        }
        previous = character;
    }
    for wrapper in WRAPPERS {
        plain = plain.replace(wrapper, "$");
    }
    for kind in KINDS {
        for wrapper in ["nullif", "btrim"] {
            plain = plain.replace(&format!("{wrapper}($::text, $)::{kind}"), "$");
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| plain(text)).collect()
    }

    #[test]
    fn numbers_of_parameters_and_fresh_values_do_not_count() {
        let product = set(&["SELECT a\n   -- why\n  FROM t WHERE b = $1 AND ($12::uuid IS NULL OR c = $1)"]);
        let pgbench = set(&[
            "SELECT a\n  FROM t WHERE b = lpad($1::text, $2, $3)::uuid AND (nullif($4::text, 'null')::uuid::uuid IS NULL OR c = $6)",
        ]);

        assert!(compare("get", &product, &pgbench).is_ok());
    }

    #[test]
    fn a_statement_that_only_one_side_runs_is_named() {
        let product = set(&["SELECT a FROM t WHERE b = $1", "SELECT 1"]);
        let other = set(&["SELECT a FROM t WHERE b > $1", "SELECT 1"]);

        let message = compare("get", &product, &other).unwrap_err().to_string();
        assert!(message.contains("b = $") && message.contains("b > $") && !message.contains("SELECT 1"), "{message}");
        assert!(compare("get", &set(&[]), &set(&[])).is_err());
    }
}
