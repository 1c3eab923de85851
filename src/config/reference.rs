//! What `defaults.toml` says of each setting: the one source of defaults, of what is known, and of the documentation.

use std::sync::LazyLock;

/// The reference itself.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// Whether a setting has to be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It has a default.
    Default,
    /// Always.
    Required,
    /// As soon as another key of its section is.
    WithSection,
    Optional,
}

/// What a value looks like; the environment only has text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Switch,
    List,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub section: String,
    /// `*` stands for any name.
    pub key: String,
    pub doc: String,
    /// The default, or an example, as TOML.
    pub value: String,
    pub need: Need,
    pub kind: Kind,
    pub secret: bool,
}

impl Entry {
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// The variable that sets it.
    pub fn variable(&self) -> String {
        format!("SURV_{}", self.path().replace('.', "__").to_uppercase())
    }
}

/// A section and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub doc: String,
    pub entries: Vec<Entry>,
}

/// All sections in the order of the file.
pub fn reference() -> &'static [Section] {
    static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| parse(DEFAULTS));
    &SECTIONS
}

/// The setting at a path such as `http.listen`.
pub fn find(path: &str) -> Option<&'static Entry> {
    let (section, key) = path.rsplit_once('.')?;
    let section = reference().iter().find(|known| known.name == section)?;
    section.entries.iter().find(|entry| entry.key == key || entry.key == "*")
}

fn parse(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut doc: Vec<&str> = Vec::new();
    for line in text.lines() {
        let (need, setting) = match line.get(..3) {
            Some("#! ") => (Need::Required, &line[3..]),
            Some("#? ") => (Need::Optional, &line[3..]),
            Some("#+ ") => (Need::WithSection, &line[3..]),
            _ => (Need::Default, line),
        };
        if line.is_empty() {
            doc.clear();
        } else if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_end_matches(']').to_owned();
            sections.push(Section { name, doc: doc.join(" "), entries: Vec::new() });
            doc.clear();
        } else if let Some(words) = setting.strip_prefix('#') {
            doc.push(words.trim());
        } else if let (Some((key, value)), Some(section)) = (setting.split_once(" = "), sections.last_mut()) {
            section.entries.push(entry(&section.name, key, value, need, &doc.join(" ")));
            doc.clear();
        }
    }
    sections
}

fn entry(section: &str, key: &str, value: &str, need: Need, doc: &str) -> Entry {
    let kind = match value.as_bytes().first() {
        Some(b'"') => Kind::Text,
        Some(b'[') => Kind::List,
        Some(b't' | b'f') => Kind::Switch,
        _ => Kind::Integer,
    };
    let secret = doc.ends_with("Secret.");
    let doc = doc.trim_end_matches("Secret.").trim_end().to_owned();
    Entry { section: section.to_owned(), key: key.to_owned(), doc, value: value.to_owned(), need, kind, secret }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_described_and_every_password_is_secret() {
        for section in reference() {
            assert!(!section.doc.is_empty(), "[{}] has no description", section.name);
            for entry in &section.entries {
                assert!(!entry.doc.is_empty(), "{} has no description", entry.path());
                let sounds_secret = ["_key", "password", "url"].iter().any(|word| entry.path().contains(word));
                let public = ["public", "console_url", "portal_url", "base_url", "access_key_id", "root_key_id"];
                let is_public = public.iter().any(|word| entry.path().contains(word));
                assert_eq!(entry.secret, sounds_secret && !is_public, "{}", entry.path());
            }
        }
        assert!(find("tokens.root_key").is_some_and(|entry| entry.secret && entry.need == Need::Required));
        assert!(find("database.passwords.admin").is_some_and(|entry| entry.secret));
        assert!(find("http.port").is_none());
    }
}
