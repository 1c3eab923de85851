//! The list of mails, newest first.

use std::fmt::Write;

use serde::Deserialize;

use super::super::mail::SentMail;
use super::{escape, moment, state};

/// At most so many rows; a search finds older ones.
const ROWS: usize = 200;
const PREVIEW: usize = 120;

/// What the visitor looks for.
#[derive(Deserialize)]
pub(super) struct Filter {
    /// In the recipient's name or address.
    #[serde(default)]
    to: String,
    /// In subject, sender or text.
    #[serde(default)]
    q: String,
}

impl Filter {
    fn fits(&self, mail: &SentMail) -> bool {
        contains(&mail.to_line(), &self.to)
            && [mail.subject(), &mail.from_line(), mail.text()].iter().any(|text| contains(text, &self.q))
    }

    fn is_set(&self) -> bool {
        !(self.to.trim().is_empty() && self.q.trim().is_empty())
    }
}

pub(super) fn body(mails: &[SentMail], filter: &Filter) -> String {
    let found: Vec<&SentMail> = mails.iter().rev().filter(|mail| filter.fits(mail)).collect();
    let mut html = search(filter, found.len(), mails.len());
    if found.is_empty() {
        html.push_str(empty(filter.is_set()));
        return html;
    }
    html.push_str(r#"<ol class="mails">"#);
    for mail in found.iter().take(ROWS) {
        row(mail, &mut html);
    }
    html.push_str("</ol>");
    if found.len() > ROWS {
        // Writing to a string does not fail.
        let _ = write!(html, r#"<p class="hint">The newest {ROWS} of {}. Search to find older ones.</p>"#, found.len());
    }
    html
}

fn search(filter: &Filter, found: usize, all: usize) -> String {
    let count = match (filter.is_set(), all) {
        (true, _) => format!("{found} of {all}"),
        (false, _) => all.to_string(),
    };
    let clear = if filter.is_set() { r#"<a class="clear" href="/sendgrid/">Clear</a>"# } else { "" };
    format!(
        r#"<div class="head"><h1>E-mails <span class="count">{count} · times in UTC</span></h1><form method="get" action="/sendgrid/" role="search"><label>To<input type="search" name="to" value="{}" placeholder="name or address" autocomplete="off"></label><label>Containing<input type="search" name="q" value="{}" placeholder="subject, sender, text" autocomplete="off"></label><button type="submit">Search</button>{clear}</form></div>"#,
        escape(&filter.to),
        escape(&filter.q)
    )
}

fn empty(searched: bool) -> &'static str {
    if searched {
        r#"<div class="empty"><p>No e-mail fits this search.</p><p><a href="/sendgrid/">Show all</a></p></div>"#
    } else {
        r#"<div class="empty"><p>No e-mail yet. Each one that the product sends appears here; reload to see it.</p></div>"#
    }
}

fn row(mail: &SentMail, html: &mut String) {
    let files = mail.request["attachments"].as_array().map_or(0, Vec::len);
    let files = match files {
        0 => String::new(),
        1 => r#"<span class="files">1 file</span>"#.to_owned(),
        n => format!(r#"<span class="files">{n} files</span>"#),
    };
    let preview: String = mail.text().split_whitespace().collect::<Vec<_>>().join(" ").chars().take(PREVIEW).collect();
    // Writing to a string does not fail.
    let _ = write!(
        html,
        r#"<li><a href="/sendgrid/mails/{0}"><span class="to" title="{1}">{1}</span><span class="what"><strong>{2}</strong> <span class="preview">{3}</span></span>{files}{4}<span class="when">{5}</span></a></li>"#,
        escape(&mail.id),
        escape(&mail.to_line()),
        escape(mail.subject()),
        escape(&preview),
        state(mail),
        moment(mail.received_at)
    );
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(part.trim().to_lowercase().as_str())
}
