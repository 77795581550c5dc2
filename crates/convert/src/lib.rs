//! Converts a source to a store, exports a store as MEDS Parquet, and copies some patients of a store to a
//! new store.
//!
//! A conversion reads its source twice. The first pass ([`plan::survey`], [`plan::measure`]) finds the
//! patient of each row, checks the order of the rows, and measures every column. [`plan::layout`] then
//! assigns a final offset to every value. The second pass ([`write::emit`]) writes the values at their
//! offsets, row group by row group and column by column, in any order and on any number of threads. The bytes
//! are always the same.

#![forbid(unsafe_code)]

mod arrays;
mod changes;
pub mod cluster;
mod conversion;
mod csv;
mod current;
mod export;
mod filter;
mod first_pass;
mod inspect;
mod manifest;
mod options;
mod order;
mod plan;
mod sheet;
mod source;
mod table;
mod threads;
mod verify;
mod write;

pub use changes::{Change, Changing, NewValues, Part};
pub use conversion::convert;
pub use csv::{CsvContents, CsvOptions, SameOptions, csv, same};
pub use current::{DigestOptions, Digests, ExistingStore, digest, is_current};
pub use export::{ExportOptions, ExportSummary, export};
pub use filter::{FilterOptions, filter};
pub use inspect::{ArchiveOptions, InspectOptions, Inspected, UnpackOptions, Unpacked, holds_tables, inspect, unpack};
pub use options::{Options, Provenance, Summary};
pub use sheet::{Sheet, SheetForm, arrow_file};
pub use source::kind::{Kind, kind, kind_of_file, sources_in};
pub use source::store::copy_metadata;
pub use source::table_format::refuse as refuse_tables;
pub use table::{
    ColumnType, GivenColumn, GivenValues, Table, TableColumn, TableSchema, TableValues, Wanted, describe_table, read_table, table_batch,
    write_table,
};
pub use verify::{VerifyOptions, VerifySummary, verify};
pub use write::float_order::plain_orders;
pub use write::site::refuse_taken;

/// What `tests/oracle.rs` compares with the Arrow library.
#[cfg(feature = "oracle")]
pub mod oracle {
    pub use crate::arrays::cast::cast;
    pub use crate::arrays::text::{Unwritable, Writer, writer};
    pub use crate::source::common_type::{canonical, conform, join};
}
