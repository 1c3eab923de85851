//! The property and its rules; pure.

use chrono::{DateTime, Utc};
use serde::Serialize;
use surv_tenancy::{CustomerId, FieldErrors, PropertyId, events::Changes};

/// Whether a property can be booked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum PropertyState {
    Active,
    Archived,
}

/// A place where work is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    pub property_id: PropertyId,
    pub customer_id: CustomerId,
    /// What the customer calls it, such as "Summer house".
    pub name: String,
    pub street: String,
    pub city: String,
    pub region: String,
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Degrees, WGS 84.
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// IANA.
    pub time_zone: String,
    /// How to get in: for the office and for whoever is assigned.
    pub access_notes: String,
    pub state: PropertyState,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// What the office enters.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct PropertyDetails {
    pub name: String,
    pub street: String,
    pub city: String,
    pub region: String,
    pub postal_code: String,
    pub country: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub time_zone: String,
    pub access_notes: String,
}

impl Property {
    /// A new, active property.
    ///
    /// # Errors
    /// Every field that is not right.
    pub fn new(
        property_id: PropertyId,
        customer_id: CustomerId,
        now: DateTime<Utc>,
        details: PropertyDetails,
    ) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        check_position(&mut errors, details.latitude, details.longitude);
        let country = details.country.trim().to_uppercase();
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            errors.add("/country", "is a two-letter country code, such as DE");
        }
        if details.time_zone.parse::<chrono_tz::Tz>().is_err() {
            errors.add("/time_zone", "is not a zone of the IANA database, such as Europe/Berlin");
        }
        let property = Self {
            property_id,
            customer_id,
            name: errors.line("/name", &details.name, 0, 120),
            street: errors.line("/street", &details.street, 1, 200),
            city: errors.line("/city", &details.city, 1, 120),
            region: errors.line("/region", &details.region, 0, 120),
            postal_code: errors.line("/postal_code", &details.postal_code, 0, 20),
            country,
            latitude: details.latitude,
            longitude: details.longitude,
            time_zone: details.time_zone,
            access_notes: errors.text("/access_notes", &details.access_notes, 0, 2000),
            state: PropertyState::Active,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        errors.into_result()?;
        Ok(property)
    }

    /// What differs, for the audit log. Access notes count as changed, without their text.
    pub fn differences(&self, after: &Self) -> Changes {
        let access = (self.access_notes == after.access_notes, true);
        Changes::new()
            .field("name", &self.name, &after.name)
            .field("street", &self.street, &after.street)
            .field("city", &self.city, &after.city)
            .field("region", &self.region, &after.region)
            .field("postal_code", &self.postal_code, &after.postal_code)
            .field("country", &self.country, &after.country)
            .field("latitude", &self.latitude, &after.latitude)
            .field("longitude", &self.longitude, &after.longitude)
            .field("time_zone", &self.time_zone, &after.time_zone)
            .field("access_notes_kept", &access.1, &access.0)
            .field("state", &self.state, &after.state)
    }
}

fn check_position(errors: &mut FieldErrors, latitude: Option<f64>, longitude: Option<f64>) {
    if latitude.is_some() != longitude.is_some() {
        errors.add("/latitude", "and longitude belong together");
    }
    if latitude.is_some_and(|degrees| !(-90.0..=90.0).contains(&degrees)) {
        errors.add("/latitude", "is between -90 and 90");
    }
    if longitude.is_some_and(|degrees| !(-180.0..=180.0).contains(&degrees)) {
        errors.add("/longitude", "is between -180 and 180");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn all_wrong_fields_are_named() {
        let wrong = PropertyDetails {
            country: "Germany".to_owned(),
            latitude: Some(91.0),
            time_zone: "Berlin".to_owned(),
            ..PropertyDetails::default()
        };

        let errors = Property::new(Uuid::nil().into(), Uuid::nil().into(), DateTime::UNIX_EPOCH, wrong).unwrap_err();

        let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(pointers, ["/latitude", "/latitude", "/country", "/time_zone", "/street", "/city"]);
    }
}
