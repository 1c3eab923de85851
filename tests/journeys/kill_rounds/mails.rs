//! E-mails after the rounds: none lost, none twice (`docs/decisions/0005-email-once.md`).
//!
//! A worker that was killed between its call and its commit leaves a question. SendGrid's event answers it if the mail
//! was taken over; if not, the mail is sent again after ten minutes of silence on a channel that works. The test does not
//! wait for them: it makes the attempts look ten minutes older.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use crate::stack::{Person, SETTLING, Stack, uuid, wait_until};

const GRACE: &str = "11 minutes";

/// Waits until nothing is left in the queue but mails that wait for news, whether it has come or not; how many.
pub async fn settled_but_for_questions(stack: &Stack) -> usize {
    let mut db = stack.superuser().await;
    let start = Instant::now();
    loop {
        let left = left(&mut db).await;
        let busy: Vec<_> = left.iter().filter(|line| !line.starts_with("question")).collect();
        if busy.is_empty() {
            return left.len();
        }
        assert!(start.elapsed() < SETTLING, "still in the queue:\n{busy:#?}\n{}", stack.worker.log_end());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What the background still has to do, one line each.
async fn left(db: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', CASE WHEN t.state = 'queued' AND m.state IN ('unknown', 'sent', 'delivered')
                                         AND t.run_at > now() + interval '1 minute'
                                    THEN 'question' ELSE t.state END,
                t.kind, 'attempt', t.attempts, 'in', extract(epoch FROM t.run_at - now())::int, 's', m.state, t.last_error)
           FROM tasks t
           LEFT JOIN messages m ON m.tenant_id = t.tenant_id AND m.message_id::text = t.payload ->> 'message_id'
          UNION ALL
         SELECT 'event of SendGrid ' || event_ref FROM webhook_inbox WHERE done_at IS NULL
          UNION ALL
         SELECT 'event without entry ' || e.kind FROM events e
           LEFT JOIN audit_entries a USING (tenant_id, txid, event_id) WHERE a.seq IS NULL",
    )
    .fetch_all(db)
    .await
    .expect("the database answers")
}

/// Lets the grace of every open question pass, with news of another mail after it.
pub async fn answer_the_questions(stack: &Stack, office: &Person, ledger: &Ledger) {
    let mut db = stack.superuser().await;
    let older = format!("UPDATE messages SET attempted_at = attempted_at - interval '{GRACE}' WHERE state = 'unknown'");
    sqlx::query(sqlx::AssertSqlSafe(older)).execute(&mut db).await.expect("the database answers");
    let email = "knews-1@invited.example";
    let body = json!({ "email": email, "name": "News", "role": "technician" });
    let made = office.post("/v1/invitations").key("news").json(&body).expect(201).await;
    ledger.note_key("news");
    let (tenant_id, subject_id) = (office.tenant_id, uuid(&made["id"]));
    ledger.note(Deed { tenant_id, event: "invitation.sent", subject_id, mark: email.to_owned() });
    wait_until("SendGrid tells of another mail", SETTLING, async || {
        let state: String = sqlx::query_scalar("SELECT state FROM messages WHERE recipient = $1")
            .bind(email)
            .fetch_one(&mut db)
            .await
            .expect("the database answers");
        state == "delivered"
    })
    .await;
    // What an event is heard of counts to the second below.
    tokio::time::sleep(Duration::from_secs(1)).await;
    sqlx::query("UPDATE tasks SET run_at = now() WHERE kind = 'send_email' AND state = 'queued'")
        .execute(&mut db)
        .await
        .expect("the database answers");
    wait_until("the queue is empty", SETTLING, async || {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM tasks WHERE state = 'queued'")
            .fetch_one(&mut db)
            .await
            .expect("the database answers");
        left == 0
    })
    .await;
    wait_until("every mail is told of", SETTLING, async || {
        let open: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM messages WHERE state <> 'delivered')
                  + (SELECT count(*) FROM events) - (SELECT count(*) FROM audit_entries)
                  + (SELECT count(*) FROM tasks) + (SELECT count(*) FROM webhook_inbox WHERE done_at IS NULL)",
        )
        .fetch_one(&mut db)
        .await
        .expect("the database answers");
        open == 0
    })
    .await;
}

/// SendGrid took each mail over once, and no other.
pub async fn each_was_sent_once(stack: &Stack, db: &mut PgConnection, ledger: &Ledger) {
    let messages: Vec<(Uuid, String, String)> = sqlx::query_as("SELECT message_id, template, recipient FROM messages")
        .fetch_all(&mut *db)
        .await
        .expect("the database answers");
    let mut taken: HashMap<String, usize> = HashMap::new();
    for mail in stack.vendors.sendgrid().sent() {
        *taken.entry(mail.custom_arg("message").unwrap_or_default().to_owned()).or_default() += 1;
    }
    for (message_id, template, _) in &messages {
        assert_eq!(taken.remove(&message_id.to_string()), Some(1), "copies of {template} {message_id}");
    }
    assert!(taken.is_empty(), "mails that no message asked for: {taken:?}");

    let deeds = ledger.deeds();
    for (event, template) in [("invitation.sent", "invitation"), ("link.created", "job_link")] {
        let asked = deeds.iter().filter(|deed| deed.event == event).count();
        let there = messages.iter().filter(|(_, of, _)| of == template).count();
        assert_eq!(there, asked, "messages of {template}: what is there, what was acknowledged");
    }
    // One for each time that a technician set out; one less for those who arrived before it was made.
    let wrong: Vec<(Uuid, i64, i64, i64)> = sqlx::query_as(
        "SELECT e.job_id, coalesce(m.n, 0), e.n, a.n
           FROM (SELECT job_id, count(*) n FROM events WHERE kind = 'assignment.on_the_way' GROUP BY 1) e
           LEFT JOIN (SELECT job_id, count(*) n FROM messages WHERE template = 'visit_on_the_way' GROUP BY 1) m USING (job_id)
          CROSS JOIN LATERAL (SELECT count(*) n FROM assignments a WHERE a.job_id = e.job_id AND a.state = 'on_the_way') a
          WHERE coalesce(m.n, 0) NOT BETWEEN a.n AND e.n",
    )
    .fetch_all(db)
    .await
    .expect("the database answers");
    assert!(wrong.is_empty(), "announced, set out, still on the way: {wrong:?}");
}
