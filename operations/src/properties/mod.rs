//! Where work is done. The zone of a property decides what "nine o'clock" means for its visits.

mod error;
mod property;
mod store;

use chrono::{DateTime, Utc};
use surv_tenancy::{
    CustomerId, Ids, PropertyId,
    db::TenantTx,
    events::{self, Changes, Event},
    page::{Page, rows_for},
};

pub use error::PropertyError;
pub use property::{Property, PropertyDetails, PropertyState};

/// Where a list goes on.
pub type PropertyPosition = PropertyId;

/// Adds a property to a customer.
///
/// # Errors
/// [`PropertyError::NoSuchCustomer`]; [`PropertyError::Invalid`] names every field that is not right.
#[tracing::instrument(name = "properties.create", skip_all)]
pub async fn create(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    customer_id: CustomerId,
    details: PropertyDetails,
) -> Result<Property, PropertyError> {
    if !store::customer_is_active(tx, customer_id).await? {
        return Err(PropertyError::NoSuchCustomer);
    }
    let property = Property::new(ids.next(), customer_id, now, details)?;
    store::insert(tx, &property).await?;
    let changes = Changes::new().set("street", &property.street).set("city", &property.city);
    record(tx, ids, now, "property.created", &property, changes).await?;
    Ok(property)
}

/// One property, if the caller may see it.
///
/// # Errors
/// [`PropertyError::NotFound`].
pub async fn get(tx: &mut TenantTx, property_id: PropertyId) -> Result<Property, PropertyError> {
    store::find(tx, property_id).await?.ok_or(PropertyError::NotFound)
}

/// A customer's properties, oldest first.
///
/// # Errors
/// The database's own.
pub async fn list(
    tx: &mut TenantTx,
    customer_id: CustomerId,
    after: Option<PropertyPosition>,
    limit: usize,
) -> Result<Page<Property, PropertyPosition>, PropertyError> {
    let rows = store::list(tx, customer_id, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |property| property.property_id))
}

/// Replaces the property's details.
///
/// # Errors
/// [`PropertyError::Stale`] when somebody changed it since `seen_version`.
#[tracing::instrument(name = "properties.update", skip_all, fields(property.id = %property_id))]
pub async fn update(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    property_id: PropertyId,
    seen_version: i32,
    details: PropertyDetails,
) -> Result<Property, PropertyError> {
    let before = seen(tx, property_id, seen_version).await?;
    let mut after = Property::new(property_id, before.customer_id, now, details)?;
    (after.state, after.created_at, after.version) = (before.state, before.created_at, before.version);
    let changes = before.differences(&after);
    if changes.is_empty() {
        return Ok(before);
    }
    let saved = store::update(tx, &after).await?.ok_or(PropertyError::Stale)?;
    record(tx, ids, now, "property.updated", &saved, changes).await?;
    Ok(saved)
}

/// Archives a property, or brings it back.
///
/// # Errors
/// [`PropertyError::Stale`].
#[tracing::instrument(name = "properties.move_to", skip_all, fields(property.id = %property_id))]
pub async fn move_to(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    property_id: PropertyId,
    seen_version: i32,
    state: PropertyState,
) -> Result<Property, PropertyError> {
    let before = seen(tx, property_id, seen_version).await?;
    if before.state == state {
        return Ok(before);
    }
    let after = Property { state, updated_at: now, ..before.clone() };
    let changes = before.differences(&after);
    let saved = store::update(tx, &after).await?.ok_or(PropertyError::Stale)?;
    let kind = if state == PropertyState::Archived { "property.archived" } else { "property.restored" };
    record(tx, ids, now, kind, &saved, changes).await?;
    Ok(saved)
}

async fn seen(tx: &mut TenantTx, property_id: PropertyId, version: i32) -> Result<Property, PropertyError> {
    let property = get(tx, property_id).await?;
    if property.version == version { Ok(property) } else { Err(PropertyError::Stale) }
}

async fn record(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    property: &Property,
    changes: Changes,
) -> Result<(), PropertyError> {
    let event = Event::new(kind, "property", property.property_id).customer(property.customer_id).changes(changes);
    events::record(tx, ids, now, event).await?;
    Ok(())
}
