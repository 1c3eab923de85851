use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use surv_tenancy::{
    Role,
    invitations::{self, AcceptAs, InvitationError, InvitationState, NewInvitation},
    mail::EmailTemplate,
    members::{self, MemberPatch},
};

use crate::support::{Company, PASSWORD, World, actor, an_address, at_once, exposed, logged_in, secret};

async fn invite(world: &World, company: &Company, email: &str) -> Result<invitations::Invitation, InvitationError> {
    let admin = world.actor_of(company, &company.admin).await;
    let mut tx = world.begin(&admin).await;
    let new = NewInvitation { email: email.to_owned(), name: "Tess".to_owned(), role: Role::Technician };
    let invited = invitations::invite(&mut tx, &world.identity.ids, world.now(), &world.identity.links, new).await?;
    tx.commit().await.unwrap();
    Ok(invited)
}

async fn accept(
    world: &World,
    link: &secrecy::SecretString,
    password: &str,
) -> Result<invitations::Accepted, InvitationError> {
    invitations::accept(&world.identity, link, AcceptAs::Password(secret(password))).await
}

#[tokio::test]
async fn a_new_person_reads_the_invitation_chooses_a_password_and_joins_once() {
    let (world, email) = (World::new(), an_address());
    let company = world.company().await;
    let link = world.invite(&company, &email, Role::Technician).await;
    let mail = world.last_mail(company.tenant_id, &email).await;

    let preview = invitations::preview(&world.identity, &link).await.unwrap();
    let weak = accept(&world, &link, "short").await;
    let accepted = accept(&world, &link, PASSWORD).await.unwrap();
    let replayed = accept(&world, &link, PASSWORD).await;

    assert_eq!((mail.template, &mail.params["company"]), (EmailTemplate::Invitation, &"Acme Plumbing".into()));
    assert_eq!((preview.email, preview.role, preview.has_password), (email.clone(), Role::Technician, false));
    assert!(matches!(weak, Err(InvitationError::Password(_))));
    assert!(matches!(replayed, Err(InvitationError::Ended)));
    let session = logged_in(world.try_log_in(&email, PASSWORD, None).await.unwrap());
    assert_eq!((session.user_id, session.role), (accepted.user_id, Role::Technician));
    assert_eq!(world.events(company.tenant_id, "invitation.%").await.len(), 2, "sent, accepted");
}

#[tokio::test]
async fn who_has_an_account_joins_by_its_password_or_by_being_logged_in() {
    let world = World::new();
    let (company, other) = (world.company().await, world.company().await);
    let colleague = world.member(&other, Role::Manager).await;
    let session = world.log_in(&other, &colleague).await;

    let first = world.invite(&company, &other.admin.email, Role::Manager).await;
    assert!(invitations::preview(&world.identity, &first).await.unwrap().has_password);
    let wrong = accept(&world, &first, "not the password").await;
    let joined = accept(&world, &first, PASSWORD).await.unwrap();
    let second = world.invite(&company, &colleague.email, Role::Technician).await;
    let caller = actor(&session);
    let logged_in = invitations::accept(&world.identity, &second, AcceptAs::Caller(&caller)).await.unwrap();

    assert!(matches!(wrong, Err(InvitationError::WrongPassword)));
    assert_eq!(joined.user_id, other.admin.user_id);
    assert_eq!(logged_in.user_id, colleague.user_id);
    assert_eq!(world.log_in(&company, &colleague).await.role, Role::Technician);
}

#[tokio::test]
async fn an_invitation_is_for_its_address_only() {
    let world = World::new();
    let (company, other) = (world.company().await, world.company().await);
    let link = world.invite(&company, &an_address(), Role::Admin).await;
    let stranger = world.actor_of(&other, &other.admin).await;

    let answer = invitations::accept(&world.identity, &link, AcceptAs::Caller(&stranger)).await;

    assert!(matches!(answer, Err(InvitationError::OtherAddress)));
    assert!(world.try_log_in(&other.admin.email, PASSWORD, Some(&company.slug)).await.is_err());
}

