//! Misbehaviour on command: which faults are ordered, and for which request each is used up.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One order to misbehave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub kind: FaultKind,
    /// For how many mails.
    #[serde(default = "once")]
    pub times: u32,
    /// For the kinds that wait; each has its own default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Only for mails to this address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_to: Option<String>,
    /// For `cut_connection` and `status_500`: whether the mail is taken over nevertheless.
    #[serde(default)]
    pub done: bool,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// The fault for the next mail, whoever gets it.
    pub fn once(kind: FaultKind) -> Self {
        Self { kind, times: 1, delay_ms: None, match_to: None, done: false }
    }

    pub(super) fn delay(&self, default: Duration) -> Duration {
        self.delay_ms.map_or(default, Duration::from_millis)
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Takes the mail over, then does not answer (for `delay_ms`, 60 s if not said).
    TimeoutAfterDoing,
    /// Refuses with 429 and says when to come back (`delay_ms`, 1 s if not said).
    #[serde(rename = "status_429")]
    Status429,
    /// Fails with 500; with `done`, after taking the mail over.
    #[serde(rename = "status_500")]
    Status500,
    /// Breaks the connection without an answer; with `done`, after taking the mail over.
    CutConnection,
    /// Answers as it should, but late (`delay_ms`, 2 s if not said).
    Slow,
    /// Posts every batch of events twice.
    DuplicateWebhooks,
    /// Posts the events late (`delay_ms`, 2 s if not said).
    DelayWebhooks,
    /// Posts the last event first.
    ReorderWebhooks,
    /// Posts no events.
    LoseWebhooks,
}

impl FaultKind {
    /// Whether it concerns the events and not the request.
    pub(super) fn is_about_webhooks(self) -> bool {
        match self {
            Self::DuplicateWebhooks | Self::DelayWebhooks | Self::ReorderWebhooks | Self::LoseWebhooks => true,
            Self::TimeoutAfterDoing | Self::Status429 | Self::Status500 | Self::CutConnection | Self::Slow => false,
        }
    }
}

/// The orders that are still open.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(super) fn add(&self, fault: Fault) {
        self.open().push(fault);
    }

    pub(super) fn clear(&self) {
        self.open().clear();
    }

    pub(super) fn list(&self) -> Vec<Fault> {
        self.open().clone()
    }

    /// The fault for this request, one of its times used up. The oldest that fits.
    pub(super) fn take_for_request(&self, recipients: &[String]) -> Option<Fault> {
        let mut open = self.open();
        let fits = |fault: &Fault| !fault.kind.is_about_webhooks() && concerns(fault, recipients);
        let position = open.iter().position(fits)?;
        Some(use_up(&mut open, position))
    }

    /// All faults for the events of this mail, one of each kind.
    pub(super) fn take_for_webhooks(&self, recipients: &[String]) -> Vec<Fault> {
        let mut open = self.open();
        let mut taken: Vec<Fault> = Vec::new();
        let fits = |fault: &Fault, taken: &[Fault]| {
            fault.kind.is_about_webhooks()
                && concerns(fault, recipients)
                && taken.iter().all(|one| one.kind != fault.kind)
        };
        while let Some(position) = open.iter().position(|fault| fits(fault, &taken)) {
            taken.push(use_up(&mut open, position));
        }
        taken
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn concerns(fault: &Fault, recipients: &[String]) -> bool {
    let matches = |wanted: &String| recipients.iter().any(|to| to.eq_ignore_ascii_case(wanted));
    fault.times > 0 && fault.match_to.as_ref().is_none_or(matches)
}

fn use_up(open: &mut Vec<Fault>, position: usize) -> Fault {
    open[position].times -= 1;
    if open[position].times == 0 { open.remove(position) } else { open[position].clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(address: &str) -> Vec<String> {
        vec![address.to_owned()]
    }

    #[test]
    fn a_fault_is_used_up_by_the_mails_that_it_is_meant_for() {
        let faults = Faults::default();
        let for_pat =
            Fault { times: 2, match_to: Some("pat@example.com".to_owned()), ..Fault::once(FaultKind::Status500) };
        faults.add(for_pat);

        assert_eq!(faults.take_for_request(&to("sam@example.com")), None);
        assert!(faults.take_for_webhooks(&to("pat@example.com")).is_empty());
        assert!(faults.take_for_request(&to("PAT@example.com")).is_some());
        assert!(faults.take_for_request(&to("pat@example.com")).is_some());
        assert_eq!(faults.take_for_request(&to("pat@example.com")), None);
        assert_eq!(faults.list(), []);
    }

    #[test]
    fn several_faults_of_events_work_together_and_each_kind_once_a_mail() {
        let faults = Faults::default();
        for kind in [FaultKind::DuplicateWebhooks, FaultKind::ReorderWebhooks, FaultKind::DuplicateWebhooks] {
            faults.add(Fault::once(kind));
        }

        let kinds = |taken: Vec<Fault>| taken.into_iter().map(|fault| fault.kind).collect::<Vec<_>>();
        assert_eq!(kinds(faults.take_for_webhooks(&[])), [FaultKind::DuplicateWebhooks, FaultKind::ReorderWebhooks]);
        assert_eq!(kinds(faults.take_for_webhooks(&[])), [FaultKind::DuplicateWebhooks]);
    }

    #[test]
    fn orders_are_read_by_the_names_in_the_documentation_and_nothing_else() {
        let read = |text: &str| serde_json::from_str::<Fault>(text).map(|fault| fault.kind).ok();

        assert_eq!(read(r#"{"kind":"status_429","times":3,"delay_ms":5}"#), Some(FaultKind::Status429));
        assert_eq!(
            read(r#"{"kind":"timeout_after_doing","match_to":"a@b.example"}"#),
            Some(FaultKind::TimeoutAfterDoing)
        );
        assert_eq!(read(r#"{"kind":"status_500","done":true}"#), Some(FaultKind::Status500));
        assert_eq!(read(r#"{"kind":"explode"}"#), None);
        assert_eq!(read(r#"{"kind":"slow","delay":5}"#), None);
    }
}
