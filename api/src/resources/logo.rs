//! A company's logo, for whoever sees its pages or mails: the one content that the API itself serves.
//!
//! Its address is stable and of our own origin, so pages need no other in their policy, and it may be kept for minutes.
//! What is served is an image that we made (docs/decisions/0015-files-in-s3.md).

use bytes::Bytes;
use poem::{
    FromRequest, IntoResponse, Request, RequestBody, Response,
    http::{StatusCode, header},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Path,
    payload::{Binary, Payload as _},
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
};
use surv_operations::files::{FileKey, Variant};
use surv_tenancy::{FileId, tenants};

use super::Tag;
use crate::{
    caller::Visitor,
    door::Door,
    problem::{ApiResult, Problem, ProblemKind},
};

/// A logo is never larger than this: it has at most 400 × 400 pixels.
const MOST: u64 = 2_000_000;
const KEPT: &str = "public, max-age=300";

/// See the module.
#[derive(Debug, Clone)]
pub struct LogoApi(pub Door);

#[OpenApi(prefix_path = "/v1/auth/companies", tag = "Tag::Auth")]
impl LogoApi {
    /// A company's logo
    ///
    /// A PNG of at most 400 pixels on its longer side. May be kept for five minutes.
    #[oai(path = "/:slug/logo", method = "get", operation_id = "getPublicLogo")]
    async fn logo(&self, visitor: Visitor, slug: Path<String>, seen: Seen) -> ApiResult<Logo> {
        let deps = self.0.deps();
        deps.limits.check_address(visitor.address).await?;
        let identity = deps.identity.for_request(visitor.request_id);
        let nothing = || Problem::new(ProblemKind::NotFound);
        let company = tenants::find_by_slug(&identity, &slug.0).await?.ok_or_else(nothing)?;
        let file_id = company.logo_file_id.ok_or_else(nothing)?;
        if seen.has(file_id) {
            return Ok(Logo { file_id, image: None });
        }
        let store = deps.storage.as_ref().ok_or_else(nothing)?;
        let key = FileKey::image(company.tenant_id, file_id, Variant::Thumbnail).to_string();
        Ok(Logo { file_id, image: Some(store.get(&key, MOST).await?.into()) })
    }
}

/// The image, or that it is still the one that was seen. Files never change, so the id is the version.
struct Logo {
    file_id: FileId,
    image: Option<Bytes>,
}

fn tag(file_id: FileId) -> String {
    format!("\"{file_id}\"")
}

impl IntoResponse for Logo {
    fn into_response(self) -> Response {
        let response = Response::builder().header(header::ETAG, tag(self.file_id)).header(header::CACHE_CONTROL, KEPT);
        match self.image {
            Some(image) => response.content_type("image/png").body(image),
            None => response.status(StatusCode::NOT_MODIFIED).finish(),
        }
    }
}

impl ApiResponse for Logo {
    fn meta() -> MetaResponses {
        let answer = |status, description, content| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers: vec![],
        };
        let image = MetaMediaType { content_type: "image/png", schema: Binary::<Bytes>::schema_ref() };
        MetaResponses { responses: vec![answer(200, "The image", vec![image]), answer(304, "Still the same", vec![])] }
    }

    fn register(_: &mut Registry) {}
}

/// The tags that the visitor has the image of.
struct Seen(Option<String>);

impl Seen {
    fn has(&self, file_id: FileId) -> bool {
        let tag = tag(file_id);
        self.0.as_deref().is_some_and(|seen| seen.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
    }
}

impl<'a> FromRequest<'a> for Seen {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let seen = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        Ok(Self(seen.map(str::to_owned)))
    }
}
