//! The audit log: each event once, in the stream's order, each entry's hash covering the one before.
//!
//! Only events below the oldest running transaction are chained, so one that commits late is never skipped. A change of
//! an event, of an entry or of their order shows, and so does a missing end, as long as the head stands or somebody
//! outside has noted it ([`Anchor`]).

mod anchor;
mod append;
mod link;
mod verify;

use surv_tenancy::{
    TenantId,
    db::{DbError, Path},
};

pub use anchor::{Anchor, NoAnchor, head};
pub use verify::{Verdict, verify, verify_against};

use crate::Workers;

/// So many companies are looked for at once.
const COMPANIES: i64 = 100;

impl Workers {
    /// Brings every audit chain up to date; how many entries were added.
    ///
    /// # Errors
    /// The database's, if nobody's chain can be looked at; one that can't be continued is counted and left.
    pub async fn audit(&self) -> Result<u64, DbError> {
        catch_up(self).await
    }
}

pub(crate) async fn catch_up(workers: &Workers) -> Result<u64, DbError> {
    let mut added = 0;
    loop {
        let before = added;
        for tenant_id in behind(workers).await? {
            match append::batch(workers, tenant_id).await {
                Ok(count) => added += count,
                Err(error) => {
                    workers.0.metrics.audit_failures.inc();
                    tracing::error!(%error, tenant.id = %tenant_id, "an audit chain cannot be continued");
                }
            }
        }
        if added == before {
            workers.0.metrics.audit_entries.inc_by(added);
            return Ok(added);
        }
    }
}

/// Companies with settled events that are not in their chain, some of them, in random order.
async fn behind(workers: &Workers) -> Result<Vec<TenantId>, DbError> {
    let mut tx = workers.deps().platform_db.begin(Path::Dispatch).await?;
    // `streams` steps from company to company by index.
    let tenants = sqlx::query_scalar!(
        r#"
        WITH RECURSIVE streams AS (
            (SELECT e.tenant_id FROM events e ORDER BY e.tenant_id LIMIT 1)
            UNION ALL
            SELECT (SELECT e.tenant_id FROM events e WHERE e.tenant_id > s.tenant_id ORDER BY e.tenant_id LIMIT 1)
              FROM streams s WHERE s.tenant_id IS NOT NULL
        )
        SELECT s.tenant_id AS "tenant_id!: TenantId"
          FROM streams s
          LEFT JOIN audit_heads h ON h.tenant_id = s.tenant_id
         WHERE s.tenant_id IS NOT NULL
           AND EXISTS (SELECT FROM events e
                        WHERE e.tenant_id = s.tenant_id
                          AND e.txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                          AND (e.txid, e.event_id) > (coalesce(h.txid, 0),
                                                      coalesce(h.event_id, '00000000-0000-0000-0000-000000000000')))
         ORDER BY random() LIMIT $1
        "#,
        COMPANIES,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(tenants)
}
