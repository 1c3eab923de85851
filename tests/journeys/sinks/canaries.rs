//! Values that nobody could mistake, and everything that they are found by.

use base64::{Engine as _, engine::general_purpose};

/// What went through the stack.
#[derive(Debug, Default)]
pub struct Canaries {
    /// Passwords, tokens, codes, keys: in no sink, in no form.
    secrets: Vec<(String, String)>,
    /// Names, addresses, notes: in the database, and nowhere else.
    personal: Vec<(String, String)>,
}

impl Canaries {
    /// # Panics
    /// When it is so short that it could be found by chance.
    pub fn secret(&mut self, what: &str, value: &str) -> String {
        assert!(value.len() >= 8, "{what}");
        self.secrets.push((what.to_owned(), value.to_owned()));
        value.to_owned()
    }

    pub fn personal(&mut self, what: &str, value: &str) -> String {
        self.personal.push((what.to_owned(), value.to_owned()));
        value.to_owned()
    }

    /// # Panics
    /// When the text holds a secret.
    pub fn assert_no_secret(&self, sink: &str, text: &str) {
        assert_free(&self.secrets, sink, text);
    }

    /// # Panics
    /// When the text holds anything of this.
    pub fn assert_nothing(&self, sink: &str, text: &str) {
        assert_free(&self.secrets, sink, text);
        assert_free(&self.personal, sink, text);
    }

    pub fn count(&self) -> usize {
        self.secrets.len() + self.personal.len()
    }
}

fn assert_free(canaries: &[(String, String)], sink: &str, text: &str) {
    for (what, value) in canaries {
        for form in forms(value) {
            if let Some(at) = text.find(&form) {
                let start = (0..=at.saturating_sub(300)).rev().find(|start| text.is_char_boundary(*start)).unwrap_or(0);
                panic!("{what} is in {sink}: {}", &text[start..at + form.len()]);
            }
        }
    }
}

/// As typed, as JSON and addresses write it, and as bytes are shown: hexadecimal and base64.
fn forms(value: &str) -> Vec<String> {
    let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let mut forms = vec![value.to_owned(), encoded, hex::encode(value), general_purpose::STANDARD_NO_PAD.encode(value)];
    // What a token or secret is made of, as a column of bytes would show it.
    if let Ok(bytes) = general_purpose::URL_SAFE_NO_PAD.decode(value)
        && bytes.len() >= 24
    {
        forms.push(hex::encode(&bytes[bytes.len() - 24..]));
    }
    forms
}
