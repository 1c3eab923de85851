//! Opening a company.

use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Identity,
    sign_up::{self, NewCompany},
};
use uuid::Uuid;

use super::Secret;
use crate::{
    caller::Visitor,
    door::{Door, IdempotencyKey},
    doorstep::once,
    json::{Body, Empty, Reply},
    problem::ApiResult,
    resources::Tag,
};

/// A new company and its first admin.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    pub email: String,
    /// 10 to 256 characters.
    #[oai(validator(max_length = 256))]
    pub password: String,
    /// The person's name.
    pub name: String,
    pub company: String,
    /// The company's part of its host name: lower-case letters, digits and hyphens.
    pub slug: String,
    /// IANA zone of the office, such as `Europe/Berlin`.
    pub time_zone: String,
}

/// A company just opened. Log in to enter it.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct OpenedCompany {
    pub tenant_id: Uuid,
    pub slug: String,
    pub company: String,
    pub user_id: Uuid,
    pub email: String,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct SignUpApi(pub Door);

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Auth")]
impl SignUpApi {
    /// Sign a company up
    ///
    /// Sends a link to the address; nothing exists before it is followed. The answer is the same whether or not the
    /// address has an account.
    #[oai(path = "/sign-up", method = "post", operation_id = "signUp")]
    async fn sign_up(&self, visitor: Visitor, key: IdempotencyKey, body: Body<SignUp>) -> ApiResult<Empty<202>> {
        let identity = self.0.anonymous(&visitor, Some(&body.0.email)).await?;
        let SignUp { email, password, name, company, slug, time_zone } = body.0.clone();
        let new = NewCompany { email, password: password.into(), name, company, slug, time_zone };
        let work = async |identity: Identity| sign_up::request(&identity, new).await;
        once(identity, &key, ("signUp", &body.0.email), &body.0, work).await?;
        Ok(Empty)
    }

    /// Confirm a sign-up
    #[oai(path = "/sign-up/confirm", method = "post", operation_id = "confirmSignUp")]
    async fn confirm_sign_up(
        &self,
        visitor: Visitor,
        key: IdempotencyKey,
        body: Body<Secret>,
    ) -> ApiResult<Reply<OpenedCompany>> {
        let identity = self.0.anonymous(&visitor, None).await?;
        let secret = body.0.secret.clone().into();
        let work = async |identity: Identity| sign_up::confirm(&identity, &secret).await;
        let opened = once(identity, &key, ("confirmSignUp", &body.0.secret), &body.0, work).await?;
        Ok(Reply::plain(OpenedCompany {
            tenant_id: opened.tenant_id.0,
            slug: opened.slug,
            company: opened.company,
            user_id: opened.user_id.0,
            email: opened.email,
        }))
    }
}
