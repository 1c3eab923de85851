//! Roles of people, and the personas that the database knows.

use serde::{Deserialize, Serialize};

/// What a person is in one company. Refined by [`crate::Capability`], enforced by the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    Admin,
    Manager,
    Technician,
    Customer,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Admin, Self::Manager, Self::Technician, Self::Customer];

    /// The word used in the database, in tokens and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Technician => "technician",
            Self::Customer => "customer",
        }
    }

    pub const fn is_office(self) -> bool {
        matches!(self, Self::Admin | Self::Manager)
    }

    pub const fn persona(self) -> Persona {
        match self {
            Self::Admin => Persona::Admin,
            Self::Manager => Persona::Manager,
            Self::Technician => Persona::Technician,
            Self::Customer => Persona::Customer,
        }
    }
}

/// The word is not a role.
#[derive(Debug, thiserror::Error)]
#[error("there is no such role")]
pub struct UnknownRole;

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(word: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == word).ok_or(UnknownRole)
    }
}

/// A database role that is confined to one tenant, with a login and a small pool of its own.
///
/// One pool each, because a login is a member of its own persona only (an injected statement can't
/// become somebody else) and because plans that depend on policies stay cached (guide: rls).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Persona {
    Admin,
    Manager,
    Technician,
    Customer,
    Worker,
}

impl Persona {
    pub const ALL: [Self; 5] = [Self::Admin, Self::Manager, Self::Technician, Self::Customer, Self::Worker];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Technician => "technician",
            Self::Customer => "customer",
            Self::Worker => "worker",
        }
    }

    /// The role that a transaction takes: `SET LOCAL ROLE …`.
    pub const fn database_role(self) -> &'static str {
        match self {
            Self::Admin => "surv_admin",
            Self::Manager => "surv_manager",
            Self::Technician => "surv_technician",
            Self::Customer => "surv_customer",
            Self::Worker => "surv_worker",
        }
    }

    /// The login that the persona's pool connects with.
    pub const fn login(self) -> &'static str {
        match self {
            Self::Admin => "surv_admin_login",
            Self::Manager => "surv_manager_login",
            Self::Technician => "surv_technician_login",
            Self::Customer => "surv_customer_login",
            Self::Worker => "surv_worker_login",
        }
    }
}
