use std::time::Instant;

use chrono::TimeDelta;
use secrecy::SecretString;
use surv_tenancy::{
    Role,
    customer_login::{self, CodeRequested, CustomerLoginError, Redeem},
    mail::{EmailTemplate, SendEmail},
    sessions::{self, LogInOutcome, SecondStep, SessionKind},
    totp,
};
use uuid::Uuid;

use crate::support::{
    Company, PASSWORD, World, actor, an_address, at_once, browser, challenge, exposed, logged_in, secret, secret_of,
};

async fn request(world: &World, company: &Company, email: &str) -> (CodeRequested, SendEmail) {
    let requested = customer_login::request(&world.identity, &company.slug, email).await.unwrap();
    (requested, world.last_mail(company.tenant_id, email).await)
}

async fn redeem(world: &World, redeem: Redeem) -> Result<LogInOutcome, CustomerLoginError> {
    customer_login::redeem(&world.identity, redeem, "Safari").await
}

fn code(requested: CodeRequested, mail: &SendEmail) -> Redeem {
    typed(requested, mail.params["code"].as_str().unwrap())
}

fn typed(requested: CodeRequested, code: &str) -> Redeem {
    Redeem::Code { challenge_id: requested.challenge_id, code: secret(code) }
}

/// Six digits that are not these.
fn wrong(mail: &SendEmail) -> String {
    let code: u32 = mail.params["code"].as_str().unwrap().parse().unwrap();
    format!("{:06}", (code + 1) % 1_000_000)
}

#[tokio::test]
async fn a_customer_logs_in_by_code_or_by_link_and_either_ends_the_other() {
    let world = World::new();
    let company = world.company().await;
    let customer = world.customer(&company, &an_address()).await;
    let (requested, mail) = request(&world, &company, &customer.email).await;
    let (_, other_mail) = request(&world, &company, &customer.email).await;

    let session = logged_in(redeem(&world, code(requested, &mail)).await.unwrap());
    let replayed = redeem(&world, code(requested, &mail)).await;
    let link = redeem(&world, Redeem::Link(secret_of(&mail))).await;
    let other = redeem(&world, Redeem::Link(secret_of(&other_mail))).await;
    let (_, mail) = request(&world, &company, &customer.email).await;
    let by_link = logged_in(redeem(&world, Redeem::Link(secret_of(&mail))).await.unwrap());

    assert_eq!(mail.template, EmailTemplate::LoginCode);
    let portal = format!("https://{}.surv.example/log-in#", company.slug);
    assert!(mail.params["link"].as_str().unwrap().starts_with(&portal));
    assert_eq!((session.role, session.kind, session.user_id), (Role::Customer, SessionKind::Browser, customer.user_id));
    for over in [replayed, link, other] {
        assert!(matches!(over, Err(CustomerLoginError::WrongCode)));
    }
    world.admits(&actor(&session)).await.unwrap();
    world.admits(&actor(&by_link)).await.unwrap();
    let refreshed = sessions::refresh(&world.identity, &session.refresh_token).await.unwrap();
    assert_eq!(refreshed.role, Role::Customer);
    assert_eq!(world.events(company.tenant_id, "session.started").await.len(), 3, "the admin's, and two");
}

