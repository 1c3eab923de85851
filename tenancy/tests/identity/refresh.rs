use chrono::TimeDelta;
use secrecy::SecretString;
use surv_tenancy::{
    Role,
    db::{AdmissionRefusal, DbError},
    members::{self, MemberPatch, MemberState},
    sessions::{self, LoggedIn, SessionError},
};

use crate::support::{Company, Person, World, actor, at_once, exposed, secret};

async fn refresh(world: &World, token: &SecretString) -> Result<LoggedIn, SessionError> {
    sessions::refresh(&world.identity, token).await
}

#[tokio::test]
async fn five_links_of_a_chain_each_work_once() {
    let world = World::new();
    let company = world.company().await;
    let mut session = world.log_in(&company, &company.admin).await;

    for _ in 0..5 {
        world.wait(TimeDelta::minutes(14));
        let next = refresh(&world, &session.refresh_token).await.unwrap();
        assert_ne!(exposed(&next.refresh_token), exposed(&session.refresh_token));
        assert_eq!(next.session_id, session.session_id);
        assert!(next.refresh_expires_at > session.refresh_expires_at);
        session = next;
    }

    // A restart: nothing of the chain is in the process.
    let restarted = World::new();
    restarted.wait(TimeDelta::minutes(80));
    refresh(&restarted, &session.refresh_token).await.unwrap();
}

#[tokio::test]
async fn a_used_token_ends_the_session_and_every_token_of_it() {
    let world = World::new();
    let company = world.company().await;
    let stolen = world.log_in(&company, &company.admin).await;
    let other = world.log_in(&company, &company.admin).await;
    let next = refresh(&world, &stolen.refresh_token).await.unwrap();

    let reused = refresh(&world, &stolen.refresh_token).await;
    let heir = refresh(&world, &next.refresh_token).await;
    let again = refresh(&world, &stolen.refresh_token).await;

    assert!(matches!(reused, Err(SessionError::Ended)));
    assert!(matches!(heir, Err(SessionError::Ended)));
    assert!(matches!(again, Err(SessionError::Ended)));
    let admitted = world.admits(&actor(&stolen)).await;
    assert!(matches!(admitted, Err(DbError::Refused(AdmissionRefusal::SessionEnded))));
    let events = world.events(company.tenant_id, "session.ended").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].changes["reason"][1], "reuse");
    world.admits(&actor(&other)).await.unwrap();
    refresh(&world, &other.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_requests_at_once_exactly_one_gets_a_pair() {
    let world = World::new();
    let company = world.company().await;
    let mut races = 0;
    for _ in 0..25 {
        let session = world.log_in(&company, &company.admin).await;
        let answers = at_once(8, |_| {
            let (identity, token) = (world.identity.clone(), session.refresh_token.clone());
            async move { sessions::refresh(&identity, &token).await }
        })
        .await;

        let pairs: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(pairs.len(), 1, "{answers:?}");
        let raced = answers.iter().filter(|answer| matches!(answer, Err(SessionError::JustRefreshed))).count();
        let late = answers.iter().filter(|answer| matches!(answer, Err(SessionError::Ended))).count();
        assert_eq!(raced + late, 7, "{answers:?}");
        races += raced;
        // Whoever raced did no harm; whoever came after the winner was done ended the session.
        let lives = refresh(&world, &pairs[0].refresh_token).await.is_ok();
        assert_eq!(lives, late == 0);
    }
    assert!(races > 0, "no two requests ever met: the test tried nothing");
}

#[tokio::test]
async fn tokens_that_nobody_made_change_nothing() {
    let world = World::new();
    let company = world.company().await;
    let (mine, others) = (world.log_in(&company, &company.admin).await, world.company().await);
    let (a, b) = (exposed(&mine.refresh_token), exposed(&world.log_in(&others, &others.admin).await.refresh_token));

    // Another tenant's or session's front on this secret, half a token, garbage.
    for forged in [format!("{}{}", &b[..42], &a[42..]), a[..a.len() - 4].to_owned(), String::new(), "*".repeat(86)] {
        assert!(matches!(refresh(&world, &secret(forged)).await, Err(SessionError::Ended)));
    }
    refresh(&world, &mine.refresh_token).await.unwrap();
}

#[tokio::test]
async fn a_session_left_alone_for_thirty_days_is_over_and_none_lives_longer_than_half_a_year() {
    let world = World::new();
    let company = world.company().await;
    let left = world.log_in(&company, &company.admin).await;
    let mut kept = world.log_in(&company, &company.admin).await;
    for _ in 0..8 {
        world.wait(TimeDelta::days(22));
        kept = refresh(&world, &kept.refresh_token).await.unwrap();
    }

    world.wait(TimeDelta::days(5));

    assert!(matches!(refresh(&world, &left.refresh_token).await, Err(SessionError::Ended)));
    assert!(matches!(refresh(&world, &kept.refresh_token).await, Err(SessionError::Ended)), "day 181");
}

async fn change(world: &World, company: &Company, person: &Person, version: i32, patch: MemberPatch) {
    let admin = world.actor_of(company, &company.admin).await;
    let mut tx = world.begin(&admin).await;
    members::update(&mut tx, &world.identity.ids, world.now(), person.user_id, version, patch).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_refreshed_session_has_the_role_of_now_or_none() {
    let world = World::new();
    let company = world.company().await;
    let person = world.member(&company, Role::Manager).await;
    let session = world.log_in(&company, &person).await;

    change(&world, &company, &person, 1, MemberPatch { role: Some(Role::Technician), ..Default::default() }).await;
    let before = world.admits(&actor(&session)).await;
    let refreshed = refresh(&world, &session.refresh_token).await.unwrap();
    let after = world.admits(&actor(&refreshed)).await;
    change(&world, &company, &person, 2, MemberPatch { state: Some(MemberState::Disabled), ..Default::default() })
        .await;
    let disabled = world.admits(&actor(&refreshed)).await;

    assert!(matches!(before, Err(DbError::Refused(AdmissionRefusal::RoleChanged))));
    assert_eq!(refreshed.role, Role::Technician);
    after.unwrap();
    assert!(matches!(disabled, Err(DbError::Refused(AdmissionRefusal::NotAMember))));
    assert!(matches!(refresh(&world, &refreshed.refresh_token).await, Err(SessionError::Ended)));
}
