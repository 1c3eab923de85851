//! A company of one test, with people who have live sessions, and what it takes to have work to do.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{ConnectOptions as _, PgConnection, Row as _};
use surv_operations::{
    assignments::{self, Step},
    customer_users,
    customers::{self, CustomerDetails, CustomerKind},
    jobs::{self, Job, NewJob},
    properties::{self, PropertyDetails},
    visits::{NewVisit, Visit, VisitError},
};
use surv_tenancy::{
    Actor, Clock, Confinement, CustomerId, Ids, Principal, PropertyId, Role, SessionId, TenantId, UserId, VisitId,
    clock::random_id,
    db::{DatabaseConfig, PoolConfig, TenantDb, TenantTx},
};
use uuid::Uuid;

/// The shared database, with so many connections for each persona.
fn database(width: usize) -> DatabaseConfig {
    let pool = PoolConfig { persona: width, worker: 1, path: 1, wait_ms: 20_000 };
    surv_test_database::config(&surv_test_database::shared("work"), pool)
}

/// A company: its door, its manager, and a customer with a place to work at.
pub struct Company {
    pub db: TenantDb,
    pub ids: Ids,
    pub tenant_id: TenantId,
    pub manager: Actor,
    pub customer_id: CustomerId,
    pub property_id: PropertyId,
}

/// A connection of a cross-tenant path: what a sign-up or a log-in would write, without their passwords.
async fn path(role: &str) -> PgConnection {
    let mut connection = database(1).options(&format!("surv_{role}_login")).connect().await.unwrap();
    let statement = if role == "signup" { "SET ROLE surv_signup" } else { "SET ROLE surv_identity" };
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection
}

pub fn now() -> DateTime<Utc> {
    Clock::system().now()
}

/// An instant on some day to come.
pub fn at(day: i64, hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_800, 0).unwrap() + TimeDelta::days(day) + TimeDelta::hours(hour)
}

/// From one hour to the other.
pub fn hours(day: i64, from: i64, to: i64) -> NewVisit {
    NewVisit { starts_at: at(day, from), ends_at: at(day, to), window_start: None, window_end: None }
}

pub fn confined_to_job(actor: &Actor, job_id: Uuid) -> Actor {
    let things = [(surv_tenancy::confinement::ConfinedKind::Job, job_id)];
    Actor { confinement: Confinement::Only(things.into_iter().collect()), ..actor.clone() }
}

impl Company {
    pub async fn new() -> Self {
        Self::with_width(4).await
    }

    /// With so many connections for each persona.
    pub async fn with_width(width: usize) -> Self {
        let ids = Ids::system();
        let tenant_id: TenantId = ids.next();
        let slug = format!("c-{}", &tenant_id.0.simple().to_string()[8..]);
        sqlx::query("INSERT INTO tenants (tenant_id, slug, name, time_zone) VALUES ($1, $2, 'Acme', 'Europe/Vienna')")
            .bind(tenant_id.0)
            .bind(slug)
            .execute(&mut path("signup").await)
            .await
            .unwrap();
        let nobody = Actor::worker(tenant_id, None);
        let (customer_id, property_id) = (ids.next(), ids.next());
        let mut company =
            Self { db: TenantDb::new(&database(width)), ids, tenant_id, manager: nobody, customer_id, property_id };
        company.manager = company.member(Role::Manager, "Mo Manager").await;
        company.customer_id = company.customer().await;
        company.property_id = company.property(company.customer_id).await;
        company
    }

    pub async fn member(&self, role: Role, name: &str) -> Actor {
        let user_id: UserId = random_id();
        let mut signup = path("signup").await;
        sqlx::query("INSERT INTO users (user_id, email) VALUES ($1, $2)")
            .bind(user_id.0)
            .bind(format!("{user_id}@example.com"))
            .execute(&mut signup)
            .await
            .unwrap();
        sqlx::query("INSERT INTO members (tenant_id, user_id, role, name) VALUES ($1, $2, $3, $4)")
            .bind(self.tenant_id.0)
            .bind(user_id.0)
            .bind(role.as_str())
            .bind(name)
            .execute(&mut signup)
            .await
            .unwrap();
        self.logged_in(user_id, role).await
    }

    pub async fn technician(&self) -> Actor {
        self.member(Role::Technician, "Tess Technician").await
    }

    async fn logged_in(&self, user_id: UserId, role: Role) -> Actor {
        let session_id: SessionId = self.ids.next();
        sqlx::query(
            "INSERT INTO sessions (tenant_id, session_id, user_id, kind, role, expires_at)
             VALUES ($1, $2, $3, 'browser', $4, now() + interval '1 day')",
        )
        .bind(self.tenant_id.0)
        .bind(session_id.0)
        .bind(user_id.0)
        .bind(role.as_str())
        .execute(&mut path("identity").await)
        .await
        .unwrap();
        Actor {
            tenant_id: self.tenant_id,
            principal: Principal::Person { user_id, role, session_id, revocation_ids: vec![vec![7; 64]] },
            confinement: Confinement::None,
            request_id: None,
        }
    }

