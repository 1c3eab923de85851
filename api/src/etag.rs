//! ETags from versions, and what `If-Match` asks for.

use poem::{FromRequest, Request, RequestBody, http::header};

use crate::problem::{Problem, ProblemKind};

/// The ETag of a version.
pub fn of(version: i32) -> String {
    format!("\"v{version}\"")
}

/// The version that a change is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i32);

/// Reads one strong tag. `*`, lists and weak tags don't say which version was seen.
fn parse(value: &str) -> Option<i32> {
    value.trim().strip_prefix("\"v")?.strip_suffix('"')?.parse().ok()
}

impl<'a> FromRequest<'a> for IfMatch {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let Some(value) = request.headers().get(header::IF_MATCH) else {
            return Err(Problem::new(ProblemKind::PreconditionRequired).into());
        };
        // A tag that we never made is simply not the current one.
        Ok(Self(value.to_str().ok().and_then(parse).unwrap_or(-1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_strong_tags_are_read() {
        assert_eq!(parse(&of(7)), Some(7));
        for other in ["*", "W/\"v7\"", "v7", "\"7\"", "\"v7\", \"v8\"", "\"v99999999999\""] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
