//! What an operation needs, and who has it.
//!
//! A capability is a ceiling checked before the database is asked: it decides which operation a
//! caller may try. Which *rows* exist for them is decided by policies, never here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::role::Role;

macro_rules! capabilities {
    ($($(#[$meta:meta])* $name:ident = $word:literal, $write:literal, [$($role:ident),*];)*) => {
        /// Something that an operation may need.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Capability {
            $($(#[$meta])* #[serde(rename = $word)] $name,)*
        }

        impl Capability {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in tokens (`scope`) and in documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The token operation that it counts as: `read` or `write`.
            pub const fn operation(self) -> &'static str {
                match self { $(Self::$name => if $write { "write" } else { "read" },)* }
            }

            /// The roles that have it unless a member's permissions say less.
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Self::$name => &[$(Role::$role,)*],)* }
            }
        }
    };
}

capabilities! {
    /// See the company's settings and branding.
    CompanyRead = "company:read", false, [Admin, Manager, Technician, Customer];
    /// Change the company's settings and branding.
    CompanyWrite = "company:write", true, [Admin];
    /// See who works here.
    MembersRead = "members:read", false, [Admin, Manager];
    /// Invite, change and disable members.
    MembersWrite = "members:write", true, [Admin];
    /// See customers, their properties and their log-ins.
    CustomersRead = "customers:read", false, [Admin, Manager];
    /// Add, change and archive customers, properties and customers' log-ins.
    CustomersWrite = "customers:write", true, [Admin, Manager];
    /// See jobs and visits as the office sees them.
    JobsRead = "jobs:read", false, [Admin, Manager];
    /// Book, change, cancel jobs and visits; assign technicians.
    JobsWrite = "jobs:write", true, [Admin, Manager];
    /// See own visits and what hangs off them.
    WorkRead = "work:read", false, [Technician];
    /// Go on the way, arrive, complete, note: on own visits.
    WorkWrite = "work:write", true, [Technician];
    /// See own jobs as a customer.
    PortalRead = "portal:read", false, [Customer];
    /// Act on own jobs as a customer.
    PortalWrite = "portal:write", true, [Customer];
    /// See files and get addresses to download them.
    FilesRead = "files:read", false, [Admin, Manager, Technician, Customer];
    /// Upload files, and delete own ones; the office deletes any.
    FilesWrite = "files:write", true, [Admin, Manager, Technician, Customer];
    /// Read the event feed, live or page by page.
    EventsRead = "events:read", false, [Admin, Manager, Technician, Customer];
    /// Read the audit log and check its chain.
    AuditRead = "audit:read", false, [Admin, Manager];
    /// See background tasks: what waits and what failed.
    TasksRead = "tasks:read", false, [Admin];
    /// Try failed background tasks again, or give them up.
    TasksWrite = "tasks:write", true, [Admin];
    /// Make links and revoke tokens.
    TokensWrite = "tokens:write", true, [Admin, Manager];
}

/// The word is not a capability.
#[derive(Debug, thiserror::Error)]
#[error("there is no such capability")]
pub struct UnknownCapability;

impl std::str::FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(word: &str) -> Result<Self, UnknownCapability> {
        Self::ALL.iter().copied().find(|c| c.as_str() == word).ok_or(UnknownCapability)
    }
}

/// A set of capabilities, as a token's scope or a member's rights.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CapabilitySet(BTreeSet<Capability>);

impl CapabilitySet {
    /// All that a role has by default.
    pub fn of_role(role: Role) -> Self {
        Self(Capability::ALL.iter().copied().filter(|c| c.roles().contains(&role)).collect())
    }

    pub fn contains(&self, capability: Capability) -> bool {
        self.0.contains(&capability)
    }

    pub fn iter(&self) -> impl Iterator<Item = Capability> + '_ {
        self.0.iter().copied()
    }

    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }

    pub fn without(mut self, denied: impl IntoIterator<Item = Capability>) -> Self {
        for capability in denied {
            self.0.remove(&capability);
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Capability> for CapabilitySet {
    fn from_iter<I: IntoIterator<Item = Capability>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}
