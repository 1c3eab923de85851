//! The handle that tests look in with, and the state that all routes share.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::faults::{Fault, Faults};
use super::mail::SentMail;
use super::store::{BouncedAddress, Store};
use super::{SendgridOptions, aftermath};
use crate::cut::Scissors;
use crate::keys::EventKey;
use crate::running::StartError;
use crate::webhook::Poster;

/// The SendGrid simulator from within: what was sent, and how it shall misbehave. Cheap to clone.
#[derive(Clone)]
pub struct SendgridHandle(Arc<Inner>);

struct Inner {
    options: SendgridOptions,
    store: Mutex<Store>,
    faults: Faults,
    poster: Poster,
    scissors: Scissors,
    webhook_target: Mutex<Option<String>>,
    attempts: AtomicU64,
    /// Webhook work that is not over yet.
    pending: watch::Sender<usize>,
    /// Changes whenever a mail or an event was added.
    version: watch::Sender<u64>,
}

impl std::fmt::Debug for SendgridHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendgridHandle").finish_non_exhaustive()
    }
}

impl SendgridHandle {
    pub(crate) fn open(options: SendgridOptions, dir: Option<&Path>, scissors: Scissors) -> Result<Self, StartError> {
        let key = dir.map_or_else(|| Ok(EventKey::random()), EventKey::in_directory)?;
        let failed = |source| StartError::Store { path: dir.unwrap_or(Path::new("")).to_owned(), source };
        Ok(Self(Arc::new(Inner {
            store: Mutex::new(Store::open(dir, options.keep).map_err(failed)?),
            faults: Faults::default(),
            poster: Poster::new(key, options.retry_pause).map_err(StartError::Client)?,
            scissors,
            webhook_target: Mutex::new(options.webhook_target.clone()),
            attempts: AtomicU64::new(0),
            pending: watch::Sender::new(0),
            version: watch::Sender::new(0),
            options,
        })))
    }

    /// All mails that were taken over, oldest first.
    pub fn sent(&self) -> Vec<SentMail> {
        self.store().mails().cloned().collect()
    }

    /// The mails to one address, oldest first.
    pub fn sent_to(&self, address: &str) -> Vec<SentMail> {
        let is_to = |mail: &&SentMail| mail.to().iter().any(|to| to.eq_ignore_ascii_case(address));
        self.store().mails().filter(is_to).cloned().collect()
    }

    /// How many requests to send were seen, whatever came of them.
    pub fn send_attempts(&self) -> u64 {
        self.0.attempts.load(Ordering::SeqCst)
    }

    /// Waits until so many mails were taken over for an address; gives what there is when time is up.
    pub async fn wait_for(&self, address: &str, count: usize, limit: Duration) -> Vec<SentMail> {
        let mut version = self.0.version.subscribe();
        let enough = version.wait_for(|_| self.sent_to(address).len() >= count);
        // Both outcomes are answered by what is there.
        let _ = tokio::time::timeout(limit, enough).await;
        self.sent_to(address)
    }

    /// Waits until all events have happened and their webhooks were delivered or given up. False if time
    /// is up before.
    pub async fn settled(&self, limit: Duration) -> bool {
        let mut pending = self.0.pending.subscribe();
        tokio::time::timeout(limit, pending.wait_for(|count| *count == 0)).await.is_ok()
    }

    /// Orders a fault.
    pub fn fault(&self, fault: Fault) {
        self.0.faults.add(fault);
    }

    /// Takes all orders back.
    pub fn clear_faults(&self) {
        self.0.faults.clear();
    }

    /// Orders that were not used up.
    pub fn open_faults(&self) -> Vec<Fault> {
        self.0.faults.list()
    }

    /// Where events go from now on, also those of earlier mails that are still being tried.
    pub fn set_webhook_target(&self, target: Option<String>) {
        *self.0.webhook_target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    /// The public half of the key that events are signed with, as the vendor shows it.
    pub fn webhook_public_key(&self) -> String {
        self.0.poster.key().public_base64()
    }

    /// Signs a body as the vendor would, for tests that post by themselves.
    pub fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        self.0.poster.key().sign(timestamp, body)
    }

    /// Posts any events now, once: the status of the answer, `None` without target or answer.
    pub async fn post_events(&self, events: &[Value]) -> Option<u16> {
        let target = self.webhook_target()?;
        self.0.poster.post(&target, events).await
    }

    /// The bounce list.
    pub fn bounces(&self) -> Vec<BouncedAddress> {
        self.store().bounces()
    }

    /// Forgets mails, bounces and faults.
    pub fn reset(&self) {
        let mut store = self.store();
        store.clear_mails();
        store.clear_bounces();
        drop(store);
        self.clear_faults();
    }

    pub(super) fn options(&self) -> &SendgridOptions {
        &self.0.options
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    pub(super) fn poster(&self) -> &Poster {
        &self.0.poster
    }

    pub(super) fn scissors(&self) -> &Scissors {
        &self.0.scissors
    }

    pub(super) fn webhook_target(&self) -> Option<String> {
        self.0.webhook_target.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count_attempt(&self) {
        self.0.attempts.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes a valid request over: keeps the mail and starts what follows.
    pub(super) fn take_over(&self, id: String, request: Value) -> std::io::Result<SentMail> {
        let mail = self.store().insert(id, crate::clock::now(), request)?;
        self.changed();
        let faults = self.faults().take_for_webhooks(&mail.to());
        tokio::spawn(aftermath::run(self.clone(), mail.clone(), faults, self.begin()));
        Ok(mail)
    }

    /// Tells those who wait that something was added.
    pub(super) fn changed(&self) {
        self.0.version.send_modify(|version| *version += 1);
    }

    /// Counts a piece of webhook work as pending until the guard is dropped.
    pub(super) fn begin(&self) -> Pending {
        self.0.pending.send_modify(|count| *count += 1);
        Pending(self.clone())
    }
}

/// A piece of webhook work that is not over.
pub(super) struct Pending(SendgridHandle);

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.0.pending.send_modify(|count| *count -= 1);
    }
}
