//! The binding: one file per thing that JavaScript sees. It passes text and whole mapped files, never an event.

mod buffer;
mod error;
mod store;
mod supported;
