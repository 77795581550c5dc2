//! MEDS Parquet to a store, a store back to MEDS Parquet, and some of a store's patients to a store of their own.
//!
//! A conversion reads its source twice. The first pass ([`survey`], [`measure`]) learns whose each row is, checks the order, and sizes every
//! column; [`layout`] then gives every value its final place; the second pass ([`emit`]) writes the values there, row group by row group and
//! column by column, in any order and on any number of threads, always with the same bytes.

mod changed;
mod chunk;
mod codes;
mod common;
mod csv;
mod emit;
mod export;
mod extent;
mod filter;
mod footer;
mod held;
mod inspect;
mod int96;
mod intern;
mod inverted;
mod kept;
mod layout;
mod measure;
mod metadata;
mod narrowed;
mod options;
mod orders;
mod out;
mod pieces;
mod read;
mod run;
mod schema;
mod sort;
mod source;
mod spill;
mod survey;
mod tables;
mod target;
mod texts;
mod verify;

pub use changed::{Change, Changing, Given, Part};
pub use csv::{CsvOptions, LookedAt, SameOptions, csv, same};
pub use export::{ExportOptions, ExportSummary, export};
pub use filter::{FilterOptions, filter};
pub use inspect::{InspectOptions, Inspected, UnpackOptions, Unpacked, inspect, unpack};
pub use kept::copy_metadata;
pub use options::{Options, Summary};
pub use orders::plain_orders;
pub use run::{convert, fingerprint};
pub use target::refuse_taken;
pub use verify::{VerifyOptions, VerifySummary, verify};
