//! The binding, with one file per class that JavaScript sees. It passes text, whole mapped files, the results
//! of queries and batches of training samples, but never single events.

// In a test build napi's macros do not register anything, so all of it looks unused.
#![cfg_attr(test, allow(dead_code))]

mod batch;
mod buffer;
mod changing;
mod error;
mod export;
mod job;
mod kind;
mod platform;
mod query;
mod rows;
mod store;
mod table;
mod windows;
