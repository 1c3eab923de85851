//! Who a transaction is opened for.

use crate::{
    confinement::Confinement,
    ids::{RequestId, SessionId, TenantId, UserId},
    role::{Persona, Role},
};

/// Who asks: a person with a role, or the worker on behalf of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A person, through a session that the database still has to admit.
    Person {
        user_id: UserId,
        role: Role,
        session_id: SessionId,
        /// All revocation ids of the token: its own and those of every token it descends from.
        revocation_ids: Vec<Vec<u8>>,
    },
    /// Background work. `on_behalf_of` is whoever caused it, for the audit log.
    Worker { on_behalf_of: Option<UserId> },
}

/// The tenant, principal and confinement of one transaction.
///
/// Built from a verified token or from a task row, never from anything a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub tenant_id: TenantId,
    pub principal: Principal,
    pub confinement: Confinement,
    pub request_id: Option<RequestId>,
}

impl Actor {
    /// The worker in one tenant.
    pub const fn worker(tenant_id: TenantId, on_behalf_of: Option<UserId>) -> Self {
        Self {
            tenant_id,
            principal: Principal::Worker { on_behalf_of },
            confinement: Confinement::None,
            request_id: None,
        }
    }

    pub const fn persona(&self) -> Persona {
        match &self.principal {
            Principal::Person { role, .. } => role.persona(),
            Principal::Worker { .. } => Persona::Worker,
        }
    }

    /// The person behind the transaction: the caller, or who caused the task.
    pub const fn user_id(&self) -> Option<UserId> {
        match &self.principal {
            Principal::Person { user_id, .. } => Some(*user_id),
            Principal::Worker { on_behalf_of } => *on_behalf_of,
        }
    }

    pub const fn role(&self) -> Option<Role> {
        match &self.principal {
            Principal::Person { role, .. } => Some(*role),
            Principal::Worker { .. } => None,
        }
    }

    pub const fn session_id(&self) -> Option<SessionId> {
        match &self.principal {
            Principal::Person { session_id, .. } => Some(*session_id),
            Principal::Worker { .. } => None,
        }
    }
}
