use std::collections::BTreeSet;

use surv_tenancy::{
    Confinement, Principal, Role,
    confinement::ConfinedKind,
    db::{AdmissionRefusal, DbError},
    identity::PLATFORM,
    mail::EmailTemplate,
    passwords::PasswordRefusal,
    sessions::{self, ChangePassword, SessionError},
};
use uuid::Uuid;

use crate::support::{PASSWORD, World, actor, secret};

#[tokio::test]
async fn a_person_sees_and_ends_their_own_sessions_in_all_companies_and_nobody_elses() {
    let world = World::new();
    let first = world.company().await;
    let second = world.company_of(&first.admin.email).await;
    let colleague = world.member(&first, Role::Manager).await;
    let here = world.log_in(&first, &first.admin).await;
    let there = world.log_in(&second, &first.admin).await;
    let theirs = world.log_in(&first, &colleague).await;

    let listed = sessions::list_own(&world.identity, &actor(&here)).await.unwrap();
    let foreign = sessions::end_own(&world.identity, &actor(&here), theirs.session_id).await;
    sessions::end_own(&world.identity, &actor(&here), there.session_id).await.unwrap();
    let twice = sessions::end_own(&world.identity, &actor(&here), there.session_id).await;

    let ids: BTreeSet<_> = listed.iter().map(|session| session.session_id).collect();
    assert!(ids.contains(&here.session_id) && ids.contains(&there.session_id) && !ids.contains(&theirs.session_id));
    let current: Vec<_> = listed.iter().filter(|session| session.current).collect();
    assert_eq!(current.len(), 1);
    assert_eq!((current[0].session_id, current[0].device.as_str()), (here.session_id, "Firefox on Linux"));
    assert!(matches!(foreign, Err(SessionError::NotFound)));
    assert!(matches!(twice, Err(SessionError::NotFound)));
    assert!(matches!(world.admits(&actor(&there)).await, Err(DbError::Refused(AdmissionRefusal::SessionEnded))));
    world.admits(&actor(&theirs)).await.unwrap();
    assert_eq!(world.events(second.tenant_id, "session.ended").await.len(), 1);
    assert!(world.events(first.tenant_id, "session.ended").await.is_empty());
}

#[tokio::test]
async fn logging_out_ends_every_token_of_the_session_once() {
    let world = World::new();
    let company = world.company().await;
    let session = world.log_in(&company, &company.admin).await;

    sessions::log_out(&world.identity, &actor(&session)).await.unwrap();
    let again = sessions::log_out(&world.identity, &actor(&session)).await;
    let refreshed = sessions::refresh(&world.identity, &session.refresh_token).await;

    assert!(matches!(again, Err(SessionError::Ended)));
    assert!(matches!(refreshed, Err(SessionError::Ended)));
    assert!(world.admits(&actor(&session)).await.is_err());
    let events = world.events(company.tenant_id, "session.ended").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].changes["reason"][1], "log_out");
}

#[tokio::test]
async fn ending_all_others_leaves_the_one_that_asks() {
    let world = World::new();
    let company = world.company().await;
    let own = world.log_in(&company, &company.admin).await;
    let others = [world.log_in(&company, &company.admin).await, world.log_in(&company, &company.admin).await];

    let ended = sessions::end_all_others(&world.identity, &actor(&own)).await.unwrap();

    assert_eq!(ended, 2);
    world.admits(&actor(&own)).await.unwrap();
    for other in &others {
        assert!(world.admits(&actor(other)).await.is_err());
    }
    assert_eq!(world.events(company.tenant_id, "session.ended").await.len(), 2);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_tells_the_owner() {
    let world = World::new();
    let company = world.company().await;
    let own = world.log_in(&company, &company.admin).await;
    let other = world.log_in(&company, &company.admin).await;
    let change = |current: &str, new: &str| {
        let (identity, actor) = (world.identity.clone(), actor(&own));
        let change = ChangePassword { current: secret(current), new: secret(new) };
        async move { sessions::change_password(&identity, &actor, change).await }
    };

    let wrong = change("not the password", "another long password").await;
    let weak = change(PASSWORD, "password123").await;
    world.admits(&actor(&other)).await.unwrap();
    change(PASSWORD, "another long password").await.unwrap();

    assert!(matches!(wrong, Err(SessionError::Refused)));
    assert!(matches!(weak, Err(SessionError::NewPassword(PasswordRefusal::TooCommon))));
    world.admits(&actor(&own)).await.unwrap();
    assert!(world.admits(&actor(&other)).await.is_err());
    assert!(world.try_log_in(&company.admin.email, PASSWORD, None).await.is_err());
    assert!(world.try_log_in(&company.admin.email, "another long password", None).await.is_ok());
    assert_eq!(world.events(company.tenant_id, "user.password_changed").await.len(), 1);
    let mail = world.last_mail(PLATFORM, &company.admin.email).await;
    assert_eq!((mail.template, mail.params.len()), (EmailTemplate::PasswordChanged, 0));
}

#[tokio::test]
async fn neither_a_narrowed_nor_a_revoked_token_reaches_the_account() {
    let world = World::new();
    let company = world.company().await;
    let session = world.log_in(&company, &company.admin).await;
    let mut narrowed = actor(&session);
    narrowed.confinement = Confinement::Only(BTreeSet::from([(ConfinedKind::Job, Uuid::from_u128(1))]));
    let mut tx = world.begin(&actor(&session)).await;
    sqlx::query("INSERT INTO revoked_tokens (tenant_id, revocation_id, revoked_by, expires_at) VALUES ($1, $2, $3, now() + interval '1 day')")
        .bind(company.tenant_id.0)
        .bind(vec![9_u8; 64])
        .bind(company.admin.user_id.0)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut revoked = actor(&session);
    let Principal::Person { revocation_ids, .. } = &mut revoked.principal else { unreachable!() };
    revocation_ids.push(vec![9; 64]);

    assert!(matches!(sessions::list_own(&world.identity, &narrowed).await, Err(SessionError::Confined)));
    assert!(matches!(sessions::log_out(&world.identity, &narrowed).await, Err(SessionError::Confined)));
    assert!(matches!(sessions::end_all_others(&world.identity, &revoked).await, Err(SessionError::Ended)));
    assert_eq!(sessions::list_own(&world.identity, &actor(&session)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_of_one_person_in_anothers_name_is_none() {
    let world = World::new();
    let (company, other) = (world.company().await, world.company().await);
    let session = world.log_in(&company, &company.admin).await;
    let mut forged = actor(&session);
    let Principal::Person { user_id, .. } = &mut forged.principal else { unreachable!() };
    *user_id = other.admin.user_id;
    let mut elsewhere = actor(&session);
    elsewhere.tenant_id = other.tenant_id;

    assert!(matches!(sessions::list_own(&world.identity, &forged).await, Err(SessionError::Ended)));
    assert!(matches!(sessions::list_own(&world.identity, &elsewhere).await, Err(SessionError::Ended)));
}
