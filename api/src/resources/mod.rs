//! One file a noun: its views, its filters, its operations. `customers` is the model to copy.

pub mod auth;
pub mod company;
pub mod contacts;
pub mod customers;
pub mod events;
pub mod files;
pub mod jobs;
pub mod logo;
pub mod members;
pub mod notes;
pub mod portal;
pub mod properties;
pub mod sessions;
pub mod tasks;
pub mod tokens;
pub mod visits;
pub mod work;

use poem_openapi::Tags;

/// The nouns of the document.
#[derive(Debug, Tags)]
pub enum Tag {
    /// Signing up, logging in and out, second step, passwords.
    Auth,
    /// The caller's own log-ins.
    Sessions,
    /// The company itself and what its customers see of it.
    Company,
    /// Who works here.
    Members,
    /// Invitations to join the company.
    Invitations,
    /// Whom the company works for.
    Customers,
    /// The people to talk to at a customer.
    Contacts,
    /// Where work is done.
    Properties,
    /// Work agreed with a customer.
    Jobs,
    /// Dated slots of jobs, and who does them.
    Visits,
    /// Notes on jobs and visits.
    Notes,
    /// Photos and other uploads.
    Files,
    /// A technician's own visits.
    Work,
    /// A customer's own view.
    Portal,
    /// What happened: live, page by page, and as the audit log.
    Events,
    /// Links and revocation.
    Tokens,
    /// Background work: what waits, and what failed for good.
    Tasks,
}
