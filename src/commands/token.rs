//! `surv token`: what a token says, and weaker ones made from it. Needs no key, no network and no configuration.

use std::{io::Read as _, process::ExitCode, str::FromStr};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use surv_tenancy::{
    Clock, CustomerId, InvoiceId, JobId,
    token::{Attenuation, Operation, Subject, attenuate, inspect},
};
use uuid::Uuid;

/// Larger than any token that a server takes.
const MOST_INPUT: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Say what a token says. Checks no signature
    Inspect {
        /// The token; without it, standard input
        token: Option<String>,
    },
    /// Print a token that may do less
    Attenuate(Narrower),
}

#[derive(Debug, Args)]
pub struct Narrower {
    /// The token; without it, standard input, which keeps it out of the shell's history
    token: Option<String>,
    #[command(flatten)]
    limits: Limits,
}

/// At least one of them: a token that is not narrower is no answer.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Limits {
    /// Only what hangs off this job; several of these options are one list
    #[arg(long, value_name = "ID")]
    job: Vec<Uuid>,
    /// Only what hangs off this invoice
    #[arg(long, value_name = "ID")]
    invoice: Vec<Uuid>,
    /// Only what hangs off this customer
    #[arg(long, value_name = "ID")]
    customer: Vec<Uuid>,
    /// Only this: read or write
    #[arg(long, value_name = "OPERATION", value_parser = word::<Operation>)]
    operation: Vec<Operation>,
    /// Only about these: jobs, visits, notes, …
    #[arg(long, value_name = "SUBJECT", value_parser = word::<Subject>)]
    subject: Vec<Subject>,
    /// For so long: 30m, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = span, conflicts_with = "expires_at")]
    expires_in: Option<TimeDelta>,
    /// Until then: 2027-03-01T00:00:00Z
    #[arg(long, value_name = "INSTANT")]
    expires_at: Option<DateTime<Utc>>,
}

impl Token {
    /// Prints the answer.
    ///
    /// # Errors
    /// A token that cannot be read or narrowed.
    pub fn run(&self, clock: &Clock) -> anyhow::Result<ExitCode> {
        match self {
            Self::Inspect { token } => print!("{}", inspect(&given(token.as_deref())?)),
            Self::Attenuate(narrower) => {
                let token = given(narrower.token.as_deref())?;
                println!("{}", attenuate(&token, &narrower.limits.on(clock))?);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Limits {
    fn on(&self, clock: &Clock) -> Attenuation {
        Attenuation {
            jobs: self.job.iter().copied().map(JobId::from).collect(),
            invoices: self.invoice.iter().copied().map(InvoiceId::from).collect(),
            customers: self.customer.iter().copied().map(CustomerId::from).collect(),
            operations: self.operation.clone(),
            subjects: self.subject.clone(),
            expires_at: self
                .expires_at
                .or_else(|| self.expires_in.and_then(|span| clock.now().checked_add_signed(span))),
        }
    }
}

fn given(argument: Option<&str>) -> anyhow::Result<String> {
    let text = match argument {
        Some(text) => text.to_owned(),
        None => {
            let mut text = String::new();
            std::io::stdin()
                .take(MOST_INPUT)
                .read_to_string(&mut text)
                .context("reading a token from standard input")?;
            text
        }
    };
    Ok(text.trim().to_owned())
}

fn word<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn span(text: &str) -> Result<TimeDelta, String> {
    let wanted = || "write a number and m, h or d, such as 7d".to_owned();
    let unit = text.chars().next_back().ok_or_else(wanted)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wanted()),
    };
    let count: i64 = text[..text.len() - 1].parse().map_err(|_| wanted())?;
    let span = count.checked_mul(seconds).and_then(TimeDelta::try_seconds).filter(|span| *span > TimeDelta::zero());
    span.ok_or_else(wanted)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use surv_tenancy::{
        CapabilitySet, Role, SessionId, TenantId, UserId,
        token::{KeyRing, TokenKind, TokenSpec, mint},
    };

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        token: Token,
    }

    fn narrower(words: &[&str]) -> Result<Narrower, clap::Error> {
        match Line::try_parse_from(["token", "attenuate"].iter().chain(words))?.token {
            Token::Attenuate(narrower) => Ok(narrower),
            Token::Inspect { .. } => unreachable!("attenuate was asked for"),
        }
    }

    fn minted(clock: &Clock) -> String {
        let keys = KeyRing::from_seeds(Some(1), [(1, "1".repeat(64).into())]).unwrap();
        let id = Uuid::from_u128(7);
        let spec = TokenSpec {
            tenant_id: TenantId(id),
            user_id: UserId(id),
            session_id: SessionId(id),
            kind: TokenKind::Access,
            audience: "surv:test".to_owned(),
            role: Role::Admin,
            scope: CapabilitySet::default(),
            expires_at: clock.now() + TimeDelta::minutes(15),
            confined_to: None,
            operations: None,
            sealed: false,
        };
        mint(&keys, &spec).unwrap().token
    }

    #[test]
    fn options_become_checks_that_inspect_shows() {
        let (clock, id) = (Clock::system(), "01890000-0000-7000-8000-000000000001");
        let words = ["--job", id, "--customer", id, "--operation", "read", "--subject", "visits", "--expires-in", "7d"];

        let limits = narrower(&words).unwrap().limits.on(&clock);
        let child = attenuate(&minted(&clock), &limits).unwrap();

        let text = inspect(&child);
        for told in [&format!("job {id}")[..], &format!("customer {id}"), "only operations: read", "only about: visits"]
        {
            assert!(text.contains(told), "{told} is not in {text}");
        }
        assert_eq!(limits.expires_at.map(|at| (at - clock.now()).num_days()), Some(6));
    }

    #[test]
    fn a_wrong_word_and_no_word_at_all_are_refused() {
        for words in [
            &["--operation", "delete"][..],
            &["--subject", "secrets"],
            &["--job", "7"],
            &["--expires-in", "7"],
            &["--expires-in", "-7d"],
            &["--expires-in", "9999999999999999d"],
            &["--expires-in", "7ö"],
            &["--expires-in", "1d", "--expires-at", "2027-01-01T00:00:00Z"],
            &["a-token"],
            &[],
        ] {
            assert!(narrower(words).is_err(), "{words:?}");
        }
    }
}
