//! Chains of narrowed tokens against a set model.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::support::*;
use crate::{
    capability::Capability,
    confinement::{ConfinedKind, Confinement},
    token::{AttenuateError, Attenuation, Operation, Subject, TokenError, TokenKind, TokenSpec, attenuate, mint},
};

fn to_jobs(numbers: &[u128]) -> Attenuation {
    Attenuation { jobs: numbers.iter().map(|number| id(*number)).collect(), ..Attenuation::default() }
}

#[test]
fn a_token_is_confined_to_the_jobs_it_was_narrowed_to() {
    let narrowed = attenuate(&token(), &to_jobs(&[1, 2])).unwrap();

    assert_eq!(verify(&narrowed).unwrap().confinement, Confinement::Only(jobs(&[1, 2])));
}

#[test]
fn blocks_that_name_different_jobs_leave_nothing() {
    let narrowed = attenuate(&attenuate(&token(), &to_jobs(&[1])).unwrap(), &to_jobs(&[2])).unwrap();

    assert_eq!(verify(&narrowed).unwrap().confinement, Confinement::Only(BTreeSet::new()));
}

#[test]
fn naming_more_than_the_parent_widens_nothing() {
    let narrowed = attenuate(&attenuate(&token(), &to_jobs(&[1])).unwrap(), &to_jobs(&[1, 2, 3])).unwrap();

    assert_eq!(verify(&narrowed).unwrap().confinement, Confinement::Only(jobs(&[1])));
}

#[test]
fn jobs_invoices_and_customers_are_one_list() {
    let to = Attenuation { invoices: vec![id(5)], customers: vec![id(6)], ..to_jobs(&[4]) };

    let confinement = verify(&attenuate(&token(), &to).unwrap()).unwrap().confinement;

    let things = [job(4), (ConfinedKind::Invoice, id(5)), (ConfinedKind::Customer, id(6))];
    assert_eq!(confinement, Confinement::Only(things.into()));
}

#[test]
fn an_operation_that_is_not_allowed_is_out_of_scope_even_for_a_confined_token() {
    let to = Attenuation { operations: vec![Operation::Read], ..to_jobs(&[1]) };
    let narrowed = attenuate(&token(), &to).unwrap();

    assert!(verify(&narrowed).is_ok());
    assert_eq!(verifier().verify(&narrowed, &write_jobs(), now()), Err(TokenError::OutOfScope));
    let members = need(Capability::MembersWrite, Subject::Members);
    assert_eq!(verifier().verify(&narrowed, &members, now()), Err(TokenError::OutOfScope));
}

#[test]
fn narrowing_to_nothing_is_a_mistake() {
    assert!(matches!(attenuate(&token(), &Attenuation::default()), Err(AttenuateError::Nothing)));
    assert!(matches!(attenuate("nonsense!", &to_jobs(&[1])), Err(AttenuateError::Malformed)));
}

#[test]
fn whoever_narrows_learns_at_once_what_the_server_would_refuse() {
    let many: Vec<u128> = (0..101).collect();
    assert!(matches!(attenuate(&token(), &to_jobs(&many)), Err(AttenuateError::Unacceptable(_))));

    let mut chain = token();
    for _ in 0..4 {
        chain = attenuate(&chain, &to_jobs(&[1])).unwrap();
    }
    assert!(verify(&chain).is_ok());
    assert!(matches!(attenuate(&chain, &to_jobs(&[1])), Err(AttenuateError::Unacceptable(_))));
}

#[test]
fn a_link_can_only_lose_things() {
    let link = TokenSpec { kind: TokenKind::Link, confined_to: Some(jobs(&[1, 2])), ..spec() };
    let link = mint(&KEYS, &link).unwrap().token;

    let narrowed = attenuate(&link, &to_jobs(&[2, 3])).unwrap();

    assert_eq!(verify(&narrowed).unwrap().confinement, Confinement::Only(jobs(&[2])));
}

fn attenuations() -> impl Strategy<Value = Attenuation> {
    use proptest::{collection::vec, option, sample::subsequence};
    (
        vec(1_u128..5, 0..4),
        vec(1_u128..4, 0..2),
        vec(1_u128..3, 0..2),
        subsequence(Operation::ALL.to_vec(), 0..=2),
        subsequence(vec![Subject::Jobs, Subject::Visits, Subject::Notes], 0..=3),
        option::weighted(0.3, -2_i64..20),
    )
        .prop_map(|(jobs, invoices, customers, operations, subjects, minutes)| Attenuation {
            jobs: jobs.into_iter().map(id).collect(),
            invoices: invoices.into_iter().map(id).collect(),
            customers: customers.into_iter().map(id).collect(),
            operations,
            subjects,
            expires_at: minutes.map(in_minutes),
        })
        .prop_filter("narrows something", |to| *to != Attenuation::default())
}

/// What a chain of blocks lets through, by sets alone.
fn model(chain: &[Attenuation], operation: Operation, subject: Subject) -> Result<Confinement, TokenError> {
    let limits = chain.iter().filter_map(|to| to.expires_at).chain([in_minutes(15)]);
    let at = limits.min().unwrap();
    if now() >= at {
        return Err(TokenError::Expired { at });
    }
    let allows = |to: &Attenuation| {
        (to.operations.is_empty() || to.operations.contains(&operation))
            && (to.subjects.is_empty() || to.subjects.contains(&subject))
    };
    if !chain.iter().all(allows) {
        return Err(TokenError::OutOfScope);
    }
    let lists = chain.iter().map(things).filter(|things| !things.is_empty());
    let intersection = lists.reduce(|one, other| one.intersection(&other).copied().collect());
    Ok(intersection.map_or(Confinement::None, Confinement::Only))
}

fn things(to: &Attenuation) -> BTreeSet<(ConfinedKind, uuid::Uuid)> {
    let jobs = to.jobs.iter().map(|id| (ConfinedKind::Job, id.0));
    let invoices = to.invoices.iter().map(|id| (ConfinedKind::Invoice, id.0));
    jobs.chain(invoices).chain(to.customers.iter().map(|id| (ConfinedKind::Customer, id.0))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_chain_agrees_with_the_set_model(
        chain in proptest::collection::vec(attenuations(), 1..=4),
        writes in any::<bool>(),
        subject in proptest::sample::select(vec![Subject::Jobs, Subject::Visits, Subject::Notes]),
    ) {
        let capability = if writes { Capability::JobsWrite } else { Capability::JobsRead };
        let need = need(capability, subject);
        let mut narrowed = token();
        for to in &chain {
            narrowed = attenuate(&narrowed, to).unwrap();
        }

        let answer = verifier().verify(&narrowed, &need, now()).map(|verified| verified.confinement);

        prop_assert_eq!(answer, model(&chain, need.operation, subject));
    }

    /// Every child is refused or allowed at most what its parent is, at every instant.
    #[test]
    fn no_child_outlives_its_parent(to in attenuations(), minutes in 0_i64..20) {
        let at = now() + TimeDelta::minutes(minutes);
        let parent = token();
        let child = attenuate(&parent, &to).unwrap();

        if verifier().verify(&child, &read_jobs(), at).is_ok() {
            prop_assert!(verifier().verify(&parent, &read_jobs(), at).is_ok());
        }
    }
}
