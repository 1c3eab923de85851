//! `/v1/auth`: signing up, logging in and out, the second step, passwords, invitations.
//!
//! Whatever was wrong with a log-in, the answer is the same. Browsers ask for cookies with `"session": "cookie"` and
//! never see a token; everybody else gets a bearer token and a refresh token. These POSTs keep no first answer under
//! an Idempotency-Key: it would be a secret at rest, and repeating one of them does no harm (docs/decisions/0009).

use chrono::{DateTime, TimeDelta, Utc};
use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    registry::{MetaResponses, Registry},
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    CapabilitySet, Identity, Role,
    customer_login::{self, Redeem},
    invitations::{self, AcceptAs},
    password_reset,
    sessions::{self, ChooseCompany, Device, LogIn, LogInOutcome, LoggedIn, SecondStep, SessionKind},
    sign_up::{self, NewCompany},
    tenants,
    token::{self, TokenKind, TokenSpec},
};
use uuid::Uuid;

use super::Tag;
use crate::{
    caller::{ACCESS_COOKIE, REFRESH_COOKIE, Visitor, cookie, refuse_cross_site},
    deps::Deps,
    door::Door,
    json::{Body, Empty, Reply},
    problem::{ApiResult, Problem, ProblemKind},
};

/// Where the tokens of a log-in go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum, Serialize, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// Into the answer.
    #[default]
    Token,
    /// Into HttpOnly cookies; the answer holds none.
    Cookie,
}

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

/// A new company and its first admin.
#[derive(Debug, Clone, Deserialize, Object)]
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

/// The secret of a link in an e-mail.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    pub secret: String,
}

/// A company just opened. Log in to enter it.
#[derive(Debug, Clone, Serialize, Object)]
pub struct OpenedCompany {
    pub tenant_id: Uuid,
    pub slug: String,
    pub company: String,
    pub user_id: Uuid,
    pub email: String,
}

/// E-mail address and password.
#[derive(Debug, Clone, Deserialize, Object)]
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
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct SecondStepAnswer {
    pub challenge: String,
    /// Six digits of the authenticator, or a recovery code.
    pub code: String,
    #[serde(default)]
    pub session: Option<SessionMode>,
}

/// One of several companies.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct CompanyChoice {
    pub challenge: String,
    pub company: String,
    #[serde(default)]
    pub session: Option<SessionMode>,
}

/// A refresh token; absent when it is in the cookie.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    #[serde(default)]
    pub refresh_token: Option<String>,
}

/// An e-mail address.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct AddressOnly {
    pub email: String,
}

/// A new password, with the secret from the e-mail.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    pub secret: String,
    pub password: String,
}

/// A customer who wants to log in.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct CodeWish {
    /// The company's slug.
    pub company: String,
    pub email: String,
}

/// A code is on its way, if the address is known.
#[derive(Debug, Clone, Serialize, Object)]
pub struct CodeSent {
    pub challenge_id: Uuid,
    /// How long the code works.
    pub minutes: i64,
}

/// A code or the secret of a link.
#[derive(Debug, Clone, Deserialize, Object)]
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

/// Accepting an invitation: with a new password, or the existing account's.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct InvitationAnswer {
    pub secret: String,
    pub password: String,
}

/// What an invitation is to.
#[derive(Debug, Clone, Serialize, Object)]
pub struct InvitationPreview {
    pub company: String,
    pub slug: String,
    pub email: String,
    pub name: String,
    pub role: RoleView,
    /// Whether the address has an account with a password already.
    pub has_password: bool,
}

/// What a company shows on its log-in page.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
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

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum LogInState {
    LoggedIn,
    SecondStep,
    ChooseCompany,
}

/// A company that the person belongs to.
#[derive(Debug, Clone, Serialize, Object)]
pub struct CompanyOption {
    pub company: String,
    pub slug: String,
    pub role: RoleView,
}

/// Where a log-in led.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct LogInAnswer {
    pub state: LogInState,
    /// A biscuit; absent when it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Works once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleView>,
    /// For the next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub companies: Option<Vec<CompanyOption>>,
}

impl LogInAnswer {
    const fn bare(state: LogInState) -> Self {
        Self {
            state,
            access_token: None,
            expires_at: None,
            refresh_token: None,
            tenant_id: None,
            company: None,
            slug: None,
            user_id: None,
            name: None,
            role: None,
            challenge: None,
            companies: None,
        }
    }
}

