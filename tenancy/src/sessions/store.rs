use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{LiveCaller, OwnSession, SessionKind};
use crate::{Role, SessionId, TenantId, UserId};

pub(super) struct NewSession {
    pub tenant_id: TenantId,
    pub session_id: SessionId,
    pub user_id: UserId,
    pub kind: SessionKind,
    pub role: Role,
    pub device: String,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub(super) async fn insert(connection: &mut PgConnection, new: &NewSession) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO sessions (tenant_id, session_id, user_id, kind, role, device, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        new.tenant_id.0,
        new.session_id.0,
        new.user_id.0,
        new.kind.as_str(),
        new.role.as_str(),
        new.device,
        new.now,
        new.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_refresh_token(
    connection: &mut PgConnection,
    new: &NewSession,
    token_hash: &[u8; 32],
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (tenant_id, session_id, token_hash, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        new.tenant_id.0,
        new.session_id.0,
        token_hash,
        new.now,
        new.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One exchange of a refresh token.
pub(super) struct Rotation {
    pub tenant_id: TenantId,
    pub session_id: SessionId,
    pub token_hash: [u8; 32],
    pub next_hash: [u8; 32],
    pub now: DateTime<Utc>,
    pub idle_until: DateTime<Utc>,
    /// A session that began before this is not prolonged any more.
    pub oldest: DateTime<Utc>,
}

/// What the statement saw when it began, and what it did: the last four are of the session, if it was rotated.
pub(super) struct RotationSeen {
    pub used_at: Option<DateTime<Utc>>,
    /// Neither the token nor its session was over.
    pub live: bool,
    pub user_id: Option<UserId>,
    pub kind: Option<SessionKind>,
    pub role: Option<Role>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Looks at a token, uses it up and stores the next one: one statement, so nothing can come between. `None`: there is
/// no such token. Expired ones of the session go away on the occasion.
pub(super) async fn rotate(connection: &mut PgConnection, rotation: &Rotation) -> sqlx::Result<Option<RotationSeen>> {
    sqlx::query_as!(
        RotationSeen,
        r#"
        WITH seen AS (
            -- As the table was when the statement began, whatever a rival did since.
            SELECT r.used_at, r.expires_at > $5 AND s.ended_at IS NULL AND s.expires_at > $5 AND s.created_at > $7 AS live
              FROM refresh_tokens r
              JOIN sessions s ON s.tenant_id = r.tenant_id AND s.session_id = r.session_id
             WHERE r.tenant_id = $1 AND r.session_id = $2 AND r.token_hash = $3
        ), used AS (
            -- Waits for a rival, then looks again: only one finds it unused.
            UPDATE refresh_tokens r SET used_at = $5
             WHERE r.tenant_id = $1 AND r.session_id = $2 AND r.token_hash = $3 AND r.used_at IS NULL
               AND (SELECT live FROM seen)
            RETURNING r.tenant_id, r.session_id
        ), kept AS (
            UPDATE sessions s SET last_seen_at = $5, expires_at = $6
              FROM used u
             WHERE s.tenant_id = u.tenant_id AND s.session_id = u.session_id AND s.ended_at IS NULL
            RETURNING s.tenant_id, s.session_id, s.user_id, s.kind, s.role, s.expires_at
        ), issued AS (
            INSERT INTO refresh_tokens (tenant_id, session_id, token_hash, issued_at, expires_at)
            SELECT k.tenant_id, k.session_id, $4, $5, $6 FROM kept k
        ), forgotten AS (
            DELETE FROM refresh_tokens r USING kept k
             WHERE r.tenant_id = k.tenant_id AND r.session_id = k.session_id AND r.expires_at <= $5
        )
        SELECT seen.used_at, seen.live AS "live!", k.user_id AS "user_id?: UserId", k.kind AS "kind?: SessionKind",
               k.role AS "role?: Role", k.expires_at AS "expires_at?"
          FROM seen LEFT JOIN kept k ON true
        "#,
        rotation.tenant_id.0,
        rotation.session_id.0,
        &rotation.token_hash,
        &rotation.next_hash,
        rotation.now,
        rotation.idle_until,
        rotation.oldest,
    )
    .fetch_optional(connection)
    .await
}

/// Ends a session that is alive; answers whose it was.
pub(super) async fn end(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    session_id: SessionId,
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"UPDATE sessions SET ended_at = $4, ended_reason = $3
            WHERE tenant_id = $1 AND session_id = $2 AND ended_at IS NULL
        RETURNING user_id AS "user_id: UserId""#,
        tenant_id.0,
        session_id.0,
        reason,
        now,
    )
    .fetch_optional(connection)
    .await
}

/// Ends all of a person's sessions in all companies, but for one.
pub(crate) async fn end_all(
    connection: &mut PgConnection,
    user_id: UserId,
    but: Option<SessionId>,
    reason: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sessions SET ended_at = $4, ended_reason = $3
          WHERE user_id = $1 AND ended_at IS NULL AND session_id IS DISTINCT FROM $2",
        user_id.0,
        but.map(|id| id.0),
        reason,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The kind of the caller's session, if it is alive and none of the token's ancestors is revoked.
pub(super) async fn find_live(
    connection: &mut PgConnection,
    caller: LiveCaller,
    revocation_ids: &[Vec<u8>],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<SessionKind>> {
    sqlx::query_scalar!(
        r#"
        SELECT s.kind AS "kind: SessionKind"
          FROM sessions s
         WHERE s.tenant_id = $1 AND s.session_id = $2 AND s.user_id = $3
           AND s.ended_at IS NULL AND s.expires_at > $5
           AND NOT EXISTS (SELECT FROM revoked_tokens r WHERE r.tenant_id = $1 AND r.revocation_id = ANY ($4))
        "#,
        caller.tenant_id.0,
        caller.session_id.0,
        caller.user_id.0,
        revocation_ids,
        now,
    )
    .fetch_optional(connection)
    .await
}

pub(super) async fn list_live(
    connection: &mut PgConnection,
    caller: LiveCaller,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<OwnSession>> {
    sqlx::query_as!(
        OwnSession,
        r#"
        SELECT s.tenant_id AS "tenant_id: TenantId", s.session_id AS "session_id: SessionId", t.slug, t.name AS company,
               s.kind AS "kind: SessionKind", s.role AS "role: Role", s.device, s.created_at, s.last_seen_at, s.expires_at,
               s.tenant_id = $2 AND s.session_id = $3 AS "current!"
          FROM sessions s
          JOIN tenants t ON t.tenant_id = s.tenant_id
         WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.expires_at > $4
         ORDER BY s.created_at DESC, s.session_id DESC
        "#,
        caller.user_id.0,
        caller.tenant_id.0,
        caller.session_id.0,
        now,
    )
    .fetch_all(connection)
    .await
}
