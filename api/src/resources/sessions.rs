//! `/v1/sessions` and the caller's own account: log-ins, log-out, password, second factor.

use chrono::{DateTime, Utc};
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::Path,
    registry::{MetaResponses, Registry},
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Identity, SessionId,
    sessions::{self, ChangePassword, OwnSession},
    token::Operation,
    totp::{self, DisableProof},
};
use uuid::Uuid;

use super::{
    Tag,
    auth::{RoleView, set_cookie},
};
use crate::{
    caller::{ACCESS_COOKIE, Caller, REFRESH_COOKIE},
    door::{Door, IdempotencyKey},
    doorstep::{once, once_for},
    json::{Body, Empty, Reply},
    problem::{ApiResult, Problem, ProblemKind},
};

/// One of the caller's log-ins.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct SessionView {
    pub id: Uuid,
    pub company: String,
    pub slug: String,
    pub role: RoleView,
    /// `browser`, `api` or `link`.
    pub kind: String,
    /// As the device called itself.
    pub device: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// The one that asks.
    pub current: bool,
}

/// All of the caller's log-ins.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct SessionList {
    pub items: Vec<SessionView>,
}

/// How many sessions were ended.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct EndedSessions {
    pub ended: u64,
}

/// The current and the new password.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub current: String,
    pub new: String,
}

/// Whether the second step is on.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct SecondFactor {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled_at: Option<DateTime<Utc>>,
    pub recovery_codes_left: i64,
}

/// What an authenticator needs, shown once.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct SecondFactorSecret {
    /// Base32.
    pub secret: String,
    /// For a QR code.
    pub uri: String,
}

/// Six digits of the authenticator.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct SixDigits {
    pub code: String,
}

/// One-time codes for a lost authenticator, shown once.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct RecoveryCodes {
    pub codes: Vec<String>,
}

/// A password or a code, to turn the second step off.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorProof {
    #[serde(default)]
    pub password: Option<String>,
    #[serde(default)]
    pub code: Option<String>,
}

/// Nothing, and no cookies any more.
#[derive(Debug, Clone, Copy)]
pub struct LoggedOut;

impl IntoResponse for LoggedOut {
    fn into_response(self) -> Response {
        let mut response = Empty::<204>.into_response();
        for name in [ACCESS_COOKIE, REFRESH_COOKIE] {
            if let Ok(value) = HeaderValue::from_str(&set_cookie(name, "", 0)) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response
    }
}

impl ApiResponse for LoggedOut {
    fn meta() -> MetaResponses {
        Empty::<204>::meta()
    }

