//! Everybody who asks, with a token from a real log-in, and what they ask for.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures_util::future::try_join_all;
use serde::Deserialize;
use sqlx::{FromRow, PgConnection, types::Uuid};

use crate::{
    data::PASSWORD,
    drive::Load,
    http::{Connection, Request},
};

/// A company of the bench, and rows of it to ask for.
#[derive(Debug, Clone, FromRow)]
pub struct Company {
    pub slug: String,
    /// Each customer's property has the same place in `properties`.
    pub customers: Vec<Uuid>,
    pub properties: Vec<Uuid>,
    /// Of the first technician.
    pub visits: Vec<Uuid>,
    /// Of the first customer that logs in.
    pub jobs: Vec<Uuid>,
}

const COMPANIES: &str = "
SELECT t.slug,
       ARRAY(SELECT customer_id FROM customers c WHERE c.tenant_id = t.tenant_id ORDER BY created_at LIMIT 40) AS customers,
       ARRAY(SELECT property_id FROM properties p WHERE p.tenant_id = t.tenant_id ORDER BY created_at LIMIT 40) AS properties,
       ARRAY(SELECT a.visit_id FROM users u
               JOIN assignments a ON a.tenant_id = t.tenant_id AND a.technician_id = u.user_id
              WHERE u.email = 'tech0@' || t.slug || '.example' ORDER BY a.starts_at LIMIT 8) AS visits,
       ARRAY(SELECT j.job_id FROM customer_users u
               JOIN jobs j ON j.tenant_id = u.tenant_id AND j.customer_id = u.customer_id
              WHERE u.tenant_id = t.tenant_id AND u.email = 'customer0@' || t.slug || '.example'
              ORDER BY j.created_at LIMIT 5) AS jobs
  FROM tenants t WHERE t.slug LIKE 'bench-%' ORDER BY t.tenant_id";

/// The bench's companies, the large one first.
///
/// # Errors
/// The database's own.
pub async fn companies(connection: &mut PgConnection) -> anyhow::Result<Vec<Company>> {
    let found: Vec<Company> = sqlx::query_as(COMPANIES).fetch_all(connection).await?;
    for company in &found {
        let Company { customers, properties, visits, jobs, .. } = company;
        if customers.is_empty() || properties.len() != customers.len() || visits.is_empty() || jobs.is_empty() {
            bail!("{} lacks rows", company.slug);
        }
    }
    Ok(found)
}

/// Somebody to log in: company and the short name of the e-mail address.
pub type Person<'a> = (&'a str, &'a str);

/// Logs people in, `clients` at a time.
///
/// Answers their tokens in order, what waiting there was, and how many were told to come again (503), which is what the
/// product does with passwords that would wait longer than it promises.
///
/// # Errors
/// When somebody is refused.
pub async fn log_in(
    address: &str,
    clients: usize,
    people: &[Person<'_>],
) -> anyhow::Result<(Vec<String>, Load, usize)> {
    let begun = Instant::now();
    let lanes = try_join_all((0..clients).map(|client| async move {
        let mut connection = Connection::open(address).await?;
        let mut found = Vec::new();
        let mut busy = 0;
        for (position, person) in people.iter().enumerate().skip(client).step_by(clients) {
            let (token, waited, refusals) = one(&mut connection, *person).await?;
            busy += refusals;
            found.push((position, token, waited));
        }
        anyhow::Ok((found, busy))
    }))
    .await?;
    let busy = lanes.iter().map(|(_, busy)| busy).sum();
    let mut found: Vec<_> = lanes.into_iter().flat_map(|(found, _)| found).collect();
    found.sort_by_key(|(position, ..)| *position);
    let latencies = found.iter().map(|(_, _, waited)| *waited).collect();
    let load = Load { requests: found.len() as u64, elapsed: begun.elapsed(), latencies };
    Ok((found.into_iter().map(|(_, token, _)| token).collect(), load, busy))
}

#[derive(Deserialize)]
struct LoggedIn {
    access_token: String,
}

async fn one(connection: &mut Connection, (slug, short): Person<'_>) -> anyhow::Result<(String, Duration, usize)> {
    let email = format!("{short}@{slug}.example");
    let body = serde_json::json!({ "email": email, "password": PASSWORD, "company": slug }).to_string();
    let request = Request::post("/v1/auth/log-in", None, &body);
    for refusals in 0..100 {
        let asked = Instant::now();
        let answer = connection.call(&request).await?;
        match answer.status {
            200 => {
                let LoggedIn { access_token } =
                    serde_json::from_slice(answer.body).context("the answer to a log-in")?;
                return Ok((access_token, asked.elapsed(), refusals));
            }
            // Busy with passwords: what a client would do after Retry-After.
            503 => tokio::time::sleep(Duration::from_millis(50)).await,
            status => bail!("{email} could not log in: {status} {}", String::from_utf8_lossy(answer.body)),
        }
    }
    bail!("{email} could not log in: the server stayed busy")
}
