//! Who is asking, on whose behalf, and what they may see.
//!
//! Everything that keeps one company's rows from another's lives here: the [`Actor`] of a request,
//! the tokens it came with, and [`TenantDb`], the only door to tenant rows. Nothing in this crate
//! knows about HTTP or about the trade.

pub mod actor;
mod audit;
pub mod branding;
pub mod capability;
pub mod clock;
pub mod confinement;
pub mod customer_login;
pub mod db;
pub mod email;
mod email_challenges;
pub mod events;
pub mod feed;
pub mod field_errors;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod inbox;
pub mod invitations;
pub mod job_links;
pub mod links;
pub mod mail;
pub mod members;
pub mod outcomes;
pub mod page;
pub mod password_reset;
pub mod passwords;
pub mod queue;
pub mod revoked_tokens;
pub mod role;
pub mod secrets;
pub mod sessions;
pub mod sign_up;
pub mod tasks;
pub mod tenants;
pub mod token;
pub mod totp;
mod users;

pub use actor::{Actor, Principal};
pub use capability::{Capability, CapabilitySet};
pub use clock::{Clock, Ids};
pub use confinement::Confinement;
pub use email::EmailAddress;
pub use field_errors::{FieldError, FieldErrors};
pub use identity::Identity;
pub use ids::{
    ContactId, CustomerId, EventId, FileId, InvitationId, InvoiceId, JobId, MessageId, NoteId, PropertyId, RequestId,
    SessionId, TaskId, TenantId, UserId, VisitId,
};
pub use role::{Persona, Role};
