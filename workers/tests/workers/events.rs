//! The vendor's events: stored once, applied in any order.

use surv_tenancy::{TenantId, inbox::Counts, mail::EmailTemplate};
use uuid::Uuid;

use crate::support::{World, event};

#[tokio::test]
async fn events_in_any_order_and_twice_end_in_the_same_state() {
    let world = World::new().await;
    let acme = world.company().await;
    let workers = world.workers();
    let orders: [&[&str]; 6] = [
        &["processed", "deferred", "delivered"],
        &["delivered", "deferred", "processed"],
        &["deferred", "delivered", "processed"],
        &["delivered", "bounce", "processed"],
        &["bounce", "processed", "delivered"],
        &["processed", "delivered", "bounce"],
    ];
    for (round, order) in orders.iter().enumerate() {
        let id = world.mail(acme, EmailTemplate::PasswordChanged, "pat@example.com").await;
        workers.run_until_idle().await.unwrap();
        let sent = world.simulators.sendgrid().sent().last().unwrap().id.clone();
        let all: Vec<_> = order.iter().map(|kind| event(&format!("{round}-{kind}"), kind, acme, id, &sent)).collect();

        for one in &all {
            assert_eq!(world.receive(acme, std::slice::from_ref(one)).await.new, 1);
            workers.run_until_idle().await.unwrap();
        }
        let again = world.receive(acme, &all).await;
        workers.run_until_idle().await.unwrap();

        assert_eq!(again, Counts { new: 0, duplicate: 3, unknown_tenant: 0 });
        let expected = if order.contains(&"bounce") { "bounced" } else { "delivered" };
        assert_eq!(world.message(id).await.0, expected, "{order:?}");
    }
}

#[tokio::test]
async fn an_unknown_company_is_noticed_and_the_rest_of_the_batch_is_kept() {
    let world = World::new().await;
    let acme = world.company().await;
    let id = world.mail(acme, EmailTemplate::PasswordChanged, "pat@example.com").await;
    let nobody = TenantId(Uuid::from_u128(77));

    assert_eq!(world.receive(nobody, &[event("x", "processed", nobody, id, "s")]).await.unknown_tenant, 1);
    assert_eq!(world.receive(acme, &[event("x", "processed", acme, id, "s")]).await.new, 1);
    world.workers().run_until_idle().await.unwrap();

    let open: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_inbox WHERE done_at IS NULL")
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    assert_eq!((open, world.tasks().await), (0, (0, 0)));
}

#[tokio::test]
async fn one_companys_events_do_not_reach_anothers_mail() {
    let world = World::new().await;
    let (acme, other) = (world.company().await, world.company().await);
    let id = world.mail(acme, EmailTemplate::PasswordChanged, "pat@example.com").await;
    world.workers().run_until_idle().await.unwrap();

    world.receive(other, &[event("x", "bounce", other, id, "s")]).await;
    world.workers().run_until_idle().await.unwrap();

    assert_eq!(world.message(id).await.0, "sent");
}

#[tokio::test]
async fn the_same_batch_at_once_is_stored_once() {
    let world = std::sync::Arc::new(World::new().await);
    let acme = world.company().await;
    let id = world.mail(acme, EmailTemplate::PasswordChanged, "pat@example.com").await;
    let mut batch: Vec<_> = (0..20).map(|n| event(&format!("e{n}"), "open", acme, id, "s")).collect();
    let mut deliveries = tokio::task::JoinSet::new();
    for _ in 0..3 {
        batch.rotate_left(7);
        let (world, batch) = (world.clone(), batch.clone());
        deliveries.spawn(async move { world.receive(acme, &batch).await });
    }
    let counts = deliveries.join_all().await;

    assert_eq!(
        (counts.iter().map(|c| c.new).sum::<usize>(), counts.iter().map(|c| c.duplicate).sum::<usize>()),
        (20, 40)
    );
}
