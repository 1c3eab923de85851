//! Customers' ways in: a code or link by e-mail, and links to one job.

use poem::Request;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Identity,
    customer_login::{self, Redeem},
};
use uuid::Uuid;

use super::session_reply::{LogInReply, SessionMode};
use crate::{
    caller::Visitor,
    door::{Door, IdempotencyKey},
    doorstep::once,
    json::{Body, Reply},
    problem::{ApiResult, Problem, ProblemKind},
    resources::Tag,
};

/// A customer who wants to log in.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct CodeWish {
    /// The company's slug.
    pub company: String,
    pub email: String,
}

/// A code is on its way, if the address is known.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct CodeSent {
    pub challenge_id: Uuid,
    /// How long the code works.
    pub minutes: i64,
}

/// A code or the secret of a link.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct CodeAnswer {
    #[serde(default)]
    pub challenge_id: Option<Uuid>,
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub secret: Option<String>,
    #[serde(default)]
    pub session: Option<SessionMode>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct CustomerLogInApi(pub Door);

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Auth")]
impl CustomerLogInApi {
    /// Ask for a customer's log-in code
    ///
    /// The answer is the same whether or not the company knows the address.
    #[oai(path = "/code", method = "post", operation_id = "requestLogInCode")]
    async fn request_code(
        &self,
        visitor: Visitor,
        key: IdempotencyKey,
        body: Body<CodeWish>,
    ) -> ApiResult<Reply<CodeSent>> {
        let identity = self.0.anonymous(&visitor, Some(&body.0.email)).await?;
        let CodeWish { company, email } = body.0.clone();
        let work = async |identity: Identity| customer_login::request(&identity, &company, &email).await;
        let requested = once(identity, &key, ("requestLogInCode", &body.0.email), &body.0, work).await?;
        let minutes = requested.minutes;
        Ok(Reply::plain(CodeSent { challenge_id: requested.challenge_id, minutes }))
    }

    /// Log in with a code or link
    #[oai(path = "/code/redeem", method = "post", operation_id = "redeemLogInCode")]
    async fn redeem_code(
        &self,
        visitor: Visitor,
        key: IdempotencyKey,
        request: &Request,
        body: Body<CodeAnswer>,
    ) -> ApiResult<LogInReply> {
        let identity = self.0.anonymous(&visitor, None).await?;
        let mode = SessionMode::of(request, body.0.session)?;
        let CodeAnswer { challenge_id, code, secret, .. } = body.0.clone();
        let (about, redeem) = match (challenge_id, code, secret) {
            (Some(challenge_id), Some(code), None) => {
                (challenge_id.to_string(), Redeem::Code { challenge_id, code: code.into() })
            }
            (None, None, Some(secret)) => (secret.clone(), Redeem::Link(secret.into())),
            _ => {
                let problem = Problem::new(ProblemKind::InvalidFields);
                return Err(problem.field("/code", "give challenge_id and code, or secret alone"));
            }
        };
        let work = async |identity: Identity| customer_login::redeem(&identity, redeem, &visitor.device).await;
        let outcome = once(identity, &key, ("redeemLogInCode", &about), &body.0, work).await?;
        LogInReply::of(self.0.deps(), outcome, mode)
    }
}
