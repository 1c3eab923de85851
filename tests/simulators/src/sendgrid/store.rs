//! Mails and bounced addresses, in memory and, if there is a folder, in one JSON file each.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::mail::{SentEvent, SentMail};

/// An address that SendGrid delivers no more mail to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BouncedAddress {
    pub created: i64,
    pub email: String,
    pub reason: String,
    pub status: String,
}

/// What the simulated vendor remembers.
#[derive(Debug)]
pub(super) struct Store {
    dir: Option<PathBuf>,
    keep: usize,
    next_sequence: u64,
    mails: VecDeque<SentMail>,
    bounces: BTreeMap<String, BouncedAddress>,
}

impl Store {
    /// Reads what a folder holds; a file that is not whole is skipped with a warning.
    pub(super) fn open(dir: Option<&Path>, keep: usize) -> io::Result<Self> {
        let dir = dir.map(|dir| dir.join("sendgrid"));
        let mut mails: Vec<SentMail> = Vec::new();
        let mut bounces = BTreeMap::new();
        if let Some(dir) = &dir {
            std::fs::create_dir_all(dir.join("mails"))?;
            for entry in std::fs::read_dir(dir.join("mails"))? {
                mails.extend(read::<SentMail>(&entry?.path()));
            }
            bounces = read(&dir.join("bounces.json")).unwrap_or_default();
        }
        mails.sort_by_key(|mail| mail.sequence);
        let next_sequence = mails.last().map_or(1, |mail| mail.sequence + 1);
        let mut store = Self { dir, keep: keep.max(1), next_sequence, mails: mails.into(), bounces };
        store.drop_old();
        Ok(store)
    }

    /// Keeps a new mail. It is on the disk when this returns.
    pub(super) fn insert(&mut self, id: String, received_at: DateTime<Utc>, request: Value) -> io::Result<SentMail> {
        let mail = SentMail { id, sequence: self.next_sequence, received_at, request, events: Vec::new() };
        self.write(&mail)?;
        self.next_sequence += 1;
        self.mails.push_back(mail.clone());
        self.drop_old();
        Ok(mail)
    }

    /// All mails, oldest first.
    pub(super) fn mails(&self) -> impl DoubleEndedIterator<Item = &SentMail> {
        self.mails.iter()
    }

    pub(super) fn mail(&self, id: &str) -> Option<&SentMail> {
        self.mails.iter().find(|mail| mail.id == id)
    }

    /// Notes events that have happened to a mail.
    pub(super) fn add_events(&mut self, id: &str, events: &[Value]) {
        self.change(id, |mail| {
            let sent = |event: &Value| SentEvent { event: event.clone(), delivered: 0, tries: 0, last_status: None };
            mail.events.extend(events.iter().map(sent));
        });
    }

    /// Notes a try to post events.
    pub(super) fn note_try(&mut self, id: &str, events: &[Value], status: Option<u16>) {
        self.change(id, |mail| {
            for sent in mail.events.iter_mut().filter(|sent| events.contains(&sent.event)) {
                sent.tries += 1;
                sent.delivered += u32::from(status.is_some_and(|status| (200..300).contains(&status)));
                sent.last_status = status;
            }
        });
    }

    pub(super) fn bounce(&self, email: &str) -> Option<&BouncedAddress> {
        self.bounces.get(&email.to_lowercase())
    }

    pub(super) fn bounces(&self) -> Vec<BouncedAddress> {
        self.bounces.values().cloned().collect()
    }

    pub(super) fn add_bounce(&mut self, bounce: BouncedAddress) {
        self.bounces.insert(bounce.email.to_lowercase(), bounce);
        self.write_bounces();
    }

    /// Whether the address was on the list.
    pub(super) fn remove_bounce(&mut self, email: &str) -> bool {
        let removed = self.bounces.remove(&email.to_lowercase()).is_some();
        self.write_bounces();
        removed
    }

    pub(super) fn clear_mails(&mut self) {
        while let Some(mail) = self.mails.pop_front() {
            self.erase(&mail.id);
        }
    }

    pub(super) fn clear_bounces(&mut self) {
        self.bounces.clear();
        self.write_bounces();
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut SentMail)) {
        // Newest first: events follow their mail closely.
        let Some(mail) = self.mails.iter_mut().rev().find(|mail| mail.id == id) else {
            return;
        };
        change(mail);
        let changed = mail.clone();
        if let Err(error) = self.write(&changed) {
            tracing::warn!(%error, "a mail's events could not be kept");
        }
    }

    fn drop_old(&mut self) {
        while self.mails.len() > self.keep {
            if let Some(oldest) = self.mails.pop_front() {
                self.erase(&oldest.id);
            }
        }
    }

    fn write(&self, mail: &SentMail) -> io::Result<()> {
        match &self.dir {
            Some(dir) => write(&dir.join("mails").join(format!("{}.json", mail.id)), mail),
            None => Ok(()),
        }
    }

    fn write_bounces(&self) {
        let Some(dir) = &self.dir else { return };
        if let Err(error) = write(&dir.join("bounces.json"), &self.bounces) {
            tracing::warn!(%error, "the bounce list could not be kept");
        }
    }

    fn erase(&self, id: &str) {
        if let Some(dir) = &self.dir {
            // A file that is already gone is as good as erased.
            let _ = std::fs::remove_file(dir.join("mails").join(format!("{id}.json")));
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    if path.extension().is_none_or(|extension| extension != "json") || !path.exists() {
        return None;
    }
    let value = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if value.is_none() {
        tracing::warn!(path = %path.display(), "skipped a file that cannot be read");
    }
    value
}

/// Replaces a file whole, so that a kill leaves the old or the new one.
fn write(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let draft = path.with_extension("draft");
    std::fs::write(&draft, serde_json::to_vec(value)?)?;
    std::fs::rename(draft, path)
}
