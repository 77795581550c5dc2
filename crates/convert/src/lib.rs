//! MEDS Parquet to a store, a store back to MEDS Parquet, and some of a store's patients to a store of their own.
//!
//! A conversion reads its source twice. The first pass ([`plan::survey`], [`plan::measure`]) learns whose each row is, checks the order, and sizes every
//! column; [`plan::layout`] then gives every value its final place; the second pass ([`write::emit`]) writes the values there, row group by row group and
//! column by column, in any order and on any number of threads, always with the same bytes.

#![forbid(unsafe_code)]

mod changes;
mod conversion;
mod csv;
mod current;
mod export;
mod filter;
mod inspect;
mod options;
mod plan;
mod source;
mod table;
mod verify;
mod write;

pub use changes::{Change, Changing, Given, Part};
pub use conversion::convert;
pub use csv::{CsvOptions, LookedAt, SameOptions, csv, same};
pub use current::{DigestOptions, Digests, Standing, digest, is_current};
pub use export::{ExportOptions, ExportSummary, export};
pub use filter::{FilterOptions, filter};
pub use inspect::{ArchiveOptions, InspectOptions, Inspected, UnpackOptions, Unpacked, holds_tables, inspect, unpack};
pub use options::{Options, Summary};
pub use source::kept::copy_metadata;
pub use source::kind::{Kind, kind, kind_of_file, sources_in};
pub use source::table_format::refuse as refuse_tables;
pub use table::{
    ColumnType, GivenColumn, GivenValues, Table, TableColumn, TableSchema, TableValues, Wanted, describe_table, read_table, write_table,
};
pub use verify::{VerifyOptions, VerifySummary, verify};
pub use write::orders::plain_orders;
pub use write::site::refuse_taken;
