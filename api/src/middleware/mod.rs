//! What every request passes, outermost first as `lib.rs` lists it.

pub mod body_limit;
pub mod framework_errors;
pub mod metrics;
pub mod one_of_each;
pub mod own_origin;
pub mod own_task;
pub mod rate_limit;
pub mod replay;
pub mod request_id;
pub mod security_headers;
