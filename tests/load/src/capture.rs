//! What the product really sends to Postgres: read from Postgres' own log while one request is made.
//!
//! So no SQL is written down here, and none can drift.

use std::{
    io::{Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context as _, bail};

use crate::same::is_of_the_driver;

/// A statement as Postgres received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub text: String,
    /// As text; `None` is NULL.
    pub parameters: Vec<Option<String>>,
}

/// A transaction: the context's statements, what was asked, the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The statements of the message that begins it, without their semicolons.
    pub begin: Vec<String>,
    pub statements: Vec<Statement>,
    /// `COMMIT` or `ROLLBACK`.
    pub end: String,
}

/// A log that is read from where it was left.
#[derive(Debug)]
pub struct Log {
    file: PathBuf,
    read: u64,
    text: String,
}

impl Log {
    /// Begins at the log's present end.
    ///
    /// # Errors
    /// When there is no log.
    pub fn at_end(file: PathBuf) -> anyhow::Result<Self> {
        let read = std::fs::metadata(&file).with_context(|| format!("the log {}", file.display()))?.len();
        Ok(Self { file, read, text: String::new() })
    }

    /// Waits for the first whole transaction of `login`.
    ///
    /// # Errors
    /// When none comes within five seconds.
    pub async fn transaction(&mut self, login: &str) -> anyhow::Result<Transaction> {
        for _ in 0..500 {
            self.read_on()?;
            if let Some(found) = first_transaction(&entries(&self.text), login) {
                return Ok(found);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("Postgres has logged no transaction of {login}: {}", self.text)
    }

    fn read_on(&mut self) -> anyhow::Result<()> {
        let mut file = std::fs::File::open(&self.file)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // Up to the last whole line.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.text.push_str(std::str::from_utf8(&bytes[..whole]).context("the log is UTF-8")?);
        self.read += whole as u64;
        Ok(())
    }
}

#[derive(Debug)]
struct Entry {
    pid: String,
    login: String,
    message: String,
}

/// Entries of a log with the prefix `%m [%p] %u `. Further lines of a message begin with a tab.
fn entries(text: &str) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    for line in text.lines() {
        if let Some(more) = line.strip_prefix('\t') {
            if let Some(last) = found.last_mut() {
                last.message.push('\n');
                last.message.push_str(more);
            }
        } else if let Some((pid, rest)) = line.split_once(" [").and_then(|(_, rest)| rest.split_once("] "))
            && let Some((login, message)) = rest.split_once(' ')
        {
            found.push(Entry { pid: pid.to_owned(), login: login.to_owned(), message: message.to_owned() });
        }
    }
    found
}

fn first_transaction(entries: &[Entry], login: &str) -> Option<Transaction> {
    let began = |entry: &&Entry| entry.login == login && entry.message.starts_with("LOG:  statement: BEGIN");
    let pid = &entries.iter().find(began)?.pid;
    let mut mine = entries.iter().filter(|entry| entry.pid == *pid).skip_while(|entry| !began(entry));
    let begin = mine.next()?.message.strip_prefix("LOG:  statement: ")?;
    let begin = begin.split("; ").map(|text| text.trim_end_matches(';').to_owned()).collect();
    let mut statements: Vec<Statement> = Vec::new();
    for entry in mine {
        if let Some(text) = entry.message.strip_prefix("LOG:  statement: ") {
            let end = text.trim_end_matches(';').to_owned();
            statements.retain(|statement| !is_of_the_driver(&statement.text));
            return Some(Transaction { begin, statements, end });
        }
        if let Some((_, text)) = entry.message.strip_prefix("LOG:  execute ").and_then(|rest| rest.split_once(": ")) {
            statements.push(Statement { text: text.trim().to_owned(), parameters: Vec::new() });
        }
        if let Some(list) = entry.message.strip_prefix("DETAIL:  parameters: ")
            && let Some(last) = statements.last_mut()
        {
            last.parameters = parameters(list);
        }
    }
    None
}

/// Reads `$1 = 'it''s', $2 = NULL`.
fn parameters(list: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut rest = list;
    while let Some((_, after)) = rest.split_once(" = ") {
        if let Some(after) = after.strip_prefix("NULL") {
            found.push(None);
            rest = after;
            continue;
        }
        let Some(quoted) = after.strip_prefix('\'') else { break };
        let mut value = String::new();
        let mut characters = quoted.char_indices().peekable();
        let mut end = quoted.len();
        while let Some((at, character)) = characters.next() {
            match (character, characters.peek()) {
                ('\'', Some((_, '\''))) => {
                    value.push('\'');
                    characters.next();
                }
                ('\'', _) => {
                    end = at + 1;
                    break;
                }
                _ => value.push(character),
            }
        }
        found.push(Some(value));
        rest = &quoted[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "2026-11-24 18:30:00.100 UTC [7] surv_manager_login LOG:  execute sqlx_s_1: SELECT 'of before'
2026-11-24 18:30:00.101 UTC [8] surv_manager_login LOG:  statement: BEGIN READ ONLY; SET LOCAL app.tenant_id = 'a'; SELECT app.admit('b')
2026-11-24 18:30:00.102 UTC [9] surv_admin_login LOG:  statement: ROLLBACK
2026-11-24 18:30:00.103 UTC [8] surv_manager_login LOG:  execute sqlx_s_2:\u{20}
\tSELECT name
\t  FROM customers WHERE a = $1 AND b = $2
2026-11-24 18:30:00.103 UTC [8] surv_manager_login DETAIL:  parameters: $1 = 'it''s, $2 = ''x''', $2 = NULL, $3 = ''
2026-11-24 18:30:00.104 UTC [8] surv_manager_login LOG:  statement: ROLLBACK
";

    #[test]
    fn a_transaction_is_read_with_its_parameters_and_without_its_neighbours() {
        let found = first_transaction(&entries(LOG), "surv_manager_login").unwrap();

        assert_eq!(found.begin, ["BEGIN READ ONLY", "SET LOCAL app.tenant_id = 'a'", "SELECT app.admit('b')"]);
        assert_eq!(found.end, "ROLLBACK");
        let [statement] = found.statements.as_slice() else { panic!("{found:?}") };
        assert_eq!(statement.text, "SELECT name\n  FROM customers WHERE a = $1 AND b = $2");
        assert_eq!(statement.parameters, [Some("it's, $2 = 'x'".to_owned()), None, Some(String::new())]);
    }

    #[test]
    fn a_transaction_without_its_end_is_waited_for() {
        let cut = LOG.rsplit_once("2026").unwrap().0;

        assert_eq!(first_transaction(&entries(cut), "surv_manager_login"), None);
    }
}
