//! An invitation and its life; pure.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{InvitationId, Role, UserId};

pub(super) const PURPOSE: &str = "invitation";
pub(super) const LIFETIME: TimeDelta = TimeDelta::days(7);

#[derive(Debug, Clone)]
pub struct NewInvitation {
    pub email: String,
    pub name: String,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub invitation_id: InvitationId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub invited_by: UserId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    Open,
    Accepted,
    Revoked,
    Expired,
}

impl Invitation {
    pub fn state(&self, now: DateTime<Utc>) -> InvitationState {
        match (self.accepted_at, self.revoked_at) {
            (Some(_), _) => InvitationState::Accepted,
            (None, Some(_)) => InvitationState::Revoked,
            (None, None) if self.expires_at <= now => InvitationState::Expired,
            (None, None) => InvitationState::Open,
        }
    }
}
