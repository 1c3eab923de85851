//! Every statement on customers' log-ins.

use surv_tenancy::{ContactId, CustomerId, UserId, db::TenantTx};

use super::{CustomerUser, CustomerUserState};

pub async fn customer_exists(tx: &mut TenantTx, customer_id: CustomerId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM customers WHERE customer_id = $1) AS "exists!""#, customer_id.0)
        .fetch_one(tx.conn())
        .await
}

pub async fn has_contact(tx: &mut TenantTx, customer_id: CustomerId, contact_id: ContactId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM contacts WHERE contact_id = $1 AND customer_id = $2) AS "exists!""#,
        contact_id.0,
        customer_id.0,
    )
    .fetch_one(tx.conn())
    .await
}

/// The user with the address, made if there is none yet; see `rls-policies/functions.sql`.
pub async fn user_for_email(tx: &mut TenantTx, email: &str, new: UserId) -> sqlx::Result<UserId> {
    sqlx::query_scalar!(r#"SELECT app.user_for_email($1, $2) AS "user_id!: UserId""#, email, new.0)
        .fetch_one(tx.conn())
        .await
}

/// Whether the row is new.
#[tracing::instrument(name = "db.customer_users.insert", level = "debug", skip_all, err)]
pub async fn insert(
    tx: &mut TenantTx,
    (user_id, customer_id, contact_id): (UserId, CustomerId, Option<ContactId>),
    email: &str,
    name: &str,
) -> sqlx::Result<bool> {
    let tenant_id = tx.actor().tenant_id;
    let done = sqlx::query!(
        "INSERT INTO customer_users (tenant_id, user_id, customer_id, email, name, contact_id) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, user_id, customer_id) DO NOTHING",
        tenant_id.0,
        user_id.0,
        customer_id.0,
        email,
        name,
        contact_id.map(|id| id.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

#[tracing::instrument(name = "db.customer_users.find", level = "debug", skip_all, err)]
pub async fn find(tx: &mut TenantTx, user_id: UserId, customer_id: CustomerId) -> sqlx::Result<Option<CustomerUser>> {
    sqlx::query_as!(
        CustomerUser,
        r#"
        SELECT user_id AS "user_id: UserId", customer_id AS "customer_id: CustomerId", contact_id AS "contact_id: ContactId",
               email, name,
               state AS "state: CustomerUserState", version
          FROM customer_users
         WHERE user_id = $1 AND customer_id = $2
        "#,
        user_id.0,
        customer_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.customer_users.list", level = "debug", skip_all, err)]
pub async fn list(tx: &mut TenantTx, customer_id: CustomerId) -> sqlx::Result<Vec<CustomerUser>> {
    sqlx::query_as!(
        CustomerUser,
        r#"
        SELECT user_id AS "user_id: UserId", customer_id AS "customer_id: CustomerId", contact_id AS "contact_id: ContactId",
               email, name,
               state AS "state: CustomerUserState", version
          FROM customer_users
         WHERE customer_id = $1
         ORDER BY name, user_id
         LIMIT 500
        "#,
        customer_id.0,
    )
    .fetch_all(tx.conn())
    .await
}

#[tracing::instrument(name = "db.customer_users.update_state", level = "debug", skip_all, err)]
pub async fn update_state(
    tx: &mut TenantTx,
    seen: &CustomerUser,
    state: CustomerUserState,
) -> sqlx::Result<Option<CustomerUser>> {
    sqlx::query_as!(
        CustomerUser,
        r#"
        UPDATE customer_users
           SET state = $4, version = version + 1
         WHERE user_id = $1 AND customer_id = $2 AND version = $3
        RETURNING user_id AS "user_id: UserId", customer_id AS "customer_id: CustomerId", contact_id AS "contact_id: ContactId",
               email, name,
                  state AS "state: CustomerUserState", version
        "#,
        seen.user_id.0,
        seen.customer_id.0,
        seen.version,
        state as CustomerUserState,
    )
    .fetch_optional(tx.conn())
    .await
}
