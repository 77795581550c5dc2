//! Questions to many patients at once, answered over the mapped store on all cores.
//!
//! Knows `meds-store` only. A [`Query`] says whose rows and which codes; one file an operation then walks each
//! group's rows once. Work is cut into chunks of about as many rows, not patients: patients are skewed. Whatever the store's bytes are, an id or
//! offset outside its table is `MEDS_CORRUPT`, and rows come from the offsets that [`meds_store::Store::shard`] has proved.

mod aggregate;
pub mod batch;
mod cells;
mod codes;
mod count;
mod groups;
mod hits;
mod occurrence;
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
