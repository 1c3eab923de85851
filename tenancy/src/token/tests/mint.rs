//! What goes in comes out, and what must not be made is not.

use std::sync::Arc;

use super::support::*;
use crate::{
    actor::Principal,
    capability::{Capability, CapabilitySet},
    confinement::Confinement,
    role::Role,
    token::{
        AttenuateError, Attenuation, MintError, Operation, Subject, TokenError, TokenKind, TokenSpec, Verifier,
        attenuate, inspect, mint,
    },
};

#[test]
fn a_token_says_what_it_was_made_to_say() {
    let minted = mint(&KEYS, &spec()).unwrap();

    let verified = verify(&minted.token).unwrap();

    assert_eq!(verified.claims.tenant_id, id(1));
    assert_eq!(verified.claims.user_id, id(2));
    assert_eq!(verified.claims.session_id, id(3));
    assert_eq!(verified.claims.kind, TokenKind::Access);
    assert_eq!(verified.claims.role, Role::Manager);
    assert_eq!(verified.claims.scope, CapabilitySet::of_role(Role::Manager));
    assert_eq!(verified.claims.expires_at, in_minutes(15));
    assert_eq!(verified.confinement, Confinement::None);
    assert_eq!(verified.revocation_ids, [minted.revocation_id]);
}

#[test]
fn its_actor_carries_session_and_all_revocation_ids() {
    let narrowed =
        attenuate(&token(), &Attenuation { operations: vec![Operation::Read], ..Default::default() }).unwrap();
    let verified = verify(&narrowed).unwrap();

    let actor = verified.actor(Some(id(9)));

    assert_eq!(actor.tenant_id, id(1));
    assert_eq!(actor.request_id, Some(id(9)));
    let Principal::Person { user_id, role, session_id, revocation_ids } = actor.principal else { panic!() };
    assert_eq!((user_id, role, session_id), (id(2), Role::Manager, id(3)));
    assert_eq!(revocation_ids.len(), 2);
}

#[test]
fn a_scope_is_a_ceiling() {
    let scope = CapabilitySet::from_iter([Capability::JobsRead]);
    let token = mint(&KEYS, &TokenSpec { scope, ..spec() }).unwrap().token;

    assert!(verifier().verify(&token, &read_jobs(), now()).is_ok());
    assert_eq!(verifier().verify(&token, &write_jobs(), now()), Err(TokenError::OutOfScope));
    let log_out = crate::token::Need { capability: None, ..write_jobs() };
    assert!(verifier().verify(&token, &log_out, now()).is_ok());
}

#[test]
fn a_token_without_any_scope_is_valid_and_may_do_nothing() {
    let token = mint(&KEYS, &TokenSpec { scope: CapabilitySet::default(), ..spec() }).unwrap().token;

    assert_eq!(verify(&token), Err(TokenError::OutOfScope));
    assert!(verifier().open(&token).is_ok());
}

#[test]
fn wrong_kind_and_wrong_audience_are_refused() {
    let link = TokenSpec { kind: TokenKind::Link, confined_to: Some(jobs(&[1])), ..spec() };
    let link = mint(&KEYS, &link).unwrap().token;
    let mut need = read_jobs();

    need.kinds = &[TokenKind::Access, TokenKind::ApiKey];
    assert_eq!(verifier().verify(&link, &need, now()), Err(TokenError::WrongKind));
    need = read_jobs();
    need.audience = "surv:staging".into();
    assert_eq!(verifier().verify(&token(), &need, now()), Err(TokenError::WrongAudience));
}

#[test]
fn a_link_is_confined_and_sealed_for_good() {
    let unconfined = TokenSpec { kind: TokenKind::Link, ..spec() };
    assert!(matches!(mint(&KEYS, &unconfined), Err(MintError::UnconfinedLink)));
    let empty = TokenSpec { kind: TokenKind::Link, confined_to: Some(jobs(&[])), ..spec() };
    assert!(matches!(mint(&KEYS, &empty), Err(MintError::UnconfinedLink | MintError::Unacceptable(_))));

    let link = TokenSpec { kind: TokenKind::Link, confined_to: Some(jobs(&[1])), sealed: true, ..spec() };
    let link = mint(&KEYS, &link).unwrap().token;

    assert_eq!(verify(&link).unwrap().confinement, Confinement::Only(jobs(&[1])));
    let more = Attenuation { jobs: vec![id(1)], ..Default::default() };
    assert!(matches!(attenuate(&link, &more), Err(AttenuateError::Sealed)));
}

