//! The published shapes of a check: the only ones that a token may carry.
//!
//! ```datalog
//! check if resource("job", $id), {"…", "…"}.contains($id) or resource("invoice", "…");
//! check if operation($op), {"read"}.contains($op);
//! check if subject($s), {"jobs", "visits"}.contains($s);
//! check if time($t), $t < 2027-01-01T00:00:00Z;
//! ```
//! A shape is known by its parsed form, not by its text: names of variables and the order in a set
//! are free. [`limit_of`] reads a shape, the functions below it write one.

use std::collections::BTreeSet;

use biscuit_auth::{
    builder::{Binary, Check, CheckKind, Expression, Op, Rule, Term as BuilderTerm, pred, string, var},
    datalog::SymbolTable,
    format::schema::{self, Term, op, op_binary, term::Content},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::confinement::ConfinedKind;

use super::claims::{Operation, Subject};

/// What one check lets through: what is on its list, or what comes before its instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Limit {
    Things(BTreeSet<(ConfinedKind, Uuid)>),
    Operations(BTreeSet<Operation>),
    Subjects(BTreeSet<Subject>),
    /// The first instant that fails.
    Until(DateTime<Utc>),
}

type Shape<T> = Result<T, &'static str>;

const UNKNOWN: &str = "a check is not of a published shape";
const MAX_ALTERNATIVES: usize = 8;

/// What a check restricts, or why it is refused.
pub(super) fn limit_of(check: &schema::Check, symbols: &SymbolTable) -> Shape<Limit> {
    if check.kind.unwrap_or(0) != schema::check::Kind::One as i32 {
        return Err("only `check if` is accepted");
    }
    if check.queries.len() > MAX_ALTERNATIVES {
        return Err("a check has more than eight alternatives");
    }
    let mut limits = check.queries.iter().map(|query| limit_of_query(query, symbols));
    let first = limits.next().ok_or(UNKNOWN)??;
    limits.try_fold(first, |limit, other| either(limit, other?))
}

/// What passes one or the other, when both speak of the same.
fn either(one: Limit, other: Limit) -> Shape<Limit> {
    match (one, other) {
        (Limit::Things(a), Limit::Things(b)) => Ok(Limit::Things(a.into_iter().chain(b).collect())),
        (Limit::Operations(a), Limit::Operations(b)) => Ok(Limit::Operations(a.into_iter().chain(b).collect())),
        (Limit::Subjects(a), Limit::Subjects(b)) => Ok(Limit::Subjects(a.into_iter().chain(b).collect())),
        _ => Err("the alternatives of a check restrict different things"),
    }
}

fn limit_of_query(query: &schema::Rule, symbols: &SymbolTable) -> Shape<Limit> {
    let [predicate] = query.body.as_slice() else { return Err(UNKNOWN) };
    if !query.scope.is_empty() || !query.head.terms.is_empty() {
        return Err(UNKNOWN);
    }
    let expression = match query.expressions.as_slice() {
        [] => None,
        [one] => Some(one),
        _ => return Err(UNKNOWN),
    };
    let name = symbols.get_symbol(predicate.name).ok_or(UNKNOWN)?;
    let terms: Vec<&Content> = contents(&predicate.terms)?;
    match (name, terms.as_slice()) {
        ("resource", [kind, id]) => things(word(kind, symbols)?, id, expression, symbols),
        ("operation", [term]) => {
            words(term, expression, symbols, |w| w.parse().map_err(|_| "unknown operation")).map(Limit::Operations)
        }
        ("subject", [term]) => {
            words(term, expression, symbols, |w| w.parse().map_err(|_| "unknown subject")).map(Limit::Subjects)
        }
        ("time", [Content::Variable(time)]) => until(*time, expression.ok_or(UNKNOWN)?),
        _ => Err(UNKNOWN),
    }
}

fn things(kind: &str, id: &Content, expression: Option<&schema::Expression>, symbols: &SymbolTable) -> Shape<Limit> {
    let kind = ConfinedKind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or("unknown kind of resource")?;
    let ids = words(id, expression, symbols, canonical_uuid)?;
    Ok(Limit::Things(ids.into_iter().map(|id| (kind, id)).collect()))
}

/// Ids are compared as text by Datalog, so only the one spelling that the server uses can match.
fn canonical_uuid(text: &str) -> Shape<Uuid> {
    match Uuid::try_parse(text) {
        Ok(id) if id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text => Ok(id),
        _ => Err("an id is not a lower-case UUID"),
    }
}

/// The words of `name("…")` or of `name($x), {"…"}.contains($x)`.
fn words<T: Ord>(
    term: &Content,
    expression: Option<&schema::Expression>,
    symbols: &SymbolTable,
    read: impl Fn(&str) -> Shape<T>,
) -> Shape<BTreeSet<T>> {
    match (term, expression) {
        (Content::String(_), None) => Ok(BTreeSet::from([read(word(term, symbols)?)?])),
        (Content::Variable(variable), Some(expression)) => {
            let list = contained_in(*variable, expression)?;
            list.into_iter().map(|term| read(word(term, symbols)?)).collect()
        }
        _ => Err(UNKNOWN),
    }
}

