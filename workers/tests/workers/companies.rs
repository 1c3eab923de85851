//! One worker, one connection, tasks of two companies in turn: each sees and changes its own.

use std::{collections::BTreeSet, sync::Mutex};

use serde::{Deserialize, Serialize};
use surv_tenancy::{
    MessageId, TenantId, events, events::Changes, events::Event, mail::EmailTemplate, mail::SendEmail, queue::Task,
};
use surv_workers::{Done, Handle, Registry, TaskContext, TaskError, Workers};
use uuid::Uuid;

use crate::support::World;

/// Says whose it is.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    of: TenantId,
}

impl Task for Mark {
    const KIND: &'static str = "mark";
}

/// The process of the server and the company of each attempt, in order.
static ATTEMPTS: Mutex<Vec<(i32, TenantId)>> = Mutex::new(Vec::new());

impl Handle<Mark> for Workers {
    async fn handle(&self, task: Mark, ctx: &TaskContext) -> Result<Done, TaskError> {
        let mut tx = ctx.begin().await?;
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(tx.conn()).await?;
        ATTEMPTS.lock().unwrap().push((pid, ctx.tenant_id()));
        assert_eq!(task.of, ctx.tenant_id(), "the payload is the company's own");
        let seen: Vec<Uuid> = sqlx::query_scalar(
            "SELECT tenant_id FROM events UNION SELECT tenant_id FROM tasks UNION SELECT tenant_id FROM tenants",
        )
        .fetch_all(tx.conn())
        .await?;
        assert_eq!(seen, [ctx.tenant_id().0], "no other company is there");
        let event = Event::new("thing.made", "thing", ctx.task_id().0).changes(Changes::new().set("of", &task.of));
        events::record(&mut tx, &surv_tenancy::Ids::system(), chrono::DateTime::UNIX_EPOCH, event).await?;
        ctx.finish(tx).await
    }
}

#[tokio::test]
async fn companies_that_take_turns_on_one_connection_do_not_meet() {
    let world = World::new().await;
    let (acme, rival) = (world.company().await, world.company().await);
    for _ in 0..60 {
        for of in [acme, rival] {
            world.enqueue(of, &Mark { of }).await;
        }
    }
    let mut deps = world.deps(|config| (config.concurrency, config.per_tenant) = (2, 1));
    deps.tenant_db = world.door_with_one_connection();
    let workers = Workers::with_kinds(deps, Registry::new().with::<Mark>()).unwrap();

    workers.run_until_idle().await.unwrap();

    assert_eq!(world.tasks().await, (0, 0), "every assertion of the handler held");
    let attempts = std::mem::take(&mut *ATTEMPTS.lock().unwrap());
    let connections: BTreeSet<i32> = attempts.iter().map(|(pid, _)| *pid).collect();
    let turns = attempts.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    assert_eq!((attempts.len(), connections.len()), (120, 1), "all on one connection");
    assert!(turns >= 50, "they took turns {turns} times");
    let foreign: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events WHERE kind = 'thing.made' AND changes -> 'of' ->> 1 <> tenant_id::text",
    )
    .fetch_one(&mut world.superuser().await)
    .await
    .unwrap();
    let made: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE kind = 'thing.made'")
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    assert_eq!((foreign, made), (0, 120));
}

#[tokio::test]
async fn a_task_that_names_another_companys_message_sends_and_changes_nothing() {
    let world = World::new().await;
    let (acme, rival) = (world.company().await, world.company().await);
    let theirs: MessageId = world.mail(rival, EmailTemplate::Invitation, "pat@example.com").await;
    let mut own = world.superuser().await;
    sqlx::query("DELETE FROM tasks").execute(&mut own).await.unwrap();
    let forged = SendEmail {
        message_id: theirs,
        template: EmailTemplate::Invitation,
        to_email: "eve@example.com".to_owned(),
        to_name: None,
        params: serde_json::Map::new(),
    };
    world.enqueue(acme, &forged).await;

    world.workers().run_until_idle().await.unwrap();

    assert_eq!(world.message(theirs).await, ("queued".to_owned(), 0, 0));
    assert!(world.simulators.sendgrid().sent().is_empty());
    assert_eq!(world.tasks().await, (0, 0), "to that company the message is not there");
}
