//! Who may log in as which customer. One person may stand for several customers, one customer have several people.

mod store;

use surv_tenancy::{
    ContactId, CustomerId, FieldErrors, Ids, UserId,
    clock::random_id,
    db::TenantTx,
    events::{self, Changes, Event},
};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Whether somebody can log in as the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CustomerUserState {
    Active,
    Disabled,
}

/// A log-in as a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerUser {
    pub user_id: UserId,
    pub customer_id: CustomerId,
    /// The contact that the person is, if the office keeps them as one.
    pub contact_id: Option<ContactId>,
    pub email: String,
    pub name: String,
    pub state: CustomerUserState,
    pub version: i32,
}

/// Every way a use case on customers' log-ins can fail.
#[derive(Debug, thiserror::Error)]
pub enum CustomerUserError {
    #[error("there is no such log-in")]
    NotFound,
    #[error("there is no such customer")]
    NoSuchCustomer,
    #[error("the customer has no such contact")]
    NoSuchContact,
    #[error("the log-in changed while you were looking at it")]
    Stale,
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Lets somebody log in as the customer. Doing it twice is once; whether the address was known to Surv is not told.
///
/// # Errors
/// [`CustomerUserError::NoSuchCustomer`], [`CustomerUserError::NoSuchContact`]; [`CustomerUserError::Invalid`].
#[tracing::instrument(name = "customer_users.add", skip_all)]
pub async fn add(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    customer_id: CustomerId,
    contact_id: Option<ContactId>,
    (email, name): (&str, &str),
) -> Result<CustomerUser, CustomerUserError> {
    let mut errors = FieldErrors::new();
    let (email, name) = (errors.email("/email", email), errors.line("/name", name, 1, 120));
    errors.into_result()?;
    if !store::customer_exists(tx, customer_id).await? {
        return Err(CustomerUserError::NoSuchCustomer);
    }
    if let Some(contact_id) = contact_id
        && !store::has_contact(tx, customer_id, contact_id).await?
    {
        return Err(CustomerUserError::NoSuchContact);
    }
    let user_id = store::user_for_email(tx, &email, random_id()).await?;
    if store::insert(tx, (user_id, customer_id, contact_id), &email, &name).await? {
        let changes = Changes::new().set("name", &name);
        let event = Event::new("customer_user.added", "customer_user", user_id).customer(customer_id).changes(changes);
        events::record(tx, ids, now, event).await?;
    }
    store::find(tx, user_id, customer_id).await?.ok_or(CustomerUserError::NotFound)
}

/// All log-ins of a customer.
///
/// # Errors
/// The database's own.
pub async fn list(tx: &mut TenantTx, customer_id: CustomerId) -> Result<Vec<CustomerUser>, CustomerUserError> {
    Ok(store::list(tx, customer_id).await?)
}

/// Takes a log-in away, or gives it back. Effective with the person's next request.
///
/// # Errors
/// [`CustomerUserError::Stale`].
#[tracing::instrument(name = "customer_users.move_to", skip_all)]
pub async fn move_to(
    tx: &mut TenantTx,
    ids: &Ids,
    now: DateTime<Utc>,
    (user_id, customer_id): (UserId, CustomerId),
    seen_version: i32,
    state: CustomerUserState,
) -> Result<CustomerUser, CustomerUserError> {
    let before = store::find(tx, user_id, customer_id).await?.ok_or(CustomerUserError::NotFound)?;
    if before.version != seen_version {
        return Err(CustomerUserError::Stale);
    }
    if before.state == state {
        return Ok(before);
    }
    let after = store::update_state(tx, &before, state).await?.ok_or(CustomerUserError::Stale)?;
    let kind = if state == CustomerUserState::Active { "customer_user.enabled" } else { "customer_user.disabled" };
    let changes = Changes::new().field("state", &before.state, &after.state);
    let event = Event::new(kind, "customer_user", user_id).customer(customer_id).changes(changes);
    events::record(tx, ids, now, event).await?;
    Ok(after)
}
