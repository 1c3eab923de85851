//! The vendor's form of an error: a status and a list of complaints.

use poem::{IntoResponse, Response};
use serde_json::json;

use super::answer;

/// Where the vendor sends people to read on.
const HELP: &str = "https://docs.sendgrid.com/api-reference/mail-send/errors";

/// An answer that is not what the caller hoped for.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    complaints: Vec<Complaint>,
}

/// One reason to refuse.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub field: Option<String>,
    pub message: String,
}

impl Refusal {
    /// A refusal of the request as a whole.
    pub(super) fn of(status: u16, message: &str) -> Self {
        Self::because(status, vec![Complaint { field: None, message: message.to_owned() }])
    }

    /// A refusal for these reasons.
    pub(super) fn because(status: u16, complaints: Vec<Complaint>) -> Self {
        Self { status, complaints }
    }

    pub(super) fn failure() -> Self {
        Self::of(500, "internal server error")
    }
}

impl Complaint {
    pub(super) fn of(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), message: message.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = |complaint: &Complaint| {
            let help = complaint.field.as_ref().map(|_| HELP);
            json!({"message": complaint.message, "field": complaint.field, "help": help})
        };
        let errors: Vec<_> = self.complaints.iter().map(error).collect();
        answer(self.status, &json!({"errors": errors}))
    }
}
