//! Queries over many patients at once, on the mapped store and on all cores.
//!
//! Depends on `meds-store` only. A [`Query`] selects groups of rows and codes. Each operation is in a file of
//! its own and reads each group's rows once. Work is cut into chunks with about the same number of rows, not
//! of patients, because some patients have far more rows than others. Whatever the store's bytes are, an id
//! or offset outside its table fails with `MEDS_CORRUPT`, and rows come from offsets that
//! [`meds_store::Store::shard`] has checked.

#![forbid(unsafe_code)]

mod aggregate;
mod as_of;
pub mod batch;
mod bin_counts;
mod bins;
mod cells;
mod code_values;
mod codes;
mod column;
mod count;
mod exact;
mod fields;
mod gather;
mod groups;
mod hits;
mod notes;
mod occurrence;
pub mod prefetch;
mod query;
mod ragged;
mod rows;
mod search;
mod select;
mod shard;
mod windows;
mod work;

pub use as_of::AsOf;
pub use bin_counts::BinCounts;
pub use bins::Bins;
pub use code_values::{CodeValues, ExactSums};
pub use codes::Codes;
pub use column::Column;
pub use count::CodeCounts;
pub use groups::Windows;
pub use notes::{NoteCounts, NoteHits, Notes};
pub use occurrence::{End, Occurrences};
pub use query::{Query, Request};
pub use ragged::Ragged;
pub use rows::CodeRows;
pub use select::Wanted;
pub use windows::WindowRows;
