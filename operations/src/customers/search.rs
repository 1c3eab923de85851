//! Finding customers by the beginnings of words.
//!
//! A range over `customer_words` under the ordinary policy: ILIKE and trigrams are not leakproof, so under RLS they
//! would read every customer of the company (docs/decisions/0007). Results come in the order of the word that the
//! longest term matched, each customer once, and can be paged to the end.

use surv_tenancy::{CustomerId, db::TenantTx};

use super::customer::{Customer, CustomerKind, CustomerState};

/// What was typed, as lower-case words without punctuation. At least one, at most eight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The longest one drives the search: it has the fewest hits.
    leading: String,
    others: Vec<String>,
}

/// Where a search goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPosition {
    pub word: String,
    pub customer_id: CustomerId,
}

impl Terms {
    /// `None` when nothing that could be searched for was typed.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut words: Vec<String> = typed
            .to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(|word| word.chars().take(64).collect())
            .collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        words.dedup();
        words.truncate(8);
        let mut words = words.into_iter();
        Some(Self { leading: words.next()?, others: words.collect() })
    }
}

/// The first string after all that begin with `prefix`, in the C collation.
fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

/// A customer and the word by which it was found.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) customer: Customer,
    word: String,
}

impl Hit {
    pub(super) fn position(&self) -> SearchPosition {
        SearchPosition { word: self.word.clone(), customer_id: self.customer.customer_id }
    }
}

#[tracing::instrument(name = "db.customers.search", level = "debug", skip_all, err)]
pub(super) async fn matching(
    tx: &mut TenantTx,
    terms: &Terms,
    state: CustomerState,
    after: Option<SearchPosition>,
    rows: i64,
) -> sqlx::Result<Vec<Hit>> {
    let (after_word, after_id) = after.map(|p| (p.word, p.customer_id.0)).unwrap_or_default();
    let ends: Vec<String> = terms.others.iter().map(|term| after_prefix(term)).collect();
    let found = sqlx::query!(
        r#"
        SELECT c.customer_id AS "customer_id: CustomerId", c.kind AS "kind: CustomerKind", c.name, c.email, c.phone,
               c.office_notes, c.state AS "state: CustomerState", c.created_at, c.updated_at, c.version, w.word
          FROM customer_words w
          JOIN customers c ON c.tenant_id = w.tenant_id AND c.customer_id = w.customer_id
         WHERE w.word >= $1 AND w.word < $2
           AND (w.word, w.customer_id) > ($3, $4)
           AND c.state = $5
           -- Once each: by the first of the customer's words that begins with the term.
           AND NOT EXISTS (SELECT FROM customer_words p
                            WHERE p.tenant_id = w.tenant_id AND p.customer_id = w.customer_id
                              AND p.word >= $1 AND p.word < w.word)
           AND NOT EXISTS (SELECT FROM unnest($6::text[], $7::text[]) AS term (first_word, end_word)
                            WHERE NOT EXISTS (SELECT FROM customer_words o
                                               WHERE o.tenant_id = w.tenant_id AND o.customer_id = w.customer_id
                                                 AND o.word >= term.first_word AND o.word < term.end_word))
         ORDER BY w.word, w.customer_id
         LIMIT $8
        "#,
        terms.leading,
        after_prefix(&terms.leading),
        after_word,
        after_id,
        state.as_str(),
        &terms.others,
        &ends,
        rows,
    )
    .fetch_all(tx.conn())
    .await?;
    let hits = found.into_iter().map(|row| Hit {
        word: row.word,
        customer: Customer {
            customer_id: row.customer_id,
            kind: row.kind,
            name: row.name,
            email: row.email,
            phone: row.phone,
            office_notes: row.office_notes,
            state: row.state,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        },
    });
    Ok(hits.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_leads_and_punctuation_separates() {
        let terms = Terms::parse("  O'Neill, pat@Example ").unwrap();

        assert_eq!(terms.leading, "example");
        assert_eq!(terms.others, ["neill", "pat", "o"]);
        assert_eq!(Terms::parse(" ,;'"), None);
    }

    #[test]
    fn every_word_with_the_prefix_sorts_before_its_end() {
        for word in ["ann", "anna", "annz", "ann\u{fffd}", "anné"] {
            assert!(*word >= *"ann" && *word < *after_prefix("ann"));
        }
        assert!(*"ano" > *after_prefix("ann"));
    }
}
