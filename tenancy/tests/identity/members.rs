use surv_tenancy::{
    Capability, Role, UserId,
    db::{AdmissionRefusal, DbError},
    members::{self, Member, MemberError, MemberFilter, MemberPatch, MemberState},
};

use crate::support::{Company, Person, World, actor, at_once};

fn role(role: Role) -> MemberPatch {
    MemberPatch { role: Some(role), ..Default::default() }
}

fn state(state: MemberState) -> MemberPatch {
    MemberPatch { state: Some(state), ..Default::default() }
}

/// A change as the company's first admin.
async fn change(
    world: &World,
    company: &Company,
    user_id: UserId,
    version: i32,
    patch: MemberPatch,
) -> Result<Member, MemberError> {
    change_as(world, company, &company.admin, user_id, version, patch).await
}

async fn change_as(
    world: &World,
    company: &Company,
    by: &Person,
    user_id: UserId,
    version: i32,
    patch: MemberPatch,
) -> Result<Member, MemberError> {
    let mut tx = world.begin(&world.actor_of(company, by).await).await;
    let changed = members::update(&mut tx, &world.identity.ids, world.now(), user_id, version, patch).await?;
    tx.commit().await.unwrap();
    Ok(changed)
}

#[tokio::test]
async fn the_office_lists_its_own_members_page_by_page() {
    let world = World::new();
    let (company, other) = (world.company().await, world.company().await);
    for role in [Role::Manager, Role::Technician, Role::Technician] {
        world.member(&company, role).await;
    }
    let mut tx = world.begin(&world.actor_of(&company, &company.admin).await).await;

    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = members::list(&mut tx, &MemberFilter::default(), after, 2).await.unwrap();
        seen.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let filter = MemberFilter { role: Some(Role::Technician), state: Some(MemberState::Active) };
    let technicians = members::list(&mut tx, &filter, None, 10).await.unwrap();
    let foreign = members::read(&mut tx, other.admin.user_id).await;

    assert_eq!(seen.len(), 4);
    assert!(seen.is_sorted_by_key(|member| (member.name.to_lowercase(), member.user_id)));
    assert_eq!((technicians.items.len(), technicians.next), (2, None));
    assert!(matches!(foreign, Err(MemberError::NotFound)));
}

#[tokio::test]
async fn a_change_is_one_event_guarded_by_version() {
    let world = World::new();
    let company = world.company().await;
    let person = world.member(&company, Role::Technician).await;
    let patch = MemberPatch {
        name: Some("Tess Turner".to_owned()),
        phone: Some(Some("+43 1 234".to_owned())),
        denied: Some(vec![Capability::EventsRead, Capability::EventsRead]),
        ..Default::default()
    };

    let changed = change(&world, &company, person.user_id, 1, patch.clone()).await.unwrap();
    let stale = change(&world, &company, person.user_id, 1, role(Role::Manager)).await;
    let same = change(&world, &company, person.user_id, 2, patch).await.unwrap();

    assert_eq!((changed.version, changed.denied.as_slice()), (2, &["events:read".to_owned()][..]));
    assert_eq!(same, changed);
    assert!(matches!(stale, Err(MemberError::Stale)));
    let events = world.events(company.tenant_id, "member.updated").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].changes["name"], serde_json::json!(["New Member", "Tess Turner"]));
    assert_eq!((events[0].actor_id, events[0].subject_id), (company.admin.user_id.0, person.user_id.0));
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let world = World::new();
    let company = world.company().await;
    let admin = company.admin.user_id;
    let disarmed = MemberPatch { denied: Some(vec![Capability::MembersWrite]), ..Default::default() };

    for patch in [role(Role::Manager), state(MemberState::Disabled), disarmed] {
        assert!(matches!(change(&world, &company, admin, 1, patch).await, Err(MemberError::LastAdmin)));
    }
    let second = world.member(&company, Role::Admin).await;
    change(&world, &company, second.user_id, 1, state(MemberState::Disabled)).await.unwrap();
    let last_again = change(&world, &company, admin, 1, role(Role::Technician)).await;
    change(&world, &company, second.user_id, 2, state(MemberState::Active)).await.unwrap();
    let stepped_down = change(&world, &company, admin, 1, role(Role::Technician)).await.unwrap();

    assert!(matches!(last_again, Err(MemberError::LastAdmin)), "a disabled admin does not count");
    assert_eq!(stepped_down.role, Role::Technician);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_admins_who_demote_each_other_at_once_one_is_left() {
    let world = World::new();
    for _ in 0..8 {
        let company = world.company().await;
        let mut admins = vec![company.admin.clone()];
        for _ in 0..2 {
            admins.push(world.member(&company, Role::Admin).await);
        }
        let mut actors = Vec::new();
        for admin in &admins {
            actors.push(world.actor_of(&company, admin).await);
        }

        // Each demotes the next one, so nobody's own demotion stops them half way.
        let answers = at_once(3, |position| {
            let (tenants, actor, ids, now) =
                (world.tenants.clone(), actors[position].clone(), world.identity.ids.clone(), world.now());
            let victim = admins[(position + 1) % 3].user_id;
            async move {
                let mut tx = tenants.begin(&actor).await?;
                let changed = members::update(&mut tx, &ids, now, victim, 1, role(Role::Manager)).await?;
                tx.commit().await?;
                Ok::<_, MemberError>(changed)
            }
        })
        .await;

        let left = count_admins(&world, &company).await;
        assert!(left >= 1, "{answers:?}");
        assert_eq!(left, 3 - answers.iter().filter(|answer| answer.is_ok()).count());
        for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            let expected = matches!(answer, MemberError::LastAdmin | MemberError::Db(DbError::Refused(_)));
            assert!(expected, "no deadlock, no other way out: {answer:?}");
        }
    }
}

