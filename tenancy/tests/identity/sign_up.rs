use chrono::TimeDelta;
use surv_tenancy::{
    TenantId,
    identity::PLATFORM,
    mail::EmailTemplate,
    passwords::{PasswordError, PasswordRefusal},
    sessions::{LogInOutcome, SessionError},
    sign_up::{self, NewCompany, SignUpError},
};

use crate::support::{PASSWORD, World, an_address, at_once, secret, secret_of};

#[tokio::test]
async fn a_company_opens_by_its_link_and_the_link_answers_the_same_for_an_hour() {
    let (world, email) = (World::new(), an_address());
    sign_up::request(&world.identity, world.new_company(&email)).await.unwrap();
    let mail = world.last_mail(PLATFORM, &email).await;
    let link = secret_of(&mail);

    let opened = sign_up::confirm(&world.identity, &link).await.unwrap();
    let again = sign_up::confirm(&world.identity, &link).await.unwrap();
    world.wait(TimeDelta::minutes(61));
    let late = sign_up::confirm(&world.identity, &link).await;

    assert_eq!(mail.template, EmailTemplate::SignUpConfirm);
    assert!(mail.params["link"].as_str().unwrap().starts_with("https://console.surv.example/"));
    assert_eq!(opened, again);
    assert!(matches!(late, Err(SignUpError::LinkEnded)));
    let events = world.events(opened.tenant_id, "%").await;
    assert_eq!(events.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["tenant.opened"]);
    assert!(matches!(world.try_log_in(&email, PASSWORD, Some(&opened.slug)).await, Ok(LogInOutcome::LoggedIn(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_followed_eight_times_at_once_opens_one_company() {
    let (world, email) = (World::new(), an_address());
    sign_up::request(&world.identity, world.new_company(&email)).await.unwrap();
    let link = secret_of(&world.last_mail(PLATFORM, &email).await);

    let answers = at_once(8, |_| {
        let (identity, link) = (world.identity.clone(), link.clone());
        async move { sign_up::confirm(&identity, &link).await.unwrap() }
    })
    .await;

    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.events(answers[0].tenant_id, "tenant.opened").await.len(), 1);
}

#[tokio::test]
async fn a_known_address_gets_the_same_answer_another_mail_and_keeps_its_password() {
    let world = World::new();
    let first = world.company().await;
    let new = NewCompany { password: secret("a stranger's password"), ..world.new_company(&first.admin.email) };

    let second = world.sign_up(new).await;

    assert_eq!(world.last_mail(PLATFORM, &first.admin.email).await.template, EmailTemplate::SignUpKnownAddress);
    assert_eq!(second.user_id, first.admin.user_id);
    let stranger = world.try_log_in(&first.admin.email, "a stranger's password", None).await;
    assert!(matches!(stranger, Err(SessionError::Refused)));
    let own = world.try_log_in(&first.admin.email, PASSWORD, None).await.unwrap();
    assert!(matches!(own, LogInOutcome::ChooseCompany { companies, .. } if companies.len() == 2));
}

#[tokio::test]
async fn signing_up_again_replaces_what_was_not_confirmed() {
    let (world, email) = (World::new(), an_address());
    sign_up::request(&world.identity, world.new_company(&email)).await.unwrap();
    sign_up::request(&world.identity, world.new_company(&email)).await.unwrap();
    let mails = world.mails(PLATFORM, &email).await;

    let first = sign_up::confirm(&world.identity, &secret_of(&mails[0])).await;
    let second = sign_up::confirm(&world.identity, &secret_of(&mails[1])).await;

    assert_eq!(mails.len(), 2);
    assert!(matches!(first, Err(SignUpError::LinkEnded)));
    assert!(second.is_ok());
}

#[tokio::test]
async fn bad_requests_are_refused_by_field_and_leave_nothing() {
    let (world, email) = (World::new(), an_address());
    let taken = world.company().await.slug;
    let good = || world.new_company(&email);
    let all_wrong = NewCompany {
        email: "a@b.c,c@d.e".to_owned(),
        name: "a\u{0}b".to_owned(),
        company: "x".repeat(121),
        slug: "www".to_owned(),
        time_zone: "Mars/Olympus".to_owned(),
        ..good()
    };

    let Err(SignUpError::Invalid(fields)) = sign_up::request(&world.identity, all_wrong).await else { panic!() };
    let pointers: Vec<_> = fields.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(pointers, ["/email", "/name", "/company", "/slug", "/time_zone"]);
    let slug = sign_up::request(&world.identity, NewCompany { slug: taken, ..good() }).await;
    assert!(matches!(slug, Err(SignUpError::SlugTaken)));
    let long = sign_up::request(&world.identity, NewCompany { password: secret("x".repeat(1 << 20)), ..good() }).await;
    assert!(matches!(long, Err(SignUpError::Password(PasswordError::Refused(PasswordRefusal::TooLong)))));
    assert!(world.mails(PLATFORM, &email).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_companies_that_want_one_host_name_exactly_one_opens() {
    let (world, slug) = (World::new(), format!("race-{}", crate::support::a_word()));
    let mut links = Vec::new();
    for _ in 0..2 {
        let email = an_address();
        sign_up::request(&world.identity, NewCompany { slug: slug.clone(), ..world.new_company(&email) })
            .await
            .unwrap();
        links.push(secret_of(&world.last_mail(PLATFORM, &email).await));
    }

    let answers = at_once(2, |position| {
        let (identity, link) = (world.identity.clone(), links[position].clone());
        async move { sign_up::confirm(&identity, &link).await }
    })
    .await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().any(|answer| matches!(answer, Err(SignUpError::SlugTaken))));
}

#[tokio::test]
async fn secrets_that_nobody_made_open_nothing() {
    let world = World::new();
    let company = world.company().await;
    let link = secret_of(&world.last_mail(PLATFORM, &company.admin.email).await);
    let mut bent = crate::support::exposed(&link);
    let last = bent.pop().unwrap();
    bent.push(if last == 'A' { 'E' } else { 'A' });

    for wire in [String::new(), "x".repeat(64), bent, "é".repeat(40)] {
        assert!(matches!(sign_up::confirm(&world.identity, &secret(wire)).await, Err(SignUpError::LinkEnded)));
    }
    assert_eq!(world.events(TenantId(company.tenant_id.0), "tenant.opened").await.len(), 1);
}
