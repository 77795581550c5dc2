//! Rows as the bytes of a file that is written piece by piece: Parquet, Arrow or CSV.

use crate::arrays::text::{Unwritable, Writer as TextWriter, writer};
use crate::arrays::times::relabelled;
use crate::write::float_order::plain_tail;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use meds_store::{Code, Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// The format of a file of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetForm {
    /// Parquet: row groups of at least [`GROUP`] rows.
    Parquet,
    /// An Arrow IPC file: one record batch for each piece.
    Arrow,
    /// CSV with a header. A null is an empty field, and an empty text is `""`.
    Csv,
}

/// The smallest number of rows of a row group, except for the last one and for groups of long texts.
const GROUP: usize = 1 << 17;
/// Bytes of a row group, which is in memory until it is complete.
const GROUP_BYTES: usize = 64 << 20;

/// Bytes that are written but not yet taken.
#[derive(Clone, Debug, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

enum Writer {
    Parquet(Box<ArrowWriter<Sink>>),
    Arrow(Box<FileWriter<Sink>>),
    Csv,
}

/// A file of rows. Every piece has the same columns.
pub struct Sheet {
    form: SheetForm,
    sink: Sink,
    /// Made by the first piece.
    writer: Option<Writer>,
}

impl Sheet {
    /// A file without rows.
    pub fn new(form: SheetForm) -> Self {
        Self { form, sink: Sink::default(), writer: None }
    }

    /// Adds rows. Returns the next bytes of the file.
    pub fn add(&mut self, rows: &RecordBatch) -> Result<Vec<u8>> {
        if self.writer.is_none() {
            self.writer = Some(self.begin(&rows.schema())?);
        }
        match self.writer.as_mut() {
            Some(Writer::Parquet(writer)) => {
                if rows.num_rows() > 0 {
                    writer.write(rows).map_err(|e| of_parquet(&e))?;
                }
                // A piece may contain few rows that have the codes: a group of them would be slow to read.
                if writer.in_progress_rows() >= GROUP || writer.memory_size() >= GROUP_BYTES {
                    writer.flush().map_err(|e| of_parquet(&e))?;
                }
            }
            Some(Writer::Arrow(writer)) => writer.write(rows).map_err(|e| of_arrow(&e))?,
            _ => write_csv(&mut self.sink, rows)?,
        }
        Ok(self.sink.take())
    }

    /// The last bytes of the file.
    pub fn finish(&mut self) -> Result<Vec<u8>> {
        match self.writer.take() {
            Some(Writer::Parquet(writer)) => {
                let written = writer.close().map_err(|e| of_parquet(&e))?;
                let mut bytes = self.sink.take();
                plain_tail(&mut bytes, &written);
                return Ok(bytes);
            }
            Some(Writer::Arrow(mut writer)) => writer.finish().map_err(|e| of_arrow(&e))?,
            Some(Writer::Csv) | None => {}
        }
        Ok(self.sink.take())
    }

    fn begin(&mut self, schema: &SchemaRef) -> Result<Writer> {
        Ok(match self.form {
            SheetForm::Parquet => {
                let zstd = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(zstd).set_max_row_group_row_count(None).build();
                // Parquet's own annotations say all of it. With the Arrow schema, a reader would make
                // dictionaries of texts.
                let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
                let writer = ArrowWriter::try_new_with_options(self.sink.clone(), Arc::clone(schema), options);
                Writer::Parquet(Box::new(writer.map_err(|e| of_parquet(&e))?))
            }
            SheetForm::Arrow => Writer::Arrow(Box::new(FileWriter::try_new(self.sink.clone(), schema).map_err(|e| of_arrow(&e))?)),
            SheetForm::Csv => {
                let mut header = String::new();
                for field in schema.fields() {
                    if !header.is_empty() {
                        header.push(',');
                    }
                    push_quoted(field.name(), &mut header);
                }
                header.push('\n');
                let _ = self.sink.write_all(header.as_bytes());
                Writer::Csv
            }
        })
    }
}

/// A record batch as a whole Arrow IPC file.
pub fn arrow_file(rows: &RecordBatch) -> Result<Vec<u8>> {
    let mut writer = FileWriter::try_new(Vec::new(), &rows.schema()).map_err(|e| of_arrow(&e))?;
    writer.write(rows).and_then(|()| writer.finish()).map_err(|e| of_arrow(&e))?;
    writer.into_inner().map_err(|e| of_arrow(&e))
}

fn of_parquet(error: &ParquetError) -> Error {
    Error::new(Code::Internal, format!("the rows cannot be written as Parquet: {error}."))
}

fn of_arrow(error: &ArrowError) -> Error {
    Error::new(Code::Internal, format!("the rows cannot be written: {error}."))
}

/// Appends a field, in quotes if it needs these.
fn push_quoted(field: &str, text: &mut String) {
    if !field.is_empty() && !field.contains(['"', ',', '\n', '\r']) {
        return text.push_str(field);
    }
    text.push('"');
    text.push_str(&field.replace('"', "\"\""));
    text.push('"');
}

/// Rows that one thread makes into text at a time.
const SLICE: usize = 1 << 14;

fn write_csv(sink: &mut Sink, rows: &RecordBatch) -> Result<()> {
    let starts: Vec<usize> = (0..rows.num_rows()).step_by(SLICE).collect();
    let texts = starts.into_par_iter().map(|start| csv_of(&rows.slice(start, SLICE.min(rows.num_rows() - start))));
    for text in texts.collect::<Result<Vec<_>>>()? {
        let _ = sink.write_all(text.as_bytes());
    }
    Ok(())
}

fn csv_of(rows: &RecordBatch) -> Result<String> {
    let columns = rows.columns().iter().map(without_zone).collect::<Result<Vec<_>>>()?;
    let columns = columns.iter().map(Cells::new).collect::<Result<Vec<_>>>()?;
    let (mut text, mut cell) = (String::new(), String::new());
    for row in 0..rows.num_rows() {
        for (i, column) in columns.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            column.push(row, &mut cell, &mut text);
        }
        text.push('\n');
    }
    Ok(text)
}

/// Times of any zone as times of UTC, which is what they count from.
fn without_zone(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => relabelled(column, &DataType::Timestamp(*unit, None)).map_err(|e| of_arrow(&e)),
        _ => Ok(Arc::clone(column)),
    }
}

/// A column as texts.
struct Cells<'a> {
    column: &'a ArrayRef,
    write: TextWriter<'a>,
    /// The numbers, which are written where a time is outside the range of the calendar.
    raw: Option<ArrayRef>,
}

impl<'a> Cells<'a> {
    fn new(column: &'a ArrayRef) -> Result<Self> {
        let write = writer(column, Unwritable::Fails).map_err(|e| of_arrow(&e))?;
        let is_time = matches!(column.data_type(), DataType::Timestamp(..));
        let raw = is_time.then(|| relabelled(column, &DataType::Int64)).transpose().map_err(|e| of_arrow(&e))?;
        Ok(Self { column, write, raw })
    }

    /// Appends the text of a row. `cell` is room for it.
    fn push(&self, row: usize, cell: &mut String, text: &mut String) {
        // Arrow counts no nulls in a column of the type null.
        if self.column.is_null(row) || *self.column.data_type() == DataType::Null {
            return;
        }
        cell.clear();
        match ((self.write)(row, cell), &self.raw) {
            (Ok(()), _) => push_quoted(cell, text),
            (Err(_), Some(raw)) => text.push_str(&raw.as_primitive::<Int64Type>().value(row).to_string()),
            (Err(_), None) => {}
        }
    }
}
