use super::Branding;
use crate::{FileId, db::TenantTx};

pub(super) async fn find(tx: &mut TenantTx) -> sqlx::Result<Option<Branding>> {
    sqlx::query_as!(
        Branding,
        r#"SELECT display_name, accent, phone, reply_to, logo_file_id AS "logo_file_id: FileId", version
             FROM tenant_branding"#,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Stores `wanted`, whose version is the one that was read.
pub(super) async fn update(tx: &mut TenantTx, wanted: &Branding) -> sqlx::Result<Option<Branding>> {
    sqlx::query_as!(
        Branding,
        r#"UPDATE tenant_branding
              SET display_name = $2, accent = $3, phone = $4, reply_to = $5, logo_file_id = $6, version = version + 1
            WHERE version = $1
        RETURNING display_name, accent, phone, reply_to, logo_file_id AS "logo_file_id: FileId", version"#,
        wanted.version,
        wanted.display_name,
        wanted.accent,
        wanted.phone,
        wanted.reply_to,
        wanted.logo_file_id.map(|id| id.0),
    )
    .fetch_optional(tx.conn())
    .await
}

/// Whether the file is a logo that is ready; if so, it can't be deleted until the transaction ends.
pub(super) async fn hold_logo(tx: &mut TenantTx, file_id: FileId) -> sqlx::Result<bool> {
    let held = sqlx::query_scalar!(
        "SELECT file_id FROM files
          WHERE file_id = $1 AND purpose = 'logo' AND state = 'ready' AND deleted_at IS NULL FOR SHARE",
        file_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(held.is_some())
}
