use chrono::TimeDelta;
use secrecy::SecretString;
use surv_tenancy::{
    Actor, Role,
    sessions::{self, ChooseCompany, LogInOutcome, SecondStep, SessionError},
    totp::{self, DisableProof, Enrolment, TotpError},
};
use totp_rs::{Builder, Secret};

use crate::support::{Company, PASSWORD, World, at_once, browser, challenge, exposed, logged_in, secret};

/// What the person's authenticator shows.
fn code(world: &World, enrolment: &Enrolment) -> String {
    let key = Secret::try_from_base32(exposed(&enrolment.secret)).unwrap();
    let totp = Builder::new().with_secret(key).build().unwrap();
    totp.generate(u64::try_from(world.now().timestamp()).unwrap()).to_string()
}

/// Turns the second step on for the company's admin and waits until the next code.
async fn enrol(world: &World, actor: &Actor) -> (Enrolment, Vec<SecretString>) {
    let enrolment = totp::begin(&world.identity, actor).await.unwrap();
    let codes = totp::confirm(&world.identity, actor, &code(world, &enrolment)).await.unwrap();
    world.wait(TimeDelta::seconds(60));
    (enrolment, codes.0)
}

async fn first_step(world: &World, company: &Company) -> SecretString {
    challenge(world.try_log_in(&company.admin.email, PASSWORD, Some(&company.slug)).await.unwrap())
}

async fn answer(world: &World, challenge: &SecretString, code: &str) -> Result<LogInOutcome, SessionError> {
    let step = SecondStep { challenge: challenge.clone(), code: secret(code), device: browser() };
    sessions::second_step(&world.identity, step).await
}

