//! Whom the company works for.
//!
//! A customer is a person or a company; jobs, properties and log-ins hang off it. It is never deleted, only
//! archived, because jobs and invoices refer to it. Names, e-mails and phone numbers may repeat: households share
//! them. The office manages customers; what technicians and customers see of one is in `rls-policies`.

mod customer;
mod error;
mod search;
mod store;

use chrono::{DateTime, Utc};
use surv_tenancy::{
    CustomerId, Ids,
    db::TenantTx,
    events::{self, Changes, Event},
};

pub use customer::{Customer, CustomerDetails, CustomerKind, CustomerPatch, CustomerState, phone_number};
pub use error::CustomerError;
pub use search::{SearchPosition, Terms};
pub use store::{CreatedPosition, NamePosition};

use surv_tenancy::page::{Page, rows_for};

/// Adds a customer.
///
/// # Errors
/// [`CustomerError::Invalid`] names every field that is not right.
#[tracing::instrument(name = "customers.create", skip_all)]
pub async fn create(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    details: CustomerDetails,
) -> Result<Customer, CustomerError> {
    let customer = Customer::new(ids.next(), now, details)?;
    store::insert(tx, &customer).await?;
    let changes = Changes::new().set("name", &customer.name).set("kind", &customer.kind);
    record(tx, ids, now, "customer.created", &customer, changes).await?;
    Ok(customer)
}

/// One customer, if the caller may see it.
///
/// # Errors
/// [`CustomerError::NotFound`] when there is none, or none for this caller: the two are the same.
pub async fn get(tx: &mut TenantTx, customer_id: CustomerId) -> Result<Customer, CustomerError> {
    store::find(tx, customer_id).await?.ok_or(CustomerError::NotFound)
}

/// Customers in one state, newest first.
///
/// # Errors
/// The database's own.
pub async fn list_newest(
    tx: &mut TenantTx,
    state: CustomerState,
    after: Option<CreatedPosition>,
    limit: usize,
) -> Result<Page<Customer, CreatedPosition>, CustomerError> {
    let rows = store::list_newest(tx, state, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |c| CreatedPosition { created_at: c.created_at, customer_id: c.customer_id }))
}

/// Customers in one state, by name.
///
/// # Errors
/// The database's own.
pub async fn list_by_name(
    tx: &mut TenantTx,
    state: CustomerState,
    after: Option<NamePosition>,
    limit: usize,
) -> Result<Page<Customer, NamePosition>, CustomerError> {
    let rows = store::list_by_name(tx, state, after, rows_for(limit)).await?;
    Ok(Page::cut(rows, limit, |c| NamePosition { name_key: c.name.to_lowercase(), customer_id: c.customer_id }))
}

/// Customers of whom every term begins some word of name, e-mail or phone, in the order of the matched word.
///
/// # Errors
/// The database's own.
pub async fn search(
    tx: &mut TenantTx,
    terms: &Terms,
    state: CustomerState,
    after: Option<SearchPosition>,
    limit: usize,
) -> Result<Page<Customer, SearchPosition>, CustomerError> {
    let found = search::matching(tx, terms, state, after, rows_for(limit)).await?;
    let page = Page::cut(found, limit, |hit| hit.position());
    Ok(Page { items: page.items.into_iter().map(|hit| hit.customer).collect(), next: page.next })
}

/// Changes the fields that the patch names.
///
/// # Errors
/// [`CustomerError::Stale`] when somebody changed the customer since `seen_version`.
#[tracing::instrument(name = "customers.update", skip_all, fields(customer.id = %customer_id))]
pub async fn update(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    customer_id: CustomerId,
    seen_version: i32,
    patch: CustomerPatch,
) -> Result<Customer, CustomerError> {
    let before = seen(tx, customer_id, seen_version).await?;
    let after = before.clone().patched(patch, now)?;
    let changes = before.differences(&after);
    if changes.is_empty() {
        return Ok(before);
    }
    save(tx, ids, now, "customer.updated", after, changes).await
}

/// Takes a customer out of lists and search; everything about it stays.
///
/// # Errors
/// [`CustomerError::Stale`]; [`CustomerError::OpenJobs`] while work is still to be done.
#[tracing::instrument(name = "customers.archive", skip_all, fields(customer.id = %customer_id))]
pub async fn archive(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    customer_id: CustomerId,
    seen_version: i32,
) -> Result<Customer, CustomerError> {
    let before = seen(tx, customer_id, seen_version).await?;
    if before.state == CustomerState::Archived {
        return Ok(before);
    }
    // Waits for whoever books a job just now (`hold`), so that the question below sees it.
    store::lock(tx, customer_id).await?;
    if store::has_open_jobs(tx, customer_id).await? {
        return Err(CustomerError::OpenJobs);
    }
    move_to(tx, ids, now, before, CustomerState::Archived, "customer.archived").await
}

/// Brings an archived customer back.
///
/// # Errors
/// [`CustomerError::Stale`].
#[tracing::instrument(name = "customers.restore", skip_all, fields(customer.id = %customer_id))]
pub async fn restore(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    customer_id: CustomerId,
    seen_version: i32,
) -> Result<Customer, CustomerError> {
    let before = seen(tx, customer_id, seen_version).await?;
    if before.state == CustomerState::Active {
        return Ok(before);
    }
    move_to(tx, ids, now, before, CustomerState::Active, "customer.restored").await
}

/// The customer's state, which stays so until the transaction ends; `None` if the caller sees no such customer. For
/// whoever hangs something off it.
pub(crate) async fn hold(tx: &mut TenantTx, customer_id: CustomerId) -> sqlx::Result<Option<CustomerState>> {
    store::hold(tx, customer_id).await
}

async fn move_to(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    before: Customer,
    state: CustomerState,
    kind: &'static str,
) -> Result<Customer, CustomerError> {
    let after = Customer { state, updated_at: now, ..before.clone() };
    let changes = before.differences(&after);
    save(tx, ids, now, kind, after, changes).await
}

/// The customer as the caller saw it, or why not.
async fn seen(tx: &mut TenantTx, customer_id: CustomerId, version: i32) -> Result<Customer, CustomerError> {
    let customer = get(tx, customer_id).await?;
    if customer.version == version { Ok(customer) } else { Err(CustomerError::Stale) }
}

async fn save(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    after: Customer,
    changes: Changes,
) -> Result<Customer, CustomerError> {
    // Guarded by the version once more: two people who read the same one don't both win.
    let saved = store::update(tx, &after).await?.ok_or(CustomerError::Stale)?;
    record(tx, ids, now, kind, &saved, changes).await?;
    Ok(saved)
}

async fn record(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    kind: &'static str,
    customer: &Customer,
    changes: Changes,
) -> Result<(), CustomerError> {
    let event = Event::new(kind, "customer", customer.customer_id).customer(customer.customer_id).changes(changes);
    events::record(tx, ids, now, event).await?;
    Ok(())
}
