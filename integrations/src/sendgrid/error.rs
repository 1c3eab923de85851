//! Every way a call to SendGrid can fail, told apart by what a task may do about it.

use std::time::Duration;

use crate::http::CallFailure;

/// One complaint of the vendor about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The vendor's name of the field, such as `personalizations.0.to.0.email`.
    pub field: Option<String>,
    /// The vendor's words. May quote the request, so it is for the operator's screen, not for logs.
    pub message: String,
}

/// Why a mail was not accepted, or may not have been.
///
/// Its text holds no address, no subject and no body, so it may be logged.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// We would not send this. Nothing went out; sending it again as it is will fail again.
    #[error("the e-mail's {field} {reason}")]
    Invalid { field: &'static str, reason: &'static str },
    /// The vendor looked at it and said no. 401 and 403 are about our key, sender or account.
    #[error("SendGrid refused the e-mail with {status}{}", list(errors))]
    Refused { status: u16, errors: Vec<FieldError> },
    /// The vendor takes nothing now (429, 503, 408); the mail was not accepted.
    #[error("SendGrid asks to come back later ({status})")]
    Limited { status: u16, retry_after: Option<Duration> },
    /// The vendor failed several times in a row, so nothing was sent.
    #[error("SendGrid has been failing; not asked again yet")]
    Suspended { retry_after: Duration },
    /// No connection came about, so nothing was sent.
    #[error("SendGrid could not be reached")]
    Unreachable(#[source] CallFailure),
    /// The mail may have been accepted: no answer came, or one that does not say (a 5xx other than 503).
    /// Sending it again now may send it twice: [`super::after_unknown`] says when.
    #[error("SendGrid did not say whether it accepted the e-mail{}", status.map(|s| format!(" ({s})")).unwrap_or_default())]
    Unknown { status: Option<u16>, source: Option<CallFailure> },
}

impl MailError {
    /// Whether the same mail may simply be sent again later: it was surely not accepted, and the
    /// reason may pass. Never true for [`MailError::Unknown`].
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Limited { .. } | Self::Suspended { .. } | Self::Unreachable(_) => true,
            // A key that is being rotated: the mail is fine, it must not end as a dead letter.
            Self::Refused { status, .. } => *status == 401,
            Self::Invalid { .. } | Self::Unknown { .. } => false,
        }
    }

    /// Whether the mail may have gone out in spite of the error.
    pub fn may_have_been_sent(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// How long the vendor (or our breaker) wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Limited { retry_after, .. } => *retry_after,
            Self::Suspended { retry_after } => Some(*retry_after),
            Self::Invalid { .. } | Self::Refused { .. } | Self::Unreachable(_) | Self::Unknown { .. } => None,
        }
    }

    /// Whether the vendor is at work, for the breaker: a refusal is an answer.
    pub(super) fn shows_vendor_at_work(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::Refused { .. } => true,
            // A 429 means us, not that the vendor is down; its `retry_after` slows the one task.
            Self::Limited { status, .. } => *status == 429,
            Self::Suspended { .. } | Self::Unreachable(_) | Self::Unknown { .. } => false,
        }
    }
}

impl From<CallFailure> for MailError {
    fn from(failure: CallFailure) -> Self {
        match failure {
            CallFailure::NotSent(_) => Self::Unreachable(failure),
            CallFailure::MaybeDone(_) => Self::Unknown { status: None, source: Some(failure) },
        }
    }
}

/// Names of the refused fields, not the vendor's sentences: those may quote an address.
fn list(errors: &[FieldError]) -> String {
    let fields: Vec<&str> = errors.iter().filter_map(|error| error.field.as_deref()).collect();
    if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_fields_and_quotes_nobody() {
        let errors = vec![FieldError {
            field: Some("personalizations.0.to.0.email".to_owned()),
            message: "pat@example.com does not contain a valid address".to_owned(),
        }];

        let text = MailError::Refused { status: 400, errors }.to_string();

        assert_eq!(text, "SendGrid refused the e-mail with 400 (personalizations.0.to.0.email)");
    }

    #[test]
    fn only_what_was_surely_not_accepted_may_simply_be_repeated() {
        let unknown = MailError::Unknown { status: Some(500), source: None };
        assert!(!unknown.is_transient() && unknown.may_have_been_sent());
        assert_eq!(unknown.to_string(), "SendGrid did not say whether it accepted the e-mail (500)");

        let limited = MailError::Limited { status: 429, retry_after: Some(Duration::from_secs(7)) };
        assert!(limited.is_transient() && !limited.may_have_been_sent());
        assert_eq!(limited.retry_after(), Some(Duration::from_secs(7)));

        assert!(MailError::Refused { status: 401, errors: vec![] }.is_transient());
        assert!(!MailError::Refused { status: 400, errors: vec![] }.is_transient());
    }
}
