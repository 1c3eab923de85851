//! What is given twice is refused: whoever checks one of the two and whoever uses the other would not agree.

use poem::Request;

use crate::problem::{Problem, ProblemKind};

/// Headers that stand once, or a request means two things.
const ONCE: &[&str] = &["authorization", "content-type", "if-match", "idempotency-key", "last-event-id"];

/// Lets requests through in which each parameter and header stands once. No parameter of ours is a list.
///
/// # Errors
/// 400 that names the one that is repeated.
pub fn refuse_repeated(request: Request) -> poem::Result<Request> {
    let refused = |name: &str| Problem::new(ProblemKind::InvalidParameter).field(name, "is given more than once");
    for name in ONCE {
        if request.headers().get_all(*name).iter().nth(1).is_some() {
            return Err(refused(name).into());
        }
    }
    let query = request.uri().query().unwrap_or_default();
    let mut seen = Vec::new();
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        if seen.contains(&name) {
            // The first characters: it may be anything, of any length.
            return Err(refused(&name.chars().take(40).collect::<String>()).into());
        }
        seen.push(name);
        if seen.len() > 50 {
            return Err(Problem::new(ProblemKind::InvalidParameter).detail("Too many parameters.").into());
        }
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(query: &str, headers: &[&str]) -> bool {
        let uri = format!("/v1/customers{query}").parse().expect("an address");
        let request = headers.iter().fold(Request::builder().uri(uri), |request, name| request.header(*name, "x"));
        refuse_repeated(request.finish()).is_ok()
    }

    #[test]
    fn a_name_stands_once_however_it_is_written() {
        assert!(passes("?limit=1&cursor=a", &["if-match", "accept", "authorization"]));
        assert!(passes("", &["accept", "accept", "x-forwarded-for", "x-forwarded-for"]));
        for query in ["?limit=1&limit=1", "?limit=1&q=a&limit=2", "?limit=1&%6cimit=2", "?q&q=", "?a=1&a=1&a=1"] {
            assert!(!passes(query, &[]), "{query}");
        }
        for name in ["authorization", "If-Match", "idempotency-key", "content-type", "last-event-id"] {
            assert!(!passes("", &[name, name]), "{name}");
        }
        let many: String = (0..60).map(|n| format!("&p{n}=1")).collect();
        assert!(!passes(&format!("?{}", &many[1..]), &[]));
    }
}
