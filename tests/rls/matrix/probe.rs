//! One statement, tried and undone.

use std::fmt;

use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};
use surv_tenancy::db::TenantTx;
use surv_tests::{Company, TestDatabase, Who};

use super::{
    roles::{Acts, Role},
    tables::Table,
};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Rows(i64),
    Ok,
    Denied,
    Policy,
    /// Another SQLSTATE: the statement is wrong, or a constraint was in the way.
    Other(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => write!(f, "{rows}"),
            Self::Ok => f.write_str("ok"),
            Self::Denied => f.write_str("denied"),
            Self::Policy => f.write_str("policy"),
            Self::Other(code) => f.write_str(code),
        }
    }
}

/// The outcomes of one verb: own, another's, another company's, and without WHERE (not for inserts).
#[derive(Debug)]
pub struct Cell(Vec<Outcome>);

impl Cell {
    pub fn is_denied(&self) -> bool {
        self.0.iter().all(|outcome| *outcome == Outcome::Denied)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_denied() {
            return f.write_str("-");
        }
        let words: Vec<String> = self.0.iter().map(Outcome::to_string).collect();
        f.write_str(&words[..3].join("/"))?;
        if let Some(all) = words.get(3) { write!(f, " | {all}") } else { Ok(()) }
    }
}

/// A role at work: a transaction that is never committed.
pub struct Session {
    connection: Door,
    me: Who,
    other: Who,
}

enum Door {
    Tenant(Box<TenantTx>),
    Path(PgConnection),
}

impl Session {
    pub async fn open(database: &TestDatabase, role: &Role) -> Self {
        let (me, other) = match role.acts {
            Acts::As(Who::Technician1) => (Who::Technician1, Who::Technician2),
            Acts::As(Who::Customer1) => (Who::Customer1, Who::Customer2),
            Acts::As(who) => (who, Who::Technician2),
            // Nobody in particular.
            Acts::Worker | Acts::Path => (Who::Technician1, Who::Technician2),
        };
        let connection = match role.acts {
            Acts::As(who) => Door::Tenant(Box::new(database.tenants().begin(&Company::ACME.actor(who)).await.unwrap())),
            Acts::Worker => Door::Tenant(Box::new(database.tenants().begin(&worker_for(me)).await.unwrap())),
            // Not through PlatformDb: the operator's transactions are read only, which would hide what is granted.
            Acts::Path => {
                let mut connection = database.login(&format!("surv_{}_login", role.name)).await.unwrap();
                connection.execute("BEGIN").await.unwrap();
                connection.execute(AssertSqlSafe(format!("SET LOCAL ROLE surv_{}", role.name))).await.unwrap();
                Door::Path(connection)
            }
        };
        Self { connection, me, other }
    }

    fn connection(&mut self) -> &mut PgConnection {
        match &mut self.connection {
            Door::Tenant(tx) => tx.conn(),
            Door::Path(connection) => connection,
        }
    }

