//! The examples of the document: one small world that all of them tell of, so that ids and times fit together.
//!
//! They are values of the types themselves: an example that no longer fits does not compile. `tests/contract` sends
//! those of requests and checks each against its own schema.

mod auth;
mod company;
mod contacts;
mod customers;
mod events;
mod files;
mod jobs;
mod members;
mod notes;
mod portal;
mod problem;
mod properties;
mod sessions;
mod tasks;
mod tokens;
mod visits;
mod work;

use chrono::{DateTime, TimeZone as _, Utc};
use uuid::{Uuid, uuid};

const COMPANY: Uuid = uuid!("0193a5e0-5d00-7c11-8a3e-2f6b90d4e7a1");
const ADMIN: Uuid = uuid!("3f0c6a7e-91b2-4d58-a6c4-0e7d5b219f83");
const TECHNICIAN: Uuid = uuid!("8d21f5b4-6c37-4e0a-b9f1-52a80c4e7d16");
const CUSTOMER: Uuid = uuid!("0193a71c-8e40-7f02-9b57-c1e4a8236d50");
const CUSTOMER_USER: Uuid = uuid!("c5e7290f-1b84-4a63-8f2d-97d0a6e43b18");
const CONTACT: Uuid = uuid!("0193a71c-b2d0-7a15-8e94-3f6c07d9a5b1");
const PROPERTY: Uuid = uuid!("0193a71d-2a10-7b44-a1c8-5e90f7d3b264");
const JOB: Uuid = uuid!("0193a722-f3c0-7d19-8c66-0ab4e952d7f3");
const VISIT: Uuid = uuid!("0193a722-f3c1-7e58-b0d2-74c6a1f8e935");
const NOTE: Uuid = uuid!("0193b6a4-7710-7a2c-9d41-e8f05b36c2d7");
const INVITATION: Uuid = uuid!("0193a9b0-44e0-7c90-85f3-1d7be6a20c48");
const LINK: Uuid = uuid!("0193a730-15b0-7f6d-a274-b9c3d05e81f6");
const CHALLENGE: Uuid = uuid!("0193c2f8-9a30-7e41-b6d7-4c0f8a5e12b9");
const FILE: Uuid = uuid!("0193bc90-1e40-7f27-a5d8-60c3b97e14f2");
const TASK: Uuid = uuid!("0193b1d4-6a50-7c38-92e0-b7f4815da3c6");
const SESSION: Uuid = uuid!("0193a5f1-0c20-7d83-9e15-6a4fb7d2c093");

/// What the office asks a list to go on with. Cursors say nothing to clients.
const CURSOR: &str = "mJ0uYc2Q4n8xqk1TzW7bRCIwMTkzYTcxYy04ZTQwLTdmMDItOWI1Ny1jMWU0YTgyMzZkNTAi";
const TIME_ZONE: &str = "Europe/Vienna";

/// An instant of December 2026, when all of it happens.
fn december(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 12, day, hour, minute, 0).single().unwrap_or_default()
}

/// What a parameter may look like. A name means the same everywhere.
pub(crate) fn parameter(name: &str) -> Option<String> {
    let text = match name {
        "about" | "job_id" => JOB.to_string(),
        "after" | "Last-Event-ID" => events::POSITION.to_owned(),
        "cursor" => CURSOR.to_owned(),
        "contact_id" => CONTACT.to_string(),
        "customer_id" => CUSTOMER.to_string(),
        "file_id" => FILE.to_string(),
        "from" => "2026-12-07T00:00:00+01:00".to_owned(),
        "task_id" => TASK.to_string(),
        "to" => "2026-12-14T00:00:00+01:00".to_owned(),
        "Idempotency-Key" => "5b8f0d6e-booking-1".to_owned(),
        "If-Match" => crate::etag::of(3),
        "invitation_id" => INVITATION.to_string(),
        "kind" => tasks::KIND.to_owned(),
        "limit" => crate::page::DEFAULT_LIMIT.to_string(),
        "link_id" => LINK.to_string(),
        "member_id" | "technician_id" => TECHNICIAN.to_string(),
        "property_id" => PROPERTY.to_string(),
        "q" => "hub vien".to_owned(),
        "role" => "technician".to_owned(),
        "session_id" => SESSION.to_string(),
        "slug" => company::SLUG.to_owned(),
        "sort" => "name".to_owned(),
        "user_id" => CUSTOMER_USER.to_string(),
        "visit_id" => VISIT.to_string(),
        _ => return None,
    };
    Some(text)
}
