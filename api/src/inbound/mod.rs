//! Vendors' signed callbacks. Verified, stored, answered: what they mean is a task's business.

mod sendgrid;

pub use sendgrid::receive as receive_sendgrid;
