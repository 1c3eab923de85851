//! The questions put to the library: what the authority block says, and whether all checks pass.
//!
//! Only two origins of facts count: the authority block and the server. Queries and policies stay
//! in the default scope, which is exactly these two; "query all" would also hear what a holder of
//! the token appended.

use std::{collections::BTreeSet, str::FromStr, time::Duration};

use biscuit_auth::{
    AuthorizerBuilder, AuthorizerLimits, Biscuit,
    builder::{Binary, Expression, Fact, Op, Policy, PolicyKind, Rule, Term, fact, pred, rule, string, var},
    error::{self, FailedCheck, Logic, MatchedPolicy, RunLimit},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::confinement::ConfinedKind;

use super::{claims::Claims, error::TokenError, mint::VERSION, need::Need};

/// Whether an operation may be tried.
pub(super) enum Answer {
    Yes,
    /// The checks that failed, as (block, check); none if the scope does not contain the need.
    No(Vec<(usize, usize)>),
}

/// The library's own default of 1 ms refuses valid tokens on a busy machine. Bombs are the gate's business.
pub(super) fn limits() -> AuthorizerLimits {
    AuthorizerLimits { max_time: Duration::from_millis(50), ..AuthorizerLimits::default() }
}

/// The limit is by the clock on the wall, so a thread that lost its processor for a while must not
/// cost a valid token. Behind the gate there is nothing that a second run could make worse.
fn patiently<T>(run: impl Fn() -> Result<T, TokenError>) -> Result<T, TokenError> {
    const RUNS: usize = 5;
    let mut results = std::iter::repeat_with(run).take(RUNS);
    results.find(|result| !matches!(result, Err(TokenError::TimedOut))).unwrap_or(Err(TokenError::TimedOut))
}

/// The authority block's facts, each of which must be there exactly once.
pub(super) fn claims(biscuit: &Biscuit, expires_at: DateTime<Utc>) -> Result<Claims, TokenError> {
    patiently(|| read_claims(biscuit, expires_at))
}

fn read_claims(biscuit: &Biscuit, expires_at: DateTime<Utc>) -> Result<Claims, TokenError> {
    let mut authorizer = AuthorizerBuilder::new().set_limits(limits()).build(biscuit).map_err(refusal)?;
    let mut text = |name: &str| -> Result<String, TokenError> {
        let (value,): (String,) = authorizer.query_exactly_one(the(name)).map_err(refusal)?;
        Ok(value)
    };
    let (tenant, user, session) = (text("tenant")?, text("user")?, text("session")?);
    let (kind, audience, role) = (text("kind")?, text("audience")?, text("role")?);
    let (scope,): (BTreeSet<String>,) = authorizer.query_exactly_one(the("scope")).map_err(refusal)?;
    let (version,): (i64,) = authorizer.query_exactly_one(the("version")).map_err(refusal)?;
    if version != VERSION {
        return Err(TokenError::Refused("its facts are of another version"));
    }
    Ok(Claims {
        tenant_id: read(&tenant)?,
        user_id: read(&user)?,
        session_id: read(&session)?,
        kind: read(&kind)?,
        audience,
        role: read(&role)?,
        // A newer server may know more words than this one: they are of no use here.
        scope: scope.iter().filter_map(|word| word.parse().ok()).collect(),
        expires_at,
    })
}

/// `data($x) <- name($x)`
fn the(name: &str) -> Rule {
    rule("data", &[var("x")], &[pred(name, &[var("x")])])
}

fn read<T: FromStr>(word: &str) -> Result<T, TokenError> {
    word.parse().map_err(|_| TokenError::Refused("a fact of the authority block is unreadable"))
}

/// Runs all checks of the token against what the server knows, optionally about one thing.
pub(super) fn ask(
    biscuit: &Biscuit,
    need: &Need,
    now: DateTime<Utc>,
    thing: Option<(ConfinedKind, Uuid)>,
) -> Result<Answer, TokenError> {
    patiently(|| run_checks(biscuit, need, now, thing))
}

fn run_checks(
    biscuit: &Biscuit,
    need: &Need,
    now: DateTime<Utc>,
    thing: Option<(ConfinedKind, Uuid)>,
) -> Result<Answer, TokenError> {
    let builder = facts(need, now, thing).into_iter().try_fold(AuthorizerBuilder::new(), AuthorizerBuilder::fact);
    let builder = builder.and_then(|builder| builder.policy(policy(need))).map_err(refusal)?;
    let mut authorizer = builder.set_limits(limits()).build(biscuit).map_err(refusal)?;
    match authorizer.authorize() {
        Ok(_) => Ok(Answer::Yes),
        Err(error::Token::FailedLogic(Logic::Unauthorized { policy: MatchedPolicy::Allow(_), checks })) => {
            Ok(Answer::No(checks.iter().map(position).collect::<Result<_, _>>()?))
        }
        Err(error::Token::FailedLogic(_)) => Ok(Answer::No(Vec::new())),
        Err(other) => Err(refusal(other)),
    }
}

fn facts(need: &Need, now: DateTime<Utc>, thing: Option<(ConfinedKind, Uuid)>) -> Vec<Fact> {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let mut facts = vec![
        fact("time", &[Term::Date(seconds)]),
        fact("operation", &[string(need.operation.as_str())]),
        fact("subject", &[string(need.subject.as_str())]),
    ];
    facts.extend(thing.map(|(kind, id)| fact("resource", &[string(kind.as_str()), string(&id.to_string())])));
    facts
}

/// `allow if scope($s), $s.contains("…")`, or `allow if true` for what needs no capability.
fn policy(need: &Need) -> Policy {
    let no_terms: [Term; 0] = [];
    let query = |body, ops| Rule::new(pred("query", &no_terms), body, vec![Expression { ops }], vec![]);
    let query = match need.capability {
        None => query(vec![], vec![Op::Value(Term::Bool(true))]),
        Some(capability) => query(
            vec![pred("scope", &[var("s")])],
            vec![Op::Value(var("s")), Op::Value(string(capability.as_str())), Op::Binary(Binary::Contains)],
        ),
    };
    Policy { queries: vec![query], kind: PolicyKind::Allow }
}

fn position(failed: &FailedCheck) -> Result<(usize, usize), TokenError> {
    match failed {
        FailedCheck::Block(check) => Ok((check.block_id as usize, check.check_id as usize)),
        FailedCheck::Authorizer(_) => Err(TokenError::Refused("a check of the server failed")),
    }
}

/// What an error of the library means. Its own texts quote the token, so none is passed on.
fn refusal(error: error::Token) -> TokenError {
    match error {
        error::Token::RunLimit(RunLimit::Timeout) => TokenError::TimedOut,
        error::Token::RunLimit(RunLimit::UnexpectedQueryResult(..)) => {
            TokenError::Refused("a fact of the authority block is missing or there twice")
        }
        error::Token::RunLimit(_) => TokenError::Refused("it derives too many facts"),
        error::Token::ConversionError(_) => TokenError::Refused("a fact of the authority block is unreadable"),
        _ => TokenError::Refused("its checks can't be evaluated"),
    }
}
