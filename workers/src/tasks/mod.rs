//! What each kind of task does: a file with its handler, and a line here.

mod notify_on_the_way;
mod process_file;
mod process_sendgrid_events;
mod remove_file;
pub(crate) mod send_email;

use surv_operations::{
    assignments::NotifyOnTheWay,
    files::{ProcessFile, RemoveFile},
};
use surv_tenancy::{inbox::ProcessSendgridEvents, mail::SendEmail};

use crate::Registry;

/// Every kind of task.
pub(crate) fn all() -> Registry {
    Registry::new()
        .with::<NotifyOnTheWay>()
        .with::<ProcessFile>()
        .with::<ProcessSendgridEvents>()
        .with::<RemoveFile>()
        .with::<SendEmail>()
}
