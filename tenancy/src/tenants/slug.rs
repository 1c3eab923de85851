//! Host names of companies.

use crate::FieldErrors;

/// Names that are ours, or that a stranger would take for ours.
const RESERVED: &[&str] = &[
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "billing",
    "blog",
    "cdn",
    "console",
    "customer",
    "customers",
    "dev",
    "docs",
    "download",
    "email",
    "feed",
    "files",
    "ftp",
    "hello",
    "help",
    "hostmaster",
    "images",
    "imap",
    "info",
    "internal",
    "invite",
    "live",
    "localhost",
    "log-in",
    "login",
    "logout",
    "mail",
    "media",
    "metrics",
    "mobile",
    "mta-sts",
    "news",
    "noreply",
    "no-reply",
    "oauth",
    "office",
    "operator",
    "pay",
    "payments",
    "pop",
    "pop3",
    "portal",
    "postmaster",
    "pricing",
    "privacy",
    "root",
    "secure",
    "security",
    "sign-in",
    "sign-up",
    "signin",
    "signup",
    "smtp",
    "sso",
    "staging",
    "static",
    "status",
    "stripe",
    "support",
    "surv",
    "surv-platform",
    "system",
    "technician",
    "terms",
    "test",
    "webhook",
    "webhooks",
    "webmaster",
    "www",
];

/// A slug that a new company may have, as far as its form goes.
pub(crate) fn new_slug(errors: &mut FieldErrors, pointer: &str, typed: &str) -> String {
    let slug = typed.trim().to_lowercase();
    let formed = (3..=40).contains(&slug.len())
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-');
    if !formed {
        errors.add(pointer, "has 3 to 40 letters a-z, digits and hyphens, and no hyphen at its ends");
    } else if RESERVED.contains(&slug.as_str()) || slug.get(2..4) == Some("--") {
        // `xn--…` would show as other letters than it has.
        errors.add(pointer, "is reserved");
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(typed: &str) -> Option<String> {
        let mut errors = FieldErrors::new();
        new_slug(&mut errors, "/slug", typed);
        errors.iter().next().map(|error| error.detail.clone())
    }

    #[test]
    fn slugs_are_host_names() {
        assert_eq!(new_slug(&mut FieldErrors::new(), "/slug", " Acme-Plumbing "), "acme-plumbing");
        assert_eq!(refusal("acme-plumbing"), None);
        for typed in ["ab", "-abc", "abc-", "a.b.c", "a b c", "äcme", "a_b_c", &"a".repeat(41), "a/../b", "www.acme"] {
            assert!(refusal(typed).is_some(), "{typed:?}");
        }
    }

    #[test]
    fn our_own_names_are_reserved() {
        for typed in ["www", "API", "surv-platform", "xn--acme"] {
            assert_eq!(refusal(typed).unwrap(), "is reserved", "{typed:?}");
        }
    }
}
