//! Writing columns as a Parquet file.

use arrow_array::{ArrayRef, BooleanArray, Float32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, Field, Schema};
use meds_store::{Code, Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Rows of the first row group, which is small so that a reader has some rows early.
const FIRST_GROUP: usize = 1000;
/// Rows of every other row group.
const GROUP: usize = 100_000;

/// A column to write.
#[derive(Debug)]
pub struct GivenColumn<'a> {
    /// Its name.
    pub name: &'a str,
    /// 1 for each row that has a value; `None` where all rows have one, and for values that say null
    /// themselves.
    pub valid: Option<&'a [u8]>,
    /// A value for each row.
    pub values: GivenValues<'a>,
}

/// The values of a column to write.
#[derive(Debug)]
pub enum GivenValues<'a> {
    /// int64.
    Integers(&'a [i64]),
    /// Microseconds since 1970-01-01.
    Times(&'a [i64]),
    /// float32.
    Floats(&'a [f32]),
    /// 0 or 1; any other number is null.
    Truths(&'a [u8]),
    /// The index of each row's text, -1 for null, and the texts.
    Texts(&'a [i32], &'a [String]),
}

/// Columns as a record batch. Every column may have nulls.
pub fn table_batch(columns: &[GivenColumn]) -> Result<RecordBatch> {
    let rows = columns.first().map_or(0, |column| column.values.len());
    batch(columns, 0..rows).map_err(|e| Error::new(Code::Internal, format!("the columns are not a table: {e}.")))
}

fn batch(columns: &[GivenColumn], rows: Range<usize>) -> Result<RecordBatch, ArrowError> {
    let arrays = columns.iter().map(|column| column.array(rows.clone())).collect::<Result<Vec<_>, _>>()?;
    let fields = columns.iter().zip(&arrays).map(|(column, array)| Field::new(column.name, array.data_type().clone(), true));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), arrays)
}

/// Writes a table to a new file, compressed by Snappy, and saves it to the disk. Every column may have nulls.
pub fn write_table(path: &Path, columns: &[GivenColumn]) -> Result<()> {
    let rows = columns.first().map_or(0, |column| column.values.len());
    let is_even = columns.iter().all(|column| column.values.len() == rows && column.valid.is_none_or(|valid| valid.len() == rows));
    if !is_even {
        return Err(Error::at(Code::Internal, path, "the columns of a table have different lengths."));
    }
    let failed = |error: ParquetError| match error {
        ParquetError::External(cause) if cause.is::<std::io::Error>() => match cause.downcast::<std::io::Error>() {
            Ok(cause) => Error::io(path, "write the file", &cause),
            Err(cause) => Error::at(Code::Internal, path, format!("the table cannot be written: {cause}.")),
        },
        other => Error::at(Code::Internal, path, format!("the table cannot be written: {other}.")),
    };
    let io = |error: std::io::Error| Error::io(path, "write the file", &error);
    let file = File::create_new(path).map_err(io)?;
    write(file, columns, rows).map_err(failed)?.sync_all().map_err(io)
}

fn write(file: File, columns: &[GivenColumn], rows: usize) -> parquet::errors::Result<File> {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).set_max_row_group_row_count(None).build();
    // Parquet's own annotations say all of it.
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(file, batch(columns, 0..0)?.schema(), options)?;
    let (mut start, mut size) = (0, FIRST_GROUP);
    while start < rows {
        let end = rows.min(start + size);
        writer.write(&batch(columns, start..end)?)?;
        writer.flush()?;
        (start, size) = (end, GROUP);
    }
    writer.into_inner()
}

impl GivenValues<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Integers(values) | Self::Times(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Truths(values) => values.len(),
            Self::Texts(indexes, _) => indexes.len(),
        }
    }
}

impl GivenColumn<'_> {
    fn array(&self, rows: Range<usize>) -> Result<ArrayRef, ArrowError> {
        let nulls = self.valid.map(|valid| NullBuffer::from_iter(valid[rows.clone()].iter().map(|valid| *valid == 1)));
        Ok(match self.values {
            GivenValues::Integers(values) => Arc::new(Int64Array::try_new(values[rows].to_vec().into(), nulls)?),
            GivenValues::Times(values) => Arc::new(TimestampMicrosecondArray::try_new(values[rows].to_vec().into(), nulls)?),
            GivenValues::Floats(values) => Arc::new(Float32Array::try_new(values[rows].to_vec().into(), nulls)?),
            GivenValues::Truths(values) => {
                Arc::new(values[rows].iter().map(|value| (*value < 2).then_some(*value == 1)).collect::<BooleanArray>())
            }
            GivenValues::Texts(indexes, texts) => {
                let text = |index: &i32| usize::try_from(*index).ok().and_then(|index| texts.get(index));
                Arc::new(indexes[rows].iter().map(text).collect::<StringArray>())
            }
        })
    }
}
