use poem_openapi::types::Example;

use super::{CUSTOMER_USER, JOB, LINK, december};
use crate::resources::tokens::{LinkView, LinkWish, PublicKeyView, PublicKeys, TokenToRevoke};

/// Shows the form; no key of ours signed it.
pub(super) const TOKEN: &str = "EvoBCo8BCgZ0ZW5hbnQKBHVzZXIKB3Nlc3Npb24KBGtpbmQYAyIJCgcIABIDGIAI";

impl Example for LinkWish {
    fn example() -> Self {
        Self { job_id: JOB, user_id: CUSTOMER_USER }
    }
}

impl Example for LinkView {
    fn example() -> Self {
        Self { id: LINK, job_id: JOB, expires_at: december(31, 23, 59) }
    }
}

impl Example for TokenToRevoke {
    fn example() -> Self {
        Self { token: TOKEN.to_owned() }
    }
}

impl Example for PublicKeyView {
    fn example() -> Self {
        Self { id: 1, key: "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29".to_owned() }
    }
}

impl Example for PublicKeys {
    fn example() -> Self {
        Self { items: vec![PublicKeyView::example()] }
    }
}
