use poem_openapi::types::Example;

use super::{CONTACT, CURSOR, CUSTOMER, CUSTOMER_USER, PROPERTY, TIME_ZONE, customers, december};
use crate::resources::{
    customers::StateView,
    properties::{
        CustomerUserList, CustomerUserPatch, CustomerUserView, NewCustomerUser, PropertyInput, PropertyPage,
        PropertyView, UserStateView,
    },
};

pub(super) const STREET: &str = "Lindengasse 14";
pub(super) const CITY: &str = "Wien";
pub(super) const POSTAL_CODE: &str = "1070";
pub(super) const COUNTRY: &str = "AT";
pub(super) const ACCESS_NOTES: &str = "Second courtyard; the key is with the caretaker.";
pub(super) const LATITUDE: f64 = 48.2012;
pub(super) const LONGITUDE: f64 = 16.3509;

impl Example for PropertyInput {
    fn example() -> Self {
        Self {
            name: "Flat".to_owned(),
            street: STREET.to_owned(),
            city: CITY.to_owned(),
            region: "Wien".to_owned(),
            postal_code: POSTAL_CODE.to_owned(),
            country: COUNTRY.to_owned(),
            latitude: Some(LATITUDE),
            longitude: Some(LONGITUDE),
            time_zone: TIME_ZONE.to_owned(),
            access_notes: ACCESS_NOTES.to_owned(),
        }
    }
}

impl Example for PropertyView {
    fn example() -> Self {
        let input = PropertyInput::example();
        Self {
            id: PROPERTY,
            customer_id: CUSTOMER,
            name: input.name,
            street: input.street,
            city: input.city,
            region: input.region,
            postal_code: input.postal_code,
            country: input.country,
            latitude: input.latitude,
            longitude: input.longitude,
            time_zone: input.time_zone,
            access_notes: input.access_notes,
            state: StateView::Active,
            created_at: december(1, 8, 6),
            updated_at: december(1, 8, 6),
            version: 3,
        }
    }
}

impl Example for PropertyPage {
    fn example() -> Self {
        Self { items: vec![PropertyView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}

impl Example for CustomerUserView {
    fn example() -> Self {
        Self {
            user_id: CUSTOMER_USER,
            customer_id: CUSTOMER,
            contact_id: Some(CONTACT),
            email: customers::EMAIL.to_owned(),
            name: customers::NAME.to_owned(),
            state: UserStateView::Active,
            version: 3,
        }
    }
}

impl Example for CustomerUserList {
    fn example() -> Self {
        Self { items: vec![CustomerUserView::example()] }
    }
}

impl Example for NewCustomerUser {
    fn example() -> Self {
        Self { email: customers::EMAIL.to_owned(), name: customers::NAME.to_owned(), contact_id: Some(CONTACT) }
    }
}

impl Example for CustomerUserPatch {
    fn example() -> Self {
        Self { state: UserStateView::Active }
    }
}
