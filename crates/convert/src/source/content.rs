//! Where the rows of a file come from: Parquet, a meds_reader database, or shards of a store.

use crate::source::column::Column;
use arrow_array::{Array, ArrayRef};
use meds_store::{Code, Error, Result};
use parquet::file::metadata::ParquetMetaData;
use std::fmt::Debug;
use std::path::Path;

/// Most rows of a batch.
pub const ROWS: u64 = 1 << 16;
/// Approximate bytes of a batch: notes of megabytes are read a few at a time.
pub const BYTES: u64 = 8 << 20;

/// The rows of a file, in groups. Each column of each group is read on its own, on any thread.
pub trait Content: Debug + Send + Sync {
    /// Number of groups.
    fn groups(&self) -> usize;

    /// Rows of a group.
    fn rows(&self, group: usize) -> u64;

    /// Opens a column of a group. `root` is the index of the column in the schema of the file. `whole`: the
    /// column may be read in another type than the file declares, because all of it has values.
    fn open<'a>(&'a self, group: usize, root: usize, column: &'a Column, whole: bool) -> Result<Opened<'a>>;

    /// The metadata of a Parquet file; `None` for anything else.
    fn parquet(&self) -> Option<&ParquetMetaData> {
        None
    }
}

/// A column of a group.
pub struct Opened<'a> {
    /// Its values.
    pub batches: Box<dyn Batches + 'a>,
    /// Bytes of all its rows on disk.
    pub bytes: u64,
    /// Its text must be validated.
    pub unproven: bool,
}

/// The values of a column in the order of the rows. It is called once per batch, so a dynamic call costs
/// nothing.
pub trait Batches {
    /// The next batch; `None` at the end.
    fn next(&mut self) -> Result<Option<Batch>>;
}

/// Rows of one column.
pub enum Batch {
    /// The file does not have the column: this many nulls.
    Nulls(usize),
    /// Values: strings in a form that [`Texts`] accepts, everything else in the canonical type.
    Array(ArrayRef),
}

impl Batch {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Nulls(rows) => *rows,
            Self::Array(array) => array.len(),
        }
    }

    /// Some of the rows.
    pub fn slice(&self, start: usize, rows: usize) -> Self {
        match self {
            Self::Nulls(_) => Self::Nulls(rows),
            Self::Array(array) => Self::Array(array.slice(start, rows)),
        }
    }
}

/// The error for a column whose bytes cannot be decoded.
pub fn damaged(path: &Path, group: usize, column: &str, what: &str) -> Error {
    let message =
        format!("column {column:?}, row group {group} cannot be read: {what}. Replace the file with a whole copy, or write it again.");
    Error::at(Code::SourceDamaged, path, message)
}
