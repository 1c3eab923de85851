//! E-mails: each is accepted once, whatever the provider's answers are.

use chrono::TimeDelta;
use surv_simulators::sendgrid::{Fault, FaultKind};
use surv_tenancy::mail::EmailTemplate;

use crate::support::{World, event};

const PAT: &str = "pat@example.com";

#[tokio::test]
async fn a_mail_is_sent_once_and_what_people_typed_is_text() {
    let world = World::new().await;
    let acme = world.company().await;
    let id = world.mail(acme, EmailTemplate::Invitation, PAT).await;

    world.workers().run_until_idle().await.unwrap();
    world.workers().run_until_idle().await.unwrap();

    let sent = world.simulators.sendgrid().sent_to(PAT);
    assert_eq!((sent.len(), world.message(id).await, world.tasks().await), (1, ("sent".to_owned(), 1, 0), (0, 0)));
    assert_eq!(sent[0].subject(), "Bob {{7*7}} <script>alert(1)</script> invites you to Acme");
    let html = sent[0].html().unwrap();
    assert!(html.contains("{{7*7}}") && !html.contains("<script") && html.contains("Acme &lt;b&gt;Plumbing"), "{html}");
    assert_eq!(sent[0].custom_arg("tenant"), Some(acme.to_string().as_str()));
}

#[tokio::test]
async fn what_was_surely_not_accepted_is_sent_again() {
    let world = World::new().await;
    let acme = world.company().await;
    world.simulators.sendgrid().fault(Fault { times: 3, ..Fault::once(FaultKind::Status429) });
    let id = world.mail(acme, EmailTemplate::Invitation, PAT).await;

    for _ in 0..3 {
        world.workers().run_until_idle().await.unwrap();
        assert_eq!((world.message(id).await.0, world.tasks().await), ("queued".to_owned(), (1, 0)));
        world.make_due().await;
    }
    world.workers().run_until_idle().await.unwrap();

    assert_eq!(
        (world.simulators.sendgrid().sent_to(PAT).len(), world.message(id).await),
        (1, ("sent".to_owned(), 4, 0))
    );
}

#[tokio::test]
async fn a_lost_answer_is_never_followed_by_a_second_copy_once_an_event_tells() {
    for kind in [FaultKind::TimeoutAfterDoing, FaultKind::Status500, FaultKind::CutConnection] {
        let world = World::new().await;
        let acme = world.company().await;
        world.simulators.sendgrid().fault(Fault { done: true, ..Fault::once(kind) });
        let id = world.mail(acme, EmailTemplate::Invitation, PAT).await;
        let workers = world.workers();

        workers.run_until_idle().await.unwrap();
        assert_eq!(world.message(id).await, ("unknown".to_owned(), 1, 1), "{kind:?}");
        for _ in 0..3 {
            world.make_due().await;
            workers.run_until_idle().await.unwrap();
        }
        // Stored, and not even processed yet: the decision sees it.
        world.receive(acme, &[event("e1", "processed", acme, id, "sg1")]).await;
        world.wait(TimeDelta::minutes(11)).await;
        workers.run_until_idle().await.unwrap();

        assert_eq!(world.simulators.sendgrid().sent_to(PAT).len(), 1, "{kind:?}");
        assert_eq!((world.message(id).await, world.tasks().await), (("sent".to_owned(), 1, 1), (0, 0)), "{kind:?}");
    }
}

#[tokio::test]
async fn a_stored_event_counts_before_it_is_processed() {
    let world = World::new().await;
    let acme = world.company().await;
    world.simulators.sendgrid().fault(Fault { done: true, ..Fault::once(FaultKind::Status500) });
    let id = world.mail(acme, EmailTemplate::Invitation, PAT).await;
    let workers = world.workers();
    workers.run_until_idle().await.unwrap();

    world.receive(acme, &[event("e1", "processed", acme, id, "sg1")]).await;
    sqlx::query("DELETE FROM tasks WHERE kind = 'process_sendgrid_events'")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    world.wait(TimeDelta::minutes(11)).await;
    workers.run_until_idle().await.unwrap();

    assert_eq!((world.simulators.sendgrid().sent_to(PAT).len(), world.message(id).await.0), (1, "sent".to_owned()));
}

