//! poem's own errors as problems, by type and never by text: its messages name parameters and inner types.

use poem::{
    IntoResponse as _, Response,
    error::{MethodNotAllowedError, NotFoundError, ParsePathError},
    http::StatusCode,
};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError as ParseOaiPath, ParseRequestPayloadError,
};

use crate::problem::{Problem, ProblemKind};

/// The answer for an error on its way out. Our own problems pass unchanged.
pub fn answer(error: poem::Error) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    problem(&error).into_response()
}

fn problem(error: &poem::Error) -> Problem {
    if let Some(parameter) = error.downcast_ref::<ParseParamError>() {
        return Problem::new(ProblemKind::InvalidParameter).field(parameter.name, "has the wrong form");
    }
    if error.is::<ParsePathError>() || error.is::<ParseOaiPath>() || error.is::<NotFoundError>() {
        // An id that isn't one names nothing.
        return Problem::new(ProblemKind::NotFound);
    }
    if error.is::<MethodNotAllowedError>() {
        return Problem::new(ProblemKind::MethodNotAllowed);
    }
    if error.is::<ContentTypeError>() {
        return Problem::new(ProblemKind::UnsupportedMediaType);
    }
    if error.is::<ParseRequestPayloadError>() {
        return Problem::new(ProblemKind::MalformedBody);
    }
    if error.is::<AuthorizationError>() {
        return Problem::new(ProblemKind::Unauthenticated);
    }
    match error.status() {
        StatusCode::NOT_FOUND => Problem::new(ProblemKind::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(ProblemKind::MethodNotAllowed),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemKind::BodyTooLarge),
        status if status.is_client_error() => Problem::new(ProblemKind::InvalidParameter),
        _ => {
            tracing::error!("an error of the framework");
            Problem::new(ProblemKind::Internal)
        }
    }
}
