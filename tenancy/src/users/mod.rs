//! The log-in directory as the identity use cases read it. A user belongs to no tenant; what they reach in which
//! company is decided by their rows there, read again each time.

mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Role, TenantId, UserId};

pub(crate) use store::{companies_of, customer_access, find, find_by_email, insert, lock, lock_shared, set_password};

/// A person's log-in.
#[derive(Clone)]
pub(crate) struct Account {
    pub user_id: UserId,
    pub email: String,
    pub password_hash: Option<String>,
    pub totp_sealed: Option<Vec<u8>>,
    pub totp_enabled_at: Option<DateTime<Utc>>,
}

impl Account {
    pub(crate) const fn has_second_step(&self) -> bool {
        self.totp_enabled_at.is_some()
    }
}

/// A company that a person can log in to, and as what. A member's role comes before a customer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyAccess {
    pub tenant_id: TenantId,
    pub slug: String,
    /// The company's name.
    pub company: String,
    pub role: Role,
    /// The person's name in that company.
    pub name: String,
}
