use poem_openapi::types::Example;

use super::{CURSOR, CUSTOMER, december};
use crate::resources::customers::{CustomerPage, CustomerView, KindView, NewCustomer, PatchCustomer, StateView};

pub(super) const NAME: &str = "Maria Huber";
pub(super) const EMAIL: &str = "maria.huber@example.com";
pub(super) const PHONE: &str = "+4366455501731";
const OFFICE_NOTES: &str = "Pays by bank transfer. Call in the morning.";

impl Example for CustomerView {
    fn example() -> Self {
        Self {
            id: CUSTOMER,
            kind: KindView::Person,
            name: NAME.to_owned(),
            email: Some(EMAIL.to_owned()),
            phone: Some(PHONE.to_owned()),
            office_notes: OFFICE_NOTES.to_owned(),
            state: StateView::Active,
            created_at: december(1, 8, 5),
            updated_at: december(2, 10, 40),
            version: 3,
        }
    }
}

impl Example for CustomerPage {
    fn example() -> Self {
        Self { items: vec![CustomerView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}

impl Example for NewCustomer {
    fn example() -> Self {
        Self {
            kind: KindView::Person,
            name: NAME.to_owned(),
            email: Some(EMAIL.to_owned()),
            phone: Some(PHONE.to_owned()),
            office_notes: Some(OFFICE_NOTES.to_owned()),
        }
    }
}

impl Example for PatchCustomer {
    fn example() -> Self {
        Self {
            kind: Some(KindView::Person),
            name: Some("Maria Huber-Klein".to_owned()),
            email: Some(Some(EMAIL.to_owned())),
            phone: Some(Some(PHONE.to_owned())),
            office_notes: Some(OFFICE_NOTES.to_owned()),
        }
    }
}