#[tokio::test]
async fn a_log_in_asks_for_a_code_and_each_code_works_once() {
    let world = World::new();
    let company = world.company().await;
    let own = world.actor_of(&company, &company.admin).await;
    let (enrolment, codes) = enrol(&world, &own).await;
    let (first, second) = (first_step(&world, &company).await, first_step(&world, &company).await);
    let now = code(&world, &enrolment);
    let before = world.events(company.tenant_id, "session.started").await.len();

    let session = logged_in(answer(&world, &first, &now).await.unwrap());
    let replayed = answer(&world, &second, &now).await;
    let challenge_again = answer(&world, &first, &now).await;
    world.wait(TimeDelta::seconds(30));
    let next = answer(&world, &second, &code(&world, &enrolment)).await;

    assert_eq!(codes.len(), 10);
    assert_eq!(session.role, Role::Admin);
    assert!(matches!(replayed, Err(SessionError::WrongCode)));
    assert!(matches!(challenge_again, Err(SessionError::StartAgain)));
    assert!(matches!(next, Ok(LogInOutcome::LoggedIn(_))));
    assert_eq!(world.events(company.tenant_id, "session.started").await.len(), before + 2);
    assert_eq!(world.events(company.tenant_id, "session.refused").await.len(), 1);
    assert_eq!(world.events(company.tenant_id, "user.totp_enabled").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_on_many_challenges_at_once_opens_one_session() {
    let world = World::new();
    let company = world.company().await;
    let own = world.actor_of(&company, &company.admin).await;
    let (enrolment, codes) = enrol(&world, &own).await;
    for typed in [code(&world, &enrolment), exposed(&codes[3])] {
        let mut challenges = Vec::new();
        for _ in 0..6 {
            challenges.push(first_step(&world, &company).await);
        }

        let answers = at_once(6, |position| {
            let (identity, challenge) = (world.identity.clone(), challenges[position].clone());
            let step = SecondStep { challenge, code: secret(typed.clone()), device: browser() };
            async move { sessions::second_step(&identity, step).await.is_ok() }
        })
        .await;

        assert_eq!(answers.iter().filter(|opened| **opened).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_stands_five_wrong_codes_however_they_come() {
    let world = World::new();
    let company = world.company().await;
    let own = world.actor_of(&company, &company.admin).await;
    let (enrolment, _) = enrol(&world, &own).await;
    let challenge = first_step(&world, &company).await;

    let answers = at_once(40, |position| {
        let step =
            SecondStep { challenge: challenge.clone(), code: secret(format!("wrong-{position}")), device: browser() };
        let identity = world.identity.clone();
        async move { sessions::second_step(&identity, step).await }
    })
    .await;
    let right = answer(&world, &challenge, &code(&world, &enrolment)).await;

    assert_eq!(answers.iter().filter(|a| matches!(a, Err(SessionError::WrongCode))).count(), 5);
    assert_eq!(answers.iter().filter(|a| matches!(a, Err(SessionError::StartAgain))).count(), 35);
    assert!(matches!(right, Err(SessionError::StartAgain)));
    assert_eq!(world.events(company.tenant_id, "session.refused").await.len(), 5);
    let afresh = first_step(&world, &company).await;
    assert!(answer(&world, &afresh, &code(&world, &enrolment)).await.is_ok(), "the owner starts again and gets in");
}

#[tokio::test]
async fn a_recovery_code_works_once_however_it_is_typed() {
    let world = World::new();
    let company = world.company().await;
    let own = world.actor_of(&company, &company.admin).await;
    let (_, codes) = enrol(&world, &own).await;
    let typed = exposed(&codes[0]).to_uppercase().replace('-', " ");

    let first = first_step(&world, &company).await;
    let once = answer(&world, &first, &typed).await;
    let second = first_step(&world, &company).await;
    let twice = answer(&world, &second, &exposed(&codes[0])).await;

    assert!(matches!(once, Ok(LogInOutcome::LoggedIn(_))));
    assert!(matches!(twice, Err(SessionError::WrongCode)));
    assert_eq!(totp::state(&world.identity, &own).await.unwrap().recovery_codes_left, 9);
}

#[tokio::test]
async fn nothing_is_open_between_the_steps() {
    let world = World::new();
    let company = world.company().await;
    let own = world.actor_of(&company, &company.admin).await;
    enrol(&world, &own).await;
    let before = sessions::list_own(&world.identity, &own).await.unwrap().len();
    let challenge = first_step(&world, &company).await;

    let choice = ChooseCompany { challenge: challenge.clone(), slug: company.slug.clone(), device: browser() };
    let skipped = sessions::choose_company(&world.identity, choice).await;
    let as_refresh = sessions::refresh(&world.identity, &challenge).await;
    world.wait(TimeDelta::minutes(6));
    let late = answer(&world, &challenge, "000000").await;

    assert!(matches!(skipped, Err(SessionError::StartAgain)));
    assert!(matches!(as_refresh, Err(SessionError::Ended)));
    assert!(matches!(late, Err(SessionError::StartAgain)));
    assert_eq!(sessions::list_own(&world.identity, &own).await.unwrap().len(), before);
}

#[tokio::test]
async fn who_belongs_to_several_companies_gives_one_code_and_then_chooses() {
    let world = World::new();
    let first = world.company().await;
    let second = world.company_of(&first.admin.email).await;
    let own = world.actor_of(&first, &first.admin).await;
    let (enrolment, _) = enrol(&world, &own).await;

    let step = challenge(world.try_log_in(&first.admin.email, PASSWORD, None).await.unwrap());
    let outcome = answer(&world, &step, &code(&world, &enrolment)).await.unwrap();

    let LogInOutcome::ChooseCompany { challenge, companies } = outcome else { panic!("{outcome:?}") };
    assert_eq!(companies.len(), 2);
    let choice = ChooseCompany { challenge, slug: second.slug.clone(), device: browser() };
    let session = logged_in(sessions::choose_company(&world.identity, choice).await.unwrap());
    assert_eq!(session.tenant_id, second.tenant_id);
}

#[tokio::test]
async fn turning_it_on_needs_a_code_and_turning_it_off_a_password_or_a_code() {
    let world = World::new();
    let company = world.company().await;
    let own = world.actor_of(&company, &company.admin).await;
    let off = |proof: DisableProof| {
        let (identity, own) = (world.identity.clone(), own.clone());
        async move { totp::disable(&identity, &own, proof).await }
    };

    assert!(matches!(totp::confirm(&world.identity, &own, "000000").await, Err(TotpError::NotBegun)));
    totp::begin(&world.identity, &own).await.unwrap();
    assert!(matches!(totp::confirm(&world.identity, &own, "no code").await, Err(TotpError::WrongCode)));
    assert!(matches!(off(DisableProof::Password(secret(PASSWORD))).await, Err(TotpError::NotOn)));
    let unasked = world.try_log_in(&company.admin.email, PASSWORD, None).await.unwrap();
    assert!(matches!(unasked, LogInOutcome::LoggedIn(_)), "not confirmed, not asked for");

    let (enrolment, _) = enrol(&world, &own).await;
    assert!(matches!(totp::begin(&world.identity, &own).await, Err(TotpError::AlreadyOn)));
    assert!(matches!(off(DisableProof::Password(secret("not the password"))).await, Err(TotpError::WrongPassword)));
    assert!(matches!(off(DisableProof::Code(secret("abcde-fghjk"))).await, Err(TotpError::WrongCode)));
    off(DisableProof::Code(secret(code(&world, &enrolment)))).await.unwrap();
    assert_eq!(totp::state(&world.identity, &own).await.unwrap().recovery_codes_left, 0);
    enrol(&world, &own).await;
    off(DisableProof::Password(secret(PASSWORD))).await.unwrap();

    assert_eq!(world.events(company.tenant_id, "user.totp_enabled").await.len(), 2);
    assert_eq!(world.events(company.tenant_id, "user.totp_disabled").await.len(), 2);
    assert!(matches!(world.try_log_in(&company.admin.email, PASSWORD, None).await, Ok(LogInOutcome::LoggedIn(_))));
}

#[tokio::test]
async fn the_table_holds_neither_secret_nor_codes() {
    let world = World::new();
    let company = world.company().await;
    let own = world.actor_of(&company, &company.admin).await;
    let (enrolment, codes) = enrol(&world, &own).await;
    let mut tx = world.identity.platform.begin(surv_tenancy::db::Path::Identity).await.unwrap();

    let sealed: Vec<u8> = sqlx::query_scalar("SELECT totp_sealed FROM users WHERE user_id = $1")
        .bind(company.admin.user_id.0)
        .fetch_one(tx.conn())
        .await
        .unwrap();

    let key = Secret::try_from_base32(exposed(&enrolment.secret)).unwrap();
    assert!(!sealed.windows(20).any(|window| window == key.as_bytes()));
    let plain: Vec<Vec<u8>> = sqlx::query_scalar("SELECT code_hash FROM recovery_codes WHERE user_id = $1")
        .bind(company.admin.user_id.0)
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(plain.len(), 10);
    assert!(
        plain.iter().all(|hash| hash.len() == 32 && !codes.iter().any(|code| exposed(code).as_bytes() == &hash[..]))
    );
}
