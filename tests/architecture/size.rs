//! Files stay small and are called by what they hold.

use crate::sources::{paths, root};

const LONGEST: usize = 500;

/// Source files that are longer, with what will be done about it.
const LONGER: &[(&str, &str)] = &[];

const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc"];

#[test]
fn no_source_file_is_too_long() {
    let endings = [".rs", ".ts", ".tsx", ".js", ".sh", ".sql", ".py", ".css"];
    let mut faults = Vec::new();
    for path in paths() {
        let generated = path.contains("generated") || path.contains("/dist/") || path.starts_with("openapi/sdks/");
        if generated || !endings.iter().any(|ending| path.ends_with(ending)) {
            continue;
        }
        let lines = std::fs::read_to_string(root().join(&path)).unwrap_or_default().lines().count();
        let excused = LONGER.iter().any(|(name, _)| *name == path);
        if lines > LONGEST && !excused {
            faults.push(format!("{path} has {lines} lines; split it by sub-noun"));
        }
        if lines <= LONGEST && excused {
            faults.push(format!("{path} is short now; take it off the list"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_file_or_folder_has_an_empty_name() {
    for path in paths() {
        for part in path.split('/') {
            let stem = part.split('.').next().unwrap_or(part).to_lowercase();
            assert!(!EMPTY_NAMES.contains(&stem.as_str()), "{path}: say what it holds");
        }
    }
}
