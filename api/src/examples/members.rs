use poem_openapi::types::Example;

use super::{CURSOR, INVITATION, TECHNICIAN, december, visits};
use crate::resources::{
    auth::RoleView,
    members::{
        InvitationPage, InvitationStateView, InvitationView, InvitationWish, MemberPage, MemberStateView, MemberView,
        PatchMember,
    },
};

impl Example for MemberView {
    fn example() -> Self {
        Self {
            id: TECHNICIAN,
            email: "jonas.leitner@alpenklima.example".to_owned(),
            name: visits::TECHNICIAN_NAME.to_owned(),
            phone: Some("+4366455501988".to_owned()),
            role: RoleView::Technician,
            denied: vec![],
            state: MemberStateView::Active,
            created_at: december(1, 9, 15),
            version: 3,
        }
    }
}

impl Example for MemberPage {
    fn example() -> Self {
        Self { items: vec![MemberView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}

impl Example for PatchMember {
    fn example() -> Self {
        Self {
            role: Some(RoleView::Technician),
            name: Some(visits::TECHNICIAN_NAME.to_owned()),
            phone: Some(Some("+4366455501988".to_owned())),
            denied: Some(vec![]),
            state: Some(MemberStateView::Active),
        }
    }
}

impl Example for InvitationWish {
    fn example() -> Self {
        Self { email: "lena.gruber@example.com".to_owned(), name: "Lena Gruber".to_owned(), role: RoleView::Technician }
    }
}

impl Example for InvitationView {
    fn example() -> Self {
        let InvitationWish { email, name, role } = InvitationWish::example();
        Self {
            id: INVITATION,
            email,
            name,
            role,
            state: InvitationStateView::Open,
            created_at: december(3, 9, 0),
            expires_at: december(10, 9, 0),
        }
    }
}

impl Example for InvitationPage {
    fn example() -> Self {
        Self { items: vec![InvitationView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}
