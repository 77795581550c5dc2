//! Reading a store: it maps files, parses their layouts, and checks everything before it is used.
//!
//! Each call checks what it needs: [`Store::open`] all of the manifest, patients.arrow and codes.arrow, and
//! the footers of the shards; [`Store::shard`] what every reader of the shard relies on;
//! [`Store::check_offsets`] one column's offsets; [`Store::index`] the offsets of the inverted index;
//! [`Store::verify`] every byte.

mod advice;
mod array;
mod arrow;
mod check;
mod checksum;
mod cursor;
mod demand;
mod file;
mod footer;
mod index;
mod map;
mod patients;
mod problem;
mod residency;
mod shape;
mod store;
mod verify;

pub use array::{Array, words};
pub use demand::Demand;
pub use file::File;
pub use footer::{Layout, parse};
pub use index::{InvertedIndex, RowNumbers};
pub use map::{Access, Mapping, Scan};
pub use patients::Patients;
pub use problem::Problem;
pub use residency::Residency;
pub use store::Store;

/// What to do about a damaged store: the end of every such message.
const REMEDY: &str = "Convert the source again with `force` (--force), or restore the store from a backup.";

/// The result of a check, or a clause that says what is wrong and follows the file's name.
type Found<T> = std::result::Result<T, String>;
