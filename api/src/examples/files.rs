use std::collections::BTreeMap;

use poem_openapi::types::Example;

use super::{CURSOR, FILE, JOB, VISIT, december, visits};
use crate::resources::files::{
    AnnouncedFile, FileInput, FileLink, FilePage, FileUpload, FileView, PurposeView, StateView, VisibilityView,
};

const NAME: &str = "boiler before.jpg";
const TYPE: &str = "image/jpeg";
const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const CHECKSUM: &str = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
const STORAGE: &str = "https://files.surv.example/surv/tenant/0193a5e0-5d00-7c11-8a3e-2f6b90d4e7a1/files";

impl Example for FileView {
    fn example() -> Self {
        Self {
            id: FILE,
            purpose: PurposeView::JobPhoto,
            job_id: Some(JOB),
            visit_id: Some(VISIT),
            visibility: VisibilityView::Customer,
            uploader_name: visits::TECHNICIAN_NAME.to_owned(),
            name: NAME.to_owned(),
            state: StateView::Ready,
            rejection: None,
            sha256: SHA256.to_owned(),
            content_type: Some(TYPE.to_owned()),
            bytes: Some(184_220),
            width: Some(2_048),
            height: Some(1_536),
            created_at: december(9, 8, 20),
            updated_at: december(9, 8, 21),
            version: 3,
        }
    }
}

impl Example for FilePage {
    fn example() -> Self {
        Self { items: vec![FileView::example()], next_cursor: Some(CURSOR.to_owned()) }
    }
}

impl Example for FileInput {
    fn example() -> Self {
        Self {
            purpose: PurposeView::JobPhoto,
            job_id: Some(JOB),
            visit_id: Some(VISIT),
            visibility: Some(VisibilityView::Customer),
            name: NAME.to_owned(),
            content_type: TYPE.to_owned(),
            bytes: 312_480,
            sha256: SHA256.to_owned(),
        }
    }
}

impl Example for FileUpload {
    fn example() -> Self {
        let headers = [("content-type", TYPE), ("x-amz-checksum-sha256", CHECKSUM)];
        Self {
            method: "PUT".to_owned(),
            url: format!("{STORAGE}/{FILE}/upload?X-Amz-Signature=5d1f"),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            expires_at: december(9, 8, 35),
        }
    }
}

impl Example for AnnouncedFile {
    fn example() -> Self {
        let awaited = FileView {
            state: StateView::AwaitingUpload,
            content_type: None,
            bytes: None,
            width: None,
            height: None,
            version: 1,
            ..FileView::example()
        };
        Self { file: awaited, upload: Some(FileUpload::example()) }
    }
}

impl Example for FileLink {
    fn example() -> Self {
        Self { url: format!("{STORAGE}/{FILE}/full?X-Amz-Signature=8c02"), expires_at: december(9, 8, 40) }
    }
}
