//! What tokens cost, printed (`--nocapture`), and that a busy machine refuses nobody.

use std::{
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::support::*;
use crate::token::{Attenuation, CachedVerifier, Subject, attenuate, gate};

fn per_call(calls: u32, mut call: impl FnMut()) -> Duration {
    let start = Instant::now();
    (0..calls).for_each(|_| call());
    start.elapsed() / calls
}

#[test]
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn costs() {
    let plain = token();
    let to = Attenuation { jobs: vec![id(1)], subjects: vec![Subject::Jobs], ..Attenuation::default() };
    let narrowed = attenuate(&plain, &to).unwrap();
    let fifty = Attenuation { jobs: (0..50).map(id).collect(), ..Attenuation::default() };
    let fifty = attenuate(&plain, &fifty).unwrap();
    let (verifier, need, now) = (verifier(), read_jobs(), now());
    let cached = CachedVerifier::new(verifier.clone(), 1_000, Duration::from_secs(60));

    for (name, token) in [("one block", &plain), ("one job", &narrowed), ("fifty jobs", &fifty)] {
        let gate = per_call(200, || drop(black_box(gate::admit(token))));
        let open = per_call(200, || drop(black_box(verifier.open(token))));
        let verify = per_call(50, || drop(black_box(verifier.verify(token, &need, now).unwrap())));
        let hit = per_call(2_000, || drop(black_box(cached.verify(token, &need, now).unwrap())));
        println!("{name}: {} characters, gate {gate:?}, open {open:?}, verify {verify:?}, hit {hit:?}", token.len());
    }
    let mint = per_call(50, || drop(black_box(super::support::token())));
    let narrow = per_call(50, || drop(black_box(attenuate(&plain, &to).unwrap())));
    println!("mint {mint:?}, attenuate {narrow:?}");
}

#[test]
fn a_busy_machine_refuses_no_valid_token() {
    let token = attenuate(&token(), &Attenuation { jobs: vec![id(1)], ..Attenuation::default() }).unwrap();
    let (verifier, need) = (verifier(), read_jobs());
    let done = AtomicBool::new(false);

    let refused = std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    black_box((0..1_000_u64).sum::<u64>());
                }
            });
        }
        let refused: Vec<_> = (0..10_000).filter_map(|_| verifier.verify(&token, &need, now()).err()).collect();
        done.store(true, Ordering::Relaxed);
        refused
    });

    assert_eq!(refused, []);
}
