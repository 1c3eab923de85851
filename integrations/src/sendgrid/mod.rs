//! E-mail through SendGrid.

pub mod event_webhook;
mod types;

pub use types::{
    ARG_MESSAGE, ARG_TENANT, Accepted, Address, Attachment, Bounce, Disposition, OutgoingMail,
};
