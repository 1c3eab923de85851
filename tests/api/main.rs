//! What people do with the API, over HTTP.

mod auth;
mod customers;
mod day;
mod events;
mod files;
