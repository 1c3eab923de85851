//! The contact and its rules; pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use surv_tenancy::{ContactId, CustomerId, FieldErrors, events::Changes};

use crate::customers::phone_number;

/// Whether a contact is one still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ContactState {
    Active,
    Archived,
}

/// Somebody to talk to at a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub contact_id: ContactId,
    pub customer_id: CustomerId,
    pub name: String,
    /// What they are there: caretaker, bookkeeping.
    pub title: String,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// Whom to call first; one a customer.
    pub is_primary: bool,
    /// For the office only.
    pub office_notes: String,
    pub state: ContactState,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Counts changes; the ETag.
    pub version: i32,
}

/// What the office enters; on a change, all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactDetails {
    pub name: String,
    pub title: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub is_primary: bool,
    pub office_notes: String,
}

impl Contact {
    /// A new, active contact.
    ///
    /// # Errors
    /// Every field that is not right.
    pub fn new(
        contact_id: ContactId,
        customer_id: CustomerId,
        now: DateTime<Utc>,
        details: ContactDetails,
    ) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let contact = Self {
            contact_id,
            customer_id,
            name: errors.line("/name", &details.name, 1, 120),
            title: errors.line("/title", &details.title, 0, 80),
            email: details.email.map(|value| errors.email("/email", &value)),
            phone: details.phone.and_then(|value| phone_number(&mut errors, "/phone", &value)),
            is_primary: details.is_primary,
            office_notes: errors.text("/office_notes", &details.office_notes, 0, 2000),
            state: ContactState::Active,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        errors.into_result()?;
        Ok(contact)
    }

    /// What differs, for the audit log.
    pub fn differences(&self, after: &Self) -> Changes {
        Changes::new()
            .field("name", &self.name, &after.name)
            .field("title", &self.title, &after.title)
            .field("email", &self.email, &after.email)
            .field("phone", &self.phone, &after.phone)
            .field("is_primary", &self.is_primary, &after.is_primary)
            .field("office_notes", &self.office_notes, &after.office_notes)
            .field("state", &self.state, &after.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_is_entered_is_tidied_and_all_wrong_fields_are_named() {
        let made = |details| Contact::new(Uuid::nil().into(), Uuid::nil().into(), DateTime::UNIX_EPOCH, details);
        let right = ContactDetails {
            name: "  Jo Caretaker ".to_owned(),
            email: Some("Jo@Example.com".to_owned()),
            phone: Some("+49 30 901820".to_owned()),
            ..ContactDetails::default()
        };
        let wrong = ContactDetails {
            title: "t".repeat(81),
            email: Some("x".to_owned()),
            phone: Some("12".to_owned()),
            office_notes: "n".repeat(2001),
            ..ContactDetails::default()
        };

        let contact = made(right).unwrap();
        let errors = made(wrong).unwrap_err();

        assert_eq!((contact.name.as_str(), contact.email.as_deref()), ("Jo Caretaker", Some("jo@example.com")));
        assert_eq!(contact.phone.as_deref(), Some("+4930901820"));
        let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/title", "/email", "/phone", "/office_notes"]);
    }
}
