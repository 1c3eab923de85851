//! The files of the repository.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A file by its path from the root, and its text.
#[derive(Debug)]
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    /// Line numbers and lines outside of comments.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let comment = if self.path.ends_with(".sql") { "--" } else { "//" };
        self.text
            .lines()
            .enumerate()
            .filter(move |(_, line)| !line.trim_start().starts_with(comment))
            .map(|(number, line)| (number + 1, line))
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What git knows or would add, so no build products.
pub fn paths() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files of the repository");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let text = String::from_utf8(listed.stdout).expect("names of files are UTF-8");
    let paths: Vec<String> = text.lines().map(str::to_owned).filter(|path| root().join(path).is_file()).collect();
    assert!(paths.len() > 100, "git has listed {} files only", paths.len());
    paths
}

/// The texts of the files with one of these endings.
pub fn with_ending(endings: &[&str]) -> Vec<Source> {
    paths()
        .into_iter()
        .filter(|path| endings.iter().any(|ending| path.ends_with(ending)))
        .map(|path| Source { text: std::fs::read_to_string(root().join(&path)).unwrap_or_default(), path })
        .collect()
}

/// Whether `word` stands in `line` and is no part of a longer one.
pub fn has_word(line: &str, word: &str) -> bool {
    let of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(of_a_word) && !line[at + word.len()..].starts_with(of_a_word))
}

#[test]
fn a_word_is_not_found_in_a_longer_one() {
    assert!(has_word("use sqlx::query;", "sqlx"));
    assert!(!has_word("let my_sqlx_thing", "sqlx"));
    assert!(has_word("x(PgPool)", "PgPool"));
}
