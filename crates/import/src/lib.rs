//! Databases of `meds_reader` (Python), format version 2, decoded column by column into Arrow arrays; and the records of CSV files ([`csv`]).
//!
//! Such a folder has a record for every (subject, column), compressed on its own: a [`Database`] knows its columns and whose the records are, a
//! [`Reader`] gives the rows of one column of a run of subjects, batch by batch. Every byte is untrusted: a size is compared with what the file
//! has, or can inflate to, before anything is allocated, and what contradicts itself is `MEDS_SOURCE_DAMAGED` with file and subject.
//!
//! The format has no checksums: a flipped bit inside of a value is a value. Its null map repeats what the columns say, and is not read.

mod archive;
pub mod csv;
mod data;
mod database;
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
