//! A new password for somebody who forgot theirs.

use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};
use surv_tenancy::{Identity, password_reset};

use crate::{
    caller::Visitor,
    door::{Door, IdempotencyKey},
    doorstep::once,
    json::{Body, Empty},
    problem::ApiResult,
    resources::Tag,
};

/// An e-mail address.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct AddressOnly {
    pub email: String,
}

/// A new password, with the secret from the e-mail.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    pub secret: String,
    pub password: String,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct PasswordResetApi(pub Door);

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Auth")]
impl PasswordResetApi {
    /// Ask for a password reset
    ///
    /// The answer is the same whether or not the address has an account.
    #[oai(path = "/password-reset", method = "post", operation_id = "requestPasswordReset")]
    async fn request_reset(
        &self,
        visitor: Visitor,
        key: IdempotencyKey,
        body: Body<AddressOnly>,
    ) -> ApiResult<Empty<202>> {
        let identity = self.0.anonymous(&visitor, Some(&body.0.email)).await?;
        let work = async |identity: Identity| password_reset::request(&identity, &body.0.email).await;
        once(identity, &key, ("requestPasswordReset", &body.0.email), &body.0, work).await?;
        Ok(Empty)
    }

    /// Set a new password
    ///
    /// Ends every session of the person.
    #[oai(path = "/password-reset/confirm", method = "post", operation_id = "resetPassword")]
    async fn reset(&self, visitor: Visitor, key: IdempotencyKey, body: Body<NewPassword>) -> ApiResult<Empty> {
        let identity = self.0.anonymous(&visitor, None).await?;
        let (secret, password) = (body.0.secret.clone().into(), body.0.password.clone().into());
        let work = async |identity: Identity| password_reset::reset(&identity, &secret, &password).await;
        once(identity, &key, ("resetPassword", &body.0.secret), &body.0, work).await?;
        Ok(Empty)
    }
}
