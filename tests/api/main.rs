//! What people do with the API, over HTTP.

mod auth;
mod contacts;
mod customers;
mod day;
mod deadlocks;
mod events;
mod tasks;
