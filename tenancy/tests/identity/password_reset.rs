use std::time::Instant;

use chrono::TimeDelta;
use secrecy::SecretString;
use surv_tenancy::{
    identity::PLATFORM,
    mail::EmailTemplate,
    password_reset::{self, PasswordResetError},
    passwords::{PasswordError, PasswordRefusal},
    sessions,
};

use crate::support::{PASSWORD, World, actor, an_address, at_once, secret, secret_of};

const NEW: &str = "an altogether new password";

async fn link(world: &World, email: &str) -> SecretString {
    password_reset::request(&world.identity, email).await.unwrap();
    secret_of(&world.last_mail(PLATFORM, email).await)
}

async fn reset(world: &World, link: &SecretString, new: &str) -> Result<(), PasswordResetError> {
    password_reset::reset(&world.identity, link, &secret(new)).await
}

#[tokio::test]
async fn asking_answers_the_same_and_mails_once_or_not_at_all() {
    let world = World::new();
    let (company, stranger) = (world.company().await, an_address());
    let before = world.mails(PLATFORM, &company.admin.email).await.len();
    let mut times = Vec::new();
    for email in [&company.admin.email, &stranger] {
        let began = Instant::now();
        password_reset::request(&world.identity, &email.to_uppercase()).await.unwrap();
        times.push(began.elapsed());
    }

    assert!(times.iter().all(|time| *time >= world.identity.answer_floor), "{times:?}");
    let mails = world.mails(PLATFORM, &company.admin.email).await;
    assert_eq!(mails.len(), before + 1);
    let mail = mails.last().unwrap();
    assert_eq!(mail.template, EmailTemplate::PasswordReset);
    assert!(mail.params["link"].as_str().unwrap().starts_with("https://console.surv.example/reset-password#"));
    assert!(world.mails(PLATFORM, &stranger).await.is_empty());
}

#[tokio::test]
async fn an_address_that_is_two_or_none_is_refused() {
    let world = World::new();
    let email = world.company().await.admin.email;

    for typed in [format!("{email},x@y.z"), format!("{email}\r\nBcc: x@y.z"), format!("[\"{email}\"]"), String::new()] {
        assert!(matches!(password_reset::request(&world.identity, &typed).await, Err(PasswordResetError::Invalid(_))));
    }
}

#[tokio::test]
async fn a_link_sets_a_password_once_ends_all_sessions_and_all_other_links() {
    let world = World::new();
    let company = world.company().await;
    let session = world.log_in(&company, &company.admin).await;
    let (first, second) = (link(&world, &company.admin.email).await, link(&world, &company.admin.email).await);

    let weak = reset(&world, &first, "password123").await;
    reset(&world, &first, NEW).await.unwrap();
    let replayed = reset(&world, &first, "yet another password").await;
    let other = reset(&world, &second, "yet another password").await;

    assert!(matches!(weak, Err(PasswordResetError::Password(PasswordError::Refused(PasswordRefusal::TooCommon)))));
    assert!(matches!(replayed, Err(PasswordResetError::LinkEnded)));
    assert!(matches!(other, Err(PasswordResetError::LinkEnded)));
    assert!(world.admits(&actor(&session)).await.is_err());
    assert!(sessions::refresh(&world.identity, &session.refresh_token).await.is_err());
    assert!(world.try_log_in(&company.admin.email, PASSWORD, None).await.is_err());
    assert!(world.try_log_in(&company.admin.email, NEW, None).await.is_ok());
    assert_eq!(world.events(company.tenant_id, "user.password_reset").await.len(), 1);
    assert_eq!(world.last_mail(PLATFORM, &company.admin.email).await.template, EmailTemplate::PasswordChanged);
}

#[tokio::test]
async fn a_link_is_good_for_an_hour_and_for_nothing_else() {
    let world = World::new();
    let company = world.company().await;
    let late = link(&world, &company.admin.email).await;

    assert!(surv_tenancy::sign_up::confirm(&world.identity, &late).await.is_err());
    world.wait(TimeDelta::minutes(61));

    assert!(matches!(reset(&world, &late, NEW).await, Err(PasswordResetError::LinkEnded)));
    assert!(matches!(reset(&world, &secret("x".repeat(64)), NEW).await, Err(PasswordResetError::LinkEnded)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_used_six_times_at_once_sets_one_password() {
    let world = World::new();
    let company = world.company().await;
    let link = link(&world, &company.admin.email).await;

    let answers = at_once(6, |position| {
        let (identity, link) = (world.identity.clone(), link.clone());
        let new = secret(format!("{NEW} {position}"));
        async move { password_reset::reset(&identity, &link, &new).await.is_ok() }
    })
    .await;

    let winners: Vec<_> = answers.iter().enumerate().filter(|(_, won)| **won).map(|(position, _)| position).collect();
    assert_eq!(winners.len(), 1);
    assert!(world.try_log_in(&company.admin.email, &format!("{NEW} {}", winners[0]), None).await.is_ok());
    assert_eq!(world.events(company.tenant_id, "user.password_reset").await.len(), 1);
}
