//! The page that shows the mails as they look. Plain HTML and CSS; everything a mail says is escaped,
//! and its HTML is shown only inside a sandbox that runs nothing and loads nothing but inline pictures.

mod detail;
mod list;

use chrono::{DateTime, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{IntoResponse, Response, handler};

use super::handle::SendgridHandle;
use super::mail::SentMail;

/// Nothing but our own style and our own frames.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A mail's HTML: no script, no origin, no network; its own styles and embedded pictures only.
const MAIL_POLICY: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

#[handler]
pub(super) fn list_page(Query(filter): Query<list::Filter>, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    page(StatusCode::OK, "E-mails", &list::body(&sendgrid.sent(), &filter))
}

#[handler]
pub(super) fn detail_page(
    Path(id): Path<String>,
    Query(tab): Query<detail::Choice>,
    Data(sendgrid): Data<&SendgridHandle>,
) -> Response {
    match sendgrid.store().mail(&id) {
        Some(mail) => page(StatusCode::OK, mail.subject(), &detail::body(mail, tab)),
        None => page(StatusCode::NOT_FOUND, "No such e-mail", MISSING),
    }
}

/// The mail's HTML alone, for the frame.
#[handler]
pub(super) fn html_page(Path(id): Path<String>, Data(sendgrid): Data<&SendgridHandle>) -> Response {
    let html = sendgrid.store().mail(&id).and_then(SentMail::html).map(str::to_owned);
    match html {
        Some(html) => answer(StatusCode::OK, MAIL_POLICY, html),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[handler]
pub(super) fn style_sheet() -> Response {
    Response::builder()
        .content_type("text/css; charset=utf-8")
        .header("X-Content-Type-Options", "nosniff")
        .body(include_str!("style.css"))
}

const MISSING: &str = r#"<div class="empty"><p>This e-mail is not here. Only the newest are kept, and they go when the simulator is emptied.</p><p><a href="/sendgrid/">All e-mails</a></p></div>"#;

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let head = r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><link rel="stylesheet" href="/sendgrid/_style.css">"#;
    let bar = r#"<header class="bar"><a class="home" href="/sendgrid/">SendGrid</a><span class="tag">simulated: no e-mail leaves this machine</span></header>"#;
    let title = escape(title);
    answer(
        status,
        PAGE_POLICY,
        format!("{head}<title>{title} · SendGrid simulator</title></head><body>{bar}<main>{body}</main></body></html>"),
    )
}

fn answer(status: StatusCode, policy: &str, html: String) -> Response {
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header("Content-Security-Policy", policy)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cache-Control", "no-store")
        .body(html)
}

/// Text for HTML, within elements and quoted attributes alike.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// A moment for people, exact in the title.
fn moment(at: DateTime<Utc>) -> String {
    format!(
        r#"<time datetime="{}" title="{} UTC">{}</time>"#,
        at.to_rfc3339(),
        at.format("%F %T%.3f"),
        at.format("%a %-d %b, %H:%M:%S")
    )
}

/// The mail's state as a coloured word: the last thing that happened to it.
fn state(mail: &SentMail) -> String {
    let kinds = mail.event_kinds();
    let (class, word) = match kinds.iter().rev().find(|kind| !matches!(**kind, "open" | "click")) {
        None => ("draft", "accepted"),
        Some(&"processed") => ("planned", "processed"),
        Some(&"deferred") => ("way", "deferred"),
        Some(&"delivered") => ("done", "delivered"),
        Some(&"bounce") => ("trouble", "bounced"),
        Some(&"dropped") => ("trouble", "dropped"),
        Some(&"spamreport") => ("trouble", "marked as spam"),
        Some(_) => ("draft", "changed"),
    };
    format!(r#"<span class="state {class}">{word}</span>"#)
}
