//! What we refuse to send, whatever the vendor would make of it: header injection, foreign sender
//! domains, mails that could not be traced afterwards.

use super::error::MailError;
use super::types::{Address, Attachment, Disposition, OutgoingMail};

/// RFC 5322's limit of a line.
const LINE_LIMIT: usize = 998;
const NAME_LIMIT: usize = 200;
/// The vendor's limits.
const CUSTOM_ARGS_LIMIT: usize = 10_000;
const CATEGORIES_LIMIT: usize = 10;
const CATEGORY_LIMIT: usize = 255;
const MAIL_LIMIT: usize = 30 * 1024 * 1024;
/// Headers that the vendor sets, and some that would change who gets or seems to send the mail.
const RESERVED_HEADERS: [&str; 16] = [
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
    "sender",
    "return-path",
    "message-id",
    "mime-version",
];

/// Makes user text fit for one line of a mail: control characters, line breaks and characters that turn
/// the direction of writing become spaces, runs of spaces one space, and the ends are trimmed.
pub fn clean_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if breaks_a_line(c) || turns_direction(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether this is an address that SendGrid can deliver to: one `@`, an ASCII local part without quoting,
/// a domain with a dot. Not whether anybody reads mail there.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    (1..=64).contains(&local.len())
        && local.bytes().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && is_domain(domain)
}

/// Whether this is a domain name with at least two labels (internationalised ones in their ASCII form).
pub(super) fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

/// Checks a mail before it is sent.
///
/// # Errors
/// [`MailError::Invalid`] with the first field that may not go out.
pub(super) fn check(mail: &OutgoingMail, from_domains: &[String]) -> Result<(), MailError> {
    check_address("from", &mail.from)?;
    check_address("to", &mail.to)?;
    if let Some(reply_to) = &mail.reply_to {
        check_address("reply_to", reply_to)?;
    }
    let domain = mail.from.email.rsplit('@').next().unwrap_or_default();
    require(
        from_domains.iter().any(|ours| ours.eq_ignore_ascii_case(domain)),
        "from",
        "is not of a domain that we may send from",
    )?;
    check_line("subject", &mail.subject, LINE_LIMIT)?;
    require(!mail.text.is_empty(), "text", "is empty")?;
    require(mail.html.as_ref().is_none_or(|html| !html.is_empty()), "html", "is empty")?;
    check_custom_args(mail)?;
    for (name, value) in &mail.headers {
        check_header(name, value)?;
    }
    let mut seen = std::collections::BTreeSet::new();
    require(mail.categories.len() <= CATEGORIES_LIMIT, "categories", "are more than ten")?;
    for category in &mail.categories {
        check_line("categories", category, CATEGORY_LIMIT)?;
        require(seen.insert(category), "categories", "repeat")?;
    }
    for attachment in &mail.attachments {
        check_attachment(attachment)?;
    }
    require(size(mail) <= MAIL_LIMIT, "attachments", "are too large in all")
}

fn check_address(field: &'static str, address: &Address) -> Result<(), MailError> {
    require(is_address(&address.email), field, "is not an e-mail address")?;
    match &address.name {
        Some(name) => check_line(field, name, NAME_LIMIT),
        None => Ok(()),
    }
}

fn check_line(field: &'static str, text: &str, limit: usize) -> Result<(), MailError> {
    require(!text.trim().is_empty(), field, "is empty")?;
    require(!text.chars().any(breaks_a_line), field, "holds a line break or a control character")?;
    require(text.len() <= limit, field, "is too long")
}

fn check_custom_args(mail: &OutgoingMail) -> Result<(), MailError> {
    require(mail.message_id().is_some_and(|id| !id.is_empty()), "custom_args", "lack our message id")?;
    let size: usize = mail.custom_args.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
    require(size <= CUSTOM_ARGS_LIMIT, "custom_args", "are too long in all")?;
    let clean = |text: &String| !text.chars().any(breaks_a_line);
    require(
        mail.custom_args.iter().all(|(name, value)| clean(name) && clean(value)),
        "custom_args",
        "hold a control character",
    )?;
    // Events carry custom arguments beside their own fields: one of the same name would be lost.
    let shadows = mail.custom_args.keys().any(|name| super::event_webhook::is_vendor_field(name));
    require(!shadows, "custom_args", "use a name that events use")
}

fn check_header(name: &str, value: &str) -> Result<(), MailError> {
    let token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    require(token, "headers", "hold a name that is not a header's")?;
    let reserved = RESERVED_HEADERS.iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
    require(!reserved, "headers", "hold one that is not ours to set")?;
    check_line("headers", value, LINE_LIMIT)?;
    require(value.is_ascii(), "headers", "hold a value that is not ASCII")?;
    Ok(())
}

fn check_attachment(attachment: &Attachment) -> Result<(), MailError> {
    check_line("attachments", &attachment.filename, CATEGORY_LIMIT)?;
    require(!attachment.filename.contains(['/', '\\']), "attachments", "hold a path instead of a file name")?;
    let mime = attachment.mime.split_once('/').is_some_and(|(kind, sub)| !kind.is_empty() && !sub.is_empty());
    require(
        mime && attachment.mime.bytes().all(|b| b.is_ascii_graphic() && b != b';'),
        "attachments",
        "hold a MIME type that is none",
    )?;
    require(!attachment.content.is_empty(), "attachments", "hold an empty file")?;
    match &attachment.disposition {
        Disposition::Attachment => Ok(()),
        Disposition::Inline { content_id } => check_line("attachments", content_id, CATEGORY_LIMIT),
    }
}

/// About what the mail takes on the wire: attachments grow by a third in base64.
fn size(mail: &OutgoingMail) -> usize {
    let attachments: usize = mail.attachments.iter().map(|file| file.content.len().div_ceil(3) * 4).sum();
    attachments + mail.text.len() + mail.html.as_ref().map_or(0, String::len)
}

fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn require(fine: bool, field: &'static str, reason: &'static str) -> Result<(), MailError> {
    if fine { Ok(()) } else { Err(MailError::Invalid { field, reason }) }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
