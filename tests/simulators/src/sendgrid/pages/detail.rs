//! One mail: as it looks, its text, headers, events and the raw request.

use std::fmt::Write;

use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;

use super::super::mail::{SentEvent, SentMail};
use super::{escape, moment, state};

/// Which side of the mail is shown.
#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    view: Option<Tab>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Tab {
    Html,
    Text,
    Events,
    Headers,
    Raw,
}

impl Tab {
    const ALL: [(Tab, &'static str, &'static str); 5] = [
        (Tab::Html, "html", "Looks"),
        (Tab::Text, "text", "Text"),
        (Tab::Events, "events", "Events"),
        (Tab::Headers, "headers", "Headers"),
        (Tab::Raw, "raw", "Raw"),
    ];
}

pub(super) fn body(mail: &SentMail, choice: Choice) -> String {
    let tab = choice.view.unwrap_or(if mail.html().is_some() { Tab::Html } else { Tab::Text });
    let content = match tab {
        Tab::Html => looks(mail),
        Tab::Text => format!(r#"<pre class="text">{}</pre>"#, escape(mail.text())),
        Tab::Events => events(&mail.events),
        Tab::Headers => headers(mail),
        Tab::Raw => format!(r#"<pre class="raw">{}</pre>"#, escape(&pretty(&mail.request))),
    };
    format!("{}{}{content}{}", head(mail), tabs(mail, tab), links(mail))
}

fn head(mail: &SentMail) -> String {
    format!(
        r#"<p class="back"><a href="/sendgrid/">All e-mails</a></p><div class="title"><h1>{}</h1>{}</div><dl class="facts"><dt>From</dt><dd>{}</dd><dt>To</dt><dd>{}</dd>{}<dt>Accepted</dt><dd>{} UTC</dd>{}</dl>"#,
        escape(mail.subject()),
        state(mail),
        escape(&mail.from_line()),
        escape(&mail.to_line()),
        reply_to(&mail.request["reply_to"]),
        moment(mail.received_at),
        files(&mail.request["attachments"])
    )
}

fn reply_to(mailbox: &Value) -> String {
    mailbox["email"].as_str().map(|email| format!("<dt>Reply to</dt><dd>{}</dd>", escape(email))).unwrap_or_default()
}

fn files(attachments: &Value) -> String {
    let Some(files) = attachments.as_array().filter(|files| !files.is_empty()) else {
        return String::new();
    };
    let name = |file: &Value| {
        let bytes = file["content"].as_str().map_or(0, |content| content.len() / 4 * 3);
        let size = if bytes < 1024 { format!("{bytes} B") } else { format!("{} KiB", bytes.div_ceil(1024)) };
        format!(r#"{} <span class="soft">{size}</span>"#, escape(file["filename"].as_str().unwrap_or("without a name")))
    };
    format!("<dt>Attached</dt><dd>{}</dd>", files.iter().map(name).collect::<Vec<_>>().join(", "))
}

fn tabs(mail: &SentMail, chosen: Tab) -> String {
    let tab = |(tab, name, label): &(Tab, &str, &str)| {
        let current = if *tab == chosen { r#" aria-current="page""# } else { "" };
        let count = if *tab == Tab::Events {
            format!(r#" <span class="count">{}</span>"#, mail.events.len())
        } else {
            String::new()
        };
        format!(r#"<a href="?view={name}"{current}>{label}{count}</a>"#)
    };
    format!(
        r#"<nav class="tabs" aria-label="Sides of this e-mail">{}</nav>"#,
        Tab::ALL.iter().map(tab).collect::<String>()
    )
}

fn looks(mail: &SentMail) -> String {
    match mail.html() {
        Some(_) => format!(
            r#"<iframe class="mail" sandbox="" src="/sendgrid/mails/{}/html" title="The e-mail as it looks"></iframe>"#,
            escape(&mail.id)
        ),
        None => r#"<div class="empty"><p>This e-mail has no HTML. Its text is all there is.</p></div>"#.to_owned(),
    }
}

/// Links do not work in the sandbox, so those that a person could follow stand below it.
fn links(mail: &SentMail) -> String {
    let links = mail.links();
    if links.is_empty() {
        return String::new();
    }
    let item = |link: &String| {
        format!(r#"<li><a href="{0}" rel="noreferrer noopener" target="_blank">{0}</a></li>"#, escape(link))
    };
    format!(
        r#"<section class="links"><h2>Links in this e-mail</h2><ul>{}</ul></section>"#,
        links.iter().map(item).collect::<String>()
    )
}

fn events(events: &[SentEvent]) -> String {
    if events.is_empty() {
        return r#"<div class="empty"><p>Nothing has happened to this e-mail yet.</p></div>"#.to_owned();
    }
    let mut html = r#"<ol class="events">"#.to_owned();
    for sent in events {
        let at = sent.event["timestamp"].as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        // Writing to a string does not fail.
        let _ = write!(
            html,
            r#"<li><div><strong>{}</strong> {} <span class="soft">{}</span></div><details><summary>As posted</summary><pre class="raw">{}</pre></details></li>"#,
            escape(sent.event["event"].as_str().unwrap_or_default()),
            at.map(moment).unwrap_or_default(),
            webhook(sent),
            escape(&pretty(&sent.event))
        );
    }
    html.push_str("</ol>");
    html
}

fn webhook(sent: &SentEvent) -> String {
    match (sent.tries, sent.delivered, sent.last_status) {
        (0, _, _) => "webhook not posted".to_owned(),
        (1, 1, _) => "webhook delivered".to_owned(),
        (tries, 0, Some(status)) => {
            format!("webhook not delivered, {tries} tries, last answer {status}")
        }
        (tries, 0, None) => format!("webhook not delivered, {tries} tries, no answer"),
        (tries, delivered, _) => format!("webhook delivered {delivered} times in {tries} tries"),
    }
}

fn headers(mail: &SentMail) -> String {
    let mut rows = vec![("X-Message-Id".to_owned(), mail.id.clone())];
    let pairs = |value: &Value, prefix: &str| -> Vec<(String, String)> {
        let fields = value.as_object().into_iter().flatten();
        fields
            .map(|(name, value)| (format!("{prefix}{name}"), value.as_str().map_or(value.to_string(), str::to_owned)))
            .collect()
    };
    rows.extend(pairs(&mail.request["headers"], ""));
    rows.extend(pairs(&mail.request["personalizations"][0]["custom_args"], "custom argument: "));
    rows.extend(pairs(&mail.request["tracking_settings"], "setting: "));
    if let Some(categories) = mail.request["categories"].as_array() {
        let names: Vec<&str> = categories.iter().filter_map(Value::as_str).collect();
        rows.push(("categories".to_owned(), names.join(", ")));
    }
    let row = |(name, value): &(String, String)| format!("<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
    format!(r#"<dl class="facts wide">{}</dl>"#, rows.iter().map(row).collect::<String>())
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
