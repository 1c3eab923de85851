use poem_openapi::types::Example;

use super::{CONTACT, CURSOR, CUSTOMER, december};
use crate::resources::{
    contacts::{ContactInput, ContactPage, ContactView},
    customers::StateView,
    work::{WorkContactList, WorkContactView},
};

const NAME: &str = "Josef Gruber";
const TITLE: &str = "Caretaker";
const EMAIL: &str = "josef.gruber@example.com";
const PHONE: &str = "+4366455501744";
const OFFICE_NOTES: &str = "At home until nine.";

impl Example for ContactView {
    fn example() -> Self {
        Self {
            id: CONTACT,
            customer_id: CUSTOMER,
            name: NAME.to_owned(),
            title: TITLE.to_owned(),
            email: Some(EMAIL.to_owned()),
            phone: Some(PHONE.to_owned()),
            is_primary: true,
            office_notes: OFFICE_NOTES.to_owned(),
            state: StateView::Active,
            created_at: december(1, 8, 7),
            updated_at: december(2, 10, 41),
            version: 3,
        }
    }
}

impl Example for ContactPage {
    fn example() -> Self {
        Self { items: vec![ContactView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}

impl Example for ContactInput {
    fn example() -> Self {
        Self {
            name: NAME.to_owned(),
            title: TITLE.to_owned(),
            email: Some(EMAIL.to_owned()),
            phone: Some(PHONE.to_owned()),
            is_primary: true,
            office_notes: OFFICE_NOTES.to_owned(),
        }
    }
}

impl Example for WorkContactView {
    fn example() -> Self {
        Self {
            id: CONTACT,
            name: NAME.to_owned(),
            title: TITLE.to_owned(),
            phone: Some(PHONE.to_owned()),
            is_primary: true,
        }
    }
}

impl Example for WorkContactList {
    fn example() -> Self {
        Self { items: vec![WorkContactView::example()] }
    }
}
