//! Logging in: password, second step, choice of a company; and keeping a session alive.

use poem::Request;
use poem_openapi::{Object, OpenApi, param::Path};
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Identity,
    sessions::{self, ChooseCompany, LogIn, LogInOutcome, SecondStep},
    tenants,
};

use super::session_reply::{LogInReply, SessionMode};
use crate::{
    caller::{REFRESH_COOKIE, Visitor, cookie, refuse_cross_site},
    door::{Door, IdempotencyKey},
    doorstep::once,
    json::{Body, Reply},
    problem::{ApiResult, Problem, ProblemKind},
    resources::Tag,
};

/// E-mail address and password.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub email: String,
    pub password: String,
    /// The company, if known; otherwise somebody with several is asked.
    #[serde(default)]
    pub company: Option<String>,
    #[serde(default)]
    pub session: Option<SessionMode>,
}

/// The answer to a second step.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct SecondStepAnswer {
    pub challenge: String,
    /// Six digits of the authenticator, or a recovery code.
    pub code: String,
    #[serde(default)]
    pub session: Option<SessionMode>,
}

/// One of several companies.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct CompanyChoice {
    pub challenge: String,
    pub company: String,
    #[serde(default)]
    pub session: Option<SessionMode>,
}

/// A refresh token; absent when it is in the cookie.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    #[serde(default)]
    pub refresh_token: Option<String>,
}

/// What a company shows on its log-in page.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct PublicCompanyView {
    pub slug: String,
    pub name: String,
    pub accent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The logo's path here; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct LogInApi(pub Door);

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Auth")]
impl LogInApi {
    /// Log in
    #[oai(path = "/log-in", method = "post", operation_id = "logIn")]
    async fn log_in(
        &self,
        visitor: Visitor,
        key: IdempotencyKey,
        request: &Request,
        body: Body<Credentials>,
    ) -> ApiResult<LogInReply> {
        let identity = self.0.anonymous(&visitor, Some(&body.0.email)).await?;
        let mode = SessionMode::of(request, body.0.session)?;
        let Credentials { email, password, company, .. } = body.0.clone();
        let wanted = LogIn { email, password: password.into(), slug: company, device: mode.device(&visitor) };
        let work = async |identity: Identity| sessions::log_in(&identity, wanted).await;
        let outcome = once(identity, &key, ("logIn", &body.0.email), &body.0, work).await?;
        LogInReply::of(self.0.deps(), outcome, mode)
    }

    /// Answer the second step
    #[oai(path = "/second-step", method = "post", operation_id = "answerSecondStep")]
    async fn second_step(
        &self,
        visitor: Visitor,
        key: IdempotencyKey,
        request: &Request,
        body: Body<SecondStepAnswer>,
    ) -> ApiResult<LogInReply> {
        let identity = self.0.anonymous(&visitor, None).await?;
        let mode = SessionMode::of(request, body.0.session)?;
        let SecondStepAnswer { challenge, code, .. } = body.0.clone();
        let step = SecondStep { challenge: challenge.into(), code: code.into(), device: mode.device(&visitor) };
        let work = async |identity: Identity| sessions::second_step(&identity, step).await;
        let outcome = once(identity, &key, ("answerSecondStep", &body.0.challenge), &body.0, work).await?;
        LogInReply::of(self.0.deps(), outcome, mode)
    }

    /// Choose one of several companies
    #[oai(path = "/company", method = "post", operation_id = "chooseCompany")]
    async fn choose_company(
        &self,
        visitor: Visitor,
        key: IdempotencyKey,
        request: &Request,
        body: Body<CompanyChoice>,
    ) -> ApiResult<LogInReply> {
        let identity = self.0.anonymous(&visitor, None).await?;
        let mode = SessionMode::of(request, body.0.session)?;
        let CompanyChoice { challenge, company, .. } = body.0.clone();
        let choice = ChooseCompany { challenge: challenge.into(), slug: company, device: mode.device(&visitor) };
        let work = async |identity: Identity| sessions::choose_company(&identity, choice).await;
        let outcome = once(identity, &key, ("chooseCompany", &body.0.challenge), &body.0, work).await?;
        LogInReply::of(self.0.deps(), outcome, mode)
    }

    /// Refresh the tokens
    ///
    /// A refresh token works once. Using one twice ends the session, since one of the two may be a thief; so send an
    /// Idempotency-Key, under which a lost answer can be asked for again.
    #[oai(path = "/refresh", method = "post", operation_id = "refreshSession")]
    async fn refresh(
        &self,
        visitor: Visitor,
        key: IdempotencyKey,
        request: &Request,
        body: Body<RefreshRequest>,
    ) -> ApiResult<LogInReply> {
        let identity = self.0.anonymous(&visitor, None).await?;
        let (token, mode) = match body.0.refresh_token {
            Some(token) => (token, SessionMode::Token),
            None => {
                refuse_cross_site(request)?;
                let token = cookie(request, REFRESH_COOKIE).ok_or(Problem::new(ProblemKind::Unauthenticated))?;
                (token, SessionMode::Cookie)
            }
        };
        let secret = token.clone().into();
        let work = async |identity: Identity| sessions::refresh(&identity, &secret).await;
        let logged_in = once(identity, &key, ("refreshSession", &token), &(), work).await?;
        LogInReply::of(self.0.deps(), LogInOutcome::LoggedIn(Box::new(logged_in)), mode)
    }

    /// What a company shows on its log-in page
    #[oai(path = "/companies/:slug", method = "get", operation_id = "getPublicCompany")]
    async fn public_company(&self, visitor: Visitor, slug: Path<String>) -> ApiResult<Reply<PublicCompanyView>> {
        let identity = self.0.anonymous(&visitor, None).await?;
        let found = tenants::find_by_slug(&identity, &slug.0).await?.ok_or(Problem::new(ProblemKind::NotFound))?;
        Ok(Reply::plain(PublicCompanyView {
            logo: found.logo_file_id.map(|_| format!("/v1/auth/companies/{}/logo", found.slug)),
            slug: found.slug,
            name: found.display_name,
            accent: found.accent,
            phone: found.phone,
        }))
    }
}
