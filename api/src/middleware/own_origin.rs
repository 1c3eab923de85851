//! Browsers name their site in `Origin` on every POST, also at home. Only other sites are CORS's business.

use poem::{
    Request,
    http::{HeaderValue, header},
};

/// Takes `Origin` off a request of one of our own sites or of the address that it was sent to: poem's CORS refuses
/// whatever site it isn't told of. What cookies may do is decided by [`crate::caller::refuse_cross_site`].
pub fn at_home(mut request: Request, own_origins: &[String]) -> Request {
    let text = |name| request.headers().get(name).map(HeaderValue::to_str).and_then(Result::ok);
    let is_own = text(header::ORIGIN).is_some_and(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        own_origins.iter().any(|own| own == origin) || (host.is_some() && host == text(header::HOST))
    });
    if is_own {
        request.headers_mut().remove(header::ORIGIN);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_sites_are_at_home() {
        let own = ["https://console.example".to_owned()];
        let stays = |origin: &str| {
            let request = Request::builder().header("host", "acme.example:8443").header("origin", origin).finish();
            at_home(request, &own).headers().contains_key("origin")
        };
        assert!(!stays("https://console.example"));
        assert!(!stays("https://acme.example:8443"));
        for other in ["null", "https://acme.example", "https://evil.example", "https://console.example.evil", ""] {
            assert!(stays(other), "{other}");
        }
    }
}