#[tokio::test]
async fn who_is_no_customer_gets_the_same_answer_after_the_same_time_and_no_mail() {
    let world = World::new();
    let (company, other) = (world.company().await, world.company().await);
    let customer = world.customer(&company, &an_address()).await;
    let stranger = an_address();
    let (identity, floor) = (&world.identity, world.identity.answer_floor);

    for (slug, email) in [
        (&company.slug, &customer.email),
        (&company.slug, &stranger),
        (&company.slug, &company.admin.email),
        (&other.slug, &customer.email),
        (&"no-such-company".to_owned(), &customer.email),
    ] {
        let began = Instant::now();
        let requested = customer_login::request(identity, slug, email).await.unwrap();
        assert!(began.elapsed() >= floor);
        assert_eq!((requested.challenge_id.get_version_num(), requested.minutes), (7, 10));
        let began = Instant::now();
        let answer = redeem(&world, typed(requested, "no code")).await;
        assert!(began.elapsed() >= floor, "a challenge that is none must not answer sooner");
        assert!(matches!(answer, Err(CustomerLoginError::WrongCode)));
    }
    assert_eq!(world.mails(company.tenant_id, &customer.email).await.len(), 1);
    assert!(world.mails(company.tenant_id, &stranger).await.is_empty());
    assert!(world.mails(other.tenant_id, &customer.email).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_stands_five_wrong_answers_and_ten_minutes() {
    let world = World::new();
    let company = world.company().await;
    let customer = world.customer(&company, &an_address()).await;
    let (requested, mail) = request(&world, &company, &customer.email).await;
    let (late, late_mail) = request(&world, &company, &customer.email).await;

    let guesses = at_once(12, |_| {
        let (identity, guess) = (world.identity.clone(), typed(requested, &wrong(&mail)));
        async move { customer_login::redeem(&identity, guess, "").await.is_err() }
    })
    .await;
    let right = redeem(&world, code(requested, &mail)).await;

    assert!(guesses.iter().all(|refused| *refused));
    assert!(matches!(right, Err(CustomerLoginError::WrongCode)));
    assert_eq!(world.events(company.tenant_id, "session.refused").await.len(), 5);
    world.wait(TimeDelta::minutes(11));
    assert!(matches!(redeem(&world, code(late, &late_mail)).await, Err(CustomerLoginError::WrongCode)));
    let (fresh, mail) = request(&world, &company, &customer.email).await;
    assert!(redeem(&world, code(fresh, &mail)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_redeemed_six_times_at_once_begins_one_session() {
    let world = World::new();
    let company = world.company().await;
    let customer = world.customer(&company, &an_address()).await;
    let (requested, mail) = request(&world, &company, &customer.email).await;

    let answers = at_once(6, |_| {
        let (identity, redeem) = (world.identity.clone(), code(requested, &mail));
        async move { customer_login::redeem(&identity, redeem, "").await.is_ok() }
    })
    .await;

    assert_eq!(answers.iter().filter(|opened| **opened).count(), 1);
}

#[tokio::test]
async fn a_member_who_is_a_customer_too_is_a_member_by_password_and_a_customer_by_code() {
    let world = World::new();
    let company = world.company().await;
    let both = world.customer(&company, &company.admin.email).await;

    let by_password = world.log_in(&company, &company.admin).await;
    let (requested, mail) = request(&world, &company, &both.email).await;
    let by_code = logged_in(redeem(&world, code(requested, &mail)).await.unwrap());
    let refreshed = sessions::refresh(&world.identity, &by_code.refresh_token).await.unwrap();

    assert_eq!(both.user_id, company.admin.user_id);
    assert_eq!((by_password.role, by_code.role, refreshed.role), (Role::Admin, Role::Customer, Role::Customer));
}

#[tokio::test]
async fn a_code_is_no_way_around_the_second_step() {
    let world = World::new();
    let company = world.company().await;
    let both = world.customer(&company, &company.admin.email).await;
    let own = world.actor_of(&company, &company.admin).await;
    let enrolment = totp::begin(&world.identity, &own).await.unwrap();
    let key = totp_rs::Secret::try_from_base32(exposed(&enrolment.secret)).unwrap();
    let authenticator = totp_rs::Builder::new().with_secret(key).build().unwrap();
    let shown = || authenticator.generate(u64::try_from(world.now().timestamp()).unwrap()).to_string();
    totp::confirm(&world.identity, &own, &shown()).await.unwrap();
    world.wait(TimeDelta::seconds(60));

    let (requested, mail) = request(&world, &company, &both.email).await;
    let challenge: SecretString = challenge(redeem(&world, code(requested, &mail)).await.unwrap());
    let step = SecondStep { challenge, code: secret(shown()), device: browser() };
    let session = logged_in(sessions::second_step(&world.identity, step).await.unwrap());

    assert_eq!(session.role, Role::Customer, "a code by mail makes nobody a member");
}

#[tokio::test]
async fn a_disabled_log_in_is_none_at_once() {
    let world = World::new();
    let company = world.company().await;
    let customer = world.customer(&company, &an_address()).await;
    let (requested, mail) = request(&world, &company, &customer.email).await;
    let (open, open_mail) = request(&world, &company, &customer.email).await;
    let session = logged_in(redeem(&world, code(requested, &mail)).await.unwrap());
    let mut tx = world.begin(&world.actor_of(&company, &company.admin).await).await;
    sqlx::query("UPDATE customer_users SET state = 'disabled' WHERE user_id = $1")
        .bind(customer.user_id.0)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    assert!(world.admits(&actor(&session)).await.is_err());
    assert!(sessions::refresh(&world.identity, &session.refresh_token).await.is_err());
    assert!(redeem(&world, code(open, &open_mail)).await.is_err());
    let mails = world.mails(company.tenant_id, &customer.email).await.len();
    customer_login::request(&world.identity, &company.slug, &customer.email).await.unwrap();
    assert_eq!(world.mails(company.tenant_id, &customer.email).await.len(), mails);
}

#[tokio::test]
async fn secrets_of_other_kinds_and_challenges_that_nobody_made_are_refused() {
    let world = World::new();
    let company = world.company().await;
    surv_tenancy::password_reset::request(&world.identity, &company.admin.email).await.unwrap();
    let reset = secret_of(&world.last_mail(surv_tenancy::identity::PLATFORM, &company.admin.email).await);
    let refresh = world.log_in(&company, &company.admin).await.refresh_token;

    for link in [reset, refresh, secret(""), secret(PASSWORD)] {
        assert!(matches!(redeem(&world, Redeem::Link(link)).await, Err(CustomerLoginError::WrongCode)));
    }
    let unknown = Redeem::Code { challenge_id: Uuid::from_u128(1), code: secret("000000") };
    assert!(matches!(redeem(&world, unknown).await, Err(CustomerLoginError::WrongCode)));
}
