//! Queries over many patients at once, on the mapped store and on all cores.
//!
//! Depends on `meds-store` only. A [`Query`] selects groups of rows and codes. Each operation is in a file of
//! its own and reads each group's rows once. Work is cut into chunks with about the same number of rows, not
//! of patients, because some patients have far more rows than others. Whatever the store's bytes are, an id
//! or offset outside its table fails with `MEDS_CORRUPT`, and rows come from offsets that
//! [`meds_store::Store::shard`] has checked.

#![forbid(unsafe_code)]

mod aggregate;
pub mod batch;
mod cells;
mod codes;
mod count;
mod groups;
mod hits;
mod occurrence;
pub mod prefetch;
mod query;
mod rows;
mod shard;
mod work;

pub use aggregate::Aggregates;
pub use codes::Codes;
pub use count::{CodeCounts, CodeCountsEach};
pub use groups::Windows;
pub use occurrence::{End, Occurrences};
pub use query::{Query, Request};
pub use rows::CodeRows;
