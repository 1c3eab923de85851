//! A link from an e-mail, exchanged for a cookie, so that its token stays neither in the address bar nor in scripts.

use chrono::{DateTime, Utc};
use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    registry::{MetaResponses, Registry},
};
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Capability,
    confinement::ConfinedKind,
    db::DbError,
    token::{Need, Subject, TokenKind},
};
use uuid::Uuid;

use super::set_cookie;
use crate::{
    caller::{ACCESS_COOKIE, Visitor, refuse_cross_site},
    door::{Door, IdempotencyKey},
    json::{Body, Reply},
    problem::{ApiResult, Problem, ProblemKind},
    resources::Tag,
};

/// What stands behind the `#` of a link.
#[derive(Debug, Clone, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct LinkToken {
    pub token: String,
}

/// What the link opens, from now on by the cookie that came with this answer.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct OpenedLink {
    /// All that can be seen, with what hangs off it.
    pub job_ids: Vec<Uuid>,
    /// Then the company can send a new link.
    pub expires_at: DateTime<Utc>,
}

/// An opened link with its cookie.
#[derive(Debug)]
pub struct OpenedLinkReply {
    answer: Reply<OpenedLink>,
    cookie: String,
}

impl IntoResponse for OpenedLinkReply {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Ok(value) = HeaderValue::from_str(&self.cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        response
    }
}

impl ApiResponse for OpenedLinkReply {
    fn meta() -> MetaResponses {
        Reply::<OpenedLink>::meta()
    }

    fn register(registry: &mut Registry) {
        Reply::<OpenedLink>::register(registry);
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct LinkApi(pub Door);

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Auth")]
impl LinkApi {
    /// Open a link
    ///
    /// Puts the link's token into the browser's session cookie. It opens no more than the link did, and as long. Only
    /// tokens that were made as links are taken.
    #[oai(path = "/link", method = "post", operation_id = "openLink")]
    async fn open(
        &self,
        visitor: Visitor,
        // Taken as every POST takes it; opening twice comes to the same.
        _key: IdempotencyKey,
        request: &Request,
        body: Body<LinkToken>,
    ) -> ApiResult<OpenedLinkReply> {
        refuse_cross_site(request)?;
        self.0.anonymous(&visitor, None).await?;
        let (deps, token) = (self.0.deps(), body.0.token);
        let (kinds, audience) = (&[TokenKind::Link], deps.config.audience.clone());
        let need = Need::of(audience, kinds, Capability::PortalRead, Subject::Jobs);
        let now = deps.clock().now();
        let ended = |_| Problem::new(ProblemKind::LinkEnded);
        let link = deps.verifier.verify(&token, &need, now).map_err(ended)?;
        // Whether it was taken back is for the database to say.
        let admitted = deps.tenant_db.read(&link.actor(Some(visitor.request_id))).await;
        admitted.map_err(|error| match error {
            DbError::Refused(_) => Problem::new(ProblemKind::LinkEnded),
            other => other.into(),
        })?;
        let expires_at = link.claims.expires_at;
        let cookie = set_cookie(ACCESS_COOKIE, &token, (expires_at - now).num_seconds());
        let job_ids = link.confinement.ids(ConfinedKind::Job).unwrap_or_default();
        let opened = OpenedLink { job_ids, expires_at };
        Ok(OpenedLinkReply { answer: Reply::plain(opened), cookie })
    }
}