/// A log-in's answer with its cookies.
#[derive(Debug)]
pub struct LogInReply {
    answer: Reply<LogInAnswer>,
    cookies: Vec<String>,
}

impl IntoResponse for LogInReply {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        for text in &self.cookies {
            if let Ok(value) = HeaderValue::from_str(text) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response
    }
}

impl ApiResponse for LogInReply {
    fn meta() -> MetaResponses {
        Reply::<LogInAnswer>::meta()
    }

    fn register(registry: &mut Registry) {
        Reply::<LogInAnswer>::register(registry);
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct AuthApi(pub Door);

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Sign a company up
    ///
    /// Sends a link to the address; nothing exists before it is followed. The answer is the same whether or not the
    /// address has an account.
    #[oai(path = "/sign-up", method = "post", operation_id = "signUp")]
    async fn sign_up(&self, visitor: Visitor, body: Body<SignUp>) -> ApiResult<Empty<202>> {
        let identity = self.anonymous(&visitor, Some(&body.0.email)).await?;
        let SignUp { email, password, name, company, slug, time_zone } = body.0;
        let new = NewCompany { email, password: password.into(), name, company, slug, time_zone };
        sign_up::request(&identity, new).await?;
        Ok(Empty)
    }

    /// Confirm a sign-up
    #[oai(path = "/sign-up/confirm", method = "post", operation_id = "confirmSignUp")]
    async fn confirm_sign_up(&self, visitor: Visitor, body: Body<Secret>) -> ApiResult<Reply<OpenedCompany>> {
        let identity = self.anonymous(&visitor, None).await?;
        let opened = sign_up::confirm(&identity, &body.0.secret.into()).await?;
        Ok(Reply::plain(OpenedCompany {
            tenant_id: opened.tenant_id.0,
            slug: opened.slug,
            company: opened.company,
            user_id: opened.user_id.0,
            email: opened.email,
        }))
    }

    /// Log in
    #[oai(path = "/log-in", method = "post", operation_id = "logIn")]
    async fn log_in(&self, visitor: Visitor, request: &Request, body: Body<Credentials>) -> ApiResult<LogInReply> {
        let identity = self.anonymous(&visitor, Some(&body.0.email)).await?;
        let Credentials { email, password, company, session } = body.0;
        let mode = self.mode(request, session)?;
        let wanted = LogIn { email, password: password.into(), slug: company, device: device(&visitor, mode) };
        let outcome = sessions::log_in(&identity, wanted).await?;
        self.reply(outcome, mode)
    }

    /// Answer the second step
    #[oai(path = "/second-step", method = "post", operation_id = "answerSecondStep")]
    async fn second_step(
        &self,
        visitor: Visitor,
        request: &Request,
        body: Body<SecondStepAnswer>,
    ) -> ApiResult<LogInReply> {
        let identity = self.anonymous(&visitor, None).await?;
        let mode = self.mode(request, body.0.session)?;
        let device = device(&visitor, mode);
        let step = SecondStep { challenge: body.0.challenge.into(), code: body.0.code.into(), device };
        let outcome = sessions::second_step(&identity, step).await?;
        self.reply(outcome, mode)
    }

    /// Choose one of several companies
    #[oai(path = "/company", method = "post", operation_id = "chooseCompany")]
    async fn choose_company(
        &self,
        visitor: Visitor,
        request: &Request,
        body: Body<CompanyChoice>,
    ) -> ApiResult<LogInReply> {
        let identity = self.anonymous(&visitor, None).await?;
        let mode = self.mode(request, body.0.session)?;
        let device = device(&visitor, mode);
        let choice = ChooseCompany { challenge: body.0.challenge.into(), slug: body.0.company, device };
        let outcome = sessions::choose_company(&identity, choice).await?;
        self.reply(outcome, mode)
    }

    /// Refresh the tokens
    ///
    /// A refresh token works once. Using one twice ends the session, since one of the two may be a thief.
    #[oai(path = "/refresh", method = "post", operation_id = "refreshSession")]
    async fn refresh(&self, visitor: Visitor, request: &Request, body: Body<RefreshRequest>) -> ApiResult<LogInReply> {
        let identity = self.anonymous(&visitor, None).await?;
        let (token, mode) = match body.0.refresh_token {
            Some(token) => (token, SessionMode::Token),
            None => {
                refuse_cross_site(request)?;
                let token = cookie(request, REFRESH_COOKIE).ok_or(Problem::new(ProblemKind::Unauthenticated))?;
                (token, SessionMode::Cookie)
            }
        };
        let logged_in = sessions::refresh(&identity, &token.into()).await?;
        self.reply(LogInOutcome::LoggedIn(Box::new(logged_in)), mode)
    }

    /// Ask for a password reset
    ///
    /// The answer is the same whether or not the address has an account.
    #[oai(path = "/password-reset", method = "post", operation_id = "requestPasswordReset")]
    async fn request_reset(&self, visitor: Visitor, body: Body<AddressOnly>) -> ApiResult<Empty<202>> {
        let identity = self.anonymous(&visitor, Some(&body.0.email)).await?;
        password_reset::request(&identity, &body.0.email).await?;
        Ok(Empty)
    }

    /// Set a new password
    ///
    /// Ends every session of the person.
    #[oai(path = "/password-reset/confirm", method = "post", operation_id = "resetPassword")]
    async fn reset(&self, visitor: Visitor, body: Body<NewPassword>) -> ApiResult<Empty> {
        let identity = self.anonymous(&visitor, None).await?;
        password_reset::reset(&identity, &body.0.secret.into(), &body.0.password.into()).await?;
        Ok(Empty)
    }

    /// Ask for a customer's log-in code
    ///
    /// The answer is the same whether or not the company knows the address.
    #[oai(path = "/code", method = "post", operation_id = "requestLogInCode")]
    async fn request_code(&self, visitor: Visitor, body: Body<CodeWish>) -> ApiResult<Reply<CodeSent>> {
        let identity = self.anonymous(&visitor, Some(&body.0.email)).await?;
        let requested = customer_login::request(&identity, &body.0.company, &body.0.email).await?;
        let minutes = requested.minutes;
        Ok(Reply::plain(CodeSent { challenge_id: requested.challenge_id, minutes }))
    }

    /// Log in with a code or link
    #[oai(path = "/code/redeem", method = "post", operation_id = "redeemLogInCode")]
    async fn redeem_code(&self, visitor: Visitor, request: &Request, body: Body<CodeAnswer>) -> ApiResult<LogInReply> {
        let identity = self.anonymous(&visitor, None).await?;
        let mode = self.mode(request, body.0.session)?;
        let redeem = match (body.0.challenge_id, body.0.code, body.0.secret) {
            (Some(challenge_id), Some(code), None) => Redeem::Code { challenge_id, code: code.into() },
            (None, None, Some(secret)) => Redeem::Link(secret.into()),
            _ => {
                let problem = Problem::new(ProblemKind::InvalidFields);
                return Err(problem.field("/code", "give challenge_id and code, or secret alone"));
            }
        };
        let outcome = customer_login::redeem(&identity, redeem, &visitor.device).await?;
        self.reply(outcome, mode)
    }

    /// Look at an invitation
    #[oai(path = "/invitation", method = "post", operation_id = "previewInvitation")]
    async fn preview_invitation(&self, visitor: Visitor, body: Body<Secret>) -> ApiResult<Reply<InvitationPreview>> {
        let identity = self.anonymous(&visitor, None).await?;
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
        body: Body<InvitationAnswer>,
    ) -> ApiResult<Reply<CompanyOption>> {
        let identity = self.anonymous(&visitor, None).await?;
        let as_who = AcceptAs::Password(body.0.password.into());
        let accepted = invitations::accept(&identity, &body.0.secret.into(), as_who).await?;
        let slug = accepted.slug;
        Ok(Reply::plain(CompanyOption { company: slug.clone(), slug, role: accepted.role.into() }))
    }

    /// What a company shows on its log-in page
    #[oai(path = "/companies/:slug", method = "get", operation_id = "getPublicCompany")]
    async fn public_company(
        &self,
        visitor: Visitor,
        slug: poem_openapi::param::Path<String>,
    ) -> ApiResult<Reply<PublicCompanyView>> {
        let identity = self.anonymous(&visitor, None).await?;
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

impl AuthApi {
    /// Counts the request against its address, and against the account that it names.
    async fn anonymous(&self, visitor: &Visitor, email: Option<&str>) -> ApiResult<Identity> {
        let deps = self.0.deps();
        deps.limits.check_address(visitor.address).await?;
        if let Some(email) = email {
            deps.limits.check_account(email).await?;
        }
        Ok(deps.identity.for_request(visitor.request_id))
    }

    /// A request that wants cookies has to come from our own pages.
    #[allow(clippy::unused_self, reason = "kept with the other checks of a log-in")]
    fn mode(&self, request: &Request, wanted: Option<SessionMode>) -> ApiResult<SessionMode> {
        let mode = wanted.unwrap_or_default();
        if mode == SessionMode::Cookie {
            refuse_cross_site(request)?;
        }
        Ok(mode)
    }

    fn reply(&self, outcome: LogInOutcome, mode: SessionMode) -> ApiResult<LogInReply> {
        match outcome {
            LogInOutcome::LoggedIn(logged_in) => logged_in_reply(self.0.deps(), &logged_in, mode),
            LogInOutcome::SecondStep { challenge } => {
                let challenge = Some(challenge.expose_secret().to_owned());
                let answer = LogInAnswer { challenge, ..LogInAnswer::bare(LogInState::SecondStep) };
                Ok(LogInReply { answer: Reply::plain(answer), cookies: Vec::new() })
            }
            LogInOutcome::ChooseCompany { challenge, companies } => {
                let companies = companies
                    .into_iter()
                    .map(|access| CompanyOption {
                        company: access.company,
                        slug: access.slug,
                        role: access.role.into(),
                    })
                    .collect();
                let answer = LogInAnswer {
                    challenge: Some(challenge.expose_secret().to_owned()),
                    companies: Some(companies),
                    ..LogInAnswer::bare(LogInState::ChooseCompany)
                };
                Ok(LogInReply { answer: Reply::plain(answer), cookies: Vec::new() })
            }
        }
    }
}

fn device(visitor: &Visitor, mode: SessionMode) -> Device {
    let kind = match mode {
        SessionMode::Token => SessionKind::Api,
        SessionMode::Cookie => SessionKind::Browser,
    };
    Device { kind, name: visitor.device.clone() }
}

/// Mints the access token and puts both where they were asked for.
fn logged_in_reply(deps: &Deps, logged_in: &LoggedIn, mode: SessionMode) -> ApiResult<LogInReply> {
    let now = deps.clock().now();
    let expires_at = now + TimeDelta::minutes(deps.config.access_minutes);
    let minted = token::mint(
        &deps.keys,
        &TokenSpec {
            tenant_id: logged_in.tenant_id,
            user_id: logged_in.user_id,
            session_id: logged_in.session_id,
            kind: TokenKind::Access,
            audience: deps.config.audience.to_string(),
            role: logged_in.role,
            scope: CapabilitySet::of_role(logged_in.role),
            expires_at,
            confined_to: None,
            operations: None,
            sealed: false,
        },
    )?;
    let mut answer = LogInAnswer {
        expires_at: Some(expires_at),
        tenant_id: Some(logged_in.tenant_id.0),
        company: Some(logged_in.company.clone()),
        slug: Some(logged_in.slug.clone()),
        user_id: Some(logged_in.user_id.0),
        name: Some(logged_in.name.clone()),
        role: Some(logged_in.role.into()),
        ..LogInAnswer::bare(LogInState::LoggedIn)
    };
    let mut cookies = Vec::new();
    match mode {
        SessionMode::Token => {
            answer.access_token = Some(minted.token);
            answer.refresh_token = Some(logged_in.refresh_token.expose_secret().to_owned());
        }
        SessionMode::Cookie => {
            let refresh_seconds = (logged_in.refresh_expires_at - now).num_seconds();
            cookies.push(set_cookie(ACCESS_COOKIE, &minted.token, deps.config.access_minutes * 60));
            cookies.push(set_cookie(REFRESH_COOKIE, logged_in.refresh_token.expose_secret(), refresh_seconds));
        }
    }
    Ok(LogInReply { answer: Reply::plain(answer), cookies })
}

/// `__Host-` cookies: no domain, whole site, never over plain HTTP, never readable by scripts.
pub(super) fn set_cookie(name: &str, value: &str, seconds: i64) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax")
}
