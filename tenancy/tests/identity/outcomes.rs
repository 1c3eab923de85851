use surv_tenancy::{
    Identity, customer_login,
    outcomes::{Key, OutcomeError},
    sessions::{self, LogInOutcome, LoggedIn, SessionError},
};

use crate::support::{PASSWORD, World, a_word, an_address, exposed, log_in, logged_in};

/// As the API names a request with an Idempotency-Key.
fn under(world: &World, key: &str, operation: &str, about: &str, request: &str) -> Identity {
    let key = Key::new(&world.identity.sealer, key, operation, about, request.as_bytes());
    world.identity.clone().under(Some(key))
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_is_answered_again_and_the_session_lives() {
    let world = World::new();
    let company = world.company().await;
    let session = world.log_in(&company, &company.admin).await;
    let token = exposed(&session.refresh_token);
    let identity = under(&world, &a_word(), "refreshSession", &token, "");

    let lost = sessions::refresh(&identity, &session.refresh_token).await.unwrap();
    let again = sessions::refresh(&identity, &session.refresh_token).await.unwrap();
    let next = sessions::refresh(&world.identity, &again.refresh_token).await.unwrap();

    assert_eq!(exposed(&lost.refresh_token), exposed(&again.refresh_token));
    assert_eq!(next.session_id, session.session_id);
    assert!(world.events(company.tenant_id, "session.ended").await.is_empty());
}

#[tokio::test]
async fn a_thief_has_another_key_and_ends_the_session() {
    let world = World::new();
    let company = world.company().await;
    let session = world.log_in(&company, &company.admin).await;
    let token = exposed(&session.refresh_token);
    let owner = under(&world, &a_word(), "refreshSession", &token, "");
    let thief = under(&world, &a_word(), "refreshSession", &token, "");

    sessions::refresh(&owner, &session.refresh_token).await.unwrap();
    let stolen = sessions::refresh(&thief, &session.refresh_token).await;

    assert!(matches!(stolen, Err(SessionError::Ended)));
    assert_eq!(world.events(company.tenant_id, "session.ended").await.len(), 1);
}

#[tokio::test]
async fn the_same_log_in_twice_under_one_key_begins_one_session() {
    let world = World::new();
    let company = world.company().await;
    let (email, key) = (company.admin.email.clone(), a_word());
    let identity = under(&world, &key, "logIn", &email, PASSWORD);
    let attempt = || sessions::log_in(&identity, log_in(&email, PASSWORD, Some(&company.slug)));

    // The second has not looked for the first's outcome: it worked too, and finds it when it is done.
    let (first, second) = (logged_in(attempt().await.unwrap()), logged_in(attempt().await.unwrap()));
    let kept: Option<LogInOutcome> = identity.earlier().await.unwrap();
    let other_request = under(&world, &key, "logIn", &email, "another password");
    let other_person = under(&world, &key, "logIn", &an_address(), PASSWORD);

    let same = |other: LoggedIn| {
        assert_eq!(other.session_id, first.session_id);
        assert_eq!(exposed(&other.refresh_token), exposed(&first.refresh_token));
    };
    same(second);
    same(logged_in(kept.unwrap()));
    assert_eq!(world.events(company.tenant_id, "session.started").await.len(), 1);
    assert!(matches!(other_request.earlier::<LogInOutcome>().await, Err(OutcomeError::Reused)));
    assert!(matches!(other_person.earlier::<LogInOutcome>().await, Ok(None)));
}

#[tokio::test]
async fn a_repeat_does_not_tell_who_is_a_customer() {
    let world = World::new();
    let company = world.company().await;
    let customer = world.customer(&company, &an_address()).await;

    for email in [customer.email.clone(), an_address()] {
        let identity = under(&world, &a_word(), "requestLogInCode", &email, "");
        let first = customer_login::request(&identity, &company.slug, &email).await.unwrap();
        let again = customer_login::request(&identity, &company.slug, &email).await.unwrap();
        assert_eq!(first, again, "{email}");
    }

    assert_eq!(world.mails(company.tenant_id, &customer.email).await.len(), 1);
}

#[tokio::test]
async fn what_is_kept_is_not_to_be_read_without_the_clients_key() {
    let world = World::new();
    let company = world.company().await;
    let (email, key) = (company.admin.email.clone(), a_word());
    let identity = under(&world, &key, "logIn", &email, PASSWORD);
    let outcome = sessions::log_in(&identity, log_in(&email, PASSWORD, Some(&company.slug))).await.unwrap();
    let refresh_token = exposed(&logged_in(outcome).refresh_token);

    let mut superuser = surv_test_database::superuser(&surv_test_database::shared("identity")).await;
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT o::text FROM kept_outcomes o").fetch_all(&mut superuser).await.unwrap();

    assert!(!rows.is_empty());
    for row in rows {
        for secret in [&refresh_token, &hex::encode(&refresh_token), &key, &hex::encode(&key), &hex::encode(PASSWORD)] {
            assert!(!row.contains(secret.as_str()));
        }
    }
}
