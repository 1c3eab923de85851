//! Every statement on customers except search. No tenant appears here: the policies add it, and `tests/rls`
//! proves that they do.

use chrono::{DateTime, Utc};
use surv_tenancy::{CustomerId, db::TenantTx};

use super::customer::{Customer, CustomerKind, CustomerState};

/// Where a list by age goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreatedPosition {
    pub created_at: DateTime<Utc>,
    pub customer_id: CustomerId,
}

/// Where a list by name goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePosition {
    pub name_key: String,
    pub customer_id: CustomerId,
}

#[tracing::instrument(name = "db.customers.find", level = "debug", skip_all, err)]
pub async fn find(tx: &mut TenantTx, customer_id: CustomerId) -> sqlx::Result<Option<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"
        SELECT customer_id AS "customer_id: CustomerId", kind AS "kind: CustomerKind", name, email, phone, office_notes,
               state AS "state: CustomerState", created_at, updated_at, version
          FROM customers
         WHERE customer_id = $1
        "#,
        customer_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.customers.lock", level = "debug", skip_all, err)]
pub async fn lock(tx: &mut TenantTx, customer_id: CustomerId) -> sqlx::Result<()> {
    sqlx::query!("SELECT FROM customers WHERE customer_id = $1 FOR NO KEY UPDATE", customer_id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

#[tracing::instrument(name = "db.customers.hold", level = "debug", skip_all, err)]
pub async fn hold(tx: &mut TenantTx, customer_id: CustomerId) -> sqlx::Result<Option<CustomerState>> {
    sqlx::query_scalar!(
        r#"SELECT state AS "state: CustomerState" FROM customers WHERE customer_id = $1 FOR SHARE"#,
        customer_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.customers.list_newest", level = "debug", skip_all, err)]
pub async fn list_newest(
    tx: &mut TenantTx,
    state: CustomerState,
    after: Option<CreatedPosition>,
    rows: i64,
) -> sqlx::Result<Vec<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"
        SELECT customer_id AS "customer_id: CustomerId", kind AS "kind: CustomerKind", name, email, phone, office_notes,
               state AS "state: CustomerState", created_at, updated_at, version
          FROM customers
         WHERE state = $1
           AND (created_at, customer_id) < (coalesce($2, 'infinity'::timestamptz),
                                            coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
         ORDER BY created_at DESC, customer_id DESC
         LIMIT $4
        "#,
        state.as_str(),
        after.map(|position| position.created_at),
        after.map(|position| position.customer_id.0),
        rows,
    )
    .fetch_all(tx.conn())
    .await
}

#[tracing::instrument(name = "db.customers.list_by_name", level = "debug", skip_all, err)]
pub async fn list_by_name(
    tx: &mut TenantTx,
    state: CustomerState,
    after: Option<NamePosition>,
    rows: i64,
) -> sqlx::Result<Vec<Customer>> {
    let (name_key, customer_id) = after.map(|p| (p.name_key, p.customer_id.0)).unwrap_or_default();
    sqlx::query_as!(
        Customer,
        r#"
        SELECT customer_id AS "customer_id: CustomerId", kind AS "kind: CustomerKind", name, email, phone, office_notes,
               state AS "state: CustomerState", created_at, updated_at, version
          FROM customers
         WHERE state = $1
           AND (name_key, customer_id) > ($2, $3)
         ORDER BY name_key, customer_id
         LIMIT $4
        "#,
        state.as_str(),
        name_key,
        customer_id,
        rows,
    )
    .fetch_all(tx.conn())
    .await
}

#[tracing::instrument(name = "db.customers.insert", level = "debug", skip_all, err)]
pub async fn insert(tx: &mut TenantTx, customer: &Customer) -> sqlx::Result<()> {
    let tenant_id = tx.actor().tenant_id;
    sqlx::query!(
        r#"
        INSERT INTO customers (tenant_id, customer_id, kind, name, email, phone, office_notes, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
        "#,
        tenant_id.0,
        customer.customer_id.0,
        customer.kind as CustomerKind,
        customer.name,
        customer.email,
        customer.phone,
        customer.office_notes,
        customer.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes all fields, unless somebody changed the customer since it was read.
#[tracing::instrument(name = "db.customers.update", level = "debug", skip_all, err)]
pub async fn update(tx: &mut TenantTx, customer: &Customer) -> sqlx::Result<Option<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"
        UPDATE customers
           SET kind = $3, name = $4, email = $5, phone = $6, office_notes = $7, state = $8, updated_at = $9,
               version = version + 1
         WHERE customer_id = $1
           AND version = $2
        RETURNING customer_id AS "customer_id: CustomerId", kind AS "kind: CustomerKind", name, email, phone,
                  office_notes, state AS "state: CustomerState", created_at, updated_at, version
        "#,
        customer.customer_id.0,
        customer.version,
        customer.kind as CustomerKind,
        customer.name,
        customer.email,
        customer.phone,
        customer.office_notes,
        customer.state as CustomerState,
        customer.updated_at,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.customers.has_open_jobs", level = "debug", skip_all, err)]
pub async fn has_open_jobs(tx: &mut TenantTx, customer_id: CustomerId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM jobs
                        WHERE customer_id = $1
                          AND state IN ('unscheduled', 'scheduled', 'in_progress')) AS "open!"
        "#,
        customer_id.0,
    )
    .fetch_one(tx.conn())
    .await
}
