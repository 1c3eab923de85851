//! The job and its life; pure.

use chrono::{DateTime, Utc};
use serde::Serialize;
use surv_tenancy::{CustomerId, FieldErrors, JobId, PropertyId, events::Changes};

/// Where a job stands. Follows its visits, except that the office may cancel it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum JobState {
    /// No visit is planned.
    Unscheduled,
    Scheduled,
    /// Somebody has begun to work.
    InProgress,
    /// Every visit is over and at least one was done.
    Completed,
    Cancelled,
}

/// What happens to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEvent {
    /// A visit was planned.
    Schedule,
    /// A technician arrived.
    Start,
    /// A visit was done or cancelled.
    VisitOver {
        open_visits_left: i32,
        any_done: bool,
    },
    Cancel,
}

/// The job's state does not allow this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job is {}", word(.from))]
pub struct InvalidTransition {
    pub from: JobState,
}

const fn word(state: &JobState) -> &'static str {
    match state {
        JobState::Unscheduled => "not scheduled",
        JobState::Scheduled => "scheduled",
        JobState::InProgress => "under way",
        JobState::Completed => "completed",
        JobState::Cancelled => "cancelled",
    }
}

impl JobState {
    pub const ALL: [Self; 5] = [Self::Unscheduled, Self::Scheduled, Self::InProgress, Self::Completed, Self::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unscheduled => "unscheduled",
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state after `event`. Nothing else changes a job's state.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the state does not allow it.
    pub fn after(self, event: JobEvent) -> Result<Self, InvalidTransition> {
        use {JobEvent as E, JobState as S};
        match (self, event) {
            (S::Unscheduled | S::Scheduled | S::Completed, E::Schedule) => Ok(S::Scheduled),
            (S::InProgress, E::Schedule) => Ok(S::InProgress),
            (S::Scheduled | S::InProgress, E::Start) => Ok(S::InProgress),
            (S::Scheduled | S::InProgress, E::VisitOver { open_visits_left: 0, any_done: true }) => Ok(S::Completed),
            (S::Scheduled | S::InProgress, E::VisitOver { open_visits_left: 0, any_done: false }) => Ok(S::Unscheduled),
            (S::Scheduled | S::InProgress, E::VisitOver { .. }) => Ok(self),
            (S::Unscheduled | S::Scheduled | S::InProgress, E::Cancel) => Ok(S::Cancelled),
            // Spelled out rather than `_`: a new state or event must be placed here to compile.
            (S::Cancelled, E::Schedule | E::Start | E::VisitOver { .. } | E::Cancel)
            | (S::Unscheduled | S::Completed, E::Start | E::VisitOver { .. })
            | (S::Completed, E::Cancel) => Err(InvalidTransition { from: self }),
        }
    }
}

/// Work agreed with a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub job_id: JobId,
    /// The company's own count, without gaps.
    pub number: i64,
    pub customer_id: CustomerId,
    pub property_id: PropertyId,
    pub title: String,
    pub description: String,
    /// For the office only.
    pub office_notes: String,
    pub state: JobState,
    pub open_visits: i32,
    pub cancel_reason: Option<String>,
    pub archived_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// The fields to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobPatch {
    pub title: Option<String>,
    pub description: Option<String>,
    pub office_notes: Option<String>,
}

/// The words of a job, tidied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobWords {
    pub title: String,
    pub description: String,
    pub office_notes: String,
}

impl JobWords {
    /// # Errors
    /// Every field that is not right.
    pub fn checked(title: &str, description: &str, office_notes: &str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let words = Self {
            title: errors.line("/title", title, 1, 200),
            description: errors.text("/description", description, 0, 4000),
            office_notes: errors.text("/office_notes", office_notes, 0, 4000),
        };
        errors.into_result()?;
        Ok(words)
    }
}

impl Job {
    /// What differs, for the audit log.
    pub fn differences(&self, after: &Self) -> Changes {
        Changes::new()
            .field("title", &self.title, &after.title)
            .field("description", &self.description, &after.description)
            .field("office_notes", &self.office_notes, &after.office_notes)
            .field("state", &self.state, &after.state)
            .field("cancel_reason", &self.cancel_reason, &after.cancel_reason)
            .field("archived_at", &self.archived_at, &after.archived_at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event() -> impl Strategy<Value = JobEvent> {
        prop_oneof![
            Just(JobEvent::Schedule),
            Just(JobEvent::Start),
            (0..3, any::<bool>())
                .prop_map(|(open_visits_left, any_done)| JobEvent::VisitOver { open_visits_left, any_done }),
            Just(JobEvent::Cancel),
        ]
    }

    proptest! {
        #[test]
        fn a_cancelled_job_stays_cancelled(events in prop::collection::vec(event(), 0..20)) {
            let mut state = JobState::Unscheduled;
            let mut cancelled = false;
            for event in events {
                if let Ok(next) = state.after(event) {
                    prop_assert!(!cancelled, "left cancelled by {event:?}");
                    state = next;
                }
                cancelled |= state == JobState::Cancelled;
            }
        }
    }

    #[test]
    fn a_job_is_completed_by_its_last_visit_if_any_was_done() {
        let over = |open_visits_left, any_done| JobEvent::VisitOver { open_visits_left, any_done };

        assert_eq!(JobState::InProgress.after(over(0, true)), Ok(JobState::Completed));
        assert_eq!(JobState::InProgress.after(over(1, true)), Ok(JobState::InProgress));
        assert_eq!(JobState::Scheduled.after(over(0, false)), Ok(JobState::Unscheduled));
        assert!(JobState::Completed.after(JobEvent::Cancel).is_err());
    }
}
