//! `surv demo`: two companies to try things on. Repeatable: what is there stays.
//!
//! Towns, positions and zones come from a published data package (`places.json` says which); streets are made up and
//! say so. Passwords are constants, so this refuses to run against anything but a loopback database.

mod logo;
mod people;

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use surv_integrations::s3::FileStore;
use surv_operations::{
    customer_users,
    customers::{self, CustomerDetails, CustomerKind},
    files::FilesConfig,
    properties::{self, PropertyDetails},
};
use surv_tenancy::{
    Actor, Clock, Confinement, Identity, Ids, Principal,
    db::{TenantDb, TenantTx},
    sessions::{self, Device, LogIn, LogInOutcome, LoggedIn, SessionKind},
};
use uuid::Uuid;

use crate::{compose, config::Config};

/// A demo company, as the stack file shows it.
#[derive(Debug, Serialize)]
pub struct DemoCompany {
    pub slug: &'static str,
    pub id: Uuid,
    pub time_zone: &'static str,
    pub members: Vec<DemoMember>,
    pub customers: Vec<DemoCustomer>,
}

/// Somebody who works there.
#[derive(Debug, Serialize)]
pub struct DemoMember {
    pub id: Uuid,
    pub role: &'static str,
    pub email: String,
    pub password: String,
}

/// A customer with a log-in.
#[derive(Debug, Serialize)]
pub struct DemoCustomer {
    pub id: Uuid,
    pub user_id: Uuid,
    pub property_id: Uuid,
    pub email: String,
    pub password: String,
}

