//! Bodies in and out.
//!
//! poem-openapi's own `Json` goes through a `serde_json::Value` on both ways, which costs more than the rest of a
//! list request; here serde reads and writes the types directly, and unknown fields, repeated keys and wrong types
//! are told apart from broken JSON.

use poem::{FromRequest as _, IntoResponse, Request, RequestBody, Response, http::StatusCode, http::header};
use poem_openapi::{
    ApiResponse,
    payload::{ParsePayload, Payload},
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};
use serde::{Serialize, de::DeserializeOwned};
use surv_tenancy::idempotency::Answer;

use crate::{
    etag,
    problem::{Problem, ProblemKind},
};

/// A JSON request body.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

impl<T: Type> Payload for Body<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        content_type.split(';').next().is_some_and(|mime| mime.trim().eq_ignore_ascii_case("application/json"))
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + DeserializeOwned> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = Vec::<u8>::from_request(request, body).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// Reads JSON, or says what is wrong with it.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let mut track = serde_path_to_error::Track::new();
    let read = T::deserialize(serde_path_to_error::Deserializer::new(&mut deserializer, &mut track))
        .and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        // serde_json takes a word where something else stands, or a number that is too large, for broken JSON.
        if error.is_data() || is_json(bytes) {
            Problem::new(ProblemKind::InvalidFields).field(&pointer(&track.path()), reason(&error))
        } else {
            Problem::new(ProblemKind::MalformedBody).detail(reason(&error))
        }
    })
}

/// Whether it is JSON, whatever it says.
fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |mut text, segment| {
        text.push('/');
        match segment {
            Segment::Seq { index } => text.push_str(&index.to_string()),
            Segment::Map { key } => text.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        text
    })
}

/// serde's message without its position and without the value that was sent.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if ["invalid type", "invalid value", "unknown variant"].iter().any(|start| text.starts_with(start)) {
        let wanted = text.rsplit(", expected ").next().unwrap_or("something else");
        // Types' names are ours, not the client's.
        return if wanted.starts_with("struct ") {
            "expected an object".to_owned()
        } else {
            format!("expected {wanted}")
        };
    }
    if text.starts_with("invalid length") {
        return "expected an object".to_owned();
    }
    text.to_owned()
}

poem_openapi::impl_apirequest_for_payload!(Body<T>, T: Type + DeserializeOwned);

/// A JSON answer, with an ETag when the thing has a version.
#[derive(Debug, Clone)]
pub struct Reply<T, const STATUS: u16 = 200> {
    content: Content<T>,
    etag: Option<String>,
}

/// What was created, 201.
pub type Created<T> = Reply<T, 201>;

#[derive(Debug, Clone)]
enum Content<T> {
    View(T),
    /// Said before, under the same Idempotency-Key.
    Again(serde_json::Value),
}

/// A view of something that has a version.
pub trait Versioned {
    fn version(&self) -> i32;
}

impl<T, const STATUS: u16> Reply<T, STATUS> {
    pub const fn plain(view: T) -> Self {
        Self { content: Content::View(view), etag: None }
    }

    pub fn versioned(view: T) -> Self
    where
        T: Versioned,
    {
        let etag = Some(etag::of(view.version()));
        Self { content: Content::View(view), etag }
    }

    /// An earlier answer.
    pub fn again(answer: Answer) -> Self {
        Self { content: Content::Again(answer.body.unwrap_or_default()), etag: answer.etag }
    }

    /// What has to be kept to answer the same again.
    pub(crate) fn answer(&self) -> Answer
    where
        T: Serialize,
    {
        let body = match &self.content {
            Content::View(view) => serde_json::to_value(view).ok(),
            Content::Again(value) => Some(value.clone()),
        };
        Answer { status: STATUS, etag: self.etag.clone(), body }
    }
}

