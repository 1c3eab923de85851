//! `/v1/auth`: what nobody needs a token for. Signing up, logging in, passwords, invitations.
//!
//! Whatever was wrong with a log-in, the answer is the same. Browsers ask for cookies with `"session": "cookie"` and
//! never see a token; everybody else gets a bearer token and a refresh token.

pub(crate) mod customer_login;
pub(crate) mod invitation;
pub(crate) mod link;
pub(crate) mod log_in;
pub(crate) mod password_reset;
pub(crate) mod session_reply;
pub(crate) mod sign_up;

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use surv_tenancy::Role;

pub use customer_login::CustomerLogInApi;
pub use invitation::InvitationAnswerApi;
pub use link::LinkApi;
pub use log_in::LogInApi;
pub use password_reset::PasswordResetApi;
pub(super) use session_reply::set_cookie;
pub use sign_up::SignUpApi;

/// What a person is in a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "Role", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum RoleView {
    Admin,
    Manager,
    Technician,
    Customer,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Manager => Self::Manager,
            Role::Technician => Self::Technician,
            Role::Customer => Self::Customer,
        }
    }
}

impl From<RoleView> for Role {
    fn from(role: RoleView) -> Self {
        match role {
            RoleView::Admin => Self::Admin,
            RoleView::Manager => Self::Manager,
            RoleView::Technician => Self::Technician,
            RoleView::Customer => Self::Customer,
        }
    }
}

/// The secret of a link in an e-mail.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    pub secret: String,
}

/// A company that the person belongs to.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct CompanyOption {
    pub company: String,
    pub slug: String,
    pub role: RoleView,
}
