use super::Branding;
use crate::db::TenantTx;

pub(super) async fn find(tx: &mut TenantTx) -> sqlx::Result<Option<Branding>> {
    sqlx::query_as!(Branding, "SELECT display_name, accent, phone, reply_to, version FROM tenant_branding")
        .fetch_optional(tx.conn())
        .await
}

/// Stores `wanted`, whose version is the one that was read.
pub(super) async fn update(tx: &mut TenantTx, wanted: &Branding) -> sqlx::Result<Option<Branding>> {
    sqlx::query_as!(
        Branding,
        "UPDATE tenant_branding SET display_name = $2, accent = $3, phone = $4, reply_to = $5, version = version + 1
          WHERE version = $1
        RETURNING display_name, accent, phone, reply_to, version",
        wanted.version,
        wanted.display_name,
        wanted.accent,
        wanted.phone,
        wanted.reply_to,
    )
    .fetch_optional(tx.conn())
    .await
}
