//! Statements are prepared once on a connection and used for every company and person after: plans must not
//! remember whom they were made for. Compared with what a superuser finds by rules written anew here.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use sqlx::{AssertSqlSafe, PgConnection};
use surv_tenancy::{Actor, db::TenantDb};
use surv_tests::{Company, TestDatabase, Who, chance};
use uuid::Uuid;

/// For each of five connections.
const STATEMENTS: usize = 700;

/// Table, its id, and what of it technicians and customers see besides the tenant (`$2` is the person).
const TABLES: [(&str, &str, &str, &str); 6] = [
    ("jobs", "job_id", "job_id IN (SELECT job_id FROM a)", "customer_id IN (SELECT customer_id FROM c)"),
    ("visits", "visit_id", "visit_id IN (SELECT visit_id FROM a)", "customer_id IN (SELECT customer_id FROM c)"),
    (
        "customers",
        "customer_id",
        "customer_id IN (SELECT customer_id FROM a)",
        "customer_id IN (SELECT customer_id FROM c)",
    ),
    (
        "properties",
        "property_id",
        "property_id IN (SELECT property_id FROM a)",
        "customer_id IN (SELECT customer_id FROM c)",
    ),
    (
        "notes",
        "note_id",
        "visibility <> 'office' AND job_id IN (SELECT job_id FROM a)",
        "visibility = 'customer' AND customer_id IN (SELECT customer_id FROM c)",
    ),
    (
        "events",
        "event_id",
        "visibility <> 'office' AND job_id IN (SELECT job_id FROM a)",
        "visibility = 'customer' AND customer_id IN (SELECT customer_id FROM c)",
    ),
];

/// Somebody at some company; `None` is the worker.
type Asker = (Company, Option<Who>);

fn actor(asker: Asker) -> Actor {
    asker.1.map_or_else(|| asker.0.worker(), |who| asker.0.actor(who))
}

/// Ids by asker and table.
#[derive(Default)]
struct Truth {
    visible: BTreeMap<(Uuid, Option<u8>, usize), BTreeSet<Uuid>>,
    all: BTreeMap<usize, Vec<Uuid>>,
}

impl Truth {
    fn of(&self, asker: Asker, table: usize) -> &BTreeSet<Uuid> {
        &self.visible[&(asker.0.tenant_id(), asker.1.map(Who::number), table)]
    }

    async fn learn(oracle: &mut PgConnection) -> Self {
        let mut truth = Self::default();
        for (position, (table, id, technician, customer)) in TABLES.into_iter().enumerate() {
            for company in [Company::ACME, Company::RIVAL] {
                for who in std::iter::once(None).chain(Who::ALL.map(Some)) {
                    let rule = match who.map(|who| who.role().as_str()) {
                        Some("technician") => technician,
                        Some("customer") => customer,
                        _ => "true",
                    };
                    let text = format!(
                        "WITH a AS (SELECT * FROM assignments WHERE tenant_id = $1 AND technician_id = $2 AND state <> 'released'),
                              c AS (SELECT * FROM customer_users WHERE tenant_id = $1 AND user_id = $2 AND state = 'active')
                         SELECT {id} FROM {table} WHERE tenant_id = $1 AND {rule}"
                    );
                    let ids: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(text))
                        .bind(company.tenant_id())
                        .bind(who.map(|who| company.user(who)))
                        .fetch_all(&mut *oracle)
                        .await
                        .unwrap();
                    truth.all.entry(position).or_default().extend(&ids);
                    truth
                        .visible
                        .insert((company.tenant_id(), who.map(Who::number), position), ids.into_iter().collect());
                }
            }
        }
        truth
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn prepared_statements_answer_each_asker_with_its_own_rows() {
    let database = TestDatabase::named("plans").await;
    let truth: &'static Truth = Box::leak(Box::new(Truth::learn(&mut database.superuser().await).await));
    let tenants = database.tenants_with_one_connection();
    let mut chance = chance();
    let personas: [&'static [Option<Who>]; 5] = [
        &[Some(Who::Admin)],
        &[Some(Who::Manager)],
        &[Some(Who::Technician1), Some(Who::Technician2), Some(Who::TechnicianOfBoth)],
        &[Some(Who::Customer1), Some(Who::Customer2), Some(Who::CustomerOfTwo)],
        &[None],
    ];

    let tasks = personas.map(|people| {
        let (tenants, random) = (tenants.clone(), StdRng::seed_from_u64(chance.random()));
        tokio::spawn(ask_many(tenants, people, truth, random))
    });

    for task in tasks {
        task.await.unwrap();
    }
}

async fn ask_many(tenants: TenantDb, people: &[Option<Who>], truth: &Truth, mut random: StdRng) {
    let mut served = BTreeSet::new();
    for _ in 0..STATEMENTS {
        let company = if random.random() { Company::ACME } else { Company::RIVAL };
        let asker = (company, people[random.random_range(0..people.len())]);
        let table = random.random_range(0..TABLES.len());
        let visible = truth.of(asker, table);
        let one = truth.all[&table][random.random_range(0..truth.all[&table].len())];
        let (name, id, ..) = TABLES[table];
        let mut tx = tenants.begin(&actor(asker)).await.unwrap();
        let (text, expected): (String, BTreeSet<Uuid>) = match random.random_range(0..4) {
            0 => (format!("SELECT {id} FROM {name} WHERE $1 IS NOT NULL"), visible.clone()),
            1 => (format!("SELECT {id} FROM {name} WHERE {id} = $1"), visible.get(&one).copied().into_iter().collect()),
            2 => (
                format!("WITH x AS (SELECT {id} FROM {name}) SELECT {id} FROM x WHERE $1 IS NOT NULL"),
                visible.clone(),
            ),
            _ => (
                format!(
                    "SELECT y.{id} FROM {name} y JOIN (SELECT count(*) AS n FROM {name}) x ON x.n > 0 WHERE y.{id} <> $1"
                ),
                visible.iter().copied().filter(|id| *id != one).collect(),
            ),
        };
        let found: Vec<Uuid> =
            sqlx::query_scalar(AssertSqlSafe(text.clone())).bind(one).fetch_all(tx.conn()).await.unwrap();
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(tx.conn()).await.unwrap();
        // A COMMIT: a ROLLBACK would throw away what some drivers have prepared, and prove nothing.
        tx.commit().await.unwrap();
        served.insert(pid);
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "{asker:?}: {text}");
    }
    assert_eq!(served.len(), 1, "all of it has to run on one connection");
}
