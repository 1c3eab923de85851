//! What the gate lets through, and what it does not, at which cost.

use std::time::{Duration, Instant};

use biscuit_auth::{
    BlockBuilder,
    builder::{Binary, Check, CheckKind, Expression, Op, Rule, Term, Unary, pred, var},
};

use super::support::*;
use crate::{
    confinement::Confinement,
    token::{TokenError, tests::time::OURS},
};

const JOB: &str = "01930000-0000-7000-8000-000000000001";

#[test]
fn the_published_shapes_are_accepted_in_their_variants() {
    for code in [
        format!(r#"check if resource("job", "{JOB}")"#),
        format!(r#"check if resource("job", $any), {{"{JOB}"}}.contains($any)"#),
        format!(r#"check if resource("job", "{JOB}") or resource("invoice", $i), {{"{JOB}"}}.contains($i)"#),
        format!(
            r#"check if resource("customer", $id), {{"{JOB}", "01930000-0000-7000-8000-000000000002"}}.contains($id)"#
        ),
        r#"check if operation("read")"#.to_owned(),
        r#"check if operation("read") or operation("write")"#.to_owned(),
        r#"check if operation($op), {"write", "read"}.contains($op)"#.to_owned(),
        r#"check if subject("jobs")"#.to_owned(),
        r#"check if subject($s), {"jobs", "visits", "notes"}.contains($s)"#.to_owned(),
        "check if time($t), $t < 2030-01-01T00:00:00Z".to_owned(),
        "check if time($t), $t <= 2030-01-01T00:00:00Z".to_owned(),
        r#"check if operation("read"); check if subject("jobs"); check if time($t), $t < 2030-01-01T00:00:00Z"#
            .to_owned(),
    ] {
        assert!(verify(&append(&token(), &code)).is_ok(), "{code}: {:?}", verify(&append(&token(), &code)));
    }
}

#[test]
fn nothing_else_is() {
    for code in [
        "check if true",
        "check if 1 < 2",
        r#"check if operation($op)"#,
        r#"check if operation($op), $op == "read""#,
        r#"check if operation($op), {"delete"}.contains($op)"#,
        r#"check if operation($op), {"read"}.contains($other), operation($other)"#,
        r#"check if operation("read"), subject("jobs")"#,
        r#"check if operation("read") or subject("jobs")"#,
        r#"check if operation("read") or time($t), $t < 2030-01-01T00:00:00Z"#,
        r#"check if operation("read") trusting previous"#,
        r#"check if subject("secrets")"#,
        r#"check if resource("job", "01930000-0000-7000-8000-00000000000A")"#,
        r#"check if resource("job", "{01930000-0000-7000-8000-000000000001}")"#,
        r#"check if resource("job", "1")"#,
        r#"check if resource("job", $id)"#,
        r#"check if resource($kind, "01930000-0000-7000-8000-000000000001")"#,
        r#"check if resource("planet", "01930000-0000-7000-8000-000000000001")"#,
        r#"check if resource("job", $id), {"01930000-0000-7000-8000-000000000001"}.contains($id), true"#,
        r#"check if resource("job", $id), $id.starts_with("01930000")"#,
        r#"check if resource("job", $id), $id.matches("(a?){99}")"#,
        r#"check if resource("job", $id), ["01930000-0000-7000-8000-000000000001"].contains($id)"#,
        r#"check if resource("job", $id), {"01930000-0000-7000-8000-000000000001"}.any($p -> $p == $id)"#,
        r#"check all operation($op), {"read"}.contains($op)"#,
        r#"reject if operation("write")"#,
        "check if time($t), $t > 2020-01-01T00:00:00Z",
        "check if time($t), 2030-01-01T00:00:00Z > $t",
        "check if time($t), $t < 2030-01-01T00:00:00Z, $t < 2031-01-01T00:00:00Z",
        r#"check if role("manager")"#,
        r#"check if tenant($t), {"x"}.contains($t)"#,
        r#"check if operation($op), $op.extern::check()"#,
    ] {
        let Ok(block) = BlockBuilder::new().code(code) else { panic!("does not parse: {code}") };
        let bad = append_block(&token(), block);
        assert!(matches!(verify(&bad), Err(TokenError::Refused(_))), "{code}: {:?}", verify(&bad));
    }
}

#[test]
fn an_expression_must_speak_of_the_variable_that_it_limits() {
    let read = Term::Set([Term::Str("read".to_owned())].into());
    let of = |name| query(vec![Op::Value(read.clone()), Op::Value(var(name)), Op::Binary(Binary::Contains)]);

    assert!(verify(&with_check(of("x"))).is_ok());
    assert_eq!(refusal(&with_check(of("y"))), "a check is not of a published shape");
}

#[test]
fn a_block_with_a_context_or_without_checks_is_refused() {
    let with_context = BlockBuilder::new().code(r#"check if operation("read")"#).unwrap().context("hello".to_owned());

    assert_eq!(refusal(&append_block(&token(), with_context)), "an appended block holds more than checks");
    assert_eq!(refusal(&append_block(&token(), BlockBuilder::new())), "an appended block restricts nothing");
}

#[test]
fn symbols_are_resolved_over_all_blocks() {
    // "jobs" is a symbol of the first appended block, "subject" of the second, "read" of the library.
    let one = append(&token(), &format!(r#"check if resource("job", "{JOB}")"#));
    let two = append(&one, r#"check if subject("jobs")"#);
    let three = append(
        &two,
        &format!(r#"check if subject($jobs), {{"jobs"}}.contains($jobs); check if resource("job", "{JOB}")"#),
    );

    assert_eq!(verify(&three).unwrap().confinement, Confinement::Only(jobs(&[1])));
}

fn with_check(check: Check) -> String {
    append_block(&token(), BlockBuilder::new().check(check).unwrap())
}

fn query(expression: Vec<Op>) -> Check {
    let no_terms: [Term; 0] = [];
    let body = vec![pred("operation", &[var("x")])];
    let rule = Rule::new(pred("query", &no_terms), body, vec![Expression { ops: expression }], vec![]);
    Check { queries: vec![rule], kind: CheckKind::One }
}

#[test]
fn bombs_are_refused_before_they_burn() {
    let deep = [vec![Op::Value(Term::Bool(true))], vec![Op::Unary(Unary::Parens); 400]].concat();
    let nested = (0..20).fold(Term::Null, |term, _| Term::Array(vec![term]));
    let facts: String = (0..60).map(|n| format!("f({n});")).collect();
    let sets = (0..12).map(|n| format!("{n}")).collect::<Vec<_>>().join(",");
    let bombs = [
        append(&token(), &format!("{facts} check if f($a), f($b), f($c), f($d), f($e), $a + $b + $c + $d + $e > 1000")),
        append(
            &token(),
            &format!("{facts} g($a, $b) <- f($a), f($b); h($a, $d) <- g($a, $b), g($c, $d); check if h(0, 99)"),
        ),
        append(&token(), "check if tenant($a), user($b), session($c), kind($d), audience($e), $a == $e"),
        append(&token(), r#"check if operation($o), $o.matches("(x+x+)+y{1,900}")"#),
        append(&token(), &format!("check if [{sets}].all($a -> [{sets}].all($b -> [{sets}].all($c -> $a < 99)))")),
        append(&token(), &"check if operation(\"read\");".repeat(9)),
        append(&token(), &format!("check if {}", [r#"operation("read")"#; 9].join(" or "))),
        with_check(query(deep)),
        with_check(query(vec![Op::Value(nested)])),
    ];

    for (index, bad) in bombs.iter().enumerate() {
        let start = Instant::now();
        let answer = verify(bad);
        let cost = start.elapsed();
        assert!(matches!(answer, Err(TokenError::Refused(_) | TokenError::Malformed)), "bomb {index}: {answer:?}");
        assert!(cost < Duration::from_millis(20), "bomb {index} took {cost:?}");
    }
}

#[test]
fn an_authority_block_must_be_one_of_ours_even_under_our_key() {
    let until = "check if time($t), $t < 2030-01-01T00:00:00Z;";
    let (id, pair) = KEYS.signing().unwrap();
    let ours = |code: &str| {
        let builder = biscuit_auth::BiscuitBuilder::new().code(code).unwrap().root_key_id(id);
        builder.build(pair).unwrap().to_base64().unwrap()
    };

    assert!(verify(&ours(&format!("{OURS} {until}"))).is_ok());
    for (code, reason) in [
        (format!(r#"{OURS} tenant("x"); {until}"#), "a fact of the authority block is missing or there twice"),
        (OURS.replace(r#"role("manager");"#, "") + until, "a fact of the authority block is missing or there twice"),
        (format!(r#"{OURS} right("all"); {until}"#), "the authority block holds an unknown fact"),
        (format!(r#"{OURS} a($x) <- role($x); {until}"#), "the authority block holds more than facts and checks"),
        (format!(r#"{OURS} check if true; {until}"#), "a check is not of a published shape"),
        (OURS.replace("version(1)", "version(2)") + until, "its facts are of another version"),
        (OURS.replace("version(1)", r#"version("1")"#) + until, "a fact of the authority block is unreadable"),
        (OURS.replace(r#"role("manager")"#, r#"role("owner")"#) + until, "a fact of the authority block is unreadable"),
        (
            OURS.replace(r#"kind("access")"#, r#"kind("refresh")"#) + until,
            "a fact of the authority block is unreadable",
        ),
        (OURS.replace(r#"kind("access")"#, r#"kind("link")"#) + until, "a link is not confined to anything"),
    ] {
        assert_eq!(refusal(&ours(&code)), reason, "{code}");
    }
    // A newer server may grant what this one has never heard of.
    let newer = OURS.replace(r#"{"jobs:read"}"#, r#"{"jobs:read", "rockets:launch"}"#) + until;
    assert!(verify(&ours(&newer)).is_ok());
}
