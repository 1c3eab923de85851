//! Every statement on notes.

use surv_tenancy::{CustomerId, JobId, NoteId, PropertyId, Role, VisitId, db::TenantTx};

use super::{Note, NoteVisibility};

/// Where a note hangs.
pub struct NotePlace {
    pub customer_id: CustomerId,
    pub property_id: PropertyId,
}

/// The job's customer and property, if the job is there for the caller and the visit is one of its.
#[tracing::instrument(name = "db.notes.place", level = "debug", skip_all, err)]
pub async fn place(tx: &mut TenantTx, job_id: JobId, visit_id: Option<VisitId>) -> sqlx::Result<Option<NotePlace>> {
    sqlx::query_as!(
        NotePlace,
        r#"
        SELECT customer_id AS "customer_id: CustomerId", property_id AS "property_id: PropertyId"
          FROM jobs
         WHERE job_id = $1
           AND ($2::uuid IS NULL OR EXISTS (SELECT FROM visits v WHERE v.job_id = $1 AND v.visit_id = $2))
        "#,
        job_id.0,
        visit_id.map(|id| id.0),
    )
    .fetch_optional(tx.conn())
    .await
}

/// The author's name, from where their own rights let them read it; a token that is confined to a job sees no members.
#[tracing::instrument(name = "db.notes.author_name", level = "debug", skip_all, err)]
pub async fn author_name(
    tx: &mut TenantTx,
    role: Role,
    job_id: JobId,
    customer_id: CustomerId,
) -> sqlx::Result<Option<String>> {
    let user_id = tx.actor().user_id().map(|id| id.0).unwrap_or_default();
    match role {
        Role::Admin | Role::Manager => {
            sqlx::query_scalar!("SELECT name FROM members WHERE user_id = $1", user_id).fetch_optional(tx.conn()).await
        }
        Role::Technician => {
            sqlx::query_scalar!(
                "SELECT technician_name FROM assignments WHERE job_id = $1 AND technician_id = $2
                  ORDER BY assigned_at DESC LIMIT 1",
                job_id.0,
                user_id,
            )
            .fetch_optional(tx.conn())
            .await
        }
        Role::Customer => {
            sqlx::query_scalar!(
                "SELECT name FROM customer_users WHERE user_id = $1 AND customer_id = $2",
                user_id,
                customer_id.0,
            )
            .fetch_optional(tx.conn())
            .await
        }
    }
}

#[tracing::instrument(name = "db.notes.insert", level = "debug", skip_all, err)]
pub async fn insert(tx: &mut TenantTx, note: &Note, place: &NotePlace) -> sqlx::Result<()> {
    let (tenant_id, author_id) = (tx.actor().tenant_id, tx.actor().user_id());
    sqlx::query!(
        r#"
        INSERT INTO notes (tenant_id, note_id, job_id, customer_id, property_id, visit_id, author_id, author_name, body,
                           visibility, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        "#,
        tenant_id.0,
        note.note_id.0,
        note.job_id.0,
        place.customer_id.0,
        place.property_id.0,
        note.visit_id.map(|id| id.0),
        author_id.map(|id| id.0).unwrap_or_default(),
        note.author_name,
        note.body,
        note.visibility as NoteVisibility,
        note.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(name = "db.notes.list", level = "debug", skip_all, err)]
pub async fn list(tx: &mut TenantTx, job_id: JobId, after: Option<NoteId>, rows: i64) -> sqlx::Result<Vec<Note>> {
    sqlx::query_as!(
        Note,
        r#"
        SELECT note_id AS "note_id: NoteId", job_id AS "job_id: JobId", visit_id AS "visit_id: VisitId", author_name,
               body, visibility AS "visibility: NoteVisibility", created_at
          FROM notes
         WHERE job_id = $1
           -- Ids are in the order of their making.
           AND note_id > $2
         ORDER BY note_id
         LIMIT $3
        "#,
        job_id.0,
        after.map(|id| id.0).unwrap_or_default(),
        rows,
    )
    .fetch_all(tx.conn())
    .await
}
