use poem_openapi::types::Example;

use super::{ADMIN, CHALLENGE, COMPANY, JOB, TIME_ZONE, company, customers, december, tokens, visits};
use crate::resources::auth::{
    CompanyOption, RoleView, Secret,
    customer_login::{CodeAnswer, CodeSent, CodeWish},
    invitation::{InvitationAnswer, InvitationPreview},
    link::{LinkToken, OpenedLink},
    log_in::{CompanyChoice, Credentials, PublicCompanyView, RefreshRequest, SecondStepAnswer},
    password_reset::{AddressOnly, NewPassword},
    session_reply::{LogInAnswer, LogInState, SessionMode},
    sign_up::{OpenedCompany, SignUp},
};

pub(super) const EMAIL: &str = "petra.moser@alpenklima.example";
const NAME: &str = "Petra Moser";
pub(super) const PASSWORD: &str = "seven snails cross slowly";
/// Of the form that our secrets have; none of them.
const SECRET: &str = "pR3v7Zt0cW9qLx2mB8nKd5yFh1sJg6aUe4oTiVbXkQw";
pub(super) const CODE: &str = "048213";

impl Example for SignUp {
    fn example() -> Self {
        Self {
            email: EMAIL.to_owned(),
            password: PASSWORD.to_owned(),
            name: NAME.to_owned(),
            company: company::NAME.to_owned(),
            slug: company::SLUG.to_owned(),
            time_zone: TIME_ZONE.to_owned(),
        }
    }
}

impl Example for Secret {
    fn example() -> Self {
        Self { secret: SECRET.to_owned() }
    }
}

impl Example for OpenedCompany {
    fn example() -> Self {
        Self {
            tenant_id: COMPANY,
            slug: company::SLUG.to_owned(),
            company: company::NAME.to_owned(),
            user_id: ADMIN,
            email: EMAIL.to_owned(),
        }
    }
}

impl Example for Credentials {
    fn example() -> Self {
        Self {
            email: EMAIL.to_owned(),
            password: PASSWORD.to_owned(),
            company: Some(company::SLUG.to_owned()),
            session: Some(SessionMode::Token),
        }
    }
}

impl Example for SecondStepAnswer {
    fn example() -> Self {
        Self { challenge: SECRET.to_owned(), code: CODE.to_owned(), session: Some(SessionMode::Token) }
    }
}

impl Example for CompanyChoice {
    fn example() -> Self {
        let company = company::SLUG.to_owned();
        Self { challenge: SECRET.to_owned(), company, session: Some(SessionMode::Token) }
    }
}

impl Example for RefreshRequest {
    fn example() -> Self {
        Self { refresh_token: Some(SECRET.to_owned()) }
    }
}

impl Example for LogInAnswer {
    fn example() -> Self {
        Self {
            state: LogInState::LoggedIn,
            access_token: Some(tokens::TOKEN.to_owned()),
            expires_at: Some(december(1, 8, 15)),
            refresh_token: Some(SECRET.to_owned()),
            tenant_id: Some(COMPANY),
            company: Some(company::NAME.to_owned()),
            slug: Some(company::SLUG.to_owned()),
            user_id: Some(ADMIN),
            name: Some(NAME.to_owned()),
            role: Some(RoleView::Admin),
            challenge: None,
            companies: None,
        }
    }
}

impl Example for PublicCompanyView {
    fn example() -> Self {
        Self {
            slug: company::SLUG.to_owned(),
            name: "Alpenklima".to_owned(),
            accent: "#0b6e4f".to_owned(),
            phone: Some(company::PHONE.to_owned()),
            logo: Some(format!("/v1/auth/companies/{}/logo", company::SLUG)),
        }
    }
}

impl Example for AddressOnly {
    fn example() -> Self {
        Self { email: EMAIL.to_owned() }
    }
}

impl Example for NewPassword {
    fn example() -> Self {
        Self { secret: SECRET.to_owned(), password: PASSWORD.to_owned() }
    }
}

impl Example for CodeWish {
    fn example() -> Self {
        Self { company: company::SLUG.to_owned(), email: customers::EMAIL.to_owned() }
    }
}

impl Example for CodeSent {
    fn example() -> Self {
        Self { challenge_id: CHALLENGE, minutes: 10 }
    }
}

impl Example for CodeAnswer {
    fn example() -> Self {
        Self {
            challenge_id: Some(CHALLENGE),
            code: Some(CODE.to_owned()),
            secret: None,
            session: Some(SessionMode::Token),
        }
    }
}

impl Example for LinkToken {
    fn example() -> Self {
        Self { token: tokens::TOKEN.to_owned() }
    }
}

impl Example for OpenedLink {
    fn example() -> Self {
        Self { job_ids: vec![JOB], expires_at: december(31, 23, 59) }
    }
}

impl Example for InvitationAnswer {
    fn example() -> Self {
        Self { secret: SECRET.to_owned(), password: PASSWORD.to_owned() }
    }
}

impl Example for InvitationPreview {
    fn example() -> Self {
        Self {
            company: company::NAME.to_owned(),
            slug: company::SLUG.to_owned(),
            email: "jonas.leitner@alpenklima.example".to_owned(),
            name: visits::TECHNICIAN_NAME.to_owned(),
            role: RoleView::Technician,
            has_password: false,
        }
    }
}

impl Example for CompanyOption {
    fn example() -> Self {
        Self { company: company::NAME.to_owned(), slug: company::SLUG.to_owned(), role: RoleView::Technician }
    }
}
