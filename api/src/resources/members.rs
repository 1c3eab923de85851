//! `/v1/members` and `/v1/invitations`: who works here.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Capability, InvitationId, UserId,
    invitations::{self, Invitation, InvitationState, NewInvitation},
    members::{self, Member, MemberFilter, MemberPatch, MemberState},
    token::Subject,
};
use uuid::Uuid;

use super::{Tag, auth::RoleView};
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    etag::IfMatch,
    json::{Body, Created, Reply, Versioned, double_option},
    page::{Cursors, limit},
    problem::{ApiResult, Problem, ProblemKind},
};

const READ: (Capability, Subject) = (Capability::MembersRead, Subject::Members);
const WRITE: (Capability, Subject) = (Capability::MembersWrite, Subject::Members);

/// Whether a member can log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "MemberState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum MemberStateView {
    Active,
    Disabled,
}

/// Somebody who works here.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Member", skip_serializing_if_is_none, example)]
pub struct MemberView {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    pub role: RoleView,
    /// Capabilities of the role that this member does not have.
    pub denied: Vec<String>,
    pub state: MemberStateView,
    pub created_at: DateTime<Utc>,
    pub version: i32,
}

/// A page of members.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct MemberPage {
    pub items: Vec<MemberView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The fields to change; `null` clears the phone number.
#[derive(Debug, Clone, Deserialize, Object)]
#[oai(rename = "MemberPatch", skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct PatchMember {
    #[serde(default)]
    pub role: Option<RoleView>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "double_option")]
    pub phone: Option<Option<String>>,
    #[serde(default)]
    pub denied: Option<Vec<String>>,
    #[serde(default)]
    pub state: Option<MemberStateView>,
}

/// Somebody to invite.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct InvitationWish {
    pub email: String,
    pub name: String,
    /// admin, manager or technician.
    pub role: RoleView,
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename = "InvitationState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum InvitationStateView {
    Open,
    Accepted,
    Revoked,
    Expired,
}

