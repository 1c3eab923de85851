//! What a session is, and what beginning one can lead to.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use crate::users::CompanyAccess;
use crate::{Role, SessionId, TenantId, UserId, secrets};

/// A session that is not refreshed for so long ends by itself.
pub(super) const IDLE_LIFETIME: TimeDelta = TimeDelta::days(30);
/// However often it is refreshed, a session ends after this.
pub(super) const LIFETIME: TimeDelta = TimeDelta::days(180);

/// How a session's tokens are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type, Serialize, Deserialize)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SessionKind {
    /// In cookies.
    Browser,
    /// As bearer tokens.
    Api,
    /// Behind a link that was sent out.
    Link,
}

impl SessionKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Api => "api",
            Self::Link => "link",
        }
    }
}

/// Where a log-in comes from, as far as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub kind: SessionKind,
    /// For the person's own list of sessions; cut to 200 characters.
    pub name: String,
}

impl Device {
    /// What a client says of itself is for display only: cleaned, never refused.
    pub(super) fn clean_name(&self) -> String {
        self.name.chars().filter(|c| !c.is_control()).take(200).collect::<String>().trim().to_owned()
    }
}

/// A session just begun or refreshed: all that tokens are minted from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoggedIn {
    pub tenant_id: TenantId,
    pub slug: String,
    pub company: String,
    pub user_id: UserId,
    /// The person's name in this company.
    pub name: String,
    pub role: Role,
    pub session_id: SessionId,
    pub kind: SessionKind,
    /// Works once.
    #[serde(serialize_with = "secrets::expose")]
    pub refresh_token: SecretString,
    pub refresh_expires_at: DateTime<Utc>,
}

impl LoggedIn {
    pub(super) fn new(
        access: CompanyAccess,
        user_id: UserId,
        session_id: SessionId,
        kind: SessionKind,
        refresh_token: SecretString,
        refresh_expires_at: DateTime<Utc>,
    ) -> Self {
        let CompanyAccess { tenant_id, slug, company, role, name } = access;
        Self { tenant_id, slug, company, user_id, name, role, session_id, kind, refresh_token, refresh_expires_at }
    }
}

/// Where a right password leads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum LogInOutcome {
    LoggedIn(Box<LoggedIn>),
    /// A code has to follow, within minutes: [`super::second_step`].
    SecondStep {
        #[serde(serialize_with = "secrets::expose")]
        challenge: SecretString,
    },
    /// The person belongs to several companies: [`super::choose_company`].
    ChooseCompany {
        #[serde(serialize_with = "secrets::expose")]
        challenge: SecretString,
        companies: Vec<CompanyAccess>,
    },
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    pub tenant_id: TenantId,
    pub session_id: SessionId,
    pub slug: String,
    pub company: String,
    pub kind: SessionKind,
    pub role: Role,
    pub device: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// The one that asks.
    pub current: bool,
}
