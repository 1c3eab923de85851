//! Attacks on tokens, and the set model that narrowing has to agree with.

mod cost;
mod forged;
mod mint;
mod narrowing;
mod node;
mod samples;
mod shapes;
mod support;
mod time;
