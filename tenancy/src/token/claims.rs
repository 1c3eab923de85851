//! What a token says, in the types of this crate.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    actor::{Actor, Principal},
    capability::CapabilitySet,
    confinement::Confinement,
    ids::{RequestId, SessionId, TenantId, UserId},
    role::Role,
};

/// The word is not one of a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such {0}")]
pub struct UnknownWord(&'static str);

macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $noun:literal: $($(#[$case_meta:meta])* $case:ident = $word:literal,)*) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$case_meta])* #[serde(rename = $word)] $case,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$case,)*];

            /// The word in tokens and in documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word { $($word => Ok(Self::$case),)* _ => Err(UnknownWord($noun)) }
            }
        }
    };
}

words! {
    /// What a token was made for. A route says which kinds it takes.
    TokenKind, "kind of token":
    /// A person's session, for minutes.
    Access = "access",
    /// One thing for somebody without a log-in, sent by e-mail or text. Always confined.
    Link = "link",
    /// An integration's key.
    ApiKey = "api_key",
    /// Handed to a partner, who narrows it per person.
    Delegate = "delegate",
    /// An operator acting as a member, announced and audited.
    Impersonation = "impersonation",
}

words! {
    /// Whether an operation changes anything.
    Operation, "operation":
    Read = "read",
    Write = "write",
}

words! {
    /// The kind of thing that an operation is about: `subject(…)` in a narrowed token.
    ///
    /// A closed set: a token that names a subject unknown to the server is refused.
    Subject, "subject":
    Company = "company",
    Members = "members",
    Sessions = "sessions",
    Tokens = "tokens",
    Customers = "customers",
    Contacts = "contacts",
    Properties = "properties",
    Equipment = "equipment",
    Jobs = "jobs",
    Visits = "visits",
    Assignments = "assignments",
    Notes = "notes",
    Checklists = "checklists",
    TimeEntries = "time_entries",
    Files = "files",
    Messages = "messages",
    PriceBook = "price_book",
    Estimates = "estimates",
    Invoices = "invoices",
    Payments = "payments",
    Reports = "reports",
    Events = "events",
    Audit = "audit",
    Tasks = "tasks",
}

/// The authority block's facts, each there exactly once, and the earliest limit of all blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub session_id: SessionId,
    pub kind: TokenKind,
    pub audience: String,
    /// The role when the token was made. The membership row says what it is now.
    pub role: Role,
    pub scope: CapabilitySet,
    /// The first instant at which some check on time fails.
    pub expires_at: DateTime<Utc>,
}

/// A token that may do what was asked, and how far it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    pub claims: Claims,
    pub confinement: Confinement,
    /// Of every block, parents first: revoking any of them ends the token.
    pub revocation_ids: Vec<Vec<u8>>,
}

impl VerifiedToken {
    /// Who to open a transaction as. The database still has to admit the session.
    pub fn actor(&self, request_id: Option<RequestId>) -> Actor {
        Actor {
            tenant_id: self.claims.tenant_id,
            principal: Principal::Person {
                user_id: self.claims.user_id,
                role: self.claims.role,
                session_id: self.claims.session_id,
                revocation_ids: self.revocation_ids.clone(),
            },
            confinement: self.confinement.clone(),
            request_id,
        }
    }
}
