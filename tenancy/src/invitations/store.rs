use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Invitation;
use crate::{EmailAddress, InvitationId, Role, TenantId, UserId, db::TenantTx};

pub(super) async fn is_member(tx: &mut TenantTx, email: &EmailAddress) -> sqlx::Result<bool> {
    // Only members of this company are visible in `users`.
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM users WHERE email = $1) AS "exists!""#, email.as_str())
        .fetch_one(tx.conn())
        .await
}

/// An expired invitation would keep the address taken.
pub(super) async fn revoke_expired(tx: &mut TenantTx, email: &EmailAddress, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE invitations SET revoked_at = $2
          WHERE email = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= $2",
        email.as_str(),
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn insert(tx: &mut TenantTx, new: &Invitation, secret_hash: &[u8; 32]) -> sqlx::Result<()> {
    let tenant_id = tx.actor().tenant_id;
    sqlx::query!(
        "INSERT INTO invitations (tenant_id, invitation_id, email, name, role, secret_hash, invited_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant_id.0,
        new.invitation_id.0,
        new.email,
        new.name,
        new.role.as_str(),
        secret_hash,
        new.invited_by.0,
        new.created_at,
        new.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the company and the inviting member are called.
pub(super) async fn letterhead(tx: &mut TenantTx, invited_by: UserId) -> sqlx::Result<(String, String)> {
    let row = sqlx::query!(
        "SELECT b.display_name, m.name FROM tenant_branding b, members m WHERE m.user_id = $1",
        invited_by.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.display_name, row.name))
}

pub(super) async fn list(tx: &mut TenantTx, after: Option<InvitationId>, limit: i64) -> sqlx::Result<Vec<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"
        SELECT invitation_id AS "invitation_id: InvitationId", email, name, role AS "role: Role",
               invited_by AS "invited_by: UserId", created_at, expires_at, accepted_at, revoked_at
          FROM invitations
         WHERE $1::uuid IS NULL OR invitation_id < $1
         ORDER BY invitation_id DESC
         LIMIT $2
        "#,
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn find(tx: &mut TenantTx, id: InvitationId) -> sqlx::Result<Option<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"
        SELECT invitation_id AS "invitation_id: InvitationId", email, name, role AS "role: Role",
               invited_by AS "invited_by: UserId", created_at, expires_at, accepted_at, revoked_at
          FROM invitations WHERE invitation_id = $1
        "#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn revoke(
    tx: &mut TenantTx,
    id: InvitationId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"
        UPDATE invitations SET revoked_at = $2
         WHERE invitation_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL
        RETURNING invitation_id AS "invitation_id: InvitationId", email, name, role AS "role: Role",
                  invited_by AS "invited_by: UserId", created_at, expires_at, accepted_at, revoked_at
        "#,
        id.0,
        now,
    )
    .fetch_optional(tx.conn())
    .await
}

/// An invitation as the identity path sees it.
pub(super) struct Offer {
    pub company: String,
    pub slug: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub secret_hash: Vec<u8>,
    pub expires_at: DateTime<Utc>,
    /// Neither accepted nor revoked, in a company that is not closed.
    pub open: bool,
    /// Whoever invited is still an active admin.
    pub vouched: bool,
}

pub(super) async fn find_offer(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    id: InvitationId,
) -> sqlx::Result<Option<Offer>> {
    sqlx::query_as!(
        Offer,
        r#"
        SELECT b.display_name AS company, t.slug, i.email, i.name, i.role AS "role: Role", i.secret_hash, i.expires_at,
               i.accepted_at IS NULL AND i.revoked_at IS NULL AND t.state <> 'closed' AS "open!",
               m.role = 'admin' AND m.state = 'active' AS "vouched!"
          FROM invitations i
          JOIN tenants t ON t.tenant_id = i.tenant_id
          JOIN tenant_branding b ON b.tenant_id = i.tenant_id
          JOIN members m ON m.tenant_id = i.tenant_id AND m.user_id = i.invited_by
         WHERE i.tenant_id = $1 AND i.invitation_id = $2
        "#,
        tenant_id.0,
        id.0,
    )
    .fetch_optional(connection)
    .await
}

/// Locks first and reads then, so that what is read is what a rival left.
pub(super) async fn lock_offer(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    id: InvitationId,
) -> sqlx::Result<Option<Offer>> {
    sqlx::query!(
        "SELECT invitation_id FROM invitations WHERE tenant_id = $1 AND invitation_id = $2 FOR UPDATE",
        tenant_id.0,
        id.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    find_offer(connection, tenant_id, id).await
}

/// Fails on `members_pkey` when the person is a member already, active or not.
pub(super) async fn insert_member(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    user_id: UserId,
    offer: &Offer,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO members (tenant_id, user_id, role, name, created_at) VALUES ($1, $2, $3, $4, $5)",
        tenant_id.0,
        user_id.0,
        offer.role.as_str(),
        offer.name,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn mark_accepted(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    id: InvitationId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE invitations SET accepted_at = $3 WHERE tenant_id = $1 AND invitation_id = $2",
        tenant_id.0,
        id.0,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
