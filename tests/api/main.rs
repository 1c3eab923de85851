//! What people do with the API, over HTTP.

mod auth;
mod customers;
mod day;
mod daylight;
mod events;
mod hosts;
mod life;
mod limits;
mod pages;
mod streams;
mod versions;