    pub async fn begin(&self, actor: &Actor) -> TenantTx {
        self.db.begin(actor).await.unwrap()
    }

    pub async fn office(&self) -> TenantTx {
        self.begin(&self.manager).await
    }

    pub async fn customer(&self) -> CustomerId {
        let mut tx = self.office().await;
        let details = CustomerDetails {
            kind: CustomerKind::Person,
            name: "Cy Customer".to_owned(),
            email: None,
            phone: Some("+49 30 901820".to_owned()),
            office_notes: Some("pays late".to_owned()),
        };
        let customer = customers::create(&mut tx, &self.ids, now(), details).await.unwrap();
        tx.commit().await.unwrap();
        customer.customer_id
    }

    pub async fn property(&self, customer_id: CustomerId) -> PropertyId {
        let mut tx = self.office().await;
        let details = PropertyDetails {
            street: "Ring 1".to_owned(),
            city: "Wien".to_owned(),
            country: "AT".to_owned(),
            time_zone: "Europe/Vienna".to_owned(),
            access_notes: "key under the mat".to_owned(),
            ..PropertyDetails::default()
        };
        let property = properties::create(&mut tx, &self.ids, now(), customer_id, details).await.unwrap();
        tx.commit().await.unwrap();
        property.property_id
    }

    /// Somebody who can log in as the customer.
    pub async fn customer_user(&self, customer_id: CustomerId) -> Actor {
        let mut tx = self.office().await;
        let email = format!("{}@example.com", random_id::<Uuid>());
        let user =
            customer_users::add(&mut tx, &self.ids, now(), customer_id, None, (&email, "Cy Person")).await.unwrap();
        tx.commit().await.unwrap();
        self.logged_in(user.user_id, Role::Customer).await
    }

    pub fn new_job(&self, visits: &[NewVisit]) -> NewJob {
        NewJob {
            customer_id: self.customer_id,
            property_id: self.property_id,
            title: "Boiler".to_owned(),
            description: "makes noise".to_owned(),
            office_notes: "be polite".to_owned(),
            visits: visits.to_vec(),
        }
    }

    pub async fn book(&self, visits: &[NewVisit]) -> (Job, Vec<Visit>) {
        let mut tx = self.office().await;
        let booked = jobs::create(&mut tx, &self.ids, now(), self.new_job(visits)).await.unwrap();
        tx.commit().await.unwrap();
        booked
    }

    pub async fn assign(&self, visit_id: VisitId, technician: &Actor) -> Result<(), VisitError> {
        let mut tx = self.office().await;
        assignments::assign(&mut tx, &self.ids, now(), visit_id, technician.user_id().unwrap()).await?;
        tx.commit().await.unwrap();
        Ok(())
    }

    pub async fn release(&self, visit_id: VisitId, technician: &Actor) -> Result<(), VisitError> {
        let mut tx = self.office().await;
        assignments::release(&mut tx, &self.ids, now(), visit_id, technician.user_id().unwrap()).await?;
        tx.commit().await.unwrap();
        Ok(())
    }

    pub async fn step(&self, technician: &Actor, visit_id: VisitId, step: Step) -> Result<(), VisitError> {
        let mut tx = self.begin(technician).await;
        assignments::take_step(&mut tx, &self.ids, now(), visit_id, step).await?;
        tx.commit().await.unwrap();
        Ok(())
    }

    /// A job's and a visit's state, and the numbers of what is open in each.
    pub async fn standing(&self, visit_id: VisitId) -> (String, i32, String, i32) {
        let mut tx = self.office().await;
        let row = sqlx::query(
            "SELECT j.state AS job, j.open_visits, v.state AS visit, v.open_assignments
               FROM visits v JOIN jobs j ON j.tenant_id = v.tenant_id AND j.job_id = v.job_id WHERE v.visit_id = $1",
        )
        .bind(visit_id.0)
        .fetch_one(tx.conn())
        .await
        .unwrap();
        (row.get("job"), row.get("open_visits"), row.get("visit"), row.get("open_assignments"))
    }

    /// How many events of a kind there are, as the office counts them.
    pub async fn events(&self, kind: &str) -> i64 {
        let mut tx = self.office().await;
        sqlx::query_scalar("SELECT count(*) FROM events WHERE kind = $1").bind(kind).fetch_one(tx.conn()).await.unwrap()
    }

    /// How many tasks of a kind wait.
    pub async fn tasks(&self, kind: &str) -> i64 {
        let mut tx = self.begin(&Actor::worker(self.tenant_id, None)).await;
        sqlx::query_scalar("SELECT count(*) FROM tasks WHERE kind = $1").bind(kind).fetch_one(tx.conn()).await.unwrap()
    }
}

/// Runs the same at once, `count` times.
pub async fn at_once<T, F>(count: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let barrier = Arc::new(tokio::sync::Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|position| {
            let (barrier, work) = (barrier.clone(), work(position));
            tokio::spawn(async move {
                barrier.wait().await;
                work.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}
