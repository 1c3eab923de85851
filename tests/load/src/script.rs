//! Scripts for pgbench out of what the product has sent.
//!
//! pgbench sends every statement by the extended protocol and prepares it once on a connection, as the product does.
//! Each transaction has parameters of its own, so nothing is folded into the plan. What the product makes anew with each
//! request (ids, hashes, numbers) is told by two requests of the same kind, and made anew here by arithmetic.

use std::fmt::Write as _;

use crate::capture::{Statement, Transaction};

/// How many waits for an answer a transaction takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trips {
    /// BEGIN, the context as one, each statement, the end: four for a request of one statement.
    Each,
    /// Everything is sent before the first answer is waited for.
    One,
}

/// One transaction of a script: what the product sent, once and again, and what Postgres says each parameter is.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub once: Transaction,
    pub again: Transaction,
    /// Of each statement, for parameters that are NULL.
    pub types: Vec<Vec<String>>,
}

/// A script and the values of its variables.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub text: String,
    pub variables: Vec<(String, String)>,
    /// Transactions in one run of the script.
    pub transactions: u32,
}

/// Fresh values of one transaction. `:n` counts runs; each value takes its own of sixteen numbers.
const FRESH: usize = 16;

impl Script {
    /// # Panics
    /// When a request makes more than sixteen values anew.
    pub fn of(recorded: &[Recorded], trips: Trips) -> Self {
        let mut script = Self::default();
        for transaction in recorded {
            script.add(transaction, trips);
        }
        script
    }

    fn add(&mut self, recorded: &Recorded, trips: Trips) {
        let mut fresh: Vec<&str> = Vec::new();
        let bodies: Vec<String> = (recorded.once.statements.iter().enumerate())
            .map(|(position, statement)| self.body(position, statement, recorded, &mut fresh))
            .collect();
        assert!(fresh.len() <= FRESH, "{} values are made anew: {fresh:?}", fresh.len());
        if !fresh.is_empty() {
            self.text.push_str("\\set n :n + 1\n");
        }
        for position in 0..fresh.len() {
            // Writing to a String does not fail.
            let _ = writeln!(self.text, "\\set fresh{position} :n * {FRESH} + {position}");
        }
        let (first, context) = recorded.once.begin.split_first().map_or(("BEGIN", [].as_slice()), |(f, c)| (f, c));
        let context = context.join(";\n");
        let end = &recorded.once.end;
        match trips {
            Trips::Each => {
                let _ = write!(self.text, "{first};\n\\startpipeline\n{context};\n\\endpipeline\n");
                for body in &bodies {
                    let _ = writeln!(self.text, "{body};");
                }
                let _ = writeln!(self.text, "{end};");
            }
            Trips::One => {
                let _ = write!(self.text, "\\startpipeline\n{first};\n{context};\n");
                for body in &bodies {
                    let _ = writeln!(self.text, "{body};");
                }
                let _ = write!(self.text, "{end};\n\\endpipeline\n");
            }
        }
        self.transactions += 1;
    }

    /// The statement with variables in the place of `$1`.
    fn body<'a>(
        &mut self,
        position: usize,
        statement: &'a Statement,
        recorded: &Recorded,
        fresh: &mut Vec<&'a str>,
    ) -> String {
        let again = recorded.again.statements.get(position);
        let values: Vec<String> = (statement.parameters.iter().enumerate())
            .map(|(index, value)| {
                let name = format!("t{}s{position}p{index}", self.transactions);
                let kind = recorded.types.get(position).and_then(|types| types.get(index));
                let kind = kind.map_or_else(|| "text".to_owned(), |kind| kind.to_lowercase());
                // A variable can't be NULL, nor empty.
                let Some(value) = value else {
                    self.variables.push((name.clone(), "null".to_owned()));
                    return format!("nullif(:{name}::text, 'null')::{kind}");
                };
                if value.is_empty() {
                    self.variables.push((name.clone(), "-".to_owned()));
                    return format!("btrim(:{name}::text, '-')::{kind}");
                }
                let other = again.and_then(|statement| statement.parameters.get(index)).and_then(Option::as_ref);
                if other != Some(value) && made_anew(value) {
                    let number = fresh.iter().position(|known| known == value).unwrap_or_else(|| {
                        fresh.push(value);
                        fresh.len() - 1
                    });
                    return anew(value, number);
                }
                self.variables.push((name.clone(), value.clone()));
                format!(":{name}")
            })
            .collect();
        with_values(&statement.text, &values)
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36 && is_hex(&value.replace('-', ""), 32)
}

