//! The customer and its rules; pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use surv_tenancy::{CustomerId, FieldErrors, events::Changes};

/// Whether a customer is somebody or a firm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CustomerKind {
    Person,
    Company,
}

/// Whether a customer stands in lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CustomerState {
    Active,
    Archived,
}

impl CustomerState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }
}

/// Somebody the company works for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub customer_id: CustomerId,
    pub kind: CustomerKind,
    pub name: String,
    pub email: Option<String>,
    /// E.164, such as `+493012345678`.
    pub phone: Option<String>,
    /// For the office only.
    pub office_notes: String,
    pub state: CustomerState,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Counts changes; the ETag.
    pub version: i32,
}

/// What the office enters for a new customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerDetails {
    pub kind: CustomerKind,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub office_notes: Option<String>,
}

/// The fields to change; `Some(None)` clears one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerPatch {
    pub kind: Option<CustomerKind>,
    pub name: Option<String>,
    pub email: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub office_notes: Option<String>,
}

impl Customer {
    /// A new, active customer.
    ///
    /// # Errors
    /// Every field that is not right.
    pub fn new(customer_id: CustomerId, now: DateTime<Utc>, details: CustomerDetails) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let customer = Self {
            customer_id,
            kind: details.kind,
            name: errors.line("/name", &details.name, 1, 200),
            email: details.email.map(|value| errors.email("/email", &value)),
            phone: details.phone.and_then(|value| phone_number(&mut errors, "/phone", &value)),
            office_notes: errors.text("/office_notes", details.office_notes.as_deref().unwrap_or_default(), 0, 4000),
            state: CustomerState::Active,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        errors.into_result()?;
        Ok(customer)
    }

    /// The customer with the patch's fields.
    ///
    /// # Errors
    /// Every field that is not right.
    pub fn patched(mut self, patch: CustomerPatch, now: DateTime<Utc>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        if let Some(kind) = patch.kind {
            self.kind = kind;
        }
        if let Some(name) = patch.name {
            self.name = errors.line("/name", &name, 1, 200);
        }
        if let Some(email) = patch.email {
            self.email = email.map(|value| errors.email("/email", &value));
        }
        if let Some(phone) = patch.phone {
            self.phone = phone.and_then(|value| phone_number(&mut errors, "/phone", &value));
        }
        if let Some(notes) = patch.office_notes {
            self.office_notes = errors.text("/office_notes", &notes, 0, 4000);
        }
        self.updated_at = now;
        errors.into_result()?;
        Ok(self)
    }

    /// What differs, for the audit log.
    pub fn differences(&self, after: &Self) -> Changes {
        Changes::new()
            .field("kind", &self.kind, &after.kind)
            .field("name", &self.name, &after.name)
            .field("email", &self.email, &after.email)
            .field("phone", &self.phone, &after.phone)
            .field("office_notes", &self.office_notes, &after.office_notes)
            .field("state", &self.state, &after.state)
    }
}

/// An international phone number in E.164, or a field error.
pub fn phone_number(errors: &mut FieldErrors, pointer: &str, value: &str) -> Option<String> {
    let parsed = phonenumber::parse(None, value.trim()).ok().filter(phonenumber::is_valid);
    match parsed {
        Some(number) => Some(number.format().mode(phonenumber::Mode::E164).to_string()),
        None => {
            errors.add(pointer, "is not a phone number; write it with its country code, such as +49 30 901820");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn details() -> CustomerDetails {
        CustomerDetails {
            kind: CustomerKind::Person,
            name: " Pat Owner ".to_owned(),
            email: Some("Pat@Example.com".to_owned()),
            phone: Some("+49 30 901820".to_owned()),
            office_notes: None,
        }
    }

    fn customer() -> Customer {
        Customer::new(Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH, details()).unwrap()
    }

    #[test]
    fn what_is_entered_is_tidied() {
        let customer = customer();

        assert_eq!(customer.name, "Pat Owner");
        assert_eq!(customer.email.as_deref(), Some("pat@example.com"));
        assert_eq!(customer.phone.as_deref(), Some("+4930901820"));
    }

    #[test]
    fn a_patch_changes_only_what_it_names_and_can_clear() {
        let before = customer();
        let patch = CustomerPatch { email: Some(None), ..CustomerPatch::default() };

        let after = before.clone().patched(patch, DateTime::UNIX_EPOCH).unwrap();

        assert_eq!(after.email, None);
        assert_eq!(after.phone, before.phone);
        assert!(!before.differences(&after).is_empty());
        assert!(before.differences(&before).is_empty());
    }

    #[test]
    fn all_wrong_fields_are_named() {
        let wrong = CustomerDetails {
            name: String::new(),
            email: Some("x".to_owned()),
            phone: Some("12".to_owned()),
            office_notes: Some("n".repeat(4001)),
            ..details()
        };

        let errors = Customer::new(Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH, wrong).unwrap_err();

        let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/email", "/phone", "/office_notes"]);
    }
}
