//! One mail as it was taken over, with what was reported about it since.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A mail that the simulator has accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentMail {
    /// What `X-Message-Id` said.
    pub id: String,
    /// Grows with each mail.
    pub sequence: u64,
    pub received_at: DateTime<Utc>,
    /// The body of the request, unchanged.
    pub request: Value,
    pub events: Vec<SentEvent>,
}

/// An event about a mail, and how its webhook fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentEvent {
    /// As it is posted.
    pub event: Value,
    /// How often it was posted and answered with 2xx.
    pub delivered: u32,
    /// How often it was posted in all.
    pub tries: u32,
    /// Status of the last answer; `None` if there was none.
    pub last_status: Option<u16>,
}

impl SentMail {
    /// The sender's address.
    pub fn from(&self) -> &str {
        self.request["from"]["email"].as_str().unwrap_or_default()
    }

    /// The sender's name and address for people.
    pub fn from_line(&self) -> String {
        mailbox_line(&self.request["from"])
    }

    /// Addresses of all recipients.
    pub fn to(&self) -> Vec<String> {
        recipients(&self.request)
    }

    /// All recipients for people.
    pub fn to_line(&self) -> String {
        mailboxes(&self.request).map(mailbox_line).collect::<Vec<_>>().join(", ")
    }

    /// The subject.
    pub fn subject(&self) -> &str {
        let own = self.request["personalizations"][0]["subject"].as_str();
        own.or(self.request["subject"].as_str()).unwrap_or_default()
    }

    /// The plain text; empty if there is none.
    pub fn text(&self) -> &str {
        self.content("text/plain").unwrap_or_default()
    }

    /// The HTML, if there is any.
    pub fn html(&self) -> Option<&str> {
        self.content("text/html")
    }

    /// A custom argument, such as `message` or `tenant`.
    pub fn custom_arg(&self, name: &str) -> Option<&str> {
        self.request["personalizations"][0]["custom_args"][name].as_str()
    }

    /// A header that was set in the request.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.request["headers"].as_object()?;
        headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name))?.1.as_str()
    }

    /// Kinds of the events so far, in the order in which they happened.
    pub fn event_kinds(&self) -> Vec<&str> {
        self.events.iter().filter_map(|sent| sent.event["event"].as_str()).collect()
    }

    /// Web addresses in text and HTML, each once, in order: what a person could follow.
    pub fn links(&self) -> Vec<String> {
        let mut links: Vec<String> = Vec::new();
        for body in [self.text(), self.html().unwrap_or_default()] {
            for link in web_addresses(body) {
                if !links.contains(&link) {
                    links.push(link);
                }
            }
        }
        links
    }

    /// The mail for programs.
    pub fn view(&self) -> Value {
        json!({
            "id": self.id, "sequence": self.sequence, "received_at": self.received_at, "from": self.from(), "to": self.to(),
            "subject": self.subject(), "text": self.text(), "html": self.html(), "links": self.links(),
            "custom_args": self.request["personalizations"][0]["custom_args"], "headers": self.request["headers"],
            "categories": self.request["categories"], "events": self.events, "request": self.request,
        })
    }

    fn content(&self, kind: &str) -> Option<&str> {
        let parts = self.request["content"].as_array()?;
        parts.iter().find(|part| part["type"] == kind)?["value"].as_str()
    }
}

/// Addresses of everybody who gets a request's mail.
pub(super) fn recipients(request: &Value) -> Vec<String> {
    mailboxes(request).filter_map(|mailbox| mailbox["email"].as_str()).map(str::to_owned).collect()
}

fn mailboxes(request: &Value) -> impl Iterator<Item = &Value> {
    let personalizations = request["personalizations"].as_array().into_iter().flatten();
    personalizations
        .flat_map(|one| ["to", "cc", "bcc"].into_iter().flat_map(|kind| one[kind].as_array().into_iter().flatten()))
}

fn mailbox_line(mailbox: &Value) -> String {
    let email = mailbox["email"].as_str().unwrap_or_default();
    match mailbox["name"].as_str() {
        Some(name) if !name.is_empty() => format!("{name} <{email}>"),
        Some(_) | None => email.to_owned(),
    }
}

fn web_addresses(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(start) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        rest = &rest[start..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']'))
            .unwrap_or(rest.len());
        found.push(rest[..end].trim_end_matches(['.', ',', ';', '!', '?']).replace("&amp;", "&"));
        rest = &rest[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_text_and_html_without_what_surrounds_them() {
        let html = r#"<a href="https://a.example/x?b=1&amp;c=2">Pay</a> <img src='http://b.example/i.png'>"#;
        let mail = SentMail {
            id: String::new(),
            sequence: 1,
            received_at: DateTime::UNIX_EPOCH,
            request: json!({"content": [
                {"type": "text/plain", "value": "See https://a.example/x?b=1&c=2. Or (http://c.example/)!"},
                {"type": "text/html", "value": html},
            ]}),
            events: vec![],
        };

        assert_eq!(mail.links(), ["https://a.example/x?b=1&c=2", "http://c.example/", "http://b.example/i.png"]);
    }
}
