//! How each mail is treated when nobody knows whether it was accepted, and how long it is worth sending.

use chrono::{DateTime, TimeDelta, Utc};
use surv_integrations::sendgrid::UnknownPolicy;
use surv_tenancy::mail::{EmailTemplate, SendEmail};

/// Somebody waits for these, and a second copy does no harm; the others state a fact.
pub(super) const fn of(template: EmailTemplate) -> UnknownPolicy {
    match template {
        EmailTemplate::SignUpConfirm
        | EmailTemplate::SignUpKnownAddress
        | EmailTemplate::PasswordReset
        | EmailTemplate::LoginCode => UnknownPolicy::repeatable(),
        EmailTemplate::PasswordChanged
        | EmailTemplate::Invitation
        | EmailTemplate::VisitOnTheWay
        | EmailTemplate::JobLink => UnknownPolicy::once(),
    }
}

/// When a mail that could not be sent is of no use any more: its link or code has ended, or what it tells is past.
pub(super) fn useful_until(task: &SendEmail, queued_at: DateTime<Utc>) -> DateTime<Utc> {
    let param = |name: &str| task.params.get(name).and_then(serde_json::Value::as_i64);
    let lifetime = match task.template {
        EmailTemplate::LoginCode | EmailTemplate::PasswordReset => param("minutes").and_then(TimeDelta::try_minutes),
        EmailTemplate::SignUpConfirm | EmailTemplate::SignUpKnownAddress => {
            param("hours").and_then(TimeDelta::try_hours)
        }
        EmailTemplate::Invitation | EmailTemplate::JobLink => param("days").and_then(TimeDelta::try_days),
        EmailTemplate::VisitOnTheWay => Some(TimeDelta::hours(2)),
        EmailTemplate::PasswordChanged => Some(TimeDelta::days(3)),
    };
    queued_at + lifetime.unwrap_or(TimeDelta::days(1)).clamp(TimeDelta::minutes(1), TimeDelta::days(3))
}
