//! Databases of `meds_reader` (Python), format version 2, decoded column by column into Arrow arrays; and the
//! records of CSV files ([`csv`]).
//!
//! Such a folder has one compressed record per subject and column. A [`Database`] has the columns and the
//! subjects. A [`Reader`] returns the rows of one column of a run of subjects, batch by batch. No byte is
//! trusted: before any allocation, a size is compared with the size of the file, or with what the file can
//! inflate to. Contradictions are reported as `MEDS_SOURCE_DAMAGED`, with file and subject.
//!
//! The format has no checksums, so a flipped bit inside a value is not noticed. Its null map repeats the
//! columns and is not read.

#![forbid(unsafe_code)]

mod archive;
mod column;
pub mod csv;
mod data;
mod database;
mod decode;
mod listing;
mod properties;
mod reader;
mod strings;
mod texts;
mod times;
mod values;
mod vbyte;

pub use archive::Archive;
pub use database::Database;
pub use listing::table_named;
pub use reader::Reader;
