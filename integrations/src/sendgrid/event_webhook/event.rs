//! What a batch says: one [`DeliveryEvent`] for each entry, whatever else the vendor adds in time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Longest vendor id that we keep; longer ones are replaced by their digest.
const ID_LIMIT: usize = 100;

/// Fields of events that are the vendor's own. All others are custom arguments.
const VENDOR_FIELDS: [&str; 36] = [
    "email",
    "timestamp",
    "event",
    "smtp-id",
    "sg_event_id",
    "sg_message_id",
    "category",
    "categories",
    "type",
    "reason",
    "status",
    "response",
    "attempt",
    "useragent",
    "ip",
    "url",
    "url_offset",
    "asm_group_id",
    "tls",
    "cert_err",
    "bounce_classification",
    "newsletter",
    "marketing_campaign_id",
    "marketing_campaign_name",
    "marketing_campaign_version",
    "marketing_campaign_split_id",
    "sg_content_type",
    "sg_machine_open",
    "sg_template_id",
    "sg_template_name",
    "pool",
    "send_at",
    "sg_user_id",
    "outbound_ip",
    "outbound_ip_type",
    "phase_id",
];

/// What happened to a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// Taken over by SendGrid.
    Processed,
    /// Not sent at all: the address is on a suppression list, or the request was faulty.
    Dropped,
    /// The receiving server said "later"; SendGrid tries again for three days.
    Deferred,
    /// The receiving server took it.
    Delivered,
    /// The receiving server refused it for good (the address goes on the bounce list).
    Bounce,
    /// Refused for now and given up (`type` is `blocked`); the address stays usable.
    Blocked,
    Open,
    Click,
    SpamReport,
    Unsubscribe,
    GroupUnsubscribe,
    GroupResubscribe,
    /// A kind that this version does not know.
    Other(String),
}

/// How far a mail is known to have come. Ordered: of two outcomes the greater holds, whatever order
/// their events arrive in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Accepted,
    Deferred,
    Delivered,
    /// Dropped, blocked or bounced. A bounce can follow a delivery, so it is the greatest.
    Failed,
}

impl EventKind {
    fn of(kind: &str, sub_kind: Option<&str>) -> Self {
        match kind {
            "processed" => Self::Processed,
            "dropped" => Self::Dropped,
            "deferred" => Self::Deferred,
            "delivered" => Self::Delivered,
            "bounce" if sub_kind == Some("blocked") => Self::Blocked,
            "bounce" => Self::Bounce,
            "open" => Self::Open,
            "click" => Self::Click,
            "spamreport" => Self::SpamReport,
            "unsubscribe" => Self::Unsubscribe,
            "group_unsubscribe" => Self::GroupUnsubscribe,
            "group_resubscribe" => Self::GroupResubscribe,
            other => Self::Other(other.to_owned()),
        }
    }

    /// What the event says about delivery. Every kind that we know proves at least that SendGrid took
    /// the mail; of an unknown kind we claim nothing.
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Processed | Self::Unsubscribe | Self::GroupUnsubscribe | Self::GroupResubscribe => {
                Some(Outcome::Accepted)
            }
            Self::Deferred => Some(Outcome::Deferred),
            Self::Delivered | Self::Open | Self::Click | Self::SpamReport => Some(Outcome::Delivered),
            Self::Dropped | Self::Blocked | Self::Bounce => Some(Outcome::Failed),
            Self::Other(_) => None,
        }
    }
}

/// One event of a batch.
#[derive(Clone, PartialEq)]
pub struct DeliveryEvent {
    /// Unique per event; the same in a repeated batch. If the vendor gave none: a digest of the event.
    pub sg_event_id: String,
    pub kind: EventKind,
    /// When it happened by the vendor's clock; the time of receipt if the event does not say.
    pub at: DateTime<Utc>,
    /// Whose mail it was. Personal data: not for logs.
    pub email: Option<String>,
    /// The vendor's id of the mail, starting with what [`crate::sendgrid::Accepted`] gave.
    pub sg_message_id: Option<String>,
    /// What the receiving server said, or why SendGrid dropped it. May quote the address.
    pub reason: Option<String>,
    /// Our own arguments: `tenant`, `message` and what else was sent with the mail.
    pub custom_args: BTreeMap<String, String>,
}

impl std::fmt::Debug for DeliveryEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeliveryEvent")
            .field("sg_event_id", &self.sg_event_id)
            .field("kind", &self.kind)
            .field("at", &self.at)
            .field("custom_args", &self.custom_args)
            .finish_non_exhaustive()
    }
}

impl DeliveryEvent {
    /// Our id of the mail, if it is one of ours.
    pub fn message_id(&self) -> Option<&str> {
        self.custom_args.get(crate::sendgrid::ARG_MESSAGE).map(String::as_str)
    }

    /// Whether the event is about this accepted send, and not about a second copy of the same mail.
    pub fn is_about(&self, provider_message_id: &str) -> bool {
        let rest = self.sg_message_id.as_deref().and_then(|id| id.strip_prefix(provider_message_id));
        !provider_message_id.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// The body is not a JSON array: nothing in it can be used.
#[derive(Debug, thiserror::Error)]
#[error("the batch is not a JSON array")]
pub struct NotABatch(#[source] serde_json::Error);

/// Reads a verified batch. Unknown kinds and fields pass; entries that are no objects are left out.
///
/// # Errors
/// [`NotABatch`] if the body is not a JSON array.
pub fn parse(raw: &[u8], received_at: DateTime<Utc>) -> Result<Vec<DeliveryEvent>, NotABatch> {
    let entries: Vec<Value> = serde_json::from_slice(raw).map_err(NotABatch)?;
    Ok(entries.iter().filter_map(Value::as_object).map(|entry| event(entry, received_at)).collect())
}

/// Whether events use this name for themselves, so that no custom argument may.
pub(in crate::sendgrid) fn is_vendor_field(name: &str) -> bool {
    VENDOR_FIELDS.contains(&name)
}

fn event(entry: &Map<String, Value>, received_at: DateTime<Utc>) -> DeliveryEvent {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let at = entry.get("timestamp").and_then(seconds).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let custom = entry.iter().filter(|(name, _)| !is_vendor_field(name));
    DeliveryEvent {
        sg_event_id: event_id(text("sg_event_id"), entry),
        kind: EventKind::of(text("event").unwrap_or_default(), text("type")),
        at: at.unwrap_or(received_at),
        email: text("email").map(str::to_owned),
        sg_message_id: text("sg_message_id").map(str::to_owned),
        reason: text("reason").or(text("response")).map(str::to_owned),
        custom_args: custom.filter_map(|(name, value)| Some((name.clone(), scalar(value)?))).collect(),
    }
}

fn event_id(given: Option<&str>, entry: &Map<String, Value>) -> String {
    match given {
        Some(id) if !id.is_empty() && id.len() <= ID_LIMIT => id.to_owned(),
        // Maps print in the order of their keys, so a repeated event has the same digest.
        _ => format!("sha256-{}", hex::encode(Sha256::digest(Value::Object(entry.clone()).to_string()))),
    }
}

fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64)).or_else(|| value.as_str()?.parse().ok())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
