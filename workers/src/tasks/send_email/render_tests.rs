//! Every template, with plain and with hostile values.

use serde_json::json;

use super::*;

const ALL: [EmailTemplate; 8] = [
    EmailTemplate::SignUpConfirm,
    EmailTemplate::SignUpKnownAddress,
    EmailTemplate::PasswordReset,
    EmailTemplate::PasswordChanged,
    EmailTemplate::Invitation,
    EmailTemplate::LoginCode,
    EmailTemplate::VisitOnTheWay,
    EmailTemplate::JobLink,
];

fn brand(name: &str) -> Branding {
    let accent = "#ffd400".to_owned();
    let phone = Some(name.to_owned());
    Branding { display_name: name.to_owned(), accent, phone, reply_to: None, logo_file_id: None, version: 1 }
}

fn params(text: &str) -> Params {
    let values = json!({"name": text, "company": text, "invited_by": text, "role": "technician", "code": "123456",
        "link": "https://acme.example/x#secret", "hours": 24, "days": 7, "minutes": 10, "technician": text, "job": text,
        "window": text});
    values.as_object().unwrap().clone()
}

#[test]
fn every_template_has_its_three_texts() {
    let emails = Emails::new().unwrap();
    for template in ALL {
        let mail = emails.render(template, &brand("Acme"), Some("Pat"), &params("Bob")).unwrap();

        assert!(!mail.subject.is_empty() && !mail.subject.contains('\n'), "{template:?}");
        assert!(!mail.text.contains('<') && mail.html.starts_with("<!doctype html>"), "{template:?}");
        assert!(mail.html.contains("background:#ffd400;color:#000000"), "the text on yellow is black");
        let has_link = template != EmailTemplate::PasswordChanged;
        assert_eq!(mail.text.contains("https://acme.example/x#secret"), has_link, "{template:?}");
        assert_eq!(
            mail.html.contains(r#"href="https:&#x2F;&#x2F;acme"#) || mail.html.contains(r#"href="https://acme"#),
            has_link
        );
    }
}

#[test]
fn what_people_typed_stays_text() {
    let emails = Emails::new().unwrap();
    let hostile = r#"{{7*7}}{% include "layout.html" %}<script>alert(1)</script>"><img src=x>"#;
    for template in ALL {
        let mail = emails.render(template, &brand(hostile), Some(hostile), &params(hostile)).unwrap();

        for markup in ["<script", "<img", "\"><"] {
            assert!(!mail.html.contains(&markup.replace("\"><", "\"><img")), "{template:?} {markup}");
        }
        assert!(
            mail.html.contains("{{7*7}}") && mail.text.contains("{{7*7}}") && !mail.html.contains("49"),
            "{template:?}"
        );
        assert!(mail.text.contains("<script>"), "plain text is shown as typed: {template:?}");
    }
}

#[test]
fn subjects_are_not_escaped_and_one_line() {
    let emails = Emails::new().unwrap();
    let mail =
        emails.render(EmailTemplate::Invitation, &brand("A"), None, &params("O'Neil & Söhne\r\nBcc: x@y.z")).unwrap();

    assert_eq!(mail.subject, "O'Neil & Söhne Bcc: x@y.z invites you to O'Neil & Söhne Bcc: x@y.z");
}

#[test]
fn a_missing_value_is_an_error_and_values_cannot_replace_the_brand() {
    let emails = Emails::new().unwrap();
    let mut values = params("Bob");
    values.insert("brand".to_owned(), json!({"name": "Mallory"}));

    let mail = emails.render(EmailTemplate::PasswordReset, &brand("Acme"), None, &values).unwrap();
    assert!(mail.text.contains("Acme") && !mail.text.contains("Mallory"));

    values.remove("link");
    assert!(emails.render(EmailTemplate::PasswordReset, &brand("Acme"), None, &values).is_err());
}
