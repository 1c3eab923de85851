//! What goes to SendGrid and what comes back, in our words. The vendor's wire shape is in `wire.rs`.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};

/// The custom argument that carries our message id: every event about the mail brings it back.
pub const ARG_MESSAGE: &str = "message";
/// The custom argument that carries the tenant's id, to route events.
pub const ARG_TENANT: &str = "tenant";

/// A mailbox with a name to show.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub email: String,
    pub name: Option<String>,
}

impl Address {
    /// An address with a name. User text belongs through [`super::clean_line`] first.
    pub fn named(email: impl Into<String>, name: impl Into<String>) -> Self {
        Self { email: email.into(), name: Some(name.into()) }
    }

    /// An address alone.
    pub fn bare(email: impl Into<String>) -> Self {
        Self { email: email.into(), name: None }
    }
}

/// Prints no address: who gets mail is nobody's business in a log.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// A file that goes with a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    pub filename: String,
    /// The MIME type.
    pub mime: String,
    pub content: Vec<u8>,
    pub disposition: Disposition,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("mime", &self.mime)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// Whether an attachment is shown as a file or within the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    Attachment,
    /// Shown where the HTML refers to `cid:<content_id>`.
    Inline {
        content_id: String,
    },
}

/// One mail to one person.
///
/// `custom_args` must hold [`ARG_MESSAGE`], or nothing could be learned about the mail after an unknown
/// outcome. Custom arguments and categories are kept by the vendor for ever: ids only, no personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    pub from: Address,
    pub to: Address,
    pub reply_to: Option<Address>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// Groups for the vendor's statistics, such as `invoice`.
    pub categories: Vec<String>,
    pub custom_args: BTreeMap<String, String>,
    /// Further headers. `X-Entity-Ref-ID` is set to the message id unless it is given here: it stays the
    /// same in every attempt, so a duplicate can be recognised, and mail programs do not thread on it.
    pub headers: BTreeMap<String, String>,
    pub attachments: Vec<Attachment>,
    /// The vendor's unsubscribe group, for mail that a person may opt out of.
    pub unsubscribe_group: Option<u32>,
}

impl OutgoingMail {
    /// Our id of this mail, as events will bring it back.
    pub fn message_id(&self) -> Option<&str> {
        self.custom_args.get(ARG_MESSAGE).map(String::as_str)
    }
}

/// Prints ids only, never a person or what was written to them.
impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail")
            .field("custom_args", &self.custom_args)
            .field("attachments", &self.attachments)
            .finish_non_exhaustive()
    }
}

/// SendGrid has taken the mail over and will try to deliver it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The vendor's id (`X-Message-Id`), the start of each event's `sg_message_id`. Empty if it was not said.
    pub provider_message_id: String,
}

/// An entry of the bounce list: SendGrid drops mail to this address until it is removed.
#[derive(Clone, PartialEq, Eq)]
pub struct Bounce {
    pub since: Option<DateTime<Utc>>,
    /// What the receiving server said. May hold the address: not for logs.
    pub reason: String,
    /// The enhanced status, such as `5.1.1`.
    pub status: String,
}

impl fmt::Debug for Bounce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounce").field("since", &self.since).field("status", &self.status).finish_non_exhaustive()
    }
}