#[tokio::test]
async fn silence_of_a_working_channel_means_not_accepted() {
    let world = World::new().await;
    let acme = world.company().await;
    world.simulators.sendgrid().fault(Fault { match_to: Some(PAT.to_owned()), ..Fault::once(FaultKind::Status500) });
    let id = world.mail(acme, EmailTemplate::Invitation, PAT).await;
    let other = world.mail(acme, EmailTemplate::PasswordChanged, "sam@example.com").await;
    let workers = world.workers();
    workers.run_until_idle().await.unwrap();

    world.wait(TimeDelta::minutes(11)).await;
    workers.run_until_idle().await.unwrap();
    assert_eq!(world.simulators.sendgrid().send_attempts(), 2, "the channel is silent: nothing is known");

    world.receive(acme, &[event("e1", "delivered", acme, other, "sg2")]).await;
    world.make_due().await;
    workers.run_until_idle().await.unwrap();

    let sent = world.simulators.sendgrid().sent();
    assert_eq!((sent.len(), world.tasks().await), (2, (0, 0)));
    assert!(["sent", "delivered"].contains(&world.message(id).await.0.as_str()));
}

#[tokio::test]
async fn a_dead_channel_ends_with_a_person_or_in_a_second_code() {
    let world = World::new().await;
    let acme = world.company().await;
    world.simulators.sendgrid().fault(Fault { times: 2, done: true, ..Fault::once(FaultKind::Status500) });
    let invitation = world.mail(acme, EmailTemplate::Invitation, PAT).await;
    let code = world.mail(acme, EmailTemplate::LoginCode, "cy@example.com").await;
    let workers = world.workers();
    workers.run_until_idle().await.unwrap();

    world.wait(TimeDelta::seconds(46)).await;
    workers.run_until_idle().await.unwrap();
    assert_eq!(world.simulators.sendgrid().sent_to("cy@example.com").len(), 2, "harmless by choice");
    world.wait(TimeDelta::hours(7)).await;
    workers.run_until_idle().await.unwrap();

    assert_eq!(world.simulators.sendgrid().sent_to(PAT).len(), 1);
    assert_eq!(
        (world.message(invitation).await.0, world.message(code).await.0),
        ("unknown".to_owned(), "sent".to_owned())
    );
    assert_eq!(world.tasks().await, (0, 1));
}

#[tokio::test]
async fn a_process_that_died_between_call_and_commit_leaves_a_question_not_a_second_copy() {
    let world = World::new().await;
    let acme = world.company().await;
    world.simulators.sendgrid().fault(Fault { delay_ms: Some(700), ..Fault::once(FaultKind::Slow) });
    let id = world.mail(acme, EmailTemplate::Invitation, PAT).await;
    let workers = world.workers();
    let dying = tokio::spawn(async move { workers.run_until_idle().await });
    crate::support::eventually("the call", async || world.simulators.sendgrid().send_attempts() == 1).await;
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());

    world.make_due().await;
    world.workers().run_until_idle().await.unwrap();

    assert_eq!(world.message(id).await, ("unknown".to_owned(), 1, 1));
    assert_eq!(world.simulators.sendgrid().send_attempts(), 1);
}

#[tokio::test]
async fn a_refused_mail_says_why_and_a_useless_one_is_not_sent() {
    let world = World::new().await;
    let acme = world.company().await;
    let refused = world.mail(acme, EmailTemplate::Invitation, "nobody").await;
    let late = world.mail(acme, EmailTemplate::LoginCode, PAT).await;
    world.wait(TimeDelta::minutes(11)).await;

    world.workers().run_until_idle().await.unwrap();

    let why: String = sqlx::query_scalar("SELECT failure FROM messages WHERE message_id = $1")
        .bind(refused.0)
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    assert_eq!(why, "the e-mail's to is not an e-mail address");
    assert_eq!((world.message(late).await.0, world.simulators.sendgrid().send_attempts()), ("failed".to_owned(), 0));
    assert_eq!(world.tasks().await, (0, 0));
}

#[tokio::test]
async fn an_answer_that_comes_after_the_lease_was_lost_is_still_known() {
    let world = World::new().await;
    let acme = world.company().await;
    world.simulators.sendgrid().fault(Fault { delay_ms: Some(600), ..Fault::once(FaultKind::Slow) });
    let id = world.mail(acme, EmailTemplate::Invitation, PAT).await;
    let workers = world.workers();
    let slow = tokio::spawn(async move { workers.run_until_idle().await });
    crate::support::eventually("the call", async || world.simulators.sendgrid().send_attempts() == 1).await;
    world.make_due().await;
    assert_eq!(world.claim(std::time::Duration::ZERO).await.len(), 1);

    slow.await.unwrap().unwrap();

    // The simulator's work was not asked for again, and the other worker finds the mail sent.
    assert_eq!(world.message(id).await, ("sent".to_owned(), 1, 0));
    world.make_due().await;
    world.workers().run_until_idle().await.unwrap();
    assert_eq!((world.simulators.sendgrid().sent_to(PAT).len(), world.tasks().await), (1, (0, 0)));
}
