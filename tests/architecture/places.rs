//! Words that may only be written in certain places.

use crate::sources::{Source, has_word, with_ending};

/// Files that open, hold or take transactions of the cross-tenant paths, each with the reason.
const PLATFORM: &[(&str, &str)] = &[
    ("api/src/deps.rs", "hands the door to the health check"),
    ("api/src/health.rs", "asks whether the database answers, before anybody is known"),
    ("api/src/inbound/sendgrid.rs", "stores a vendor's callback, signed by the vendor and by nobody of a company"),
    ("src/commands/demo/people.rs", "makes the companies and people of the demo, as sign-up would"),
    ("src/commands/work.rs", "hands the door to the queue's runner"),
    ("src/compose.rs", "makes the doors"),
    ("workers/src/reconcilers/files.rs", "goes through all companies by their ids alone"),
    ("tenancy/src/customer_login/mod.rs", "log-in of customers by code: the person is not known yet"),
    ("tenancy/src/db/mod.rs", "the door itself"),
    ("tenancy/src/db/platform_tx.rs", "the door itself"),
    ("tenancy/src/identity.rs", "opens the identity path for the use cases of log-in"),
    ("tenancy/src/inbox.rs", "stores a vendor's callback before its company is trusted"),
    ("tenancy/src/invitations/accept.rs", "whoever accepts is no member yet"),
    ("tenancy/src/outcomes.rs", "keeps what log-in and the like answered, with their work"),
    ("tenancy/src/password_reset/mod.rs", "whoever resets is not logged in"),
    ("tenancy/src/queue/lease.rs", "claims tasks of all companies by routing columns"),
    ("tenancy/src/sessions/own.rs", "a person's sessions and password, over all their companies"),
    ("tenancy/src/sessions/refresh.rs", "an expired access token admits nobody"),
    ("tenancy/src/sessions/second_step.rs", "between password and code nobody is logged in"),
    ("tenancy/src/sessions/start.rs", "makes a session"),
    ("tenancy/src/sign_up/mod.rs", "the company does not exist yet"),
    ("tenancy/src/totp/enrolment.rs", "a person's second factor, the same in every company"),
    ("src/commands/audit.rs", "lists companies, then reads the chain of each as its worker"),
    ("src/commands/doctor/queue.rs", "counts tasks that wait or failed"),
    ("src/commands/tasks.rs", "lists tasks of all companies for the operator, without payloads"),
    ("src/commands/tenants.rs", "lists companies for the operator"),
    ("workers/src/lib.rs", "is given the door by the program"),
    ("workers/src/reconcilers/audit_chain/mod.rs", "finds companies whose chain is behind"),
    ("workers/src/reconcilers/dead_tasks.rs", "finds tasks that nobody decided about, then enters their company"),
    ("workers/src/reconcilers/purge.rs", "deletes over all companies what was only for a while"),
    ("workers/src/reconcilers/queue_state.rs", "counts waiting tasks for metrics"),
    ("workers/src/runner.rs", "claims tasks"),
];

/// Where statements of the simple protocol may be sent, several at once.
const RAW_SQL: &[(&str, &str)] = &[
    ("tenancy/src/db/pool.rs", "the one message that begins a transaction; typed values only"),
    ("rls-policies/src/lib.rs", "files of several statements, no input in them"),
];

fn product() -> impl Iterator<Item = Source> {
    with_ending(&[".rs"])
        .into_iter()
        .filter(|source| !source.path.starts_with("tests/") && !source.path.contains("/tests/"))
}

