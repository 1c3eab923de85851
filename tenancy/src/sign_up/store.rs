use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{TenantId, UserId};

/// A company that somebody wants to open.
pub(super) struct SignUp {
    pub sign_up_id: Uuid,
    pub email: String,
    pub password_hash: String,
    pub name: String,
    pub company: String,
    pub slug: String,
    pub time_zone: String,
    pub secret_hash: Vec<u8>,
    pub expires_at: DateTime<Utc>,
    /// The company, once confirmed.
    pub tenant_id: Option<TenantId>,
}

pub(super) async fn slug_exists(connection: &mut PgConnection, slug: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM tenants WHERE slug = $1) AS "exists!""#, slug)
        .fetch_one(connection)
        .await
}

pub(super) async fn find_user(connection: &mut PgConnection, email: &str) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(r#"SELECT user_id AS "user_id: UserId" FROM users WHERE email = $1"#, email)
        .fetch_optional(connection)
        .await
}

/// Makes earlier requests of an address worthless. Requests of one address at once take turns.
pub(super) async fn expire_earlier(connection: &mut PgConnection, email: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('sign_up:' || $1, 0))", email)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "UPDATE sign_ups SET expires_at = $2 WHERE email = $1 AND tenant_id IS NULL AND expires_at > $2",
        email,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert(connection: &mut PgConnection, new: &SignUp, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO sign_ups (sign_up_id, email, password_hash, name, company, slug, time_zone, secret_hash,
                               created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.sign_up_id,
        new.email,
        new.password_hash,
        new.name,
        new.company,
        new.slug,
        new.time_zone,
        new.secret_hash,
        now,
        new.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn lock(connection: &mut PgConnection, sign_up_id: Uuid) -> sqlx::Result<Option<SignUp>> {
    sqlx::query_as!(
        SignUp,
        r#"SELECT sign_up_id, email, password_hash, name, company, slug, time_zone, secret_hash, expires_at,
                  tenant_id AS "tenant_id: TenantId"
             FROM sign_ups WHERE sign_up_id = $1 FOR UPDATE"#,
        sign_up_id,
    )
    .fetch_optional(connection)
    .await
}

pub(super) async fn mark_confirmed(
    connection: &mut PgConnection,
    sign_up_id: Uuid,
    tenant_id: TenantId,
    repeatable_until: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sign_ups SET tenant_id = $2, expires_at = $3 WHERE sign_up_id = $1",
        sign_up_id,
        tenant_id.0,
        repeatable_until,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The company and its branding. No RETURNING: the sign-up path reads no branding.
pub(super) async fn insert_tenant(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    from: &SignUp,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO tenants (tenant_id, slug, name, time_zone, created_at) VALUES ($1, $2, $3, $4, $5)",
        tenant_id.0,
        from.slug,
        from.company,
        from.time_zone,
        now,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO tenant_branding (tenant_id, display_name, reply_to) VALUES ($1, $2, $3)",
        tenant_id.0,
        from.company,
        from.email,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_admin(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    user_id: UserId,
    name: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO members (tenant_id, user_id, role, name, created_at) VALUES ($1, $2, 'admin', $3, $4)",
        tenant_id.0,
        user_id.0,
        name,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
