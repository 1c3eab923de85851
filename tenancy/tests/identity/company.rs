use std::collections::BTreeSet;

use surv_tenancy::{
    Confinement, Role,
    branding::{self, BrandingPatch},
    confinement::ConfinedKind,
    db::DbError,
    tenants::{self, CompanyError, CompanyPatch},
};
use uuid::Uuid;

use crate::support::World;

#[tokio::test]
async fn an_admin_changes_the_company_and_its_branding_and_only_it() {
    let world = World::new();
    let (company, other) = (world.company().await, world.company().await);
    let (ids, now) = (&world.identity.ids, world.now());
    let mut tx = world.begin(&world.actor_of(&company, &company.admin).await).await;

    let patch = CompanyPatch { name: Some("Acme & Co".to_owned()), time_zone: Some("America/Denver".to_owned()) };
    let changed = tenants::update(&mut tx, ids, now, 1, patch.clone()).await.unwrap();
    let same = tenants::update(&mut tx, ids, now, 2, patch.clone()).await.unwrap();
    let stale = tenants::update(&mut tx, ids, now, 1, patch).await;
    let zone = CompanyPatch { time_zone: Some("Nowhere/Land".to_owned()), ..Default::default() };
    let invalid = tenants::update(&mut tx, ids, now, 2, zone).await;
    let patch = BrandingPatch {
        accent: Some("#FFCC00".to_owned()),
        phone: Some(Some("+1 303 555 0100".to_owned())),
        reply_to: Some(None),
        ..Default::default()
    };
    let branded = branding::update(&mut tx, ids, now, 1, patch).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(
        (changed.version, changed.time_zone.as_str(), changed.slug.as_str()),
        (2, "America/Denver", company.slug.as_str())
    );
    assert_eq!(same, changed);
    assert!(matches!(stale, Err(CompanyError::Stale)));
    assert!(matches!(invalid, Err(CompanyError::Invalid(fields)) if fields.iter().all(|e| e.pointer == "/time_zone")));
    assert_eq!((branded.accent.as_str(), branding::text_colour_on(&branded.accent)), ("#ffcc00", "#000000"));
    assert_eq!(world.events(company.tenant_id, "tenant.updated").await.len(), 1);
    assert_eq!(world.events(company.tenant_id, "branding.updated").await.len(), 1);
    let public = tenants::find_by_slug(&world.identity, &company.slug).await.unwrap().unwrap();
    assert_eq!((public.accent.as_str(), public.reply_to), ("#ffcc00", None));
    let untouched = tenants::find_by_slug(&world.identity, &other.slug).await.unwrap().unwrap();
    assert_eq!((untouched.accent.as_str(), untouched.time_zone.as_str()), ("#1f6feb", "Europe/Vienna"));
    assert!(tenants::find_by_slug(&world.identity, "no-such-company").await.unwrap().is_none());
}

#[tokio::test]
async fn others_read_it_and_a_confined_token_sees_none() {
    let world = World::new();
    let company = world.company().await;
    let technician = world.member(&company, Role::Technician).await;
    let manager = world.actor_of(&company, &world.member(&company, Role::Manager).await).await;
    let mut confined = world.actor_of(&company, &company.admin).await;
    confined.confinement = Confinement::Only(BTreeSet::from([(ConfinedKind::Job, Uuid::from_u128(1))]));
    let (ids, now) = (&world.identity.ids, world.now());

    let mut tx = world.begin(&world.actor_of(&company, &technician).await).await;
    assert_eq!(tenants::read(&mut tx).await.unwrap().slug, company.slug);
    assert_eq!(branding::read(&mut tx).await.unwrap().display_name, "Acme Plumbing");
    let mut tx = world.begin(&confined).await;
    assert!(matches!(tenants::read(&mut tx).await, Err(CompanyError::NotFound)));
    assert!(matches!(branding::read(&mut tx).await, Err(CompanyError::NotFound)));
    let mut tx = world.begin(&manager).await;
    let patch = CompanyPatch { name: Some("Mine".to_owned()), ..Default::default() };
    let refused = tenants::update(&mut tx, ids, now, 1, patch).await;

    let Err(CompanyError::Db(DbError::Database(error))) = refused else { panic!("{refused:?}") };
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501");
}