async fn count_admins(world: &World, company: &Company) -> usize {
    let mut tx = world.begin(&surv_tenancy::Actor::worker(company.tenant_id, None)).await;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM members WHERE role = 'admin' AND state = 'active'")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    usize::try_from(count).unwrap()
}

#[tokio::test]
async fn nobody_but_an_admin_changes_members_not_even_themself() {
    let world = World::new();
    let company = world.company().await;
    let manager = world.member(&company, Role::Manager).await;
    let technician = world.member(&company, Role::Technician).await;

    for person in [&manager, &technician] {
        let renamed = MemberPatch { name: Some("Boss".to_owned()), ..Default::default() };
        for patch in [role(Role::Admin), renamed] {
            let answer = change_as(&world, &company, person, person.user_id, 1, patch).await;
            let Err(MemberError::Db(DbError::Database(error))) = answer else { panic!("{answer:?}") };
            assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501");
        }
        // And without the use case: the statement itself is refused.
        let mut tx = world.begin(&world.actor_of(&company, person).await).await;
        let raised = sqlx::query("UPDATE members SET role = 'admin' WHERE user_id = $1")
            .bind(person.user_id.0)
            .execute(tx.conn())
            .await;
        assert_eq!(raised.unwrap_err().as_database_error().unwrap().code().unwrap(), "42501");
    }
    assert_eq!(count_admins(&world, &company).await, 1);
}

#[tokio::test]
async fn a_change_of_rights_takes_effect_with_the_next_transaction() {
    let world = World::new();
    let company = world.company().await;
    let person = world.member(&company, Role::Manager).await;
    let session = actor(&world.log_in(&company, &person).await);
    world.admits(&session).await.unwrap();

    let denied = MemberPatch { denied: Some(vec![Capability::JobsWrite]), ..Default::default() };
    change(&world, &company, person.user_id, 1, denied).await.unwrap();
    let tx = world.begin(&session).await;
    assert!(!tx.permits(Capability::JobsWrite) && tx.permits(Capability::JobsRead));
    drop(tx);
    change(&world, &company, person.user_id, 2, role(Role::Technician)).await.unwrap();
    assert!(matches!(world.admits(&session).await, Err(DbError::Refused(AdmissionRefusal::RoleChanged))));
    change(&world, &company, person.user_id, 3, state(MemberState::Disabled)).await.unwrap();
    assert!(matches!(world.admits(&session).await, Err(DbError::Refused(AdmissionRefusal::NotAMember))));
    assert!(world.try_log_in(&person.email, crate::support::PASSWORD, None).await.is_err());
}
