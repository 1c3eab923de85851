//! Every statement on properties.

use surv_tenancy::{CustomerId, PropertyId, db::TenantTx};

use super::property::{Property, PropertyState};

#[tracing::instrument(name = "db.properties.find", level = "debug", skip_all, err)]
pub async fn find(tx: &mut TenantTx, property_id: PropertyId) -> sqlx::Result<Option<Property>> {
    sqlx::query_as!(
        Property,
        r#"
        SELECT property_id AS "property_id: PropertyId", customer_id AS "customer_id: CustomerId", name, street, city, region,
               postal_code, country, latitude, longitude, time_zone, access_notes, state AS "state: PropertyState",
               created_at, updated_at, version
          FROM properties
         WHERE property_id = $1
        "#,
        property_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

#[tracing::instrument(name = "db.properties.list", level = "debug", skip_all, err)]
pub async fn list(
    tx: &mut TenantTx,
    customer_id: CustomerId,
    after: Option<PropertyId>,
    rows: i64,
) -> sqlx::Result<Vec<Property>> {
    sqlx::query_as!(
        Property,
        r#"
        SELECT property_id AS "property_id: PropertyId", customer_id AS "customer_id: CustomerId", name, street, city, region,
               postal_code, country, latitude, longitude, time_zone, access_notes, state AS "state: PropertyState",
               created_at, updated_at, version
          FROM properties
         WHERE customer_id = $1
           -- Ids are in the order of their making.
           AND property_id > $2
         ORDER BY property_id
         LIMIT $3
        "#,
        customer_id.0,
        after.map(|id| id.0).unwrap_or_default(),
        rows,
    )
    .fetch_all(tx.conn())
    .await
}

#[tracing::instrument(name = "db.properties.customer_is_active", level = "debug", skip_all, err)]
pub async fn customer_is_active(tx: &mut TenantTx, customer_id: CustomerId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM customers WHERE customer_id = $1 AND state = 'active') AS "active!""#,
        customer_id.0,
    )
    .fetch_one(tx.conn())
    .await
}

#[tracing::instrument(name = "db.properties.insert", level = "debug", skip_all, err)]
pub async fn insert(tx: &mut TenantTx, property: &Property) -> sqlx::Result<()> {
    let tenant_id = tx.actor().tenant_id;
    sqlx::query!(
        r#"
        INSERT INTO properties (tenant_id, property_id, customer_id, name, street, city, region, postal_code, country,
                                latitude, longitude, time_zone, access_notes, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
        "#,
        tenant_id.0,
        property.property_id.0,
        property.customer_id.0,
        property.name,
        property.street,
        property.city,
        property.region,
        property.postal_code,
        property.country,
        property.latitude,
        property.longitude,
        property.time_zone,
        property.access_notes,
        property.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes all fields, unless somebody changed the property since it was read.
#[tracing::instrument(name = "db.properties.update", level = "debug", skip_all, err)]
pub async fn update(tx: &mut TenantTx, property: &Property) -> sqlx::Result<Option<Property>> {
    sqlx::query_as!(
        Property,
        r#"
        UPDATE properties
           SET name = $3, street = $4, city = $5, region = $6, postal_code = $7, country = $8, latitude = $9,
               longitude = $10, time_zone = $11, access_notes = $12, state = $13, updated_at = $14,
               version = version + 1
         WHERE property_id = $1
           AND version = $2
        RETURNING property_id AS "property_id: PropertyId", customer_id AS "customer_id: CustomerId", name, street, city, region,
               postal_code, country, latitude, longitude, time_zone, access_notes, state AS "state: PropertyState",
               created_at, updated_at, version
        "#,
        property.property_id.0,
        property.version,
        property.name,
        property.street,
        property.city,
        property.region,
        property.postal_code,
        property.country,
        property.latitude,
        property.longitude,
        property.time_zone,
        property.access_notes,
        property.state as PropertyState,
        property.updated_at,
    )
    .fetch_optional(tx.conn())
    .await
}
