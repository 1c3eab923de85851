//! Sends one e-mail, as `docs/decisions/0005-email-once.md` has it.
//!
//! Each attempt is stored before the call, in a transaction that also proves that the task is still ours. No transaction
//! is open while the provider answers. What the answer says is stored even if the lease was lost meanwhile: that a mail
//! was accepted is true whoever asked.

mod messages;
mod policy;
pub mod render;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use surv_integrations::sendgrid::{
    ARG_MESSAGE, ARG_TENANT, Accepted, Address, Decision, MailError, OutgoingMail, clean_line,
};
use surv_tenancy::{branding, db::TenantTx, mail::SendEmail};

use self::messages::Message;
use crate::{Done, Handle, Limits, TaskContext, TaskError, Workers, retry};

impl Handle<SendEmail> for Workers {
    /// A mail is bounded by its age, not by attempts: a provider may be away for hours.
    const LIMITS: Limits = Limits { max_attempts: 500, time_limit: Duration::from_secs(90) };

    #[tracing::instrument(name = "task.send_email", skip_all, err(level = "debug"),
        fields(message.id = %task.message_id, template = task.template.as_str()))]
    async fn handle(&self, task: SendEmail, ctx: &TaskContext) -> Result<Done, TaskError> {
        let mut tx = ctx.begin().await?;
        let Some(message) = messages::lock(&mut tx, task.message_id).await? else {
            return ctx.finish(tx).await; // purged since: nothing left to send
        };
        match self.next_step(&mut tx, &task, message).await? {
            Step::Nothing => ctx.finish(tx).await,
            Step::Wait(until) => {
                ctx.commit_step(tx).await?;
                Err(self.wait_until(until))
            }
            Step::AskPerson => {
                ctx.commit_step(tx).await?;
                Err(TaskError::give_up("the provider did not say whether it took the mail; did it arrive?"))
            }
            Step::Send => {
                let mail = self.compose(&mut tx, &task, ctx).await?;
                let attempt = messages::begin_attempt(&mut tx, task.message_id, self.deps().clock.now()).await?;
                ctx.commit_step(tx).await?;
                self.send(&task, ctx, attempt, mail, Instant::now()).await
            }
        }
    }
}

/// What a message's row asks for.
enum Step {
    Nothing,
    Send,
    Wait(DateTime<Utc>),
    AskPerson,
}

impl Workers {
    /// Decides while the message's row is held, so that an event that arrives meanwhile waits for the decision.
    async fn next_step(&self, tx: &mut TenantTx, task: &SendEmail, message: Message) -> Result<Step, TaskError> {
        let now = self.deps().clock.now();
        match message.state.as_str() {
            "queued" if now >= policy::useful_until(task, message.queued_at) => {
                messages::mark_failed(tx, task.message_id, "it could not be sent while it was of use", now).await?;
                return Ok(Step::Nothing);
            }
            "queued" => return Ok(Step::Send),
            // The call was being made when its lease ended: nobody knows.
            "sending" | "unknown" => {}
            _ => return Ok(Step::Nothing),
        }
        let attempt = messages::mark_unknown(tx, task.message_id, message.attempts).await?;
        let evidence = messages::evidence(tx, task.message_id).await?;
        match surv_integrations::sendgrid::after_unknown(attempt, evidence, policy::of(task.template), now) {
            Decision::WasAccepted => {
                messages::mark_sent(tx, task.message_id, None).await?;
                Ok(Step::Nothing)
            }
            Decision::WaitUntil(until) => Ok(Step::Wait(until)),
            Decision::SendAgain if now >= policy::useful_until(task, message.queued_at) => Ok(Step::AskPerson),
            Decision::SendAgain => Ok(Step::Send),
            Decision::AskPerson => Ok(Step::AskPerson),
        }
    }

