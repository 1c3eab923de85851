use poem_openapi::types::Example;

use super::{SESSION, auth, company, december};
use crate::resources::{
    auth::RoleView,
    sessions::{
        EndedSessions, PasswordChange, RecoveryCodes, SecondFactor, SecondFactorProof, SecondFactorSecret, SessionList,
        SessionView, SixDigits,
    },
};

/// What authenticators' own documents show.
const TOTP_SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

impl Example for SessionView {
    fn example() -> Self {
        Self {
            id: SESSION,
            company: company::NAME.to_owned(),
            slug: company::SLUG.to_owned(),
            role: RoleView::Admin,
            kind: "browser".to_owned(),
            device: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned(),
            created_at: december(1, 8, 0),
            last_seen_at: december(2, 10, 40),
            expires_at: december(31, 8, 0),
            current: true,
        }
    }
}

impl Example for SessionList {
    fn example() -> Self {
        Self { items: vec![SessionView::example()] }
    }
}

impl Example for EndedSessions {
    fn example() -> Self {
        Self { ended: 2 }
    }
}

impl Example for PasswordChange {
    fn example() -> Self {
        Self { current: auth::PASSWORD.to_owned(), new: "nine otters paint at night".to_owned() }
    }
}

impl Example for SecondFactor {
    fn example() -> Self {
        Self { enabled_at: Some(december(1, 8, 10)), recovery_codes_left: 9 }
    }
}

impl Example for SecondFactorSecret {
    fn example() -> Self {
        let uri = format!("otpauth://totp/Surv:{}?secret={TOTP_SECRET}&issuer=Surv", auth::EMAIL.replace('@', "%40"));
        Self { secret: TOTP_SECRET.to_owned(), uri }
    }
}

impl Example for SixDigits {
    fn example() -> Self {
        Self { code: auth::CODE.to_owned() }
    }
}

impl Example for RecoveryCodes {
    fn example() -> Self {
        Self { codes: ["k7mq-2xvd", "9tfa-w4hp", "c3ze-n8rs"].map(str::to_owned).to_vec() }
    }
}

impl Example for SecondFactorProof {
    fn example() -> Self {
        Self { password: None, code: Some(auth::CODE.to_owned()) }
    }
}
