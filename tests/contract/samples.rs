//! A body for each schema that an operation takes.

use serde_json::{Value, json};
use uuid::Uuid;

/// One that is in order; the ids in it are `ids`.
///
/// # Panics
/// For a schema that is new: add it.
pub(crate) fn body(schema: &str, ids: &impl Fn(&str) -> Uuid) -> Value {
    match schema {
        "AddressOnly" => json!({ "email": "nobody@example.com" }),
        "AssignmentInput" => json!({ "technician_id": ids("technician_id") }),
        "BrandingPatch" => json!({ "display_name": "Name" }),
        "Cancellation" => json!({ "reason": "Rain" }),
        "CodeAnswer" => json!({ "challenge_id": ids("challenge_id"), "code": "000000" }),
        "CodeWish" => json!({ "company": "company-1", "email": "nobody@example.com" }),
        "CompanyChoice" => json!({ "challenge": "none", "company": "company-1" }),
        "CompanyPatch" => json!({ "name": "Name" }),
        "Credentials" => json!({ "email": "nobody@example.com", "password": "correct horse battery" }),
        "CustomerPatch" => json!({ "name": "Name" }),
        "CustomerUserPatch" => json!({ "state": "active" }),
        "FileInput" => json!({
            "purpose": "job_photo", "job_id": ids("job_id"), "visibility": "customer", "name": "photo.jpg",
            "content_type": "image/jpeg", "bytes": 9, "sha256": "ab".repeat(32),
        }),
        "InvitationAnswer" => json!({ "secret": "none", "password": "correct horse battery" }),
        "InvitationWish" => json!({ "email": "walk@example.com", "name": "Name", "role": "technician" }),
        "JobInput" => json!({
            "customer_id": ids("customer_id"), "property_id": ids("property_id"), "title": "Title",
        }),
        "JobPatch" => json!({ "title": "Title" }),
        "LinkWish" => json!({ "job_id": ids("job_id"), "user_id": ids("user_id") }),
        "MemberPatch" => json!({ "name": "Name" }),
        "NewCustomer" => json!({ "kind": "person", "name": "Name" }),
        "NewCustomerUser" => json!({ "email": "walk@example.com", "name": "Name" }),
        "NewPassword" => json!({ "secret": "none", "password": "correct horse battery" }),
        "NoteInput" => json!({ "body": "Text", "visibility": "customer" }),
        "PasswordChange" => json!({ "current": "not the right one", "new": "correct horse battery" }),
        "PropertyInput" => {
            json!({ "street": "Street 2", "city": "Vienna", "country": "AT", "time_zone": "Europe/Vienna" })
        }
        "RefreshRequest" => json!({ "refresh_token": "none" }),
        "SecondFactorProof" | "SixDigits" => json!({ "code": "000000" }),
        "SecondStepAnswer" => json!({ "challenge": "none", "code": "000000" }),
        "Secret" => json!({ "secret": "none" }),
        "SignUp" => json!({
            "email": "walk@example.com", "password": "correct horse battery", "name": "Name", "company": "Name",
            "slug": "walk", "time_zone": "Europe/Vienna",
        }),
        "TokenToRevoke" => json!({ "token": "none" }),
        "VisitInput" => json!({ "starts_at": "2026-12-15T08:00:00Z", "ends_at": "2026-12-15T09:00:00Z" }),
        other => panic!("{other} is a new schema: give it a sample in tests/contract/samples.rs"),
    }
}
