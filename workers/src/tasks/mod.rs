//! What each kind of task does: a file with its handler, and a line here.

mod process_sendgrid_events;
pub(crate) mod send_email;

use surv_tenancy::{inbox::ProcessSendgridEvents, mail::SendEmail};

use crate::Registry;

/// Every kind of task.
pub(crate) fn all() -> Registry {
    Registry::new().with::<ProcessSendgridEvents>().with::<SendEmail>()
}
