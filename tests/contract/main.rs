//! Every operation of the document, against every caller: a new one is walked without anybody adding a test.

mod audit;
mod bodies;
mod callers;
mod document;
mod examples;
mod fields;
mod keys;
mod operations;
mod personas;
mod samples;
mod schemas;
mod tenants;
mod wire;
