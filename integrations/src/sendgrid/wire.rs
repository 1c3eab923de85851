//! The vendor's shapes: what `POST /v3/mail/send` takes and what the API answers.
//!
//! Proved against the vendor's document in `tests/sendgrid_contract.rs`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::error::FieldError;
use super::types::{Address, Attachment, Disposition, OutgoingMail};

/// Headers that mail programs and people can recognise a repeated mail by.
const REF_HEADER: &str = "X-Entity-Ref-ID";

#[derive(Serialize)]
pub(super) struct SendRequest<'a> {
    from: Mailbox<'a>,
    subject: &'a str,
    personalizations: [Personalization<'a>; 1],
    content: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    headers: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    categories: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    asm: Option<Unsubscribe>,
    tracking_settings: Tracking,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Mailbox<'a>>,
}

#[derive(Serialize)]
struct Mailbox<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Personalization<'a> {
    to: [Mailbox<'a>; 1],
    custom_args: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Content<'a> {
    r#type: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
struct File<'a> {
    content: String,
    r#type: &'a str,
    filename: &'a str,
    disposition: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Unsubscribe {
    group_id: u32,
}

/// Clicks are never tracked: a rewritten link would leave our domain and carry our capability with it.
#[derive(Serialize)]
struct Tracking {
    click_tracking: ClickTracking,
    /// Absent leaves it to the account's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_tracking: Option<OpenTracking>,
}

#[derive(Serialize)]
struct ClickTracking {
    enable: bool,
    enable_text: bool,
}

#[derive(Serialize)]
struct OpenTracking {
    enable: bool,
}

impl<'a> SendRequest<'a> {
    /// The request for `mail`; with `open_tracking`, the account's setting for the pixel holds.
    pub(super) fn of(mail: &'a OutgoingMail, open_tracking: bool) -> Self {
        let mut headers: BTreeMap<&str, &str> = mail.headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let given = headers.keys().any(|name| name.eq_ignore_ascii_case(REF_HEADER));
        if let (false, Some(id)) = (given, mail.message_id()) {
            headers.insert(REF_HEADER, id);
        }
        // The vendor wants plain text before HTML.
        let text = Content { r#type: "text/plain", value: &mail.text };
        let html = mail.html.as_ref().map(|value| Content { r#type: "text/html", value });
        Self {
            from: Mailbox::of(&mail.from),
            subject: &mail.subject,
            personalizations: [Personalization { to: [Mailbox::of(&mail.to)], custom_args: &mail.custom_args }],
            content: std::iter::once(text).chain(html).collect(),
            attachments: mail.attachments.iter().map(File::of).collect(),
            headers,
            categories: &mail.categories,
            asm: mail.unsubscribe_group.map(|group_id| Unsubscribe { group_id }),
            tracking_settings: Tracking {
                click_tracking: ClickTracking { enable: false, enable_text: false },
                open_tracking: (!open_tracking).then_some(OpenTracking { enable: false }),
            },
            reply_to: mail.reply_to.as_ref().map(Mailbox::of),
        }
    }
}

impl<'a> Mailbox<'a> {
    fn of(address: &'a Address) -> Self {
        Self { email: &address.email, name: address.name.as_deref() }
    }
}

impl<'a> File<'a> {
    fn of(file: &'a Attachment) -> Self {
        let (disposition, content_id) = match &file.disposition {
            Disposition::Attachment => ("attachment", None),
            Disposition::Inline { content_id } => ("inline", Some(content_id.as_str())),
        };
        Self {
            content: STANDARD.encode(&file.content),
            r#type: &file.mime,
            filename: &file.filename,
            disposition,
            content_id,
        }
    }
}

/// An entry of the bounce list as the API answers it.
#[derive(Deserialize)]
pub(super) struct BounceEntry {
    pub created: Option<f64>,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub status: String,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    #[serde(default)]
    errors: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    field: Option<String>,
}

/// The vendor's complaints in an error answer; none if it is not what the document promises.
pub(super) fn field_errors(body: &[u8]) -> Vec<FieldError> {
    let Ok(answer) = serde_json::from_slice::<ErrorAnswer>(body) else {
        return Vec::new();
    };
    let entry = |entry: ErrorEntry| FieldError {
        // The document's own examples say "null" as text.
        field: entry.field.filter(|field| field != "null"),
        message: entry.message.unwrap_or_default(),
    };
    answer.errors.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_read_in_every_shape_that_the_vendor_is_known_to_send() {
        let body = br#"{"errors":[{"message":"no","field":"from.email","help":null},{"message":"no","field":"null"},{"message":null}],"id":"x"}"#;

        let errors = field_errors(body);

        let fields: Vec<_> = errors.iter().map(|error| error.field.as_deref()).collect();
        assert_eq!(fields, [Some("from.email"), None, None]);
        for odd in ["", "<html>", "{}", "[]", r#"{"errors":{}}"#] {
            assert_eq!(field_errors(odd.as_bytes()), [], "{odd}");
        }
    }
}
