//! A store read back: files mapped, layouts parsed, and everything checked before anyone relies on it.
//!
//! [`Store::open`] checks in proportion (manifest, index of patients and table of codes wholly; of the shards the footers), [`Store::shard`] what a
//! reader of the shard relies on, [`Store::check_offsets`] one column's offsets, [`Store::index`] those of the inverted index, [`Store::verify`] every byte.

mod array;
mod arrow;
mod check;
mod cursor;
mod file;
mod footer;
mod index;
mod inverted;
mod map;
mod problem;
mod shape;
mod store;
mod verify;

pub use array::{Array, words};
pub use file::File;
pub use footer::{Layout, parse};
pub use index::Patients;
pub use inverted::{Inverted, Rows};
pub use map::{Access, Mapping, Scan};
pub use problem::Problem;
pub use store::Store;

/// What to do about a damaged store; ends every message that says so.
const REMEDY: &str = "Convert the source again (--force), or restore the store from a copy.";
