//! Who sent a request: a bearer token, or the cookie of a browser session.
//!
//! This only finds the token. What it allows is decided per operation ([`crate::door`]), and whether it still stands
//! by the database, at the start of the transaction.

use poem::{
    Request, RequestBody,
    http::{Method, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};
use surv_tenancy::RequestId;

use crate::problem::{Problem, ProblemKind};

/// The cookie that holds a browser's access token, and the one for its refresh token.
pub const ACCESS_COOKIE: &str = "__Host-surv_access";
pub const REFRESH_COOKIE: &str = "__Host-surv_refresh";
/// A header that a form or an image can't send.
pub const CSRF_HEADER: &str = "x-surv-csrf";

/// A request's token, not yet checked.
#[derive(Clone)]
pub struct Caller {
    pub(crate) token: String,
    pub request_id: RequestId,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// The id that the request id middleware gave a request.
pub fn request_id(request: &Request) -> RequestId {
    request.data::<RequestId>().copied().unwrap_or(RequestId(uuid::Uuid::nil()))
}

impl Caller {
    /// Finds the token of a request.
    ///
    /// # Errors
    /// 401 without one; 403 when a cookie comes without the CSRF header on a request that changes something.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let request_id = request_id(request);
        if let Some(value) = request.headers().get(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
            return match token {
                Some(token) => Ok(Self { token: token.trim().to_owned(), request_id }),
                None => Err(Problem::new(ProblemKind::Unauthenticated)),
            };
        }
        let token = cookie(request, ACCESS_COOKIE).ok_or(Problem::new(ProblemKind::Unauthenticated))?;
        refuse_cross_site(request)?;
        Ok(Self { token, request_id })
    }
}

/// A cookie's value.
pub fn cookie(request: &Request, name: &str) -> Option<String> {
    request.cookie().get(name).map(|cookie| cookie.value_str().to_owned())
}

/// Cookies are sent by the browser whoever made the request, so a change also needs the header that only our own
/// pages can set.
///
/// # Errors
/// [`ProblemKind::CrossSite`].
pub fn refuse_cross_site(request: &Request) -> Result<(), Problem> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let foreign = matches!(site, Some("cross-site"));
    if safe || (request.headers().contains_key(CSRF_HEADER) && !foreign) {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::CrossSite))
}

impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = |ty, name, key_in, scheme, bearer_format, description| MetaSecurityScheme {
            ty,
            description: Some(description),
            name,
            key_in,
            scheme,
            bearer_format,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(
            "bearer",
            scheme("http", None, None, Some("bearer"), Some("biscuit"), "An access token, or one narrowed from it."),
        );
        registry.create_security_scheme(
            "session",
            scheme(
                "apiKey",
                Some(ACCESS_COOKIE),
                Some("cookie"),
                None,
                None,
                "A browser session. Changes also need the header X-Surv-CSRF with any value.",
            ),
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec!["bearer", "session"]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self::of(request)?)
    }
}

/// What an anonymous operation knows of its request.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub request_id: RequestId,
    pub address: std::net::IpAddr,
    /// For the person's own list of sessions.
    pub device: String,
}

impl<'a> poem::FromRequest<'a> for Visitor {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let address = crate::middleware::rate_limit::address_of(request);
        let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self { request_id: request_id(request), address, device: agent.chars().take(200).collect() })
    }
}
