use std::{
    cmp::Ordering,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use surv_tenancy::{
    RequestId, Role,
    identity::PLATFORM,
    members::{self, MemberPatch, MemberState},
    passwords::{PasswordError, PasswordRefusal},
    sessions::{self, ChangePassword, ChooseCompany, LogInOutcome, SessionError},
};
use uuid::Uuid;

use crate::support::{
    Company, PASSWORD, Person, Recorded, World, actor, an_address, at_once, browser, log_in, logged_in, secret,
};

#[tokio::test]
async fn a_right_password_begins_a_session_that_the_database_admits() {
    let world = World::new();
    let company = world.company().await;

    let session = world.log_in(&company, &company.admin).await;

    assert_eq!(
        (session.role, session.tenant_id, session.user_id),
        (Role::Admin, company.tenant_id, company.admin.user_id)
    );
    world.admits(&actor(&session)).await.unwrap();
    let events = world.events(company.tenant_id, "session.started").await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].subject_id, events[0].actor_id), (session.session_id.0, company.admin.user_id.0));
}

/// One refused log-in: its error, and what it left in the stream of `tenant`.
async fn refused(
    world: &World,
    tenant: surv_tenancy::TenantId,
    email: &str,
    password: &str,
    slug: &str,
) -> Vec<Recorded> {
    let (identity, request_id): (_, RequestId) = world.request();
    let answer = sessions::log_in(&identity, log_in(email, password, Some(slug))).await;
    assert!(matches!(answer, Err(SessionError::Refused)), "{answer:?}");
    world.events_of(tenant, request_id).await
}

#[tokio::test]
async fn whatever_is_wrong_is_one_answer_and_one_event() {
    let world = World::new();
    let (company, other) = (world.company().await, world.company().await);
    let disabled = world.member(&company, Role::Technician).await;
    disable(&world, &company, &disabled).await;
    let customer = world.customer(&company, &an_address()).await;
    let (here, admin) = (company.tenant_id, &company.admin.email);

    let known = refused(&world, here, admin, "not the password", &company.slug).await;
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].kind.as_str(), known[0].subject_id), ("session.refused", company.admin.user_id.0));
    assert_eq!(known[0].actor_id, Uuid::nil(), "who typed is not known");
    assert_eq!(refused(&world, here, &customer.email, PASSWORD, &company.slug).await.len(), 1);

    // What does not concern the company is not in its log.
    for (email, slug) in [
        (an_address(), &company.slug),
        ("not an address".to_owned(), &company.slug),
        (admin.clone(), &other.slug),
        (admin.clone(), &"no-such-company".to_owned()),
        (disabled.email.clone(), &company.slug),
    ] {
        assert_eq!(refused(&world, PLATFORM, &email, PASSWORD, slug).await.len(), 1, "{email} at {slug}");
    }
}

async fn disable(world: &World, company: &Company, person: &Person) {
    let admin = world.actor_of(company, &company.admin).await;
    let mut tx = world.begin(&admin).await;
    let patch = MemberPatch { state: Some(MemberState::Disabled), ..Default::default() };
    members::update(&mut tx, &world.identity.ids, world.now(), person.user_id, 1, patch).await.unwrap();
    tx.commit().await.unwrap();
}

