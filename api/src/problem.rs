//! Refusals, as RFC 9457 problems. The catalogue is closed: a client can switch over `type`.

use poem::{IntoResponse, Response, http::StatusCode, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;
use surv_tenancy::FieldErrors;

use crate::middleware::replay::RolledBack;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $status:literal, $slug:literal, $title:literal;)*) => {
        /// Every kind of refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProblemKind { $($(#[doc = $doc])+ $name,)* }

        impl ProblemKind {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The last part of `type`; frozen.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it means and what to do, for `docs/problems.md`.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+),)* }
            }
        }
    };
}

kinds! {
    /// The body is not JSON, or is nested deeper than 128 levels.
    MalformedBody = 400, "malformed-body", "The body cannot be read";
    /// A path, query or header value has the wrong form. `errors` names it.
    InvalidParameter = 400, "invalid-parameter", "A parameter is not right";
    /// The cursor is not one of this list, or was given to somebody else. Start from the first page.
    InvalidCursor = 400, "invalid-cursor", "The cursor cannot be used here";
    /// There is no valid token or session. Log in, or refresh the token.
    Unauthenticated = 401, "unauthenticated", "Log in first";
    /// The token has expired. Refresh it.
    TokenExpired = 401, "token-expired", "The token has expired";
    /// The session ended, the token was revoked, or the membership changed. Log in again.
    SessionEnded = 401, "session-ended", "The session has ended";
    /// Address, password, code or company do not fit together; which of them is never told.
    WrongCredentials = 401, "wrong-credentials", "That log-in is not right";
    /// The caller or the token lacks the capability that the operation needs.
    Forbidden = 403, "forbidden", "Not allowed";
    /// A request with cookies came from another site or without the CSRF header.
    CrossSite = 403, "cross-site", "The request came from another site";
    /// There is no such thing, or not for this caller: the two are the same.
    NotFound = 404, "not-found", "Not found";
    /// The address exists, but not with this method.
    MethodNotAllowed = 405, "method-not-allowed", "Not with this method";
    /// The thing is in a state that does not allow this.
    InvalidTransition = 409, "invalid-transition", "Not possible in this state";
    /// Something else already has this value, or takes this time.
    Conflict = 409, "conflict", "Already taken";
    /// A link or code was used before, revoked or is too old.
    LinkEnded = 410, "link-ended", "This link has ended";
    /// Somebody changed it since it was read. Read it again.
    Stale = 412, "stale", "It changed meanwhile";
    /// The body is larger than allowed.
    BodyTooLarge = 413, "body-too-large", "The body is too large";
    /// Bodies are `application/json`, without content coding.
    UnsupportedMediaType = 415, "unsupported-media-type", "Send JSON";
    /// Some fields are not right; `errors` names each.
    InvalidFields = 422, "invalid-fields", "Some fields are not right";
    /// The Idempotency-Key was used for another request.
    KeyReused = 422, "idempotency-key-reused", "The key was used for another request";
    /// Changes need `If-Match` with the ETag of what was read.
    PreconditionRequired = 428, "precondition-required", "If-Match is missing";
    /// Too many requests. Wait as long as `Retry-After` says.
    TooManyRequests = 429, "too-many-requests", "Too many requests";
    /// Something went wrong here. Nothing was changed. The request id helps to find it.
    Internal = 500, "internal", "Something went wrong";
    /// Busy or restarting. Try again after `Retry-After`, with the same Idempotency-Key.
    Unavailable = 503, "unavailable", "Try again in a moment";
    /// The outcome is not known. Repeat with the same Idempotency-Key to learn it.
    OutcomeUnknown = 503, "outcome-unknown", "The outcome is not known";
}

/// One field and what is wrong with it.
#[derive(Debug, Clone, Serialize, poem_openapi::Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ProblemField {
    /// JSON pointer into the body, or the parameter's name.
    pub pointer: String,
    /// What is wrong, as a sentence.
    pub detail: String,
}

/// A refusal, as RFC 9457 has it.
#[derive(Debug, Clone, Serialize, poem_openapi::Object)]
#[oai(skip_serializing_if_is_none, rename = "Problem", example)]
pub struct ProblemBody {
    /// Identifies the kind; see the list of problems.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The fields that are not right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<ProblemField>>,
}

/// A refusal on its way out. `instance` is added by the request id middleware.
#[derive(Debug, Clone)]
pub struct Problem {
    pub kind: ProblemKind,
    pub detail: Option<String>,
    pub errors: Vec<ProblemField>,
    /// Seconds.
    pub retry_after: Option<u64>,
    /// Postgres ended the transaction in favour of another one.
    rolled_back: bool,
}

impl Problem {
    pub const fn new(kind: ProblemKind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), retry_after: None, rolled_back: false }
    }

    #[must_use]
    pub fn detail(mut self, detail: impl std::fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    #[must_use]
    pub fn field(mut self, pointer: &str, detail: impl std::fmt::Display) -> Self {
        self.errors.push(ProblemField { pointer: pointer.to_owned(), detail: detail.to_string() });
        self
    }

    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Postgres ended the transaction in favour of another one: [`crate::middleware::replay`] makes the request again.
    pub const fn rolled_back() -> Self {
        let mut problem = Self::new(ProblemKind::Unavailable).retry_after(1);
        problem.rolled_back = true;
        problem
    }

    /// Field errors of the domain.
    pub fn fields(errors: &FieldErrors) -> Self {
        let mut problem = Self::new(ProblemKind::InvalidFields);
        for error in errors.iter() {
            problem = problem.field(&error.pointer, &error.detail);
        }
        problem
    }

    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("https://surv.example/problems#{}", self.kind.slug()),
            title: self.kind.title().to_owned(),
            status: self.kind.status(),
            detail: self.detail.clone(),
            instance: None,
            errors: (!self.errors.is_empty()).then(|| self.errors.clone()),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.title())
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let status = StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::builder().status(status).content_type("application/problem+json");
        if let Some(seconds) = self.retry_after {
            response = response.header(header::RETRY_AFTER, seconds);
        }
        if self.kind.status() == 401 {
            response = response.header(header::WWW_AUTHENTICATE, "Bearer");
        }
        let mut response = response.body(body);
        if self.rolled_back {
            response.set_data(RolledBack);
        }
        response
    }
}

impl From<Problem> for poem::Error {
    fn from(problem: Problem) -> Self {
        let rolled_back = problem.rolled_back;
        let mut error = Self::from_response(problem.into_response());
        // A response made into an error leaves its data behind.
        if rolled_back {
            error.set_data(RolledBack);
        }
        error
    }
}

impl ApiResponse for Problem {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Refused; see `type`",
                status: None,
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: "application/problem+json",
                    schema: MetaSchemaRef::Reference(ProblemBody::name().into_owned()),
                }],
                headers: vec![],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        ProblemBody::register(registry);
    }
}

/// What operations answer.
pub type ApiResult<T> = Result<T, Problem>;
