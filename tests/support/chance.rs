//! Randomness that can be repeated: the seed is printed, and taken from `SURV_TEST_SEED` when set.

use rand::{SeedableRng as _, rngs::StdRng};

/// Prints its seed, which the test runner shows when the test fails.
#[allow(clippy::disallowed_methods, clippy::print_stdout, reason = "how a failing test is repeated")]
pub fn chance() -> StdRng {
    let seed = std::env::var("SURV_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("SURV_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}
