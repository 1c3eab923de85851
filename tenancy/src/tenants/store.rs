use sqlx::PgConnection;

use super::{Company, PublicCompany};
use crate::{FileId, TenantId, db::TenantTx};

// No tenant_id in the statements of a TenantTx: the policies add it.

pub(super) async fn find(tx: &mut TenantTx) -> sqlx::Result<Option<Company>> {
    sqlx::query_as!(
        Company,
        r#"SELECT tenant_id AS "tenant_id: TenantId", slug, name, time_zone, state, created_at, version FROM tenants"#,
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn update(
    tx: &mut TenantTx,
    version: i32,
    name: &str,
    time_zone: &str,
) -> sqlx::Result<Option<Company>> {
    sqlx::query_as!(
        Company,
        r#"UPDATE tenants SET name = $2, time_zone = $3, version = version + 1
            WHERE version = $1
        RETURNING tenant_id AS "tenant_id: TenantId", slug, name, time_zone, state, created_at, version"#,
        version,
        name,
        time_zone,
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn find_by_slug(connection: &mut PgConnection, slug: &str) -> sqlx::Result<Option<PublicCompany>> {
    sqlx::query_as!(
        PublicCompany,
        r#"
        SELECT t.tenant_id AS "tenant_id: TenantId", t.slug, t.time_zone, b.display_name, b.accent, b.phone, b.reply_to,
               b.logo_file_id AS "logo_file_id: FileId"
          FROM tenants t JOIN tenant_branding b ON b.tenant_id = t.tenant_id
         WHERE t.slug = $1 AND t.state <> 'closed'
        "#,
        slug,
    )
    .fetch_optional(connection)
    .await
}
