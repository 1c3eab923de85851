//! The program `surv`: it reads the configuration, opens what the parts need and joins them. No rules live here.

pub mod commands;
pub mod compose;
pub mod config;
pub mod deployed;
pub mod schema;
pub mod shutdown;
pub mod telemetry;
