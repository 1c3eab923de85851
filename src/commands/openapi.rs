//! `surv openapi`: the document that is made of the code.

use std::process::ExitCode;

use crate::compose;

/// Prints the OpenAPI document.
///
/// # Errors
/// Never in practice.
pub fn print_document() -> anyhow::Result<ExitCode> {
    print!("{}", surv_api::spec::document(&compose::document_only()?));
    Ok(ExitCode::SUCCESS)
}
