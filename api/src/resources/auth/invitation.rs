//! Whoever was invited looks at the invitation, and joins.

use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Identity,
    invitations::{self, AcceptAs},
};

use super::{CompanyOption, RoleView, Secret};
use crate::{
    caller::Visitor,
    door::{Door, IdempotencyKey},
    doorstep::once,
    json::{Body, Reply},
    problem::ApiResult,
    resources::Tag,
};

/// Accepting an invitation: with a new password, or the existing account's.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct InvitationAnswer {
    pub secret: String,
    pub password: String,
}

/// What an invitation is to.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct InvitationPreview {
    pub company: String,
    pub slug: String,
    pub email: String,
    pub name: String,
    pub role: RoleView,
    /// Whether the address has an account with a password already.
    pub has_password: bool,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct InvitationAnswerApi(pub Door);

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Auth")]
impl InvitationAnswerApi {
    /// Look at an invitation
    #[oai(path = "/invitation", method = "post", operation_id = "previewInvitation")]
    async fn preview_invitation(&self, visitor: Visitor, body: Body<Secret>) -> ApiResult<Reply<InvitationPreview>> {
        let identity = self.0.anonymous(&visitor, None).await?;
        let invited = invitations::preview(&identity, &body.0.secret.into()).await?;
        Ok(Reply::plain(InvitationPreview {
            company: invited.company,
            slug: invited.slug,
            email: invited.email,
            name: invited.name,
            role: invited.role.into(),
            has_password: invited.has_password,
        }))
    }

    /// Accept an invitation
    #[oai(path = "/invitation/accept", method = "post", operation_id = "acceptInvitation")]
    async fn accept_invitation(
        &self,
        visitor: Visitor,
        key: IdempotencyKey,
        body: Body<InvitationAnswer>,
    ) -> ApiResult<Reply<CompanyOption>> {
        let identity = self.0.anonymous(&visitor, None).await?;
        let (secret, as_who) = (body.0.secret.clone().into(), AcceptAs::Password(body.0.password.clone().into()));
        let work = async |identity: Identity| invitations::accept(&identity, &secret, as_who).await;
        let accepted = once(identity, &key, ("acceptInvitation", &body.0.secret), &body.0, work).await?;
        let slug = accepted.slug;
        Ok(Reply::plain(CompanyOption { company: slug.clone(), slug, role: accepted.role.into() }))
    }
}
