//! MEDS Parquet to a store, a store back to MEDS Parquet, and some of a store's patients to a store of their own.
//!
//! A conversion reads its source twice. The first pass ([`survey`], [`measure`]) learns whose each row is, checks the order, and sizes every
//! column; [`layout`] then gives every value its final place; the second pass ([`emit`]) writes the values there, row group by row group and
//! column by column, in any order and on any number of threads, always with the same bytes.

mod changed;
mod chunk;
mod codes;
mod common;
mod copies;
mod csv;
mod current;
mod emit;
mod export;
mod extent;
mod filter;
mod fingerprint;
mod folders;
mod footer;
mod hashes;
mod held;
mod inspect;
mod intern;
mod inverted;
mod kept;
mod layout;
mod measure;
mod metadata;
mod narrowed;
mod natural;
mod nested;
mod options;
mod orders;
mod out;
mod pieces;
mod present;
mod read;
mod run;
mod schema;
mod sort;
mod source;
mod spill;
mod survey;
mod table_format;
mod tables;
mod target;
mod texts;
mod verify;

pub use changed::{Change, Changing, Given, Part};
pub use csv::{CsvOptions, LookedAt, SameOptions, csv, same};
pub use current::{DigestOptions, Digests, Standing, digest, is_current};
pub use export::{ExportOptions, ExportSummary, export};
pub use filter::{FilterOptions, filter};
pub use inspect::{ArchiveOptions, InspectOptions, Inspected, UnpackOptions, Unpacked, holds_tables, inspect, unpack};
pub use kept::copy_metadata;
pub use options::{Options, Summary};
pub use orders::plain_orders;
pub use run::convert;
pub use table_format::refuse as refuse_tables;
pub use target::refuse_taken;
pub use verify::{VerifyOptions, VerifySummary, verify};
