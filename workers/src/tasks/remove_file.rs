//! Takes what a deleted file has in storage away.

use surv_operations::files::{FileKey, RemoveFile};

use crate::{Done, Handle, TaskContext, TaskError, Workers};

impl Handle<RemoveFile> for Workers {
    #[tracing::instrument(name = "task.remove_file", skip_all, err(level = "debug"), fields(file.id = %task.file_id))]
    async fn handle(&self, task: RemoveFile, ctx: &TaskContext) -> Result<Done, TaskError> {
        let store = self.storage()?;
        for key in FileKey::all(ctx.tenant_id(), task.file_id) {
            store.delete(&key.to_string()).await?;
        }
        ctx.finish(ctx.begin().await?).await
    }
}
