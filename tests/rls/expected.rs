//! Tables of rights that are kept in `rls-policies/`, so that a change of a right is a line in a diff.

use std::path::Path;

/// Compares with the file, or writes it when `UPDATE_EXPECTED=1`.
#[allow(clippy::disallowed_methods, reason = "the switch of this test")]
pub fn compare(file: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rls-policies").join(file);
    if std::env::var("UPDATE_EXPECTED").is_ok_and(|value| value == "1") {
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = difference(&expected, actual);
    assert!(
        difference.is_empty(),
        "rights differ from rls-policies/{file}; if that is meant, run again with UPDATE_EXPECTED=1 and read the diff\n{}",
        difference.join("\n")
    );
}

fn difference(expected: &str, actual: &str) -> Vec<String> {
    let gone =
        expected.lines().filter(|line| !actual.lines().any(|other| other == *line)).map(|line| format!("- {line}"));
    let new =
        actual.lines().filter(|line| !expected.lines().any(|other| other == *line)).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

#[test]
fn a_changed_and_a_missing_line_are_both_told() {
    assert_eq!(difference("a\nb\n", "a\nc\n"), ["- b", "+ c"]);
    assert_eq!(difference("a\nb\n", "a\n"), ["- b"]);
}
