//! `surv docs`: documentation that is derived from what the program knows.

use std::{fmt::Write as _, process::ExitCode};

use clap::Subcommand;

use crate::config::{Need, Section, reference};

#[derive(Debug, Subcommand)]
pub enum Docs {
    /// docs/configuration.md: every setting
    Configuration,
    /// docs/problems.md: every kind of refusal
    Problems,
}

impl Docs {
    /// Prints the document.
    pub fn run(&self) -> ExitCode {
        match self {
            Self::Configuration => print!("{}", configuration(reference())),
            Self::Problems => print!("{}", surv_api::spec::problems_page()),
        }
        ExitCode::SUCCESS
    }
}

const HEAD: &str = "\
<!-- Made by `surv docs configuration` from src/defaults.toml. Run ./dev regenerate. -->
# Configuration

Layers, later ones win: the defaults below, `surv.toml` in the working directory (or `--config FILE`, `SURV_CONFIG`), and the
environment: `SURV_SECTION__KEY`, such as `SURV_HTTP__LISTEN`. Lists in the environment are separated by commas. Unknown keys
are errors. `surv serve --check` says whether they can be used, `surv doctor` whether they work.

A value in the default column is what counts when nothing is set; *required* has to be set, *with its section* as soon as any
other key of the section is. 🔒 marks secrets: they are never printed.
";

fn configuration(sections: &[Section]) -> String {
    let mut text = HEAD.to_owned();
    for section in sections {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## `[{}]`\n\n{}\n", section.name, section.doc);
        if section.entries.is_empty() {
            continue;
        }
        text.push_str("\n| key | default | what |\n| --- | --- | --- |\n");
        for entry in &section.entries {
            let default = match entry.need {
                Need::Default => format!("`{}`", entry.value),
                Need::Required => "*required*".to_owned(),
                Need::WithSection => "*with its section*".to_owned(),
                Need::Optional => "none".to_owned(),
            };
            let key = if entry.key == "*" { "*(name)*".to_owned() } else { format!("`{}`", entry.key) };
            let lock = if entry.secret { " 🔒" } else { "" };
            let _ = writeln!(text, "| {key}{lock} | {default} | {} |", entry.doc.replace('|', "\\|"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_its_line() {
        let text = configuration(reference());

        assert!(text.contains("| `listen` | `\"127.0.0.1:7400\"` | Address and port to listen on."));
        assert!(text.contains("| `root_key` 🔒 | *required* |"));
        let entries: usize = reference().iter().map(|section| section.entries.len()).sum();
        let lines = text.lines().filter(|line| line.starts_with("| `") || line.starts_with("| *(name)*"));
        assert_eq!(lines.count(), entries);
    }

    #[test]
    fn the_committed_document_is_what_the_defaults_say() {
        assert!(include_str!("../../docs/configuration.md") == configuration(reference()), "run ./dev regenerate");
    }
}
