//! A member and what a change makes of one; pure.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Capability, FieldErrors, Role, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum MemberState {
    Active,
    /// Logs in nowhere and counts for nothing, but their history keeps its name.
    Disabled,
}

impl MemberState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user_id: UserId,
    pub email: String,
    pub name: String,
    pub phone: Option<String>,
    pub role: Role,
    /// Capabilities of the role that this member does not have.
    pub denied: Vec<String>,
    pub state: MemberState,
    pub created_at: DateTime<Utc>,
    pub version: i32,
}

/// Which members a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemberFilter {
    pub role: Option<Role>,
    pub state: Option<MemberState>,
}

/// What an admin may change; `Some(None)` takes a value away.
#[derive(Debug, Clone, Default)]
pub struct MemberPatch {
    pub role: Option<Role>,
    pub name: Option<String>,
    pub phone: Option<Option<String>>,
    pub denied: Option<Vec<Capability>>,
    pub state: Option<MemberState>,
}

impl MemberPatch {
    pub(super) const fn touches_rights(&self) -> bool {
        self.role.is_some() || self.denied.is_some() || self.state.is_some()
    }
}

impl Member {
    /// Whether this member can manage members: of those, one is always left.
    pub fn keeps_members(&self) -> bool {
        self.role == Role::Admin
            && self.state == MemberState::Active
            && !self.denied.iter().any(|denied| denied == Capability::MembersWrite.as_str())
    }

    pub(super) fn patched(&self, patch: MemberPatch) -> Result<Self, FieldErrors> {
        let (mut after, mut errors) = (self.clone(), FieldErrors::new());
        if let Some(role) = patch.role {
            if role == Role::Customer {
                errors.add("/role", "is not a member's");
            }
            after.role = role;
        }
        if let Some(name) = patch.name {
            after.name = errors.line("/name", &name, 1, 120);
        }
        if let Some(phone) = patch.phone {
            after.phone = phone.map(|phone| errors.line("/phone", &phone, 3, 32));
        }
        if let Some(denied) = patch.denied {
            let words: BTreeSet<&str> = denied.iter().map(|capability| capability.as_str()).collect();
            after.denied = words.into_iter().map(str::to_owned).collect();
        }
        if let Some(state) = patch.state {
            after.state = state;
        }
        errors.into_result()?;
        Ok(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admin() -> Member {
        Member {
            user_id: UserId(uuid::Uuid::from_u128(1)),
            email: "a@b.c".to_owned(),
            name: "Ann".to_owned(),
            phone: None,
            role: Role::Admin,
            denied: Vec::new(),
            state: MemberState::Active,
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn an_admin_keeps_members_until_demoted_disabled_or_denied() {
        let after = |patch| admin().patched(patch).unwrap().keeps_members();

        assert!(after(MemberPatch { name: Some("Bob".to_owned()), ..Default::default() }));
        assert!(after(MemberPatch { denied: Some(vec![Capability::TasksWrite]), ..Default::default() }));
        assert!(!after(MemberPatch { role: Some(Role::Manager), ..Default::default() }));
        assert!(!after(MemberPatch { state: Some(MemberState::Disabled), ..Default::default() }));
        assert!(!after(MemberPatch { denied: Some(vec![Capability::MembersWrite]), ..Default::default() }));
    }

    #[test]
    fn a_member_is_no_customer() {
        let patch = MemberPatch { role: Some(Role::Customer), ..Default::default() };

        assert_eq!(admin().patched(patch).unwrap_err().iter().next().unwrap().pointer, "/role");
    }
}
