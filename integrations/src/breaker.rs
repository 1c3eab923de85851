//! A small circuit breaker: after several failures in a row, calls are refused for a while.
//!
//! It guards one vendor's client. It is not a rate limit, and it never makes a call succeed or fail
//! twice: it only says "not now" before anything is sent. Time comes in as an argument.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts failures of one vendor and refuses calls while it is down.
#[derive(Debug)]
pub struct Breaker {
    state: Mutex<State>,
    threshold: u32,
    open_for: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calls pass; so many failed in a row.
    Closed { failures: u32 },
    /// Calls are refused until this moment.
    Open { until: Instant },
    /// One call is out to try. If it never reports (its task was cancelled), another may try later.
    Trying { until: Instant },
}

impl Breaker {
    /// A closed breaker that opens for `open_for` after `threshold` failures in a row.
    pub fn new(threshold: u32, open_for: Duration) -> Self {
        Self { state: Mutex::new(State::Closed { failures: 0 }), threshold: threshold.max(1), open_for }
    }

    /// Asks to make a call at `now`; an error says how long to wait before asking again.
    pub fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Closed { .. } => Ok(()),
            State::Open { until } | State::Trying { until } if now < until => Err(until - now),
            State::Open { .. } | State::Trying { .. } => {
                *state = State::Trying { until: now + self.open_for };
                Ok(())
            }
        }
    }

    /// Reports how an admitted call went: `well` is true for any answer that shows the vendor at work,
    /// a refusal of this one request included.
    pub fn report(&self, well: bool, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = match (*state, well) {
            (_, true) => State::Closed { failures: 0 },
            (State::Closed { failures }, false) if failures + 1 < self.threshold => {
                State::Closed { failures: failures + 1 }
            }
            (State::Closed { .. } | State::Trying { .. }, false) => State::Open { until: now + self.open_for },
            // A call admitted before the breaker opened: it must not prolong the pause.
            (open @ State::Open { .. }, false) => open,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn tripped(now: Instant) -> Breaker {
        let breaker = Breaker::new(3, PAUSE);
        for _ in 0..3 {
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.report(false, now);
        }
        breaker
    }

    #[test]
    fn three_failures_in_a_row_open_it_and_a_success_between_starts_the_count_anew() {
        let now = Instant::now();
        assert_eq!(tripped(now).admit(now), Err(PAUSE));

        let mixed = Breaker::new(3, PAUSE);
        for well in [false, false, true, false, false] {
            mixed.report(well, now);
        }
        assert_eq!(mixed.admit(now), Ok(()));
    }

    #[test]
    fn after_the_pause_one_call_tries_and_its_outcome_decides() {
        let now = Instant::now();
        let later = now + PAUSE;

        let breaker = tripped(now);
        assert_eq!(breaker.admit(later), Ok(()));
        assert!(breaker.admit(later).is_err(), "only one call may try");
        breaker.report(false, later);
        assert_eq!(breaker.admit(later), Err(PAUSE));

        assert_eq!(breaker.admit(later + PAUSE), Ok(()));
        breaker.report(true, later + PAUSE);
        assert_eq!(breaker.admit(later + PAUSE), Ok(()));
    }

    #[test]
    fn a_try_that_never_reports_does_not_close_the_door_for_ever() {
        let now = Instant::now();
        let breaker = tripped(now);

        assert_eq!(breaker.admit(now + PAUSE), Ok(()));
        assert_eq!(breaker.admit(now + PAUSE * 2), Ok(()));
    }

    #[test]
    fn late_failures_of_earlier_calls_do_not_prolong_the_pause() {
        let now = Instant::now();
        let breaker = tripped(now);

        breaker.report(false, now + Duration::from_secs(20));
        assert_eq!(breaker.admit(now + PAUSE), Ok(()));
    }
}