    pub async fn try_all(&mut self, table: &Table) -> [(&'static str, Cell); 4] {
        let select = |filter: &str| vec![format!("SELECT count(*) FROM {} {filter}", table.name)];
        let update = |filter: &str| {
            table.set.iter().map(|set| format!("UPDATE {} SET {set} {filter}", table.name)).collect::<Vec<_>>()
        };
        let delete = |filter: &str| vec![format!("DELETE FROM {} {filter}", table.name)];
        [
            ("select", self.verb(table, select).await),
            ("insert", self.insert(table).await),
            ("update", self.verb(table, update).await),
            ("delete", self.verb(table, delete).await),
        ]
    }

    /// On each of the three rows, found by each of the table's keys until a grant allows one; then without WHERE.
    async fn verb(&mut self, table: &Table, statements: impl Fn(&str) -> Vec<String>) -> Cell {
        let mut outcomes = Vec::new();
        for scope in 0..3 {
            let filters = table.keys.iter().map(|key| format!("WHERE {key}"));
            let tries = filters.flat_map(|filter| statements(&filter)).map(|text| self.fill(&text, scope)).collect();
            outcomes.push(self.first_not_denied(tries).await);
        }
        let tries = statements("").iter().map(|text| self.fill(text, 0)).collect();
        outcomes.push(self.first_not_denied(tries).await);
        Cell(outcomes)
    }

    async fn insert(&mut self, table: &Table) -> Cell {
        let mut outcomes = Vec::new();
        for scope in 0..3 {
            let statement = format!("INSERT INTO {} {}", table.name, self.fill(table.insert, scope));
            let outcome = self.attempt(&statement).await;
            outcomes.push(if outcome == Outcome::Rows(1) { Outcome::Ok } else { outcome });
        }
        Cell(outcomes)
    }

    /// Puts ids into a text: `{job}` is job 1 of the own company for scope 0, its job 2 for 1, the rival's job 1 for 2;
    /// `{me}` the actor, another person, somebody like the actor at the rival's.
    fn fill(&self, text: &str, scope: usize) -> String {
        let company = if scope == 2 { Company::RIVAL } else { Company::ACME };
        let number = if scope == 1 { 2 } else { 1 };
        let me = if scope == 1 { self.other } else { self.me };
        let mut text = text
            .replace("{t}", &company.tenant_id().to_string())
            .replace("{n}", &number.to_string())
            .replace("{me}", &company.user(me).to_string())
            .replace("{session}", &company.id("session", me.number()).to_string())
            .replace("{technician}", &company.id("user", number + 2).to_string())
            .replace("{contact}", &company.id("user", number + 4).to_string())
            .replace("{note}", &company.id("note", number * 10 + 3).to_string())
            .replace("{file}", &company.id("file", number * 10 + 3).to_string())
            .replace("{event}", &company.id("event", number * 10 + 3).to_string());
        for kind in ["customer", "property", "job", "visit", "task", "message", "invitation", "challenge", "sign_up"] {
            text = text.replace(&format!("{{{kind}}}"), &company.id(kind, number).to_string());
        }
        text
    }

    async fn first_not_denied(&mut self, statements: Vec<String>) -> Outcome {
        for statement in statements {
            let outcome = self.attempt(&statement).await;
            if outcome != Outcome::Denied {
                return outcome;
            }
        }
        Outcome::Denied
    }

    async fn attempt(&mut self, statement: &str) -> Outcome {
        let connection = self.connection();
        // By hand: sqlx does not know of the transaction that the door opened.
        connection.execute("SAVEPOINT attempt").await.unwrap();
        let counts = statement.starts_with("SELECT");
        let query = sqlx::query(AssertSqlSafe(statement.to_owned())).persistent(false);
        let result = if counts {
            query.fetch_one(&mut *connection).await.map(|row| row.get(0))
        } else {
            query.execute(&mut *connection).await.map(|done| i64::try_from(done.rows_affected()).unwrap())
        };
        connection.execute("ROLLBACK TO attempt").await.unwrap();
        match result {
            Ok(rows) => Outcome::Rows(rows),
            Err(error) => outcome_of(&error, statement),
        }
    }
}

fn worker_for(who: Who) -> surv_tenancy::Actor {
    surv_tenancy::Actor::worker(Company::ACME.tenant_id().into(), Some(Company::ACME.user(who).into()))
}

fn outcome_of(error: &sqlx::Error, statement: &str) -> Outcome {
    let Some(error) = error.as_database_error() else { panic!("{statement}: {error}") };
    match error.code().as_deref() {
        Some("42501") if error.message().contains("row-level security") => Outcome::Policy,
        Some("42501") => Outcome::Denied,
        // A mistake in the probe and no answer.
        Some(code) if code.starts_with("42") || code.starts_with("22") => panic!("{statement}: {error}"),
        Some(code) => Outcome::Other(code.to_owned()),
        None => panic!("{statement}: {error}"),
    }
}
