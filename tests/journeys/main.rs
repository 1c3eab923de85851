//! The program as it is run: real processes, killed, stopped, restarted and cut off from what they need.

mod kill_rounds;
mod stack;