/// Lines of `sources` with one of `words`, unless the path begins with one of `places`.
fn outside(sources: impl Iterator<Item = Source>, words: &[&str], places: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.filter(|source| !places.iter().any(|place| source.path.starts_with(place))) {
        for (number, line) in source.code() {
            if words.iter().any(|word| has_word(line, word)) {
                found.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    found
}

fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

fn paths<'a>(list: &'a [(&'a str, &'a str)]) -> Vec<&'a str> {
    list.iter().map(|(path, _)| *path).collect()
}

#[test]
fn rights_are_given_in_rls_policies_only() {
    let sources = with_ending(&[".sql", ".rs", ".sh"]).into_iter().filter(|source| !source.path.starts_with("tests/"));
    let found = outside(
        sources,
        &["GRANT", "CREATE POLICY", "ALTER POLICY", "DROP POLICY", "SECURITY DEFINER"],
        // The doctor compares a database with the files, and its tests change one.
        &["rls-policies/", "src/commands/doctor/"],
    );

    // A quoted word in a message is not a right.
    let found: Vec<String> = found.into_iter().filter(|line| !line.contains("`GRANT")).collect();
    none(&found, "grants, policies and definer functions live in rls-policies/ (style 3.3)");
}

#[test]
fn every_use_of_a_cross_tenant_path_is_listed_with_a_reason() {
    none(
        &outside(
            product(),
            &["PlatformDb", "PlatformTx", "platform_db", "Path::Identity", "Path::Dispatch"],
            &paths(PLATFORM),
        ),
        "list the file in PLATFORM with a reason, or use TenantTx",
    );
}

#[test]
fn only_tenancy_makes_connections_to_serve_with() {
    none(
        &outside(product(), &["PgPool", "PgPoolOptions", "AnyPool"], &[]),
        "sqlx's pools hand on cancelled transactions (docs/decisions/0001)",
    );
    none(
        &outside(product(), &["connect_with", "PgConnectOptions"], &["tenancy/src/db/", "src/"]),
        "only the doors connect, and commands of the operator",
    );
}

#[test]
fn several_statements_at_once_are_sent_in_two_places() {
    none(&outside(product(), &["raw_sql"], &paths(RAW_SQL)), "statements go by the extended protocol, one at a time");
}

#[test]
fn a_tenant_transaction_is_not_begun_twice() {
    // sqlx does not know of the transaction that the door has opened: its ROLLBACK would end it, context and all.
    let found = outside(product(), &["conn().begin", "conn()).begin", "Connection::begin"], &[]);

    none(&found, "use SAVEPOINT by hand inside a TenantTx");
}

#[test]
fn http_is_in_api_and_the_program_only() {
    none(&outside(product(), &["poem", "poem_openapi"], &["api/", "src/"]), "HTTP is the edge's");
}

#[test]
fn sql_is_not_in_the_edge_nor_in_vendors_clients() {
    let found = outside(
        product(),
        &["sqlx"],
        &["tenancy/", "operations/", "billing/", "workers/", "migrations/", "rls-policies/", "src/"],
    );
    none(&found, "SQL lives in the store of a slice");
}

#[test]
fn the_product_never_names_a_role_that_goes_round_policies() {
    let found = outside(product(), &["BYPASSRLS", "SET SESSION AUTHORIZATION", "row_security"], &["rls-policies/"]);
    none(&found, "nothing at run time goes round policies");
}

#[test]
fn every_reason_is_of_a_file_that_needs_it() {
    for (path, _) in PLATFORM.iter().chain(RAW_SQL) {
        let source = with_ending(&[path]).into_iter().find(|source| source.path == *path);
        let source = source.unwrap_or_else(|| panic!("{path} has a reason and is not there"));
        let needs = ["PlatformDb", "PlatformTx", "platform_db", "Path::", "raw_sql"];
        assert!(needs.iter().any(|word| source.text.contains(word)), "{path} no longer needs its reason");
    }
}

/// The catalogue of attacks names files; one that is renamed has to be renamed there.
#[test]
fn every_test_that_the_security_catalogue_names_is_there() {
    let catalogue = std::fs::read_to_string(crate::sources::root().join("docs/security-catalogue.md")).unwrap();
    for row in catalogue.lines().filter(|line| line.starts_with("| ")) {
        for part in row.rsplit(" | ").next().unwrap_or_default().split(';').filter(|part| !part.contains("planned")) {
            for name in part.split('`').skip(1).step_by(2).filter(|name| name.contains('/')) {
                let path =
                    name.replace("identity/", "tenancy/tests/identity/").replace("token/", "tenancy/src/token/tests/");
                assert!(crate::sources::root().join(&path).exists(), "{path} is named in {row}");
            }
        }
    }
}
