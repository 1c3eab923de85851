//! Every operation of the document, against every caller: a new one is walked without anybody adding a test.

mod bodies;
mod callers;
mod document;
mod operations;
mod samples;
mod tenants;
