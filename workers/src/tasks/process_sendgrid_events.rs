//! Applies stored events to messages: how far each mail is known to have come.
//!
//! An event is ticked off in the transaction that applies it, and outcomes only grow: late, repeated and reordered
//! events change nothing.

use chrono::Utc;
use surv_integrations::sendgrid::event_webhook::{self, DeliveryEvent, EventKind, Outcome};
use surv_tenancy::{MessageId, db::TenantTx, inbox::ProcessSendgridEvents};

use crate::{Done, Handle, TaskContext, TaskError, Workers};

impl Handle<ProcessSendgridEvents> for Workers {
    #[tracing::instrument(name = "task.process_sendgrid_events", skip_all, err(level = "debug"),
        fields(events = task.event_refs.len()))]
    async fn handle(&self, task: ProcessSendgridEvents, ctx: &TaskContext) -> Result<Done, TaskError> {
        let mut tx = ctx.begin().await?;
        let now = self.deps().clock.now();
        let mut events = Vec::new();
        for payload in take(&mut tx, &task, now).await? {
            // One at a time: what is no event is ticked off like one that says nothing.
            let raw = serde_json::Value::Array(vec![payload]).to_string();
            events.extend(event_webhook::parse(raw.as_bytes(), now).unwrap_or_default());
        }
        let mut about: Vec<(MessageId, DeliveryEvent)> =
            events.into_iter().filter_map(|event| Some((event.message_id()?.parse().ok()?, event))).collect();
        // In one order, so that two tasks about the same mails wait for each other instead of for ever.
        about.sort_by_key(|(message_id, event)| (*message_id, event.kind.outcome()));
        for (message_id, event) in &about {
            self.apply(&mut tx, *message_id, event).await?;
        }
        ctx.finish(tx).await
    }
}

/// Ticks off the events that are not yet; what they say.
async fn take(
    tx: &mut TenantTx,
    task: &ProcessSendgridEvents,
    now: chrono::DateTime<Utc>,
) -> sqlx::Result<Vec<serde_json::Value>> {
    sqlx::query_scalar!(
        "UPDATE webhook_inbox SET done_at = $3
          WHERE provider = $1 AND event_ref = ANY ($2) AND done_at IS NULL
         RETURNING payload",
        task.provider.as_str(),
        &task.event_refs,
        now,
    )
    .fetch_all(tx.conn())
    .await
}

/// How far a message's state says that it came. What is ahead of any event is `None`.
fn reached(state: &str) -> Option<Outcome> {
    match state {
        "sent" => Some(Outcome::Deferred),
        "delivered" => Some(Outcome::Delivered),
        "bounced" | "dropped" => Some(Outcome::Failed),
        _ => None,
    }
}

fn state_after(event: &EventKind) -> Option<&'static str> {
    Some(match (event, event.outcome()?) {
        (_, Outcome::Accepted | Outcome::Deferred) => "sent",
        (_, Outcome::Delivered) => "delivered",
        (EventKind::Dropped, Outcome::Failed) => "dropped",
        (_, Outcome::Failed) => "bounced",
    })
}

impl Workers {
    async fn apply(&self, tx: &mut TenantTx, message_id: MessageId, event: &DeliveryEvent) -> sqlx::Result<()> {
        let Some(state) = state_after(&event.kind) else { return Ok(()) };
        let message =
            sqlx::query!("SELECT state, provider_id FROM messages WHERE message_id = $1 FOR UPDATE", message_id.0)
                .fetch_optional(tx.conn())
                .await?;
        let Some(message) = message else { return Ok(()) };
        if message.provider_id.as_deref().is_some_and(|id| !event.is_about(id)) && event.kind == EventKind::Processed {
            tracing::error!(message.id = %message_id, "a second copy of a mail was accepted");
            self.0.metrics.email_duplicates.inc();
        }
        if reached(&message.state) >= event.kind.outcome() {
            return Ok(());
        }
        sqlx::query!(
            "UPDATE messages SET state = $2, provider_id = coalesce(provider_id, $3), failure = left($4, 500),
                    settled_at = CASE WHEN $2 = 'sent' THEN settled_at ELSE $5 END
              WHERE message_id = $1",
            message_id.0,
            state,
            event.sg_message_id.as_deref().map(provider_id),
            failure(state),
            event.at,
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// For the office. The receiving server's own words may quote the address.
fn failure(state: &str) -> Option<&'static str> {
    match state {
        "bounced" => Some("the receiving server refused it"),
        "dropped" => Some("the provider dropped it: the address has bounced, unsubscribed or complained before"),
        _ => None,
    }
}

/// The part of an event's id that names the mail.
fn provider_id(sg_message_id: &str) -> &str {
    let end = [".filter", ".recvd"].iter().filter_map(|mark| sg_message_id.find(mark)).min();
    &sg_message_id[..end.unwrap_or(sg_message_id.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mails_id_ends_where_the_vendors_machines_begin() {
        assert_eq!(provider_id("14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0"), "14c5d75ce93.dfd.64b469");
        assert_eq!(provider_id("abc.recvd-canary-1"), "abc");
        assert_eq!(provider_id("abc"), "abc");
    }

    #[test]
    fn a_state_before_any_event_is_less_than_every_outcome() {
        for state in ["queued", "sending", "unknown", "failed"] {
            assert!(reached(state) < Some(Outcome::Accepted), "{state}");
        }
    }
}
