//! E-mails as the product asks for them: a `messages` row for the office to see, and a task that sends it.
//!
//! What a mail says is in the task's payload, which is deleted when it is sent: it may hold one-time secrets. Both are
//! written in the caller's transaction.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CustomerId, Ids, JobId, MessageId, TenantId, UserId, db::Transaction, queue};

/// Which text a mail has. The words are frozen: rows of older releases carry them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailTemplate {
    /// `name`, `company`, `link`, `hours`
    SignUpConfirm,
    /// To somebody who has an account already: `name`, `company`, `link`, `hours`
    SignUpKnownAddress,
    /// `link`, `minutes`
    PasswordReset,
    /// Nothing: tells the owner that it happened.
    PasswordChanged,
    /// `company`, `invited_by`, `role`, `link`, `days`
    Invitation,
    /// `company`, `code`, `link`, `minutes`
    LoginCode,
    VisitOnTheWay,
    JobLink,
}

impl EmailTemplate {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUpConfirm => "sign_up_confirm",
            Self::SignUpKnownAddress => "sign_up_known_address",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::Invitation => "invitation",
            Self::LoginCode => "login_code",
            Self::VisitOnTheWay => "visit_on_the_way",
            Self::JobLink => "job_link",
        }
    }
}

/// Values for a template's places.
pub type Params = serde_json::Map<String, serde_json::Value>;

/// Sends one e-mail to one recipient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendEmail {
    pub message_id: MessageId,
    pub template: EmailTemplate,
    pub to_email: String,
    pub to_name: Option<String>,
    pub params: Params,
}

impl std::fmt::Debug for SendEmail {
    /// Without the recipient and the values: they are personal, and may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendEmail")
            .field("message_id", &self.message_id)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

impl queue::Task for SendEmail {
    const KIND: &'static str = "send_email";

    fn about(&self) -> Option<Uuid> {
        Some(self.message_id.0)
    }
}

/// A mail that is yet to be queued.
#[derive(Clone)]
pub struct Email {
    template: EmailTemplate,
    to_email: String,
    to_name: Option<String>,
    params: Params,
    customer_id: Option<CustomerId>,
    job_id: Option<JobId>,
}

impl Email {
    pub fn new(template: EmailTemplate, to_email: impl Into<String>) -> Self {
        Self {
            template,
            to_email: to_email.into(),
            to_name: None,
            params: Params::new(),
            customer_id: None,
            job_id: None,
        }
    }

    #[must_use]
    pub fn to_name(mut self, name: impl Into<String>) -> Self {
        self.to_name = Some(name.into());
        self
    }

    #[must_use]
    pub fn param(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// Whom it is about, for the customer's history.
    #[must_use]
    pub const fn customer(mut self, id: CustomerId) -> Self {
        self.customer_id = Some(id);
        self
    }

    #[must_use]
    pub const fn job(mut self, id: JobId) -> Self {
        self.job_id = Some(id);
        self
    }
}

/// Queues a mail in the caller's transaction. `tenant_id` nil: Surv itself writes. `user_id` caused it.
///
/// # Errors
/// The database's own.
pub async fn enqueue_email(
    tx: &mut impl Transaction,
    ids: &Ids,
    now: DateTime<Utc>,
    tenant_id: TenantId,
    user_id: Option<UserId>,
    email: Email,
) -> sqlx::Result<MessageId> {
    let message_id: MessageId = ids.next();
    sqlx::query!(
        "INSERT INTO messages (tenant_id, message_id, channel, template, recipient, customer_id, job_id, queued_at)
         VALUES ($1, $2, 'email', $3, $4, $5, $6, $7)",
        tenant_id.0,
        message_id.0,
        email.template.as_str(),
        email.to_email,
        email.customer_id.map(|id| id.0),
        email.job_id.map(|id| id.0),
        now,
    )
    .execute(tx.conn())
    .await?;
    let Email { template, to_email, to_name, params, .. } = email;
    let task = SendEmail { message_id, template, to_email, to_name, params };
    queue::enqueue_for(tx, ids, tenant_id, user_id, now, &task).await?;
    Ok(message_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_word_of_a_template_is_its_word_in_the_table() {
        use EmailTemplate as T;
        for template in [
            T::SignUpConfirm,
            T::SignUpKnownAddress,
            T::PasswordReset,
            T::PasswordChanged,
            T::Invitation,
            T::LoginCode,
            T::VisitOnTheWay,
            T::JobLink,
        ] {
            assert_eq!(serde_json::to_value(template).unwrap(), template.as_str());
        }
    }
}