/// The set of `{…}.contains($variable)`.
fn contained_in(variable: u32, expression: &schema::Expression) -> Shape<Vec<&Content>> {
    match operands(expression)? {
        (Content::Set(set), Content::Variable(v), op_binary::Kind::Contains)
            if *v == variable && !set.set.is_empty() =>
        {
            contents(&set.set)
        }
        _ => Err(UNKNOWN),
    }
}

/// The first instant that fails `$time < date` or `$time <= date`; Datalog counts whole seconds.
fn until(time: u32, expression: &schema::Expression) -> Shape<Limit> {
    let seconds = match operands(expression)? {
        (Content::Variable(v), Content::Date(at), op_binary::Kind::LessThan) if *v == time => Some(*at),
        (Content::Variable(v), Content::Date(at), op_binary::Kind::LessOrEqual) if *v == time => at.checked_add(1),
        _ => return Err(UNKNOWN),
    };
    let at = seconds.and_then(|s| i64::try_from(s).ok()).and_then(|s| DateTime::from_timestamp(s, 0));
    at.map(Limit::Until).ok_or("a date is out of range")
}

/// The parts of `left op right`, the only form that an expression may have.
fn operands(expression: &schema::Expression) -> Shape<(&Content, &Content, op_binary::Kind)> {
    let ops: Vec<_> = expression.ops.iter().map(|op| op.content.as_ref()).collect();
    let [Some(op::Content::Value(left)), Some(op::Content::Value(right)), Some(op::Content::Binary(binary))] =
        ops.as_slice()
    else {
        return Err(UNKNOWN);
    };
    let kind = op_binary::Kind::from_i32(binary.kind).filter(|_| binary.ffi_name.is_none());
    match (&left.content, &right.content, kind) {
        (Some(left), Some(right), Some(kind)) => Ok((left, right, kind)),
        _ => Err(UNKNOWN),
    }
}

fn contents(terms: &[Term]) -> Shape<Vec<&Content>> {
    terms.iter().map(|term| term.content.as_ref().ok_or(UNKNOWN)).collect()
}

fn word<'a>(term: &Content, symbols: &'a SymbolTable) -> Shape<&'a str> {
    match term {
        Content::String(index) => symbols.get_symbol(*index).ok_or(UNKNOWN),
        _ => Err(UNKNOWN),
    }
}

/// `check if resource(kind, $id), {…}.contains($id) or …`, one alternative for each kind.
pub(super) fn things_check(things: &BTreeSet<(ConfinedKind, Uuid)>) -> Check {
    let of_kind = |kind| {
        let ids: BTreeSet<_> =
            things.iter().filter(|(k, _)| *k == kind).map(|(_, id)| string(&id.to_string())).collect();
        (!ids.is_empty()).then(|| {
            let body = pred("resource", &[string(kind.as_str()), var("id")]);
            query(body, BuilderTerm::Set(ids), var("id"), Binary::Contains)
        })
    };
    Check { queries: ConfinedKind::ALL.into_iter().filter_map(of_kind).collect(), kind: CheckKind::One }
}

/// `check if operation($x), {…}.contains($x)`
pub(super) fn operations_check(operations: &BTreeSet<Operation>) -> Check {
    words_check("operation", operations.iter().map(|operation| operation.as_str()))
}

/// `check if subject($x), {…}.contains($x)`
pub(super) fn subjects_check(subjects: &BTreeSet<Subject>) -> Check {
    words_check("subject", subjects.iter().map(|subject| subject.as_str()))
}

/// `check if time($t), $t < at`, or nothing for a date that tokens can't say. Fractions of a second are cut off.
pub(super) fn until_check(at: DateTime<Utc>) -> Option<Check> {
    let at = BuilderTerm::Date(u64::try_from(at.timestamp()).ok()?);
    let query = query(pred("time", &[var("t")]), var("t"), at, Binary::LessThan);
    Some(Check { queries: vec![query], kind: CheckKind::One })
}

fn words_check(name: &str, words: impl Iterator<Item = &'static str>) -> Check {
    let set = BuilderTerm::Set(words.map(string).collect());
    Check { queries: vec![query(pred(name, &[var("x")]), set, var("x"), Binary::Contains)], kind: CheckKind::One }
}

fn query(body: biscuit_auth::builder::Predicate, left: BuilderTerm, right: BuilderTerm, op: Binary) -> Rule {
    let no_terms: [BuilderTerm; 0] = [];
    let expression = Expression { ops: vec![Op::Value(left), Op::Value(right), Op::Binary(op)] };
    Rule::new(pred("query", &no_terms), vec![body], vec![expression], vec![])
}
