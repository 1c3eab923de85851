//! `surv openapi` and `surv docs`: files that are made of the code.

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

/// Prints the page of problems.
pub fn print_problems() -> ExitCode {
    print!("{}", surv_api::spec::problems_page());
    ExitCode::SUCCESS
}