struct Wanted {
    slug: &'static str,
    name: &'static str,
    time_zone: &'static str,
    logo: &'static [u8],
    /// Names of the three customers; places are taken in turn from this one on.
    customers: [&'static str; 3],
    first_place: usize,
}

const COMPANIES: [Wanted; 2] = [
    Wanted {
        slug: "breisgau-haustechnik",
        name: "Breisgau Haustechnik",
        time_zone: "Europe/Berlin",
        logo: include_bytes!("breisgau-haustechnik.png"),
        customers: ["Familie Winterhalter", "Pat Owner", "Weingut Lindenhof GmbH"],
        first_place: 0,
    },
    Wanted {
        slug: "high-plains-plumbing",
        name: "High Plains Plumbing",
        time_zone: "America/Denver",
        logo: include_bytes!("high-plains-plumbing.png"),
        customers: ["Rosalind Carter", "Pat Owner", "Juniper Street Dental LLC"],
        first_place: 3,
    },
];

#[derive(Debug, Deserialize)]
struct Places {
    places: Vec<Place>,
}

#[derive(Debug, Clone, Deserialize)]
struct Place {
    city: String,
    region: String,
    country: String,
    latitude: f64,
    longitude: f64,
    time_zone: String,
}

/// Makes the companies and writes or prints their log-ins.
///
/// # Errors
/// What stood in the way.
pub async fn run(config: &Config, json: Option<&Path>) -> anyhow::Result<ExitCode> {
    let is_local = matches!(config.database.host.as_str(), "127.0.0.1" | "::1" | "localhost");
    if !is_local {
        bail!("the demo's passwords are public: it only goes into a database on this machine");
    }
    let places: Places = serde_json::from_str(include_str!("places.json")).context("reading places.json")?;
    let demo = Demo {
        identity: compose::identity(config)?,
        tenant_db: TenantDb::new(&config.database),
        clock: Clock::system(),
        ids: Ids::system(),
        store: compose::storage(config),
        limits: config.files.clone(),
    };
    let mut tenants = Vec::new();
    for wanted in &COMPANIES {
        let company = demo.company(wanted, &places.places).await;
        tenants.push(company.with_context(|| format!("making {}", wanted.name))?);
    }
    let text = serde_json::to_string_pretty(&serde_json::json!({ "tenants": tenants }))?;
    match json {
        Some(file) => tokio::fs::write(file, text).await.with_context(|| format!("writing {}", file.display()))?,
        None => println!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}

struct Demo {
    identity: Identity,
    tenant_db: TenantDb,
    clock: Clock,
    ids: Ids,
    store: Option<FileStore>,
    limits: FilesConfig,
}

impl Demo {
    async fn company(&self, wanted: &Wanted, places: &[Place]) -> anyhow::Result<DemoCompany> {
        let (tenant_id, members) = people::open(&self.identity, wanted).await?;
        let admin = members.first().context("a company has an admin")?;
        let session = self.log_in(wanted.slug, admin).await?;
        let mut found = Vec::new();
        for (position, name) in wanted.customers.iter().enumerate() {
            let place = places.get(wanted.first_place + position).context("places.json has a place for each")?;
            found.push(self.customer(&session, wanted.slug, name, position, place).await?);
        }
        let actor = actor_of(&session);
        self.set_logo(wanted, &actor).await?;
        sessions::log_out(&self.identity, &actor).await?;
        Ok(DemoCompany { slug: wanted.slug, id: tenant_id.0, time_zone: wanted.time_zone, members, customers: found })
    }

    async fn set_logo(&self, wanted: &Wanted, admin: &Actor) -> anyhow::Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        let Self { tenant_db, clock, ids, limits, .. } = self;
        let is_set = logo::Logos { tenant_db, clock, ids, store, limits }.set(admin, wanted.logo).await?;
        if !is_set {
            tracing::warn!("{} has no logo yet: no worker processed it; run this again beside one", wanted.name);
        }
        Ok(())
    }

    async fn log_in(&self, slug: &str, member: &DemoMember) -> anyhow::Result<LoggedIn> {
        let outcome = sessions::log_in(
            &self.identity,
            LogIn {
                email: member.email.clone(),
                password: member.password.clone().into(),
                slug: Some(slug.to_owned()),
                device: Device { kind: SessionKind::Api, name: "surv demo".to_owned() },
            },
        )
        .await?;
        match outcome {
            LogInOutcome::LoggedIn(session) => Ok(*session),
            _ => bail!("the demo's admin has turned the second step on"),
        }
    }

    async fn customer(
        &self,
        session: &LoggedIn,
        slug: &str,
        name: &str,
        position: usize,
        place: &Place,
    ) -> anyhow::Result<DemoCustomer> {
        let mut tx = self.tenant_db.begin(&actor_of(session)).await?;
        let (customer_id, property_id) = match self.find(&mut tx, name).await? {
            Some(found) => found,
            None => self.add(&mut tx, name, position, place).await?,
        };
        // One address is a customer of both companies.
        let email = match name {
            "Pat Owner" => "pat.owner@example.com".to_owned(),
            _ => format!("customer{}@{slug}.example", position + 1),
        };
        let now = self.clock.now();
        let user = customer_users::add(&mut tx, &self.ids, now, customer_id, None, (&email, name)).await?;
        tx.commit().await?;
        let password = "surv-demo-customer".to_owned();
        people::set_password(&self.identity, user.user_id, &password).await?;
        let (id, user_id) = (customer_id.0, user.user_id.0);
        Ok(DemoCustomer { id, user_id, property_id: property_id.0, email, password })
    }

    /// The customer of this name and their first property.
    async fn find(
        &self,
        tx: &mut TenantTx,
        name: &str,
    ) -> anyhow::Result<Option<(surv_tenancy::CustomerId, surv_tenancy::PropertyId)>> {
        let state = customers::CustomerState::Active;
        let all = customers::list_by_name(tx, state, None, 200).await?.items;
        let Some(customer) = all.into_iter().find(|customer| customer.name == name) else { return Ok(None) };
        let property = properties::list(tx, customer.customer_id, None, 1).await?.items.pop();
        Ok(property.map(|property| (customer.customer_id, property.property_id)))
    }

    async fn add(
        &self,
        tx: &mut TenantTx,
        name: &str,
        position: usize,
        place: &Place,
    ) -> anyhow::Result<(surv_tenancy::CustomerId, surv_tenancy::PropertyId)> {
        let (ids, now) = (&self.ids, self.clock.now());
        let is_company = name.ends_with("GmbH") || name.ends_with("LLC");
        let customer = customers::create(
            tx,
            ids,
            now,
            CustomerDetails {
                kind: if is_company { CustomerKind::Company } else { CustomerKind::Person },
                name: name.to_owned(),
                email: None,
                phone: None,
                office_notes: Some("Made by surv demo.".to_owned()),
            },
        )
        .await?;
        let property = properties::create(
            tx,
            ids,
            now,
            customer.customer_id,
            PropertyDetails {
                street: format!("{} Example Street (made up)", 10 + position),
                city: place.city.clone(),
                region: place.region.clone(),
                country: place.country.clone(),
                latitude: Some(place.latitude),
                longitude: Some(place.longitude),
                time_zone: place.time_zone.clone(),
                access_notes: "Ring twice.".to_owned(),
                ..PropertyDetails::default()
            },
        )
        .await?;
        Ok((customer.customer_id, property.property_id))
    }
}

fn actor_of(session: &LoggedIn) -> Actor {
    Actor {
        tenant_id: session.tenant_id,
        principal: Principal::Person {
            user_id: session.user_id,
            role: session.role,
            session_id: session.session_id,
            revocation_ids: Vec::new(),
        },
        confinement: Confinement::None,
        request_id: None,
    }
}