    fn register(registry: &mut Registry) {
        Empty::<204>::register(registry);
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct SessionsApi(pub Door);

#[OpenApi(prefix_path = "/v1/sessions", tag = "Tag::Sessions")]
impl SessionsApi {
    /// List own log-ins
    #[oai(path = "/", method = "get", operation_id = "listSessions")]
    async fn list(&self, caller: Caller) -> ApiResult<Reply<SessionList>> {
        let actor = self.0.own(&caller, Operation::Read)?;
        let items = sessions::list_own(&self.0.account(&caller), &actor).await?;
        Ok(Reply::plain(SessionList { items: items.into_iter().map(Into::into).collect() }))
    }

    /// Log out
    #[oai(path = "/log-out", method = "post", operation_id = "logOut")]
    async fn log_out(&self, caller: Caller, key: IdempotencyKey) -> ApiResult<LoggedOut> {
        let actor = self.0.own(&caller, Operation::Write)?;
        let session_id = actor.session_id().map(|id| id.to_string()).unwrap_or_default();
        let work = async |identity: Identity| sessions::log_out(&identity, &actor).await;
        // The session that a repeat comes with has ended, by the first time.
        once(self.0.account(&caller), &key, ("logOut", &session_id), &(), work).await?;
        Ok(LoggedOut)
    }

    /// End one of the own log-ins
    #[oai(path = "/:session_id", method = "delete", operation_id = "endSession")]
    async fn end(&self, caller: Caller, session_id: Path<Uuid>) -> ApiResult<Empty> {
        let actor = self.0.own(&caller, Operation::Write)?;
        sessions::end_own(&self.0.account(&caller), &actor, SessionId(session_id.0)).await?;
        Ok(Empty)
    }

    /// End all other own log-ins
    #[oai(path = "/end-others", method = "post", operation_id = "endOtherSessions")]
    async fn end_others(&self, caller: Caller, key: IdempotencyKey) -> ApiResult<Reply<EndedSessions>> {
        let actor = self.0.own(&caller, Operation::Write)?;
        let work = async |identity: Identity| sessions::end_all_others(&identity, &actor).await;
        let ended = once_for((self.0.account(&caller), &actor), &key, "endOtherSessions", &(), work).await?;
        Ok(Reply::plain(EndedSessions { ended: ended as u64 }))
    }

    /// Change the own password
    ///
    /// Ends all other log-ins.
    #[oai(path = "/password", method = "post", operation_id = "changePassword")]
    async fn change_password(
        &self,
        caller: Caller,
        key: IdempotencyKey,
        body: Body<PasswordChange>,
    ) -> ApiResult<Empty> {
        let actor = self.0.own(&caller, Operation::Write)?;
        self.count(&actor).await?;
        let PasswordChange { current, new } = body.0.clone();
        let change = ChangePassword { current: current.into(), new: new.into() };
        let work = async |identity: Identity| sessions::change_password(&identity, &actor, change).await;
        once_for((self.0.account(&caller), &actor), &key, "changePassword", &body.0, work).await?;
        Ok(Empty)
    }

    /// Whether the second step is on
    #[oai(path = "/second-factor", method = "get", operation_id = "getSecondFactor")]
    async fn second_factor(&self, caller: Caller) -> ApiResult<Reply<SecondFactor>> {
        let actor = self.0.own(&caller, Operation::Read)?;
        let state = totp::state(&self.0.account(&caller), &actor).await?;
        Ok(Reply::plain(SecondFactor { enabled_at: state.enabled_at, recovery_codes_left: state.recovery_codes_left }))
    }

    /// Begin to turn the second step on
    #[oai(path = "/second-factor", method = "post", operation_id = "beginSecondFactor")]
    async fn begin_second_factor(&self, caller: Caller, key: IdempotencyKey) -> ApiResult<Reply<SecondFactorSecret>> {
        let actor = self.0.own(&caller, Operation::Write)?;
        let work = async |identity: Identity| totp::begin(&identity, &actor).await;
        let enrolment = once_for((self.0.account(&caller), &actor), &key, "beginSecondFactor", &(), work).await?;
        Ok(Reply::plain(SecondFactorSecret {
            secret: enrolment.secret.expose_secret().to_owned(),
            uri: enrolment.uri.expose_secret().to_owned(),
        }))
    }

    /// Turn the second step on
    #[oai(path = "/second-factor/confirm", method = "post", operation_id = "confirmSecondFactor")]
    async fn confirm_second_factor(
        &self,
        caller: Caller,
        key: IdempotencyKey,
        body: Body<SixDigits>,
    ) -> ApiResult<Reply<RecoveryCodes>> {
        let actor = self.0.own(&caller, Operation::Write)?;
        self.count(&actor).await?;
        let work = async |identity: Identity| totp::confirm(&identity, &actor, &body.0.code).await;
        let codes = once_for((self.0.account(&caller), &actor), &key, "confirmSecondFactor", &body.0, work).await?;
        let codes = codes.0.iter().map(|code| code.expose_secret().to_owned()).collect();
        Ok(Reply::plain(RecoveryCodes { codes }))
    }

    /// Turn the second step off
    #[oai(path = "/second-factor/disable", method = "post", operation_id = "disableSecondFactor")]
    async fn disable_second_factor(
        &self,
        caller: Caller,
        key: IdempotencyKey,
        body: Body<SecondFactorProof>,
    ) -> ApiResult<Empty> {
        let actor = self.0.own(&caller, Operation::Write)?;
        self.count(&actor).await?;
        let proof = match (body.0.password.clone(), body.0.code.clone()) {
            (Some(password), None) => DisableProof::Password(password.into()),
            (None, Some(code)) => DisableProof::Code(code.into()),
            _ => {
                let problem = Problem::new(ProblemKind::InvalidFields);
                return Err(problem.field("/code", "give a password or a code"));
            }
        };
        let work = async |identity: Identity| totp::disable(&identity, &actor, proof).await;
        once_for((self.0.account(&caller), &actor), &key, "disableSecondFactor", &body.0, work).await?;
        Ok(Empty)
    }
}

impl SessionsApi {
    /// Guesses with a stolen session count like guesses at the log-in page.
    async fn count(&self, actor: &surv_tenancy::Actor) -> ApiResult<()> {
        let user_id = actor.user_id().map(|id| id.to_string()).unwrap_or_default();
        self.0.deps().limits.check_account(&user_id).await
    }
}

impl From<OwnSession> for SessionView {
    fn from(session: OwnSession) -> Self {
        Self {
            id: session.session_id.0,
            company: session.company,
            slug: session.slug,
            role: session.role.into(),
            kind: session.kind.as_str().to_owned(),
            device: session.device,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            current: session.current,
        }
    }
}
