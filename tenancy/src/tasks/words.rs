//! What each kind of task does, in words for whoever has to decide about one.

/// The sentence of a kind. `workers` has a test that none is missing.
pub fn of_kind(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "send_email" => "Send an e-mail",
        "notify_on_the_way" => "Tell the customer that a technician is on the way",
        "process_sendgrid_events" => "Note what became of e-mails",
        "process_file" => "Make images of an upload",
        "remove_file" => "Take a deleted file out of storage",
        _ => return None,
    })
}

/// The sentence of one e-mail, by its template's word.
pub fn of_mail(template: &str, recipient: &str) -> String {
    let mut title = template.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("Send the e-mail “{title}” to {recipient}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_named_by_its_template() {
        assert_eq!(
            of_mail("visit_on_the_way", "pat@example.com"),
            "Send the e-mail “Visit on the way” to pat@example.com"
        );
        assert_eq!(of_mail("", "x"), "Send the e-mail “” to x");
    }
}
