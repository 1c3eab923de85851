//! Typed identifiers. A `JobId` can't be passed where a `VisitId` is meant.
//!
//! All are UUIDs made by the application (version 7, so that rows of one tenant lie together by
//! time), except user ids: those are version 4, because a time-ordered id would tell a company
//! whether an address had an account elsewhere before.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// A company that uses Surv.
    TenantId;
    /// A person who can log in; the same in every company they belong to.
    UserId;
    /// One log-in, or one link that was sent out: what is ended to take access away.
    SessionId;
    /// A company's or a person's account as the tenant's customer.
    CustomerId;
    /// Somebody to talk to at a customer.
    ContactId;
    /// A place where work is done.
    PropertyId;
    /// A piece of work agreed with a customer.
    JobId;
    /// A dated slot of a job.
    VisitId;
    /// An invoice; named here because tokens can be confined to one.
    InvoiceId;
    /// A note on a job or visit.
    NoteId;
    /// Something that was uploaded: a photo, a logo.
    FileId;
    /// An invitation to join a company.
    InvitationId;
    /// Something that happened; see `events`.
    EventId;
    /// A unit of background work.
    TaskId;
    /// An e-mail or text to one recipient.
    MessageId;
    /// One request, as logs and problem answers name it.
    RequestId;
}