fn inside_braces(value: &str) -> Option<&str> {
    value.strip_prefix('{')?.strip_suffix('}')
}

/// An id, a list of one, a hash or a number: has to differ in each transaction. Times and documents need not.
fn made_anew(value: &str) -> bool {
    is_uuid(inside_braces(value).unwrap_or(value))
        || value.strip_prefix("\\x").is_some_and(|hex| is_hex(hex, 64))
        || value.parse::<i64>().is_ok()
}

/// An expression of the same type as `value` for a fresh number.
fn anew(value: &str, number: usize) -> String {
    if inside_braces(value).is_some() {
        format!("ARRAY[lpad(:fresh{number}::text, 32, '0')]::uuid[]")
    } else if is_uuid(value) {
        format!("lpad(:fresh{number}::text, 32, '0')::uuid")
    } else if value.starts_with("\\x") {
        format!("decode(lpad(:fresh{number}::text, 64, '0'), 'hex')")
    } else {
        format!(":fresh{number}")
    }
}

/// Puts values in the place of `$1`, `$2`, …; the text is the product's own, so `$` begins nothing else.
fn with_values(text: &str, values: &[String]) -> String {
    let mut made = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        made.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let value = after[..digits].parse::<usize>().ok().and_then(|number| values.get(number.checked_sub(1)?));
        match value {
            Some(value) => made.push_str(value),
            None => {
                made.push('$');
                made.push_str(&after[..digits]);
            }
        }
        rest = &after[digits..];
    }
    made.push_str(rest);
    // A comment may hold what looks like a variable; none of them has a meaning for Postgres.
    made.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(id: &str, at: &str) -> Transaction {
        let statement = Statement {
            text: "INSERT INTO t SELECT $1, $2, $1, $3, $4::uuid".to_owned(),
            parameters: vec![Some(id.to_owned()), Some(at.to_owned()), Some("same".to_owned()), None],
        };
        let event = Statement { text: "INSERT INTO e VALUES ($1)".to_owned(), parameters: vec![Some(id.to_owned())] };
        Transaction {
            begin: vec!["BEGIN".to_owned(), "SET LOCAL a = '1'".to_owned(), "SELECT admit()".to_owned()],
            statements: vec![statement, event],
            end: "COMMIT".to_owned(),
        }
    }

    fn recorded() -> Recorded {
        Recorded {
            once: transaction("019a0000-0000-7000-8000-000000000001", "2026-01-01 00:00:00+00"),
            again: transaction("019a0000-0000-7000-8000-000000000002", "2026-01-01 00:00:01+00"),
            types: vec![["uuid", "timestamptz", "text", "uuid"].map(str::to_owned).to_vec(), vec!["uuid".to_owned()]],
        }
    }

    #[test]
    fn what_differs_is_made_anew_once_for_all_its_places_and_the_rest_is_as_sent() {
        let script = Script::of(&[recorded()], Trips::Each);

        assert_eq!(
            script.text,
            "\\set n :n + 1\n\\set fresh0 :n * 16 + 0\n\
             BEGIN;\n\\startpipeline\nSET LOCAL a = '1';\nSELECT admit();\n\\endpipeline\n\
             INSERT INTO t SELECT lpad(:fresh0::text, 32, '0')::uuid, :t0s0p1, lpad(:fresh0::text, 32, '0')::uuid, \
             :t0s0p2, nullif(:t0s0p3::text, 'null')::uuid::uuid;\n\
             INSERT INTO e VALUES (lpad(:fresh0::text, 32, '0')::uuid);\nCOMMIT;\n"
        );
        assert!(script.variables.contains(&("t0s0p2".to_owned(), "same".to_owned())));
    }

    #[test]
    fn one_trip_is_one_pipeline() {
        let script = Script::of(&[recorded(), recorded()], Trips::One);

        assert_eq!(script.transactions, 2);
        assert_eq!(script.text.matches("\\startpipeline").count(), 2);
        assert_eq!(script.text.matches("COMMIT;\n\\endpipeline").count(), 2);
    }
}
