//! The visit and its life; pure.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use surv_tenancy::{CustomerId, FieldErrors, JobId, PropertyId, VisitId, events::Changes};

/// Where a visit stands. Follows its assignments, except that the office may cancel it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum VisitState {
    Scheduled,
    /// The first technician is on the way.
    OnTheWay,
    /// The first technician has arrived.
    InProgress,
    /// Every technician is done.
    Completed,
    Cancelled,
}

/// What happens to a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitEvent {
    GoOnTheWay,
    Arrive,
    /// A technician is done.
    Finish {
        open_assignments_left: i32,
    },
    /// A technician was taken off; how far are those who are left?
    Release {
        rest: RestOfVisit,
    },
    Reschedule,
    Cancel,
}

/// How far the technicians of a visit are, without those who were taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestOfVisit {
    /// There is nobody, or nobody has set out.
    NotStarted,
    OnTheWay,
    AtWork,
    /// All who are left are done, and there is somebody.
    Done,
}

impl RestOfVisit {
    /// From the numbers of those who have not set out, are on the way, at work and done.
    pub const fn of(waiting: i64, on_the_way: i64, at_work: i64, done: i64) -> Self {
        match (waiting + on_the_way + at_work, on_the_way, at_work, done) {
            (0, _, _, 1..) => Self::Done,
            (_, _, 1.., _) | (_, _, _, 1..) => Self::AtWork,
            (_, 1.., _, _) => Self::OnTheWay,
            _ => Self::NotStarted,
        }
    }
}

/// The visit's state does not allow this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the visit is {}", .from.as_str().replace('_', " "))]
pub struct InvalidTransition {
    pub from: VisitState,
}

impl VisitState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::OnTheWay => "on_the_way",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Neither done nor cancelled.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Scheduled | Self::OnTheWay | Self::InProgress)
    }

    /// The state after `event`. Nothing else changes a visit's state.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the state does not allow it.
    pub fn after(self, event: VisitEvent) -> Result<Self, InvalidTransition> {
        use {VisitEvent as E, VisitState as S};
        match (self, event) {
            (S::Scheduled | S::OnTheWay, E::GoOnTheWay) => Ok(S::OnTheWay),
            // A second technician sets out while the first works.
            (S::InProgress, E::GoOnTheWay) => Ok(S::InProgress),
            (S::Scheduled | S::OnTheWay | S::InProgress, E::Arrive) => Ok(S::InProgress),
            (S::InProgress, E::Finish { open_assignments_left: 0 }) => Ok(S::Completed),
            (S::InProgress, E::Finish { .. }) => Ok(S::InProgress),
            (S::Scheduled | S::OnTheWay | S::InProgress, E::Release { rest }) => Ok(match rest {
                RestOfVisit::NotStarted => S::Scheduled,
                RestOfVisit::OnTheWay => S::OnTheWay,
                RestOfVisit::AtWork => S::InProgress,
                RestOfVisit::Done => S::Completed,
            }),
            (S::Scheduled, E::Reschedule) => Ok(S::Scheduled),
            (S::Scheduled | S::OnTheWay | S::InProgress, E::Cancel) => Ok(S::Cancelled),
            // Spelled out rather than `_`: a new state or event must be placed here to compile.
            (
                S::Completed | S::Cancelled,
                E::GoOnTheWay | E::Arrive | E::Finish { .. } | E::Release { .. } | E::Reschedule | E::Cancel,
            )
            | (S::Scheduled | S::OnTheWay, E::Finish { .. })
            | (S::OnTheWay | S::InProgress, E::Reschedule) => Err(InvalidTransition { from: self }),
        }
    }
}

