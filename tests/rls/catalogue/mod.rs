//! Questions to the system catalogue: is anything in the schema less protected than the rules say? Each finds
//! objects; an object is either named in the check's allow-list with a reason, or a fault.
//!
//! That a check can find anything at all is proved by `defects.rs`.

mod checks;
mod defects;
mod shape;

use sqlx::PgConnection;
use surv_tests::TestDatabase;

/// One question.
struct Check {
    id: &'static str,
    /// What is wrong with an object that it finds.
    finds: &'static str,
    /// One column of text: the objects.
    sql: &'static str,
    /// Objects that may be found, each with the reason.
    allowed: &'static [(&'static str, &'static str)],
}

impl Check {
    async fn found(&self, connection: &mut PgConnection) -> Vec<String> {
        let mut found: Vec<String> = sqlx::query_scalar(self.sql)
            .fetch_all(connection)
            .await
            .unwrap_or_else(|error| panic!("{} cannot be asked: {error}", self.id));
        found.sort();
        found.dedup();
        found
    }

    fn faults(&self, found: &[String]) -> Vec<String> {
        found.iter().filter(|object| !self.allowed.iter().any(|(name, _)| name == object)).cloned().collect()
    }
}

fn all() -> impl Iterator<Item = &'static Check> {
    checks::ACCESS.iter().chain(shape::SHAPE)
}

#[tokio::test]
async fn the_catalogue_shows_no_unprotected_object() {
    let mut connection = TestDatabase::shared().await.superuser().await;
    let mut faults = Vec::new();

    for check in all() {
        let found = check.found(&mut connection).await;
        for fault in check.faults(&found) {
            faults.push(format!("{} {}: {fault}", check.id, check.finds));
        }
        for (name, _) in check.allowed.iter().filter(|(name, _)| !found.iter().any(|object| object == name)) {
            faults.push(format!("{}: {name} is allowed but no longer found; take it off the list", check.id));
        }
    }

    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
