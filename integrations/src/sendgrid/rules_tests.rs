//! Tests of what we refuse to send.

use std::collections::BTreeMap;

use super::*;

fn mail() -> OutgoingMail {
    OutgoingMail {
        from: Address::named("billing@mail.surv.example", "Acme Plumbing"),
        to: Address::named("owner@example.com", "Pat Owner"),
        reply_to: Some(Address::bare("r+42@in.surv.example")),
        subject: "Invoice INV-42".to_owned(),
        text: "Please pay".to_owned(),
        html: Some("<p>Please pay</p>".to_owned()),
        categories: vec!["invoice".to_owned()],
        custom_args: BTreeMap::from([("tenant".to_owned(), "7".to_owned()), ("message".to_owned(), "42".to_owned())]),
        headers: BTreeMap::new(),
        attachments: vec![],
        unsubscribe_group: None,
    }
}

fn refused_field(change: impl FnOnce(&mut OutgoingMail)) -> Option<&'static str> {
    let mut mail = mail();
    change(&mut mail);
    match check(&mail, &["mail.surv.example".to_owned()]) {
        Ok(()) => None,
        Err(MailError::Invalid { field, .. }) => Some(field),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn an_honest_mail_passes() {
    assert_eq!(refused_field(|_| ()), None);
    assert_eq!(refused_field(|m| m.subject = "Ihre Rechnung für März 🧾".to_owned()), None);
    assert_eq!(refused_field(|m| m.from.email = "billing@MAIL.surv.example".to_owned()), None);
}

#[test]
fn line_breaks_and_control_characters_are_refused_in_every_line_of_the_head() {
    for evil in ["a\r\nBcc: all@example.com", "a\nb", "a\rb", "a\0b", "a\u{7f}", "a\u{85}b", "a\u{2028}b"] {
        assert_eq!(refused_field(|m| m.subject = evil.to_owned()), Some("subject"), "{evil:?}");
        assert_eq!(refused_field(|m| m.from.name = Some(evil.to_owned())), Some("from"), "{evil:?}");
        assert_eq!(refused_field(|m| m.to.name = Some(evil.to_owned())), Some("to"), "{evil:?}");
        assert_eq!(
            refused_field(|m| m.reply_to = Some(Address::named("a@b.example", evil))),
            Some("reply_to"),
            "{evil:?}"
        );
        assert_eq!(refused_field(|m| m.to.email = format!("{evil}@example.com")), Some("to"), "{evil:?}");
        assert_eq!(refused_field(|m| m.categories = vec![evil.to_owned()]), Some("categories"), "{evil:?}");
        assert_eq!(
            refused_field(|m| drop(m.headers.insert("X-Note".to_owned(), evil.to_owned()))),
            Some("headers"),
            "{evil:?}"
        );
        assert_eq!(
            refused_field(|m| drop(m.custom_args.insert("job".to_owned(), evil.to_owned()))),
            Some("custom_args"),
            "{evil:?}"
        );
    }
}

#[test]
fn only_our_own_domains_may_send() {
    for foreign in ["billing@bank.example", "billing@evil.mail.surv.example", "billing@surv.example"] {
        assert_eq!(refused_field(|m| m.from.email = foreign.to_owned()), Some("from"), "{foreign}");
    }
}

#[test]
fn headers_of_the_vendor_and_of_routing_are_not_ours_to_set() {
    for name in ["Bcc", "to", "Reply-To", "X-SG-ID", "DKIM-Signature", "Message-ID", "Return-Path", "X Note", "X:", ""]
    {
        assert_eq!(
            refused_field(|m| drop(m.headers.insert(name.to_owned(), "x".to_owned()))),
            Some("headers"),
            "{name:?}"
        );
    }
}

#[test]
fn a_mail_that_could_not_be_traced_is_refused() {
    assert_eq!(refused_field(|m| m.custom_args.clear()), Some("custom_args"));
    assert_eq!(refused_field(|m| drop(m.custom_args.insert("message".into(), String::new()))), Some("custom_args"));
    assert_eq!(refused_field(|m| drop(m.custom_args.insert("event".into(), "x".into()))), Some("custom_args"));
    assert_eq!(refused_field(|m| drop(m.custom_args.insert("job".into(), "x".repeat(10_000)))), Some("custom_args"));
}

#[test]
fn sizes_are_bounded() {
    assert_eq!(refused_field(|m| m.subject = "x".repeat(999)), Some("subject"));
    assert_eq!(refused_field(|m| m.subject = "  ".to_owned()), Some("subject"));
    assert_eq!(refused_field(|m| m.text.clear()), Some("text"));
    assert_eq!(refused_field(|m| m.html = Some(String::new())), Some("html"));
    assert_eq!(refused_field(|m| m.categories = (0..11).map(|n| n.to_string()).collect()), Some("categories"));
    let file = |filename: &str, bytes: usize| Attachment {
        filename: filename.to_owned(),
        mime: "application/pdf".to_owned(),
        content: vec![0; bytes],
        disposition: Disposition::Attachment,
    };
    assert_eq!(refused_field(|m| m.attachments = vec![file("a.pdf", 10)]), None);
    assert_eq!(refused_field(|m| m.attachments = vec![file("../a.pdf", 10)]), Some("attachments"));
    assert_eq!(refused_field(|m| m.attachments = vec![file("a.pdf", 0)]), Some("attachments"));
    assert_eq!(refused_field(|m| m.attachments = vec![file("a.pdf", 24 * 1024 * 1024)]), Some("attachments"));
}

#[test]
fn addresses_are_told_from_other_text() {
    for fine in ["a@b.example", "pat.owner+tag@mail.example.co.uk", "o'neil@example.com", "x_1@xn--bcher-kva.example"] {
        assert!(is_address(fine), "{fine}");
    }
    for wrong in [
        "",
        "a",
        "@b.example",
        "a@",
        "a@b",
        "a@@b.example",
        "a@b@c.example",
        "a b@c.example",
        "a@b..example",
        "a@-b.example",
        ".a@b.example",
        "a.@b.example",
        "a..b@c.example",
        "<a@b.example>",
        "\"a\"@b.example",
        "a@b.example,c@d.example",
        "ä@b.example",
        "a@bücher.example",
        "a@[127.0.0.1]",
    ] {
        assert!(!is_address(wrong), "{wrong}");
    }
    assert!(!is_address(&format!("{}@b.example", "a".repeat(65))));
}

#[test]
fn user_text_is_cleaned_into_one_line() {
    assert_eq!(clean_line("  Pat\r\nBcc: x@y.example\t Owner \u{202E}gpj "), "Pat Bcc: x@y.example Owner gpj");
    assert_eq!(clean_line("Zoë O’Neil & Söhne 🛠"), "Zoë O’Neil & Söhne 🛠");
    assert_eq!(clean_line("\0\n\r"), "");
}
