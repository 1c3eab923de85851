//! Expiry, and the cache that must not outlive it.

use std::{sync::Arc, time::Duration};

use biscuit_auth::BiscuitBuilder;
use chrono::TimeDelta;

use super::support::*;
use crate::token::{Attenuation, CachedVerifier, TokenError, TokenSpec, attenuate, mint};

#[test]
fn a_token_ends_at_its_expiry_to_the_second() {
    let token = token();
    let end = in_minutes(15);

    assert!(verifier().verify(&token, &read_jobs(), end - TimeDelta::milliseconds(1)).is_ok());
    let expired = Err(TokenError::Expired { at: end });
    assert_eq!(verifier().verify(&token, &read_jobs(), end), expired);
    assert_eq!(verifier().verify(&token, &read_jobs(), end + TimeDelta::seconds(90)), expired);
}

#[test]
fn the_earliest_limit_of_all_blocks_counts() {
    let to = |minutes| Attenuation { expires_at: Some(in_minutes(minutes)), ..Attenuation::default() };
    let token = attenuate(&attenuate(&token(), &to(5)).unwrap(), &to(600)).unwrap();

    assert_eq!(verify(&token).unwrap().claims.expires_at, in_minutes(5));
    let late = verifier().verify(&token, &read_jobs(), in_minutes(5));
    assert_eq!(late, Err(TokenError::Expired { at: in_minutes(5) }));
}

#[test]
fn a_limit_that_includes_its_second_ends_one_second_later() {
    let code = format!("check if time($now), $now <= {}", in_minutes(1).format("%FT%TZ"));
    let token = append(&token(), &code);
    let end = in_minutes(1) + TimeDelta::seconds(1);

    assert!(verifier().verify(&token, &read_jobs(), end - TimeDelta::milliseconds(1)).is_ok());
    assert_eq!(verifier().verify(&token, &read_jobs(), end), Err(TokenError::Expired { at: end }));
}

#[test]
fn a_token_that_never_expires_is_refused() {
    let (id, pair) = KEYS.signing().unwrap();
    let eternal = BiscuitBuilder::new().code(OURS).unwrap().root_key_id(id).build(pair).unwrap().to_base64().unwrap();

    assert_eq!(refusal(&eternal), "it never expires");
    // An expiry that a holder added does not make it one of ours.
    let ended = append(&eternal, "check if time($t), $t < 2030-01-01T00:00:00Z");
    assert_eq!(refusal(&ended), "it never expires");
}

pub const OURS: &str = r#"
    tenant("01930000-0000-7000-8000-000000000001"); user("01930000-0000-7000-8000-000000000002");
    session("01930000-0000-7000-8000-000000000003"); kind("access"); audience("surv:test"); role("manager");
    scope({"jobs:read"}); version(1);
"#;

#[test]
fn a_cached_answer_ends_with_its_token() {
    let cached = CachedVerifier::new(verifier(), 100, Duration::from_secs(3_600));
    let to = Attenuation { expires_at: Some(in_minutes(5)), ..Attenuation::default() };
    let token = attenuate(&token(), &to).unwrap();

    let first = cached.verify(&token, &read_jobs(), now()).unwrap();
    let again = cached.verify(&token, &read_jobs(), in_minutes(4)).unwrap();

    assert!(Arc::ptr_eq(&first, &again));
    let expired = TokenError::Expired { at: in_minutes(5) };
    assert_eq!(cached.verify(&token, &read_jobs(), in_minutes(5)), Err(expired.clone()));
    assert_eq!(cached.open(&token, in_minutes(5)).err(), Some(expired));
}

#[test]
fn a_cached_answer_is_for_one_need_and_a_bounded_time() {
    let cached = CachedVerifier::new(verifier(), 100, Duration::from_secs(60));
    let scope = [crate::Capability::JobsRead].into_iter().collect();
    let token = mint(&KEYS, &TokenSpec { scope, ..spec() }).unwrap().token;

    let first = cached.verify(&token, &read_jobs(), now()).unwrap();

    assert_eq!(cached.verify(&token, &write_jobs(), now()), Err(TokenError::OutOfScope));
    let later = cached.verify(&token, &read_jobs(), in_minutes(1)).unwrap();
    assert!(!Arc::ptr_eq(&first, &later));
    // A clock that was set back finds nothing it should not know yet.
    let earlier = cached.verify(&token, &read_jobs(), in_minutes(-1)).unwrap();
    assert!(!Arc::ptr_eq(&later, &earlier));
}

#[test]
fn the_cache_is_bounded() {
    let cached = CachedVerifier::new(verifier(), 8, Duration::from_secs(60));
    for _ in 0..50 {
        cached.verify(&token(), &read_jobs(), now()).unwrap();
    }

    let printed = format!("{cached:?}");

    let entries: usize = printed.split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse().ok()).unwrap();
    assert!(entries <= 16, "{printed}");
}
