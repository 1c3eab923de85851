//! Notes on jobs: one shape for the office, technicians and customers, since policies decide who sees which.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use surv_operations::notes::{self, NewNote, Note, NoteVisibility};
use surv_tenancy::{Capability, JobId, NoteId, VisitId, token::Subject};
use uuid::Uuid;

use super::Tag;
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    json::{Body, Created, Reply},
    page::{Cursors, limit},
    problem::ApiResult,
};

/// Who may read a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "NoteVisibility", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum VisibilityView {
    /// The office alone.
    Office,
    /// Technicians of the job as well.
    Field,
    /// The customer as well.
    Customer,
}

/// A note on a job or visit.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Note", skip_serializing_if_is_none, example)]
pub struct NoteView {
    pub id: Uuid,
    pub job_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_id: Option<Uuid>,
    pub author_name: String,
    pub body: String,
    pub visibility: VisibilityView,
    pub created_at: DateTime<Utc>,
}

/// Something to write down.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct NoteInput {
    /// 1 to 4,000 characters.
    pub body: String,
    pub visibility: VisibilityView,
    #[serde(default)]
    pub visit_id: Option<Uuid>,
}

/// A page of notes.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct NotePage {
    pub items: Vec<NoteView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct NotesApi(pub Door);

#[OpenApi(prefix_path = "/v1", tag = "Tag::Notes")]
impl NotesApi {
    /// List a job's notes
    #[oai(path = "/jobs/:job_id/notes", method = "get", operation_id = "listNotes")]
    async fn list(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<NotePage>> {
        self.page(&caller, Capability::JobsRead, job_id.0, limit.0, cursor.0.as_deref()).await
    }

    /// Add a note to a job
    #[oai(path = "/jobs/:job_id/notes", method = "post", operation_id = "createNote")]
    async fn create(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        key: IdempotencyKey,
        body: Body<NoteInput>,
    ) -> ApiResult<Created<NoteView>> {
        self.add(&caller, (Capability::JobsWrite, "createNote"), job_id.0, key, body.0).await
    }

    /// List the notes of a job with an own visit
    #[oai(path = "/work/jobs/:job_id/notes", method = "get", operation_id = "listWorkNotes", tag = "Tag::Work")]
    async fn list_work(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<NotePage>> {
        self.page(&caller, Capability::WorkRead, job_id.0, limit.0, cursor.0.as_deref()).await
    }

    /// Add a note to a job with an own visit
    #[oai(path = "/work/jobs/:job_id/notes", method = "post", operation_id = "createWorkNote", tag = "Tag::Work")]
    async fn create_work(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        key: IdempotencyKey,
        body: Body<NoteInput>,
    ) -> ApiResult<Created<NoteView>> {
        self.add(&caller, (Capability::WorkWrite, "createWorkNote"), job_id.0, key, body.0).await
    }

    /// List the notes of an own job
    #[oai(path = "/portal/jobs/:job_id/notes", method = "get", operation_id = "listPortalNotes", tag = "Tag::Portal")]
    async fn list_portal(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<NotePage>> {
        self.page(&caller, Capability::PortalRead, job_id.0, limit.0, cursor.0.as_deref()).await
    }

    /// Add a note to an own job
    #[oai(path = "/portal/jobs/:job_id/notes", method = "post", operation_id = "createPortalNote", tag = "Tag::Portal")]
    async fn create_portal(
        &self,
        caller: Caller,
        job_id: Path<Uuid>,
        key: IdempotencyKey,
        body: Body<NoteInput>,
    ) -> ApiResult<Created<NoteView>> {
        self.add(&caller, (Capability::PortalWrite, "createPortalNote"), job_id.0, key, body.0).await
    }
}

impl NotesApi {
    async fn page(
        &self,
        caller: &Caller,
        capability: Capability,
        job_id: Uuid,
        limit: Option<u16>,
        cursor: Option<&str>,
    ) -> ApiResult<Reply<NotePage>> {
        let limit = self::limit(limit)?;
        let mut tx = self.0.read(caller, capability, Subject::Notes).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "notes", &job_id);
        let after = cursors.read::<Uuid>(cursor)?.map(NoteId);
        let page = notes::list(&mut tx, JobId(job_id), after, limit).await?;
        let next_cursor = page.next.map(|id| cursors.write(&id.0));
        Ok(Reply::plain(NotePage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    async fn add(
        &self,
        caller: &Caller,
        (capability, operation): (Capability, &str),
        job_id: Uuid,
        key: IdempotencyKey,
        input: NoteInput,
    ) -> ApiResult<Created<NoteView>> {
        let request = (job_id, &input);
        let mut once = match self.0.once(caller, (capability, Subject::Notes), key, operation, &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let new = NewNote {
            job_id: JobId(job_id),
            visit_id: input.visit_id.map(VisitId),
            body: input.body,
            visibility: match input.visibility {
                VisibilityView::Office => NoteVisibility::Office,
                VisibilityView::Field => NoteVisibility::Field,
                VisibilityView::Customer => NoteVisibility::Customer,
            },
        };
        let note = notes::add(once.tx(), ids, now, new).await?;
        once.finish(Reply::plain(note.into())).await
    }
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self {
            id: note.note_id.0,
            job_id: note.job_id.0,
            visit_id: note.visit_id.map(|id| id.0),
            author_name: note.author_name,
            body: note.body,
            visibility: match note.visibility {
                NoteVisibility::Office => VisibilityView::Office,
                NoteVisibility::Field => VisibilityView::Field,
                NoteVisibility::Customer => VisibilityView::Customer,
            },
            created_at: note.created_at,
        }
    }
}