impl<T: Serialize + Send, const STATUS: u16> IntoResponse for Reply<T, STATUS> {
    fn into_response(self) -> Response {
        let written = match &self.content {
            Content::View(view) => serde_json::to_vec(view),
            Content::Again(value) => serde_json::to_vec(value),
        };
        let Ok(bytes) = written else {
            return Problem::new(ProblemKind::Internal).into_response();
        };
        let mut response = Response::builder()
            .status(StatusCode::from_u16(STATUS).unwrap_or(StatusCode::OK))
            .content_type("application/json");
        if let Some(etag) = self.etag {
            response = response.header(header::ETAG, etag);
        }
        response.body(bytes)
    }
}

impl<T: Type + Serialize, const STATUS: u16> ApiResponse for Reply<T, STATUS> {
    fn meta() -> MetaResponses {
        let headers = vec![MetaHeader {
            name: "ETAG".to_owned(),
            description: Some("The version of the thing, for If-Match; only on things that have one".to_owned()),
            required: false,
            deprecated: false,
            schema: <Option<String> as Type>::schema_ref(),
        }];
        MetaResponses {
            responses: vec![MetaResponse {
                description: if STATUS == 201 { "Created" } else { "Done" },
                status: Some(STATUS),
                status_range: None,
                content: vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }],
                headers,
            }],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// Nothing to say: 204, or 202 when something follows by e-mail.
#[derive(Debug, Clone, Copy)]
pub struct Empty<const STATUS: u16 = 204>;

impl<const STATUS: u16> IntoResponse for Empty<STATUS> {
    fn into_response(self) -> Response {
        StatusCode::from_u16(STATUS).unwrap_or(StatusCode::NO_CONTENT).into_response()
    }
}

impl<const STATUS: u16> ApiResponse for Empty<STATUS> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: if STATUS == 202 { "Accepted" } else { "Done" },
                status: Some(STATUS),
                status_range: None,
                content: vec![],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}

/// Tells an absent field (`None`) from one that is `null` (`Some(None)`): for `#[serde(deserialize_with = …)]`.
///
/// # Errors
/// The deserializer's own.
pub fn double_option<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Thing {
        name: String,
        count: Option<u8>,
        mode: Option<Mode>,
        #[serde(default)]
        list: Vec<u8>,
    }

    #[derive(Debug, serde::Deserialize)]
    enum Mode {
        Fast,
    }

    fn refused(body: &str) -> (ProblemKind, String) {
        let problem = parse::<Thing>(body.as_bytes()).unwrap_err();
        (problem.kind, problem.errors.first().map(|e| e.pointer.clone()).unwrap_or_default())
    }

    #[test]
    fn broken_json_and_wrong_fields_are_told_apart() {
        assert_eq!(refused("{\"name\": ").0, ProblemKind::MalformedBody);
        assert_eq!(refused("{\"name\": 1}"), (ProblemKind::InvalidFields, "/name".to_owned()));
        assert_eq!(refused("{\"name\":\"a\",\"count\":1e400}"), (ProblemKind::InvalidFields, "/count".to_owned()));
        assert_eq!(refused("{\"name\":\"a\",\"count\":300}").0, ProblemKind::InvalidFields);
        assert_eq!(refused("{\"name\":\"a\",\"tenant_id\":1}").0, ProblemKind::InvalidFields);
        assert_eq!(refused("{\"name\":\"a\",\"name\":\"b\"}").0, ProblemKind::InvalidFields);
        assert_eq!(refused("{\"name\":\"\\ud800\"}"), (ProblemKind::InvalidFields, "/name".to_owned()));
        assert_eq!(refused("{\"name\":\"a\",\"mode\":7}"), (ProblemKind::InvalidFields, "/mode".to_owned()));
        assert_eq!(refused("{\"name\":\"a\",\"list\":[1,-1]}"), (ProblemKind::InvalidFields, "/list/1".to_owned()));
        assert_eq!(refused(&"[".repeat(10_000)).0, ProblemKind::InvalidFields);
    }

    #[test]
    fn a_refusal_does_not_repeat_the_value() {
        for body in [r#"{"name": 4111111111111111}"#, r#"{"name": "a", "mode": "4111, expected 4111"}"#] {
            let problem = parse::<Thing>(body.as_bytes()).unwrap_err();
            assert!(!serde_json::to_string(&problem.body()).unwrap().contains("4111"), "{body}");
        }
    }
}
