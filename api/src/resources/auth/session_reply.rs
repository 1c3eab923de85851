//! Where a log-in led, and where its tokens go: into the answer or into cookies.

use chrono::{DateTime, TimeDelta, Utc};
use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse, Enum, Object,
    registry::{MetaResponses, Registry},
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    CapabilitySet,
    sessions::{Device, LogInOutcome, LoggedIn, SessionKind},
    token::{self, TokenKind, TokenSpec},
};
use uuid::Uuid;

use super::{CompanyOption, RoleView};
use crate::{
    caller::{ACCESS_COOKIE, REFRESH_COOKIE, Visitor, refuse_cross_site},
    deps::Deps,
    json::Reply,
    problem::ApiResult,
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

impl SessionMode {
    /// What a request wants. One that wants cookies has to come from our own pages.
    pub(super) fn of(request: &Request, wanted: Option<Self>) -> ApiResult<Self> {
        let mode = wanted.unwrap_or_default();
        if mode == Self::Cookie {
            refuse_cross_site(request)?;
        }
        Ok(mode)
    }

    pub(super) fn device(self, visitor: &Visitor) -> Device {
        let kind = match self {
            Self::Token => SessionKind::Api,
            Self::Cookie => SessionKind::Browser,
        };
        Device { kind, name: visitor.device.clone() }
    }
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

/// Where a log-in led.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
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

impl LogInReply {
    pub(super) fn of(deps: &Deps, outcome: LogInOutcome, mode: SessionMode) -> ApiResult<Self> {
        let answer = match outcome {
            LogInOutcome::LoggedIn(logged_in) => return Self::logged_in(deps, &logged_in, mode),
            LogInOutcome::SecondStep { challenge } => LogInAnswer {
                challenge: Some(challenge.expose_secret().to_owned()),
                ..LogInAnswer::bare(LogInState::SecondStep)
            },
            LogInOutcome::ChooseCompany { challenge, companies } => {
                let companies = companies.into_iter().map(|access| CompanyOption {
                    company: access.company,
                    slug: access.slug,
                    role: access.role.into(),
                });
                LogInAnswer {
                    challenge: Some(challenge.expose_secret().to_owned()),
                    companies: Some(companies.collect()),
                    ..LogInAnswer::bare(LogInState::ChooseCompany)
                }
            }
        };
        Ok(Self { answer: Reply::plain(answer), cookies: Vec::new() })
    }

    /// Mints the access token and puts both where they were asked for.
    fn logged_in(deps: &Deps, logged_in: &LoggedIn, mode: SessionMode) -> ApiResult<Self> {
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
        Ok(Self { answer: Reply::plain(answer), cookies })
    }
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

/// `__Host-` cookies: no domain, whole site, never over plain HTTP, never readable by scripts.
pub(in crate::resources) fn set_cookie(name: &str, value: &str, seconds: i64) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax")
}