#[tokio::test]
async fn revoked_expired_and_unvouched_invitations_are_over() {
    let world = World::new();
    let company = world.company().await;
    let second = world.member(&company, Role::Admin).await;
    let admin = world.actor_of(&company, &company.admin).await;
    let emails = [an_address(), an_address(), an_address()];
    let revoked = world.invite(&company, &emails[0], Role::Technician).await;
    let mut tx = world.begin(&admin).await;
    let listed = invitations::list(&mut tx, None, 1).await.unwrap();
    let id = listed.items[0].invitation_id;
    invitations::revoke(&mut tx, &world.identity.ids, world.now(), id).await.unwrap();
    let twice = invitations::revoke(&mut tx, &world.identity.ids, world.now(), id).await;
    tx.commit().await.unwrap();
    let unvouched = world.invite(&Company { admin: second.clone(), ..company.clone() }, &emails[1], Role::Admin).await;
    let mut tx = world.begin(&admin).await;
    let demotion = MemberPatch { role: Some(Role::Manager), ..Default::default() };
    members::update(&mut tx, &world.identity.ids, world.now(), second.user_id, 1, demotion).await.unwrap();
    tx.commit().await.unwrap();
    let expired = world.invite(&company, &emails[2], Role::Technician).await;

    assert!(listed.next.is_some(), "the accepted one of the second admin follows");
    assert!(matches!(twice, Err(InvitationError::Ended)));
    assert!(matches!(accept(&world, &revoked, PASSWORD).await, Err(InvitationError::Ended)));
    assert!(matches!(accept(&world, &unvouched, PASSWORD).await, Err(InvitationError::Ended)));
    world.wait(TimeDelta::days(8));
    assert!(matches!(accept(&world, &expired, PASSWORD).await, Err(InvitationError::Ended)));
    assert!(matches!(invitations::preview(&world.identity, &expired).await, Err(InvitationError::Ended)));
    let again = invite(&world, &company, &emails[2]).await.unwrap();
    assert_eq!(again.state(world.now()), InvitationState::Open);
}

#[tokio::test]
async fn a_secret_moved_to_another_company_or_invitation_opens_neither() {
    let world = World::new();
    let (company, other) = (world.company().await, world.company().await);
    let mine = URL_SAFE_NO_PAD.decode(exposed(&world.invite(&company, &an_address(), Role::Admin).await)).unwrap();
    let foreign =
        URL_SAFE_NO_PAD.decode(exposed(&world.invite(&other, &an_address(), Role::Technician).await)).unwrap();

    for front in [16, 32] {
        let mut bent = foreign[..front].to_vec();
        bent.extend_from_slice(&mine[front..]);
        let link = secret(URL_SAFE_NO_PAD.encode(bent));
        assert!(matches!(accept(&world, &link, PASSWORD).await, Err(InvitationError::Ended)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_accepted_six_times_at_once_makes_one_member() {
    let (world, email) = (World::new(), an_address());
    let company = world.company().await;
    let link = world.invite(&company, &email, Role::Manager).await;

    let answers = at_once(6, |_| {
        let (identity, link) = (world.identity.clone(), link.clone());
        async move { invitations::accept(&identity, &link, AcceptAs::Password(secret(PASSWORD))).await }
    })
    .await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert_eq!(world.events(company.tenant_id, "invitation.accepted").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_and_revoking_at_once_is_one_of_the_two() {
    let world = World::new();
    let company = world.company().await;
    let admin = world.actor_of(&company, &company.admin).await;
    for _ in 0..5 {
        let email = an_address();
        let link = world.invite(&company, &email, Role::Manager).await;
        let mut tx = world.begin(&admin).await;
        let id = invitations::list(&mut tx, None, 1).await.unwrap().items[0].invitation_id;
        drop(tx);

        let answers = at_once(2, |position| {
            let (identity, link) = (world.identity.clone(), link.clone());
            let (tenants, admin, now) = (world.tenants.clone(), admin.clone(), world.now());
            async move {
                if position == 0 {
                    return invitations::accept(&identity, &link, AcceptAs::Password(secret(PASSWORD))).await.is_ok();
                }
                // About when the other one has hashed.
                tokio::time::sleep(std::time::Duration::from_millis(40)).await;
                let mut tx = tenants.begin(&admin).await.unwrap();
                let revoked = invitations::revoke(&mut tx, &identity.ids, now, id).await.is_ok();
                tx.commit().await.unwrap();
                revoked
            }
        })
        .await;

        assert_eq!(answers.iter().filter(|won| **won).count(), 1, "{answers:?}");
        assert_eq!(world.try_log_in(&email, PASSWORD, None).await.is_ok(), answers[0]);
    }
}

#[tokio::test]
async fn an_address_is_invited_once_and_no_member_is() {
    let (world, email) = (World::new(), an_address());
    let (company, other) = (world.company().await, world.company().await);
    invite(&world, &company, &email).await.unwrap();

    assert!(matches!(invite(&world, &company, &email.to_uppercase()).await, Err(InvitationError::AlreadyInvited)));
    assert!(matches!(invite(&world, &company, &company.admin.email).await, Err(InvitationError::AlreadyMember)));
    // Another company learns nothing of either.
    invite(&world, &other, &email).await.unwrap();
    invite(&world, &other, &company.admin.email).await.unwrap();
}

#[tokio::test]
async fn a_manager_cannot_invite_whatever_the_handler_says() {
    let world = World::new();
    let company = world.company().await;
    let manager = world.member(&company, Role::Manager).await;
    let mut tx = world.begin(&world.actor_of(&company, &manager).await).await;
    let new = NewInvitation { email: an_address(), name: "Mine".to_owned(), role: Role::Admin };

    let answer = invitations::invite(&mut tx, &world.identity.ids, world.now(), &world.identity.links, new).await;

    let Err(InvitationError::Db(surv_tenancy::db::DbError::Database(error))) = answer else { panic!("{answer:?}") };
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501");
}
