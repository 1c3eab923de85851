//! The requests that are measured.

use std::sync::atomic::{AtomicU64, Ordering};

use surv_tenancy::clock::Clock;

use crate::{drive::Source, http::Request, people::Company};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A customer by id.
    Get,
    /// The visits of a week with who is on them.
    Schedule,
    /// A job is booked, under an Idempotency-Key.
    Create,
    /// The first ten customers of whom a word begins with a first name.
    Search,
}

impl Operation {
    pub const ALL: [Self; 4] = [Self::Get, Self::Schedule, Self::Create, Self::Search];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Schedule => "schedule",
            Self::Create => "create",
            Self::Search => "search",
        }
    }

    /// The `number`-th request of its kind, at a company, by whoever has the token.
    pub fn request(self, company: &Company, token: &str, number: usize) -> Request {
        let at = number * 7 % company.customers.len();
        match self {
            Self::Get => Request::get(&format!("/v1/customers/{}", company.customers[at]), token),
            Self::Schedule => Request::get(&format!("/v1/visits?{}", week(number)), token),
            Self::Search => {
                let word = FIRST_NAMES[number % FIRST_NAMES.len()];
                Request::get(&format!("/v1/customers?q={word}&limit=10"), token)
            }
            Self::Create => {
                let body = serde_json::json!({
                    "customer_id": company.customers[at],
                    "property_id": company.properties[at],
                    "title": "Boiler service",
                    "description": "The pressure falls overnight.",
                });
                Request::post("/v1/jobs", Some((token, &key())), &body.to_string())
            }
        }
    }
}

/// Of `generate.sql`; each is some customers' in every company.
const FIRST_NAMES: [&str; 6] = ["anna", "david", "greta", "jonas", "maria", "paul"];

/// One of eight weeks in the middle of the generated work.
fn week(number: usize) -> String {
    const MONDAYS: [(&str, &str); 8] = [
        ("2026-03-02", "2026-03-09"),
        ("2026-03-09", "2026-03-16"),
        ("2026-03-16", "2026-03-23"),
        ("2026-03-23", "2026-03-30"),
        ("2026-06-01", "2026-06-08"),
        ("2026-06-08", "2026-06-15"),
        ("2026-06-15", "2026-06-22"),
        ("2026-06-22", "2026-06-29"),
    ];
    let (from, to) = MONDAYS[number % MONDAYS.len()];
    format!("from={from}T00:00:00Z&to={to}T00:00:00Z")
}

/// An Idempotency-Key that nobody has used.
fn key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("bench-{}-{}", Clock::system().now().timestamp_micros(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Somebody at a company.
#[derive(Debug, Clone)]
pub struct Asker {
    pub company: Company,
    pub token: String,
}

/// One operation, each client at its own company, again and again for the same few things.
#[derive(Debug)]
pub struct Own<'a> {
    pub operation: Operation,
    pub askers: &'a [Asker],
    pub targets: usize,
}

impl Source for Own<'_> {
    fn request(&self, client: usize, number: usize) -> Request {
        let asker = &self.askers[client % self.askers.len()];
        self.operation.request(&asker.company, &asker.token, number % self.targets)
    }
}

/// One operation, each request at another company.
#[derive(Debug)]
pub struct Everywhere<'a> {
    pub operation: Operation,
    pub askers: &'a [Asker],
}

impl Source for Everywhere<'_> {
    fn request(&self, client: usize, number: usize) -> Request {
        // Steps that are prime to the number of companies visit all of them.
        let asker = &self.askers[(client * 61 + number * 7) % self.askers.len()];
        self.operation.request(&asker.company, &asker.token, number)
    }
}

/// A fixed request for each client, by turns.
#[derive(Debug)]
pub struct Turns<'a>(pub &'a [Vec<Request>]);

impl Source for Turns<'_> {
    fn request(&self, client: usize, number: usize) -> Request {
        let list = &self.0[client % self.0.len()];
        list[number % list.len()].clone()
    }
}
