//! What a token says, for people. Proves nothing.

use std::fmt::Write as _;

use biscuit_auth::UnverifiedBiscuit;

use super::{error::TokenError, gate, shape::Limit};

/// Describes a token, or says why no server would take it. **Checks no signature**, and says so.
pub fn inspect(token: &str) -> String {
    match describe(token) {
        Ok(text) => text,
        Err(error) => format!("No server takes this: {error}.\n"),
    }
}

fn describe(token: &str) -> Result<String, TokenError> {
    let admitted = gate::admit(token)?;
    let authority = admitted.authority_limits()?;
    let biscuit = UnverifiedBiscuit::from(&admitted.bytes).map_err(|_| TokenError::Malformed)?;
    let mut text = String::from("Signatures were NOT checked: anybody can write what follows.\n\n");
    let key = admitted.root_key_id.map_or("none".to_owned(), |id| id.to_string());
    let sealed = if admitted.sealed { "sealed: cannot be narrowed" } else { "open: can be narrowed" };
    line(&mut text, &format!("root key {key}, {sealed}"));
    let blocks = std::iter::once(&authority).chain(&admitted.appended);
    for ((index, limits), id) in blocks.enumerate().zip(biscuit.revocation_identifiers()) {
        line(&mut text, &format!("\nblock {index}, revocation id {}", hex::encode(id)));
        if index == 0 {
            let source = biscuit.print_block_source(0).map_err(|_| TokenError::Malformed)?;
            let facts = source.lines().filter(|line| !line.starts_with("check"));
            facts.for_each(|fact| line(&mut text, &format!("  says {}", printable(fact.trim_end_matches(';')))));
        }
        limits.iter().for_each(|limit| line(&mut text, &format!("  {}", words(limit))));
    }
    Ok(text)
}

fn words(limit: &Limit) -> String {
    match limit {
        Limit::Things(things) => {
            let things: Vec<_> = things.iter().map(|(kind, id)| format!("{} {id}", kind.as_str())).collect();
            format!("only what hangs off: {}", things.join(", "))
        }
        Limit::Operations(list) => {
            format!("only operations: {}", list.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", "))
        }
        Limit::Subjects(list) => {
            format!("only about: {}", list.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", "))
        }
        Limit::Until(at) => format!("only before {}", at.to_rfc3339()),
    }
}

/// The authority block may hold anything, such as codes that steer a terminal.
fn printable(text: &str) -> String {
    let shown = |c: char| if c == ' ' || c.is_ascii_graphic() { c.to_string() } else { c.escape_default().to_string() };
    text.chars().map(shown).collect()
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