/// An invitation to join the company.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Invitation", example)]
pub struct InvitationView {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: RoleView,
    pub state: InvitationStateView,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A page of invitations.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct InvitationPage {
    pub items: Vec<InvitationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct MembersApi(pub Door);

#[OpenApi(prefix_path = "/v1/members", tag = "Tag::Members")]
impl MembersApi {
    /// List members
    #[oai(path = "/", method = "get", operation_id = "listMembers")]
    async fn list(
        &self,
        caller: Caller,
        /// Only this role.
        role: Query<Option<RoleView>>,
        /// Only in this state.
        state: Query<Option<MemberStateView>>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<MemberPage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "members", &(role.0, state.0));
        let after = cursors.read::<Uuid>(cursor.0.as_deref())?.map(UserId);
        let filter = MemberFilter { role: role.0.map(Into::into), state: state.0.map(Into::into) };
        let page = members::list(&mut tx, &filter, after, limit).await?;
        let next_cursor = page.next.map(|id| cursors.write(&id.0));
        Ok(Reply::plain(MemberPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Read a member
    #[oai(path = "/:member_id", method = "get", operation_id = "getMember")]
    async fn get(&self, caller: Caller, member_id: Path<Uuid>) -> ApiResult<Reply<MemberView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        Ok(Reply::versioned(members::read(&mut tx, UserId(member_id.0)).await?.into()))
    }

    /// Change a member
    ///
    /// Takes effect with the member's next request. The last active admin stays one.
    #[oai(path = "/:member_id", method = "patch", operation_id = "updateMember")]
    async fn update(
        &self,
        caller: Caller,
        member_id: Path<Uuid>,
        seen: IfMatch,
        body: Body<PatchMember>,
    ) -> ApiResult<Reply<MemberView>> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let member = members::update(&mut tx, ids, now, UserId(member_id.0), seen.0, patch(body.0)?).await?;
        self.0.commit(tx).await?;
        Ok(Reply::versioned(member.into()))
    }
}

fn patch(body: PatchMember) -> ApiResult<MemberPatch> {
    let unknown =
        || Problem::new(ProblemKind::InvalidFields).field("/denied", "names a capability that does not exist");
    let denied = body
        .denied
        .map(|words| words.iter().map(|word| word.parse::<Capability>()).collect::<Result<Vec<_>, _>>())
        .transpose()
        .map_err(|_| unknown())?;
    Ok(MemberPatch {
        role: body.role.map(Into::into),
        name: body.name,
        phone: body.phone,
        denied,
        state: body.state.map(Into::into),
    })
}

/// See the module.
#[derive(Debug, Clone)]
pub struct InvitationsApi(pub Door);

#[OpenApi(prefix_path = "/v1/invitations", tag = "Tag::Invitations")]
impl InvitationsApi {
    /// List invitations
    #[oai(path = "/", method = "get", operation_id = "listInvitations")]
    async fn list(
        &self,
        caller: Caller,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<InvitationPage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "invitations", &());
        let after = cursors.read::<Uuid>(cursor.0.as_deref())?.map(InvitationId);
        let page = invitations::list(&mut tx, after, limit).await?;
        let now = self.0.deps().clock().now();
        let next_cursor = page.next.map(|id| cursors.write(&id.0));
        let items = page.items.into_iter().map(|invitation| view(invitation, now)).collect();
        Ok(Reply::plain(InvitationPage { items, next_cursor }))
    }

    /// Invite somebody
    #[oai(path = "/", method = "post", operation_id = "createInvitation")]
    async fn create(
        &self,
        caller: Caller,
        key: IdempotencyKey,
        body: Body<InvitationWish>,
    ) -> ApiResult<Created<InvitationView>> {
        let mut once = match self.0.once(&caller, WRITE, key, "createInvitation", &body.0).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let deps = self.0.deps();
        let now = deps.clock().now();
        let new = NewInvitation { email: body.0.email, name: body.0.name, role: body.0.role.into() };
        let invitation = invitations::invite(once.tx(), deps.ids(), now, &deps.identity.links, new).await?;
        once.finish(Reply::plain(view(invitation, now))).await
    }

    /// Revoke an invitation
    #[oai(path = "/:invitation_id/revoke", method = "post", operation_id = "revokeInvitation")]
    async fn revoke(
        &self,
        caller: Caller,
        invitation_id: Path<Uuid>,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<InvitationView>> {
        let mut once = match self.0.once(&caller, WRITE, key, "revokeInvitation", &invitation_id.0).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let invitation = invitations::revoke(once.tx(), ids, now, InvitationId(invitation_id.0)).await?;
        once.finish(Reply::plain(view(invitation, now))).await
    }
}

fn view(invitation: Invitation, now: DateTime<Utc>) -> InvitationView {
    InvitationView {
        id: invitation.invitation_id.0,
        state: match invitation.state(now) {
            InvitationState::Open => InvitationStateView::Open,
            InvitationState::Accepted => InvitationStateView::Accepted,
            InvitationState::Revoked => InvitationStateView::Revoked,
            InvitationState::Expired => InvitationStateView::Expired,
        },
        email: invitation.email,
        name: invitation.name,
        role: invitation.role.into(),
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
    }
}

impl Versioned for MemberView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            id: member.user_id.0,
            email: member.email,
            name: member.name,
            phone: member.phone,
            role: member.role.into(),
            denied: member.denied,
            state: match member.state {
                MemberState::Active => MemberStateView::Active,
                MemberState::Disabled => MemberStateView::Disabled,
            },
            created_at: member.created_at,
            version: member.version,
        }
    }
}

impl From<MemberStateView> for MemberState {
    fn from(state: MemberStateView) -> Self {
        match state {
            MemberStateView::Active => Self::Active,
            MemberStateView::Disabled => Self::Disabled,
        }
    }
}