/// Rank test of both ways, interleaved. A difference that is real shows in every round; other tests' load does not.
#[tokio::test]
async fn a_refusal_takes_as_long_whether_or_not_the_address_exists() {
    let world = World::new();
    let company = world.company().await;
    let mut rounds = Vec::new();
    for _ in 0..4 {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..30 {
            for (email, times) in [(&company.admin.email, &mut known), (&an_address(), &mut unknown)] {
                let began = Instant::now();
                let answer = world.try_log_in(email, "not the password", Some(&company.slug)).await;
                times.push(began.elapsed());
                assert!(matches!(answer, Err(SessionError::Refused)));
            }
        }
        let (z, medians) = (rank_test(&known, &unknown), (median(known), median(unknown)));
        if z.abs() < 2.58 {
            return;
        }
        rounds.push((z, medians));
    }
    panic!("the ways differ at 99 % in every round (z, medians of known and unknown): {rounds:?}");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Mann-Whitney: how many standard deviations the ranks of `a` are from those of an equal distribution.
fn rank_test(a: &[Duration], b: &[Duration]) -> f64 {
    let wins: f64 = a
        .iter()
        .flat_map(|x| {
            b.iter().map(move |y| match x.cmp(y) {
                Ordering::Less => 0.0,
                Ordering::Equal => 0.5,
                Ordering::Greater => 1.0,
            })
        })
        .sum();
    let (n, m) = (a.len() as f64, b.len() as f64);
    (wins - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

#[tokio::test]
async fn a_password_of_a_megabyte_is_refused_before_it_is_hashed() {
    let world = World::new();

    let began = Instant::now();
    let answer = world.try_log_in(&an_address(), &"x".repeat(1 << 20), None).await;

    assert!(matches!(answer, Err(SessionError::Password(PasswordError::Refused(PasswordRefusal::TooLong)))));
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn who_belongs_to_several_companies_chooses_after_the_right_password() {
    let world = World::new();
    let first = world.company().await;
    let second = world.company_of(&first.admin.email).await;
    let stranger = world.company().await;
    let choose = |challenge: &secrecy::SecretString, slug: &str| {
        let (identity, slug) = (world.identity.clone(), slug.to_owned());
        let choice = ChooseCompany { challenge: challenge.clone(), slug, device: browser() };
        async move { sessions::choose_company(&identity, choice).await }
    };

    let wrong = world.try_log_in(&first.admin.email, "not the password", None).await;
    let outcome = world.try_log_in(&first.admin.email, PASSWORD, None).await.unwrap();

    assert!(matches!(wrong, Err(SessionError::Refused)));
    let LogInOutcome::ChooseCompany { challenge, companies } = outcome else { panic!("{outcome:?}") };
    let mut slugs: Vec<_> = companies.iter().map(|company| company.slug.clone()).collect();
    slugs.sort();
    let mut wanted = [first.slug.clone(), second.slug.clone()];
    wanted.sort();
    assert_eq!(slugs, wanted);
    assert!(matches!(choose(&challenge, &stranger.slug).await, Err(SessionError::Refused)));
    assert_eq!(logged_in(choose(&challenge, &second.slug).await.unwrap()).tenant_id, second.tenant_id);
    assert!(matches!(choose(&challenge, &first.slug).await, Err(SessionError::StartAgain)), "once");
    let late = world.try_log_in(&first.admin.email, PASSWORD, None).await.unwrap();
    let LogInOutcome::ChooseCompany { challenge, .. } = late else { panic!("{late:?}") };
    world.wait(TimeDelta::minutes(6));
    assert!(matches!(choose(&challenge, &first.slug).await, Err(SessionError::StartAgain)), "for five minutes");
}

#[tokio::test]
async fn a_refused_log_in_without_a_company_is_in_the_log_of_each() {
    let world = World::new();
    let first = world.company().await;
    let second = world.company_of(&first.admin.email).await;
    let (identity, request_id) = world.request();

    let answer = sessions::log_in(&identity, log_in(&first.admin.email, "not the password", None)).await;

    assert!(matches!(answer, Err(SessionError::Refused)));
    assert_eq!(world.events_of(first.tenant_id, request_id).await.len(), 1);
    assert_eq!(world.events_of(second.tenant_id, request_id).await.len(), 1);
    assert!(world.events_of(PLATFORM, request_id).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_of_the_old_password_outlives_a_change_at_the_same_moment() {
    let world = World::new();
    for _ in 0..6 {
        let company = world.company().await;
        let own = world.log_in(&company, &company.admin).await;
        let change = ChangePassword { current: secret(PASSWORD), new: secret("another long password") };

        let sessions = at_once(5, |position| {
            let (identity, change, actor) = (world.identity.clone(), change.clone(), actor(&own));
            let wanted = log_in(&company.admin.email, PASSWORD, Some(&company.slug));
            async move {
                if position == 0 {
                    sessions::change_password(&identity, &actor, change).await.unwrap();
                    return None;
                }
                tokio::time::sleep(Duration::from_millis(15 * position as u64)).await;
                sessions::log_in(&identity, wanted).await.ok().map(logged_in)
            }
        })
        .await;

        for session in sessions.into_iter().flatten() {
            assert!(world.tenants.begin(&actor(&session)).await.is_err());
        }
        world.admits(&actor(&own)).await.unwrap();
    }
}