    async fn send(
        &self,
        task: &SendEmail,
        ctx: &TaskContext,
        attempt: i32,
        mail: OutgoingMail,
        stored_at: Instant,
    ) -> Result<Done, TaskError> {
        // Stopped for so long that somebody else may be at it: the row says "sending", which is treated as unknown.
        if stored_at.elapsed() > self.deps().config.lease() / 2 {
            return Err(TaskError::LeaseLost);
        }
        match self.deps().mail.send(&mail).await {
            Ok(accepted) => self.accepted(task, ctx, accepted).await,
            Err(error) if error.is_transient() => {
                let mut tx = ctx.begin().await?;
                messages::mark_queued_again(&mut tx, task.message_id, attempt).await?;
                tx.commit().await?;
                let after = retry::wait_for_vendor(ctx.attempts(), error.retry_after());
                Err(TaskError::Retry { reason: error.to_string(), after: Some(after) })
            }
            Err(error) if error.may_have_been_sent() => self.unknown(task, ctx, attempt, &error).await,
            Err(error) => {
                let mut tx = ctx.begin().await?;
                messages::mark_failed(&mut tx, task.message_id, &error.to_string(), self.deps().clock.now()).await?;
                ctx.finish(tx).await
            }
        }
    }

    async fn accepted(&self, task: &SendEmail, ctx: &TaskContext, accepted: Accepted) -> Result<Done, TaskError> {
        let provider_id = Some(accepted.provider_message_id).filter(|id| !id.is_empty());
        let mut tx = ctx.begin().await?;
        messages::mark_sent(&mut tx, task.message_id, provider_id.as_deref()).await?;
        match ctx.finish(tx).await {
            Err(TaskError::LeaseLost) => {
                let mut tx = ctx.begin().await?;
                messages::mark_sent(&mut tx, task.message_id, provider_id.as_deref()).await?;
                tx.commit().await?;
                Err(TaskError::LeaseLost)
            }
            other => other,
        }
    }

    async fn unknown(
        &self,
        task: &SendEmail,
        ctx: &TaskContext,
        attempt: i32,
        error: &MailError,
    ) -> Result<Done, TaskError> {
        let mut tx = ctx.begin().await?;
        let Some(message) = messages::lock(&mut tx, task.message_id).await? else { return ctx.finish(tx).await };
        if message.attempts != attempt || message.state != "sending" {
            // An event has told meanwhile, or another worker has gone on.
            return Err(TaskError::Retry { reason: error.to_string(), after: Some(Duration::ZERO) });
        }
        let unknown = messages::mark_unknown(&mut tx, task.message_id, attempt).await?;
        ctx.commit_step(tx).await?;
        let TaskError::Retry { after, .. } = self.wait_until(unknown.began_at + policy::of(task.template).grace) else {
            return Err(TaskError::retry(error.to_string()));
        };
        Err(TaskError::Retry { reason: error.to_string(), after })
    }

    /// A wait by our clock, put into the queue as a duration.
    fn wait_until(&self, until: DateTime<Utc>) -> TaskError {
        let wait = (until - self.deps().clock.now()).to_std().unwrap_or_default();
        let reason = "waiting for an event that tells whether the provider took the mail".to_owned();
        TaskError::Retry { reason, after: Some(wait + Duration::from_millis(50)) }
    }

    async fn compose(&self, tx: &mut TenantTx, task: &SendEmail, ctx: &TaskContext) -> Result<OutgoingMail, TaskError> {
        let brand = branding::read(tx).await.map_err(|error| TaskError::retry(error.to_string()))?;
        // The engine's message may quote the values.
        let rendered = (self.0.emails.render(task.template, &brand, task.to_name.as_deref(), &task.params))
            .map_err(|_| TaskError::give_up("the mail's template and its values do not fit"))?;
        let to_name = task.to_name.as_deref().map(clean_line).filter(|name| !name.is_empty());
        Ok(OutgoingMail {
            from: Address::named(self.deps().config.from_address.as_str(), clean_line(&brand.display_name)),
            to: Address { email: task.to_email.clone(), name: to_name },
            reply_to: brand.reply_to.map(Address::bare),
            subject: rendered.subject,
            text: rendered.text,
            html: Some(rendered.html),
            categories: vec![task.template.as_str().to_owned()],
            custom_args: BTreeMap::from([
                (ARG_MESSAGE.to_owned(), task.message_id.to_string()),
                (ARG_TENANT.to_owned(), ctx.tenant_id().to_string()),
            ]),
            headers: BTreeMap::new(),
            attachments: Vec::new(),
            unsubscribe_group: None,
        })
    }
}
