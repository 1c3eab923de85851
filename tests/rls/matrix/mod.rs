//! Every role on every table with every verb, on rows that are its own, another's and another company's; printed
//! as a table and compared with `rls-policies/matrix.expected`. A table that has no probe fails.
//!
//! Roles act through their own logins with the context that the product sends. Whatever they manage to write is
//! rolled back.

mod probe;
mod roles;
mod tables;

use std::fmt::Write as _;

use surv_tests::TestDatabase;

use crate::expected;
use probe::{Cell, Session};

#[tokio::test]
async fn every_role_may_do_what_the_matrix_says_and_no_more() {
    let database = TestDatabase::named("matrix").await;
    let mut text = String::from(
        "# What each role meets on each table. Written by tests/rls (UPDATE_EXPECTED=1).\n\
         # Three outcomes are for a row of its own, another's of the same company, another company's; the last, after\n\
         # the bar, is for the statement without WHERE, on 2 companies. A number is rows read or changed; ok: inserted;\n\
         # denied: no grant; policy: refused by a row policy.\n",
    );
    for role in roles::ALL {
        let mut session = Session::open(&database, role).await;
        let _ = writeln!(text, "\n{}", role.name);
        for table in tables::ALL {
            let cells = session.try_all(table).await;
            let _ = writeln!(text, "  {:<11} {:<17}{}", role.name, table.name, line(&cells));
        }
    }
    expected::compare("matrix.expected", &text);
}

fn line(cells: &[(&str, Cell); 4]) -> String {
    if cells.iter().all(|(_, cell)| cell.is_denied()) {
        return "nothing".to_owned();
    }
    let mut line = String::new();
    for (verb, cell) in cells {
        let _ = write!(line, "{verb} {:<24}", cell.to_string());
    }
    line.trim_end().to_owned()
}

#[tokio::test]
async fn every_table_is_in_the_matrix_and_has_a_policy_file() {
    let mut connection = TestDatabase::shared().await.superuser().await;
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
          WHERE relnamespace IN ('public'::regnamespace, 'app'::regnamespace) AND relkind IN ('r', 'p', 'v', 'm', 'f')
            AND relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();

    for name in &found {
        assert!(tables::ALL.iter().any(|table| table.name == name), "{name} is not in tests/rls/matrix/tables.rs");
        assert!(surv_rls_policies::TABLES.iter().any(|(table, _)| table == name), "{name} has no policy file");
    }
    for table in tables::ALL {
        assert!(found.iter().any(|name| name == table.name), "{} is probed but does not exist", table.name);
    }
}
