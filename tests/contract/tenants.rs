//! Another company's ids are ids of nothing.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection};
use surv_tests::{Company, TestApp, Who};
use uuid::Uuid;

use crate::operations::{Faults, Operation, all, answer_of, ids_of, ids_of_nothing};

const ACME: Company = Company::ACME;
const RIVAL: Company = Company::RIVAL;

#[tokio::test(flavor = "multi_thread")]
async fn another_companys_ids_are_like_ids_of_nothing() {
    let app = TestApp::start("contract_tenants").await;
    let mut superuser = app.database.superuser().await;
    let before = rows_of_rival(&mut superuser).await;
    let (own, foreign) = (ids_of(ACME), ids_of(RIVAL));
    let mut faults = Faults::default();
    let mut compared = 0;
    for operation in all(&app).iter().filter(|operation| operation.secured) {
        let body_ids = ids_in(operation);
        let names: Vec<String> = operation.path_parameters.iter().cloned().chain(body_ids).collect();
        for name in names {
            let at = |ids: &dyn Fn(&str) -> Uuid, field: &str| if field == name { ids(field) } else { own(field) };
            for who in [operation.caller(), Who::Admin, Who::Technician1, Who::Customer1] {
                let token = app.token_of_new_session(ACME, who).await;
                let theirs = operation.call(&app, &|field: &str| at(&foreign, field)).token(&token);
                let theirs = answer_of(operation, theirs).await;
                let nothing = operation.call(&app, &|field: &str| at(&ids_of_nothing, field)).token(&token);
                let nothing = answer_of(operation, nothing).await;
                faults.check(operation, &theirs, "with another company's id");
                let (theirs, nothing) = (theirs.without_instance(), nothing.without_instance());
                let id = &operation.id;
                faults.unless(theirs == nothing, || format!("{id} {name} {who:?}: {theirs:?}, not {nothing:?}"));
                let is_empty = theirs.1 == serde_json::json!({ "items": [] });
                faults.unless(theirs.0 >= 400 || is_empty, || format!("{id} {name} {who:?}: {theirs:?}"));
                compared += 1;
            }
        }
        for (name, _) in operation.query_parameters.iter().filter(|(name, _)| name.ends_with("_id") || name == "about")
        {
            let token = app.token(ACME, operation.caller());
            let with = |id: Uuid| {
                let own = |field: &str| own(field).to_string();
                app.get(&token, &operation.address_with(own, name, &id.to_string())).send()
            };
            let (theirs, nothing) = (with(foreign(name)).await, with(ids_of_nothing(name)).await);
            assert_eq!(theirs.json(200)["items"], serde_json::json!([]), "{} {name}", operation.id);
            assert_eq!(theirs.without_instance(), nothing.without_instance(), "{} {name}", operation.id);
        }
    }
    faults.end();
    assert!(compared > 100, "only {compared} comparisons");
    assert_eq!(rows_of_rival(&mut superuser).await, before, "the other company's rows are as they were");
}

/// What anybody of one company reads holds nothing of the other.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_read_holds_an_id_of_another_company() {
    let app = TestApp::start("contract_reads").await;
    let mut faults = Faults::default();
    // Ids of the seed begin with the number of their company.
    let foreign = "00000002-";
    for operation in all(&app).iter().filter(|o| o.secured && o.method == "GET" && !o.is_stream()) {
        for who in Who::ALL {
            let call = operation.call(&app, &ids_of(ACME)).token(&app.token(ACME, who));
            let answer = call.send().await;
            faults.check(operation, &answer, "a read");
            // Somebody of both companies sees both log-ins.
            let own_log_ins = operation.id == "listSessions" && who == Who::TechnicianOfBoth;
            let (id, is_clean) = (&operation.id, own_log_ins || !answer.text.contains(foreign));
            faults.unless(is_clean, || format!("{id} {who:?}: {}", answer.text));
            let is_discreet = TestApp::is_office(who) || !answer.text.contains("\"secret\"");
            faults.unless(is_discreet, || format!("{id} {who:?} reads office notes: {}", answer.text));
        }
    }
    faults.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_a_job_of_nowhere_reads_nothing() {
    let app = TestApp::start("contract_reads").await;
    let mut faults = Faults::default();
    for operation in all(&app).iter().filter(|o| o.secured && o.method == "GET" && !o.is_stream()) {
        for who in [operation.caller(), Who::Admin, Who::Technician1, Who::Customer1] {
            let token = TestApp::for_job(&app.token(ACME, who), ids_of_nothing("job_id"));
            let answer = operation.call(&app, &ids_of(ACME)).token(&token).send().await;
            faults.check(operation, &answer, "confined");
            let body = answer.without_instance().1;
            let about_company = ["/v1/company", "/v1/sessions"].iter().any(|path| operation.path.starts_with(path));
            let reads_nothing = !answer.is_success() || about_company || body["items"] == serde_json::json!([]);
            faults.unless(reads_nothing, || format!("{} {who:?}: {}", operation.id, answer.text));
        }
    }
    faults.end();
}

/// The names of the ids that a body of the operation holds.
fn ids_in(operation: &Operation) -> Vec<String> {
    let asked = std::cell::RefCell::new(Vec::new());
    operation.sample(&|field: &str| {
        asked.borrow_mut().push(field.to_owned());
        Uuid::nil()
    });
    asked.into_inner()
}

/// Count and checksum of each table's rows of the other company.
#[allow(clippy::disallowed_methods, reason = "names of tables come from the catalogue")]
async fn rows_of_rival(superuser: &mut PgConnection) -> BTreeMap<String, (i64, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
          WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
          ORDER BY 1",
    )
    .fetch_all(&mut *superuser)
    .await
    .expect("the catalogue answers");
    assert!(tables.len() > 15, "{tables:?}");
    let mut rows = BTreeMap::new();
    for table in tables {
        let query = format!(
            "SELECT count(*), md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {table} t \
              WHERE tenant_id = $1"
        );
        let counted = sqlx::query_as(AssertSqlSafe(query)).bind(RIVAL.tenant_id()).fetch_one(&mut *superuser).await;
        rows.insert(table, counted.expect("the table answers"));
    }
    rows
}
