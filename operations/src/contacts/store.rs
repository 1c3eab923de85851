//! Every statement on contacts.

use chrono::{DateTime, Utc};
use surv_tenancy::{ContactId, CustomerId, VisitId, db::TenantTx};

use super::contact::{Contact, ContactState};

/// A contact as a technician is granted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhomToCall {
    pub contact_id: ContactId,
    pub name: String,
    pub title: String,
    pub phone: Option<String>,
    pub is_primary: bool,
}

#[tracing::instrument(name = "db.contacts.find", level = "debug", skip_all, err)]
pub async fn find(tx: &mut TenantTx, contact_id: ContactId) -> sqlx::Result<Option<Contact>> {
    sqlx::query_as!(
        Contact,
        r#"
        SELECT contact_id AS "contact_id: ContactId", customer_id AS "customer_id: CustomerId", name, title, email, phone,
               is_primary, office_notes, state AS "state: ContactState", created_at, updated_at, version
          FROM contacts
         WHERE contact_id = $1
        "#,
        contact_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.contacts.list", level = "debug", skip_all, err)]
pub async fn list(
    tx: &mut TenantTx,
    customer_id: CustomerId,
    after: Option<ContactId>,
    rows: i64,
) -> sqlx::Result<Vec<Contact>> {
    sqlx::query_as!(
        Contact,
        r#"
        SELECT contact_id AS "contact_id: ContactId", customer_id AS "customer_id: CustomerId", name, title, email, phone,
               is_primary, office_notes, state AS "state: ContactState", created_at, updated_at, version
          FROM contacts
         WHERE customer_id = $1
           -- Ids are in the order of their making.
           AND contact_id > $2
         ORDER BY contact_id
         LIMIT $3
        "#,
        customer_id.0,
        after.map(|id| id.0).unwrap_or_default(),
        rows,
    )
    .fetch_all(tx.conn())
    .await
}

#[tracing::instrument(name = "db.contacts.whom_to_call", level = "debug", skip_all, err)]
pub async fn whom_to_call(tx: &mut TenantTx, visit_id: VisitId) -> sqlx::Result<Vec<WhomToCall>> {
    sqlx::query_as!(
        WhomToCall,
        r#"
        SELECT c.contact_id AS "contact_id: ContactId", c.name, c.title, c.phone, c.is_primary
          FROM visits v
          JOIN contacts c ON c.tenant_id = v.tenant_id AND c.customer_id = v.customer_id
         WHERE v.visit_id = $1
           AND c.state = 'active'
         ORDER BY c.is_primary DESC, c.contact_id
         LIMIT 50
        "#,
        visit_id.0,
    )
    .fetch_all(tx.conn())
    .await
}

/// Holds a customer against others who write its contacts; whether there is an active one.
#[tracing::instrument(name = "db.contacts.lock_active_customer", level = "debug", skip_all, err)]
pub async fn lock_active_customer(tx: &mut TenantTx, customer_id: CustomerId) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT state = 'active' AS "active!" FROM customers WHERE customer_id = $1 FOR NO KEY UPDATE"#,
        customer_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.unwrap_or(false))
}

/// Whoever else is the customer's primary contact is so no more.
#[tracing::instrument(name = "db.contacts.step_down", level = "debug", skip_all, err)]
pub async fn step_down(tx: &mut TenantTx, for_whom: &Contact, now: DateTime<Utc>) -> sqlx::Result<Option<Contact>> {
    sqlx::query_as!(
        Contact,
        r#"
        UPDATE contacts
           SET is_primary = false, updated_at = $3, version = version + 1
         WHERE customer_id = $1
           AND contact_id <> $2
           AND is_primary
        RETURNING contact_id AS "contact_id: ContactId", customer_id AS "customer_id: CustomerId", name, title, email, phone,
                  is_primary, office_notes, state AS "state: ContactState", created_at, updated_at, version
        "#,
        for_whom.customer_id.0,
        for_whom.contact_id.0,
        now,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.contacts.insert", level = "debug", skip_all, err)]
pub async fn insert(tx: &mut TenantTx, contact: &Contact) -> sqlx::Result<()> {
    let tenant_id = tx.actor().tenant_id;
    sqlx::query!(
        r#"
        INSERT INTO contacts (tenant_id, contact_id, customer_id, name, title, email, phone, is_primary, office_notes,
                              created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
        "#,
        tenant_id.0,
        contact.contact_id.0,
        contact.customer_id.0,
        contact.name,
        contact.title,
        contact.email,
        contact.phone,
        contact.is_primary,
        contact.office_notes,
        contact.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes all fields, unless somebody changed the contact since it was read.
#[tracing::instrument(name = "db.contacts.update", level = "debug", skip_all, err)]
pub async fn update(tx: &mut TenantTx, contact: &Contact) -> sqlx::Result<Option<Contact>> {
    sqlx::query_as!(
        Contact,
        r#"
        UPDATE contacts
           SET name = $3, title = $4, email = $5, phone = $6, is_primary = $7, office_notes = $8, state = $9,
               updated_at = $10, version = version + 1
         WHERE contact_id = $1
           AND version = $2
        RETURNING contact_id AS "contact_id: ContactId", customer_id AS "customer_id: CustomerId", name, title, email, phone,
                  is_primary, office_notes, state AS "state: ContactState", created_at, updated_at, version
        "#,
        contact.contact_id.0,
        contact.version,
        contact.name,
        contact.title,
        contact.email,
        contact.phone,
        contact.is_primary,
        contact.office_notes,
        contact.state as ContactState,
        contact.updated_at,
    )
    .fetch_optional(tx.conn())
    .await
}
