//! When to try again: exponential backoff with full jitter, so that what failed together doesn't return together.

use std::time::Duration;

use rand::Rng;

const BASE: Duration = Duration::from_secs(5);
const CAP: Duration = Duration::from_secs(3600);

/// The longest wait after so many attempts.
fn ceiling(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
    BASE.saturating_mul(1 << doublings).min(CAP)
}

/// A random wait up to the ceiling, and not before `at_least` has passed.
pub(crate) fn backoff(random: &mut impl Rng, attempts: i32, at_least: Option<Duration>) -> Duration {
    let jitter = ceiling(attempts).mul_f64(random.random::<f64>());
    match at_least {
        // What everybody is told to wait for must not end for everybody at once.
        Some(wait) => wait + jitter.min(wait),
        None => jitter.max(Duration::from_millis(100)),
    }
}

/// The same with this thread's generator.
#[allow(clippy::disallowed_methods, reason = "jitter need not be repeatable")]
pub(crate) fn wait_after(attempts: i32) -> Duration {
    backoff(&mut rand::rng(), attempts, None)
}

/// For a vendor that said how long it wants to be left alone.
#[allow(clippy::disallowed_methods, reason = "jitter need not be repeatable")]
pub(crate) fn wait_for_vendor(attempts: i32, wanted: Option<Duration>) -> Duration {
    let backoff_now = backoff(&mut rand::rng(), attempts, None);
    wanted.map_or(backoff_now, |wanted| wanted.max(Duration::from_millis(100)) + backoff_now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng as _, rngs::StdRng};

    #[test]
    fn the_ceiling_doubles_up_to_an_hour() {
        let seconds: Vec<u64> = [1, 2, 3, 9, 10, 11, 12, 1_000_000].map(|n| ceiling(n).as_secs()).to_vec();

        assert_eq!(seconds, [5, 10, 20, 1280, 2560, 3600, 3600, 3600]);
        assert_eq!(ceiling(0), BASE);
        assert_eq!(ceiling(i32::MIN), BASE);
    }

    #[test]
    fn waits_are_spread_over_the_whole_range() {
        let mut random = StdRng::seed_from_u64(1);
        let waits: Vec<f64> = (0..1000).map(|_| backoff(&mut random, 12, None).as_secs_f64()).collect();

        let mean = waits.iter().sum::<f64>() / 1000.0;
        assert!((1700.0..1900.0).contains(&mean), "{mean}");
        assert!(waits.iter().all(|wait| (0.1..=3600.0).contains(wait)));
    }

    #[test]
    fn a_wanted_wait_is_kept() {
        let mut random = StdRng::seed_from_u64(1);
        for attempts in [1, 5, 50] {
            let wait = backoff(&mut random, attempts, Some(Duration::from_secs(600)));
            assert!((600..=1200).contains(&wait.as_secs()), "{wait:?}");
        }
    }
}
