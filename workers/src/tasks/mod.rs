//! What each kind of task does: a file with its handler, and a line here.

mod notify_on_the_way;
mod process_sendgrid_events;
pub(crate) mod send_email;

use surv_operations::assignments::NotifyOnTheWay;
use surv_tenancy::{inbox::ProcessSendgridEvents, mail::SendEmail};

use crate::Registry;

/// Every kind of task.
pub(crate) fn all() -> Registry {
    Registry::new().with::<NotifyOnTheWay>().with::<ProcessSendgridEvents>().with::<SendEmail>()
}
