use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{EmailAddress, TenantId, UserId};

pub(super) struct Customer {
    pub user_id: UserId,
    pub tenant_id: TenantId,
    pub slug: String,
    pub company: String,
    pub name: String,
}

/// The person who logs in with this address as a customer of this company. The address is the person's own, not the
/// one that the office wrote down.
pub(super) async fn find_customer(
    connection: &mut PgConnection,
    slug: &str,
    email: &EmailAddress,
) -> sqlx::Result<Option<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"
        SELECT u.user_id AS "user_id: UserId", t.tenant_id AS "tenant_id: TenantId", t.slug, b.display_name AS company, c.name
          FROM users u
          JOIN customer_users c ON c.user_id = u.user_id AND c.state = 'active'
          JOIN tenants t ON t.tenant_id = c.tenant_id AND t.state <> 'closed'
          JOIN tenant_branding b ON b.tenant_id = t.tenant_id
         WHERE u.email = $2 AND t.slug = $1
         ORDER BY c.customer_id
         LIMIT 1
        "#,
        slug,
        email.as_str(),
    )
    .fetch_optional(connection)
    .await
}

/// Uses up all open codes of a person at a company: one log-in, and what was sent is worth nothing.
pub(super) async fn use_up_codes(
    connection: &mut PgConnection,
    user_id: UserId,
    tenant_id: TenantId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE email_challenges SET used_at = $3
          WHERE user_id = $1 AND tenant_id = $2 AND kind = 'login_code' AND used_at IS NULL",
        user_id.0,
        tenant_id.0,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
