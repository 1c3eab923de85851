//! What the server has acknowledged: the other side of the comparison with the database.

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use uuid::Uuid;

/// One change that was answered with success.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deed {
    pub tenant_id: Uuid,
    /// The event that tells of it.
    pub event: &'static str,
    pub subject_id: Uuid,
    /// What it can be found by: a name or address that no other deed has; empty where there is none.
    pub mark: String,
}

/// Shared by all clients.
#[derive(Debug)]
pub struct Ledger {
    deeds: Mutex<Vec<Deed>>,
    keys: Mutex<HashSet<String>>,
    acknowledged: AtomicU64,
    pub repeated: AtomicU64,
    slot: AtomicI64,
    stopping: AtomicBool,
    quiet: AtomicBool,
}

impl Ledger {
    pub fn new() -> Self {
        Self {
            deeds: Mutex::default(),
            keys: Mutex::default(),
            acknowledged: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            slot: AtomicI64::new(0),
            stopping: AtomicBool::new(false),
            quiet: AtomicBool::new(false),
        }
    }

    pub fn note(&self, deed: Deed) {
        self.deeds.lock().unwrap_or_else(PoisonError::into_inner).push(deed);
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    /// A key under which something was done.
    pub fn note_key(&self, key: &str) {
        let is_new = self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned());
        assert!(is_new, "a client has used a key for two deeds");
    }

    pub fn keys(&self) -> HashSet<String> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn deeds(&self) -> Vec<Deed> {
        self.deeds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// An hour that nobody else has: technicians are never asked to be in two places.
    pub fn free_hour(&self) -> i64 {
        self.slot.fetch_add(1, Ordering::SeqCst)
    }

    /// Asks the clients to end after the deed at hand.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Says that nobody writes any more.
    pub fn close(&self) {
        self.quiet.store(true, Ordering::SeqCst);
    }

    pub fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::SeqCst)
    }
}
