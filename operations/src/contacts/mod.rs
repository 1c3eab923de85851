//! The people to talk to at a customer: who opens the door, who decides, who pays.
//!
//! A contact is no log-in (`customer_users` is), and is never deleted, only archived: messages refer to it. One of a
//! customer's contacts can be the primary one, whom the office calls first; making another one that takes it from the
//! one before. Whoever writes a customer's contacts holds the customer, so that two at once come one after the other.

mod contact;
mod error;
mod store;

use chrono::{DateTime, Utc};
use surv_tenancy::{
    ContactId, CustomerId, Ids, VisitId,
    db::TenantTx,
    events::{self, Changes, Event},
    page::{Page, rows_for},
};

pub use contact::{Contact, ContactDetails, ContactState};
pub use error::ContactError;
pub use store::WhomToCall;

/// Where a list goes on.
pub type ContactPosition = ContactId;

/// Adds a contact to a customer.
///
/// # Errors
/// [`ContactError::NoSuchCustomer`]; [`ContactError::Invalid`] names every field that is not right.
#[tracing::instrument(name = "contacts.create", skip_all)]
pub async fn create(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    customer_id: CustomerId,
    details: ContactDetails,
) -> Result<Contact, ContactError> {
    let contact = Contact::new(ids.next(), customer_id, now, details)?;
    if !store::lock_active_customer(tx, customer_id).await? {
        return Err(ContactError::NoSuchCustomer);
    }
    step_down(tx, ids, now, &contact).await?;
    store::insert(tx, &contact).await?;
    let changes = Changes::new().set("name", &contact.name).set("is_primary", &contact.is_primary);
    record(tx, ids, now, "contact.created", &contact, changes).await?;
    Ok(contact)
}

/// One contact, if the caller may see it.
///
/// # Errors
/// [`ContactError::NotFound`].
pub async fn get(tx: &mut TenantTx, contact_id: ContactId) -> Result<Contact, ContactError> {
    store::find(tx, contact_id).await?.ok_or(ContactError::NotFound)
}

/// A customer's contacts, archived ones too, oldest first.
///
/// # Errors
/// The database's own.
pub async fn list(
    tx: &mut TenantTx,
    customer_id: CustomerId,
    after: Option<ContactPosition>,
    limit: usize,
) -> Result<Page<Contact, ContactPosition>, ContactError> {
    let rows = store::list(tx, customer_id, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |contact| contact.contact_id))
}

/// Whom a technician calls at the customer of an own visit: the primary contact first.
///
/// # Errors
/// The database's own.
pub async fn whom_to_call(tx: &mut TenantTx, visit_id: VisitId) -> Result<Vec<WhomToCall>, ContactError> {
    Ok(store::whom_to_call(tx, visit_id).await?)
}

/// Replaces the contact's details.
///
/// # Errors
/// [`ContactError::Stale`] when somebody changed it since `seen_version`; [`ContactError::Archived`].
#[tracing::instrument(name = "contacts.update", skip_all, fields(contact.id = %contact_id))]
pub async fn update(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    contact_id: ContactId,
    seen_version: i32,
    details: ContactDetails,
) -> Result<Contact, ContactError> {
    let before = seen(tx, contact_id, seen_version).await?;
    if before.state == ContactState::Archived {
        return Err(ContactError::Archived);
    }
    let mut after = Contact::new(contact_id, before.customer_id, now, details)?;
    (after.created_at, after.version) = (before.created_at, before.version);
    let changes = before.differences(&after);
    if changes.is_empty() {
        return Ok(before);
    }
    step_down(tx, ids, now, &after).await?;
    save(tx, ids, now, "contact.updated", &after, changes).await
}

/// Archives a contact, who then is primary no more, or brings it back.
///
/// # Errors
/// [`ContactError::Stale`].
#[tracing::instrument(name = "contacts.move_to", skip_all, fields(contact.id = %contact_id))]
pub async fn move_to(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    contact_id: ContactId,
    seen_version: i32,
    state: ContactState,
) -> Result<Contact, ContactError> {
    let before = seen(tx, contact_id, seen_version).await?;
    if before.state == state {
        return Ok(before);
    }
    let after = Contact { state, is_primary: false, updated_at: now, ..before.clone() };
    let changes = before.differences(&after);
    let kind = if state == ContactState::Archived { "contact.archived" } else { "contact.restored" };
    save(tx, ids, now, kind, &after, changes).await
}

/// Takes the first place from whoever has it, if `contact` is to have it.
async fn step_down(tx: &mut TenantTx, ids: &Ids, now: DateTime<Utc>, contact: &Contact) -> Result<(), ContactError> {
    if !contact.is_primary {
        return Ok(());
    }
    if let Some(former) = store::step_down(tx, contact, now).await? {
        let changes = Changes::new().field("is_primary", &true, &false);
        record(tx, ids, now, "contact.updated", &former, changes).await?;
    }
    Ok(())
}

/// The contact as the caller saw it, or why not. Its customer is held from then on.
async fn seen(tx: &mut TenantTx, contact_id: ContactId, version: i32) -> Result<Contact, ContactError> {
    let found = get(tx, contact_id).await?;
    store::lock_active_customer(tx, found.customer_id).await?;
    let contact = get(tx, contact_id).await?;
    if contact.version == version { Ok(contact) } else { Err(ContactError::Stale) }
}

async fn save(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    after: &Contact,
    changes: Changes,
) -> Result<Contact, ContactError> {
    let saved = store::update(tx, after).await?.ok_or(ContactError::Stale)?;
    record(tx, ids, now, kind, &saved, changes).await?;
    Ok(saved)
}

async fn record(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    contact: &Contact,
    changes: Changes,
) -> Result<(), ContactError> {
    let event = Event::new(kind, "contact", contact.contact_id).customer(contact.customer_id).changes(changes);
    events::record(tx, ids, now, event).await?;
    Ok(())
}
