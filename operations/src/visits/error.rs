//! Every way a use case on visits and assignments can fail.

use surv_tenancy::FieldErrors;

use super::visit::InvalidTransition;
use crate::jobs;

#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    #[error("there is no such visit")]
    NotFound,
    #[error("there is no such job")]
    NoSuchJob,
    #[error("there is no such technician")]
    NoSuchTechnician,
    #[error("the visit changed while you were looking at it")]
    Stale,
    /// Somebody's committed times would overlap.
    #[error("the technician is busy at that time")]
    TechnicianBusy,
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    #[error(transparent)]
    JobTransition(#[from] jobs::InvalidTransition),
    #[error("the assignment is {from}")]
    AssignmentTransition { from: &'static str },
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("database")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for VisitError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|e| e.constraint()) {
            Some("assignments_overlap_excl") => Self::TechnicianBusy,
            Some("assignments_technician_fkey") => Self::NoSuchTechnician,
            _ => Self::Database(error),
        }
    }
}
