use super::{Member, MemberFilter, MemberState};
use crate::{Role, UserId, db::TenantTx};

// No tenant_id here: the policies add it, and tests/rls proves that they do.

pub(super) async fn list(
    tx: &mut TenantTx,
    filter: &MemberFilter,
    after: Option<UserId>,
    limit: i64,
) -> sqlx::Result<Vec<Member>> {
    sqlx::query_as!(
        Member,
        r#"
        SELECT m.user_id AS "user_id: UserId", u.email, m.name, m.phone, m.role AS "role: Role", m.denied,
               m.state AS "state: MemberState", m.created_at, m.version
          FROM members m JOIN users u ON u.user_id = m.user_id
         WHERE ($1::text IS NULL OR m.role = $1)
           AND ($2::text IS NULL OR m.state = $2)
           AND ($3::uuid IS NULL
                OR (lower(m.name) COLLATE "C", m.user_id)
                   > (SELECT lower(a.name) COLLATE "C", a.user_id FROM members a WHERE a.user_id = $3))
         ORDER BY lower(m.name) COLLATE "C", m.user_id
         LIMIT $4
        "#,
        filter.role.map(Role::as_str),
        filter.state.map(MemberState::as_str),
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn find(tx: &mut TenantTx, user_id: UserId) -> sqlx::Result<Option<Member>> {
    sqlx::query_as!(
        Member,
        r#"
        SELECT m.user_id AS "user_id: UserId", u.email, m.name, m.phone, m.role AS "role: Role", m.denied,
               m.state AS "state: MemberState", m.created_at, m.version
          FROM members m JOIN users u ON u.user_id = m.user_id
         WHERE m.user_id = $1
        "#,
        user_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn lock(tx: &mut TenantTx, user_id: UserId) -> sqlx::Result<Option<Member>> {
    sqlx::query_as!(
        Member,
        r#"
        SELECT m.user_id AS "user_id: UserId", u.email, m.name, m.phone, m.role AS "role: Role", m.denied,
               m.state AS "state: MemberState", m.created_at, m.version
          FROM members m JOIN users u ON u.user_id = m.user_id
         WHERE m.user_id = $1
           FOR UPDATE OF m
        "#,
        user_id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// The members who can manage members, locked in one order for everybody.
pub(super) async fn lock_keepers(tx: &mut TenantTx) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"
        SELECT user_id AS "user_id: UserId" FROM members
         WHERE role = 'admin' AND state = 'active' AND NOT 'members:write' = ANY (denied)
         ORDER BY user_id
           FOR UPDATE
        "#,
    )
    .fetch_all(tx.conn())
    .await
}

/// Stores `wanted`, whose version is the one that was read.
pub(super) async fn update(tx: &mut TenantTx, wanted: &Member) -> sqlx::Result<Option<Member>> {
    let version = sqlx::query_scalar!(
        "UPDATE members SET role = $3, name = $4, phone = $5, denied = $6, state = $7, version = version + 1
          WHERE user_id = $1 AND version = $2
        RETURNING version",
        wanted.user_id.0,
        wanted.version,
        wanted.role.as_str(),
        wanted.name,
        wanted.phone,
        &wanted.denied,
        wanted.state.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(version.map(|version| Member { version, ..wanted.clone() }))
}
