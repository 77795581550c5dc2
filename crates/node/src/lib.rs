//! The binding: one file per thing that JavaScript sees. It passes text, whole mapped files, the results of queries and
//! batches of training samples, never an event.

// In a test build napi's macros register nothing, so that all of it looks unused.
#![cfg_attr(test, allow(dead_code))]

mod batch;
mod buffer;
mod changing;
mod error;
mod export;
mod job;
mod kind;
mod query;
mod store;
mod supported;
