//! What goes on after a request on a file.

use serde::{Deserialize, Serialize};
use surv_tenancy::{FileId, queue::Task};

/// Makes images of our own from what was uploaded, or rejects it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProcessFile {
    pub file_id: FileId,
}

impl Task for ProcessFile {
    const KIND: &'static str = "process_file";
}

/// Takes all that a deleted file has in storage away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveFile {
    pub file_id: FileId,
}

impl Task for RemoveFile {
    const KIND: &'static str = "remove_file";
}
