//! What people do with the API, over HTTP.

mod auth;
mod contacts;
mod customers;
mod day;
mod daylight;
mod deadlocks;
mod events;
mod files;
mod hosts;
mod life;
mod limits;
mod pages;
mod streams;
mod tasks;
mod versions;
