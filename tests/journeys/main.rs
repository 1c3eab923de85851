//! The program as it is run: real processes, killed, stopped, restarted and cut off from what they need.
#![allow(clippy::print_stdout, reason = "what a run is understood by; the test runner shows it when it failed")]

mod kill_rounds;
mod postgres_goes;
mod redis_goes;
mod restarts;
mod sinks;
mod stack;
mod stopping;
