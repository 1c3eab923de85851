//! A technician's part in a visit, and its life; pure.

use chrono::{DateTime, Utc};
use serde::Serialize;
use surv_tenancy::{JobId, UserId, VisitId};

/// How far a technician is with a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AssignmentState {
    Assigned,
    OnTheWay,
    Arrived,
    Completed,
    /// Taken off the visit.
    Released,
}

/// What a technician does, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    GoOnTheWay,
    Arrive,
    Complete,
}

/// The assignment's state does not allow this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the assignment is {}", .from.as_str())]
pub struct InvalidTransition {
    pub from: AssignmentState,
}

impl Step {
    /// The state that the step leads to.
    pub const fn target(self) -> AssignmentState {
        match self {
            Self::GoOnTheWay => AssignmentState::OnTheWay,
            Self::Arrive => AssignmentState::Arrived,
            Self::Complete => AssignmentState::Completed,
        }
    }

    pub const fn event_kind(self) -> &'static str {
        match self {
            Self::GoOnTheWay => "assignment.on_the_way",
            Self::Arrive => "assignment.arrived",
            Self::Complete => "assignment.completed",
        }
    }
}

impl AssignmentState {
    pub const ALL: [Self; 5] = [Self::Assigned, Self::OnTheWay, Self::Arrived, Self::Completed, Self::Released];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::OnTheWay => "on the way",
            Self::Arrived => "arrived",
            Self::Completed => "completed",
            Self::Released => "released",
        }
    }

    /// The state after a step. Nothing else moves an assignment, except that the office may release it.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the state does not allow it.
    pub fn after(self, step: Step) -> Result<Self, InvalidTransition> {
        use AssignmentState as S;
        match (self, step) {
            (S::Assigned, Step::GoOnTheWay) => Ok(S::OnTheWay),
            // Whoever forgot to say that they set out has arrived all the same.
            (S::Assigned | S::OnTheWay, Step::Arrive) => Ok(S::Arrived),
            (S::Arrived, Step::Complete) => Ok(S::Completed),
            // Spelled out rather than `_`: a new state or step must be placed here to compile.
            (S::Assigned | S::OnTheWay, Step::Complete)
            | (S::OnTheWay | S::Arrived, Step::GoOnTheWay)
            | (S::Arrived, Step::Arrive)
            | (S::Completed | S::Released, Step::GoOnTheWay | Step::Arrive | Step::Complete) => {
                Err(InvalidTransition { from: self })
            }
        }
    }
}

/// A technician on a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub visit_id: VisitId,
    pub technician_id: UserId,
    pub technician_name: String,
    pub job_id: JobId,
    pub state: AssignmentState,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub on_the_way_at: Option<DateTime<Utc>>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub version: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_in_order_and_only_forgetting_to_set_out_is_forgiven() {
        let steps = [Step::GoOnTheWay, Step::Arrive, Step::Complete];
        let allowed: Vec<_> = AssignmentState::ALL
            .into_iter()
            .flat_map(|state| steps.into_iter().map(move |step| (state, step)))
            .filter(|(state, step)| state.after(*step).is_ok())
            .collect();

        use AssignmentState as S;
        assert_eq!(
            allowed,
            [
                (S::Assigned, Step::GoOnTheWay),
                (S::Assigned, Step::Arrive),
                (S::OnTheWay, Step::Arrive),
                (S::Arrived, Step::Complete),
            ]
        );
    }
}
