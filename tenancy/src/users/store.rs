use sqlx::PgConnection;

use super::{Account, CompanyAccess};
use crate::{EmailAddress, Role, TenantId, UserId};

pub(crate) async fn find_by_email(connection: &mut PgConnection, email: &str) -> sqlx::Result<Option<Account>> {
    sqlx::query_as!(
        Account,
        r#"SELECT user_id AS "user_id: UserId", email, password_hash, totp_sealed, totp_enabled_at
             FROM users WHERE email = $1"#,
        email,
    )
    .fetch_optional(connection)
    .await
}

pub(crate) async fn find(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<Option<Account>> {
    sqlx::query_as!(
        Account,
        r#"SELECT user_id AS "user_id: UserId", email, password_hash, totp_sealed, totp_enabled_at
             FROM users WHERE user_id = $1"#,
        user_id.0,
    )
    .fetch_optional(connection)
    .await
}

/// Locks a person before their challenges and sessions: always in this order.
pub(crate) async fn lock(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<Option<Account>> {
    sqlx::query_as!(
        Account,
        r#"SELECT user_id AS "user_id: UserId", email, password_hash, totp_sealed, totp_enabled_at
             FROM users WHERE user_id = $1 FOR UPDATE"#,
        user_id.0,
    )
    .fetch_optional(connection)
    .await
}

/// Keeps a person's password as it is until the transaction ends, for log-ins at once.
pub(crate) async fn lock_shared(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<Option<Account>> {
    sqlx::query_as!(
        Account,
        r#"SELECT user_id AS "user_id: UserId", email, password_hash, totp_sealed, totp_enabled_at
             FROM users WHERE user_id = $1 FOR SHARE"#,
        user_id.0,
    )
    .fetch_optional(connection)
    .await
}

/// Every company that is not closed where the person is an active member or customer.
pub(crate) async fn companies_of(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<Vec<CompanyAccess>> {
    sqlx::query_as!(
        CompanyAccess,
        r#"
        SELECT DISTINCT ON (a.tenant_id)
               a.tenant_id AS "tenant_id!: TenantId", t.slug, t.name AS company, a.role AS "role!: Role", a.name AS "name!"
          FROM (SELECT m.tenant_id, m.role, m.name, 1 AS rank
                  FROM members m WHERE m.user_id = $1 AND m.state = 'active'
                UNION ALL
                SELECT c.tenant_id, 'customer', c.name, 2
                  FROM customer_users c WHERE c.user_id = $1 AND c.state = 'active') a
          JOIN tenants t ON t.tenant_id = a.tenant_id AND t.state <> 'closed'
         ORDER BY a.tenant_id, a.rank
        "#,
        user_id.0,
    )
    .fetch_all(connection)
    .await
}

/// Adds a person; false when somebody has the address.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user_id: UserId,
    email: &EmailAddress,
    password_hash: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO users (user_id, email, password_hash) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING",
        user_id.0,
        email.as_str(),
        password_hash,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn set_password(connection: &mut PgConnection, user_id: UserId, hash: &str) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET password_hash = $2 WHERE user_id = $1", user_id.0, hash).execute(connection).await?;
    Ok(())
}

/// What a person may enter as a customer of one company, whatever else they are there.
pub(crate) async fn customer_access(
    connection: &mut PgConnection,
    user_id: UserId,
    tenant_id: TenantId,
) -> sqlx::Result<Option<CompanyAccess>> {
    sqlx::query_as!(
        CompanyAccess,
        r#"
        SELECT t.tenant_id AS "tenant_id: TenantId", t.slug, t.name AS company, 'customer' AS "role!: Role", c.name
          FROM customer_users c
          JOIN tenants t ON t.tenant_id = c.tenant_id AND t.state <> 'closed'
         WHERE c.tenant_id = $2 AND c.user_id = $1 AND c.state = 'active'
         ORDER BY c.customer_id
         LIMIT 1
        "#,
        user_id.0,
        tenant_id.0,
    )
    .fetch_optional(connection)
    .await
}