#[test]
fn operations_can_be_narrowed_at_birth() {
    let token = TokenSpec { operations: Some([Operation::Read].into()), ..spec() };
    let token = mint(&KEYS, &token).unwrap().token;

    assert!(verify(&token).is_ok());
    assert_eq!(verifier().verify(&token, &write_jobs(), now()), Err(TokenError::OutOfScope));
}

#[test]
fn what_our_own_gate_would_refuse_is_not_made() {
    let many = (0..101).map(job).collect();
    let none = TokenSpec { operations: Some([].into()), ..spec() };

    assert!(matches!(mint(&KEYS, &TokenSpec { confined_to: Some(many), ..spec() }), Err(MintError::Unacceptable(_))));
    assert!(matches!(mint(&KEYS, &none), Err(MintError::Unacceptable(_))));
    let before_time = chrono::DateTime::from_timestamp(-1, 0).unwrap();
    assert!(matches!(mint(&KEYS, &TokenSpec { expires_at: before_time, ..spec() }), Err(MintError::Unacceptable(_))));
}

#[test]
fn keys_rotate_without_losing_a_valid_token() {
    let old = mint(&ring(Some(1), &[1]), &spec()).unwrap().token;
    let both = Arc::new(ring(Some(2), &[1, 2]));
    let new = mint(&both, &spec()).unwrap().token;
    let later = Verifier::new(Arc::new(ring(Some(2), &[2])));

    for token in [&old, &new] {
        assert!(Verifier::new(Arc::clone(&both)).verify(token, &read_jobs(), now()).is_ok());
    }
    assert!(later.verify(&new, &read_jobs(), now()).is_ok());
    assert_eq!(later.verify(&old, &read_jobs(), now()), Err(TokenError::UnknownKey));
}

#[test]
fn a_machine_with_public_keys_verifies_and_cannot_sign() {
    let signer = ring(Some(1), &[1]);
    let keys: Vec<_> = signer.public_keys().collect();
    let reader = crate::token::KeyRing::from_public_keys(keys.iter().map(|(id, key)| (*id, key.as_str()))).unwrap();

    assert!(matches!(mint(&reader, &spec()), Err(MintError::NoSigningKey)));
    let token = mint(&signer, &spec()).unwrap().token;
    assert!(Verifier::new(Arc::new(reader)).verify(&token, &read_jobs(), now()).is_ok());
}

#[test]
fn no_debug_output_holds_a_token_or_a_seed() {
    let minted = mint(&KEYS, &spec()).unwrap();
    let opened = verifier().open(&minted.token).unwrap();

    let printed = format!("{minted:?} {opened:?} {:?} {:?}", *KEYS, verifier());

    assert!(!printed.contains(&minted.token[..12]));
    assert!(!printed.contains("0000000007"));
}

#[test]
fn inspection_describes_and_says_that_it_proves_nothing() {
    let to = Attenuation { jobs: vec![id(5)], subjects: vec![Subject::Jobs], ..Default::default() };
    let narrowed = attenuate(&token(), &to).unwrap();

    let text = inspect(&narrowed);

    assert!(text.starts_with("Signatures were NOT checked"));
    assert!(text.contains(&format!("only what hangs off: job {}", id::<crate::JobId>(5))));
    assert!(text.contains("only about: jobs"));
    assert!(text.contains(r#"says role("manager")"#));
    assert!(inspect("nonsense").contains("No server takes this"));
    // The audience is the one free text.
    let odd = mint(&KEYS, &TokenSpec { audience: "x\u{1b}[2J\ncheck".to_owned(), ..spec() }).unwrap().token;
    assert!(!inspect(&odd).contains('\u{1b}'));
}

#[test]
fn text_is_data_and_never_datalog() {
    let audience = r#"x"); tenant("other"); scope({"members:write"}); check if ("a" == "a"#.to_owned();
    let token = mint(&KEYS, &TokenSpec { audience: audience.clone(), ..spec() }).unwrap().token;

    let opened = verifier().open(&token).unwrap();

    assert_eq!(opened.claims().audience, audience);
    assert_eq!(opened.claims().tenant_id, id(1));
}