/// A dated slot of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub visit_id: VisitId,
    pub job_id: JobId,
    pub customer_id: CustomerId,
    pub property_id: PropertyId,
    pub state: VisitState,
    /// The plan.
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// The promise: when the customer may expect somebody.
    pub window_start: DateTime<Utc>,
    pub window_end: DateTime<Utc>,
    /// IANA zone of the property when it was booked.
    pub time_zone: String,
    pub open_assignments: i32,
    pub cancel_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// When a visit is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NewVisit {
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// Both or none; without, the promise is the plan.
    pub window_start: Option<DateTime<Utc>>,
    pub window_end: Option<DateTime<Utc>>,
}

impl NewVisit {
    /// The promise.
    pub fn window(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (self.window_start.unwrap_or(self.starts_at), self.window_end.unwrap_or(self.ends_at))
    }

    /// Adds what is wrong with the times, under `at`.
    pub fn check(&self, errors: &mut FieldErrors, at: &str) {
        if self.ends_at <= self.starts_at {
            errors.add(&format!("{at}/ends_at"), "is not after the start");
        } else if self.ends_at - self.starts_at > TimeDelta::hours(24) {
            errors.add(&format!("{at}/ends_at"), "is more than 24 hours after the start");
        }
        if self.window_start.is_some() != self.window_end.is_some() {
            errors.add(&format!("{at}/window_start"), "and window_end belong together");
        }
        let (from, to) = self.window();
        if to <= from {
            errors.add(&format!("{at}/window_end"), "is not after the window's start");
        }
    }
}

impl Visit {
    /// What differs, for the audit log.
    pub fn differences(&self, after: &Self) -> Changes {
        Changes::new()
            .field("state", &self.state, &after.state)
            .field("starts_at", &self.starts_at, &after.starts_at)
            .field("ends_at", &self.ends_at, &after.ends_at)
            .field("window_start", &self.window_start, &after.window_start)
            .field("window_end", &self.window_end, &after.window_end)
            .field("cancel_reason", &self.cancel_reason, &after.cancel_reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_ends() {
        let events = [
            VisitEvent::GoOnTheWay,
            VisitEvent::Arrive,
            VisitEvent::Finish { open_assignments_left: 0 },
            VisitEvent::Release { rest: RestOfVisit::NotStarted },
            VisitEvent::Reschedule,
            VisitEvent::Cancel,
        ];
        for end in [VisitState::Completed, VisitState::Cancelled] {
            assert!(events.iter().all(|event| end.after(*event).is_err()));
        }
    }

    #[test]
    fn the_last_technician_completes() {
        let finish = |open_assignments_left| VisitEvent::Finish { open_assignments_left };

        assert_eq!(VisitState::InProgress.after(finish(1)), Ok(VisitState::InProgress));
        assert_eq!(VisitState::InProgress.after(finish(0)), Ok(VisitState::Completed));
        assert!(VisitState::Scheduled.after(finish(0)).is_err());
    }

    #[test]
    fn without_somebody_a_visit_is_as_far_as_the_rest() {
        let after = |waiting, on_the_way, at_work, done| {
            let rest = RestOfVisit::of(waiting, on_the_way, at_work, done);
            VisitState::OnTheWay.after(VisitEvent::Release { rest }).unwrap()
        };

        assert_eq!(after(0, 0, 0, 0), VisitState::Scheduled);
        assert_eq!(after(2, 0, 0, 0), VisitState::Scheduled);
        assert_eq!(after(1, 1, 0, 0), VisitState::OnTheWay);
        assert_eq!(after(1, 1, 1, 0), VisitState::InProgress);
        assert_eq!(after(1, 0, 0, 1), VisitState::InProgress);
        assert_eq!(after(0, 0, 0, 2), VisitState::Completed);
    }

    #[test]
    fn wrong_times_are_named() {
        let start = DateTime::UNIX_EPOCH;
        let visit = NewVisit { starts_at: start, ends_at: start, window_start: Some(start), window_end: None };
        let mut errors = FieldErrors::new();

        visit.check(&mut errors, "/visits/0");

        let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(pointers, ["/visits/0/ends_at", "/visits/0/window_start", "/visits/0/window_end"]);
    }
}
