//! Reads one column of one row group, batch by batch, in the type that the store has.

use crate::source::chunk::Chunk;
use crate::source::files::{Content, SourceFile};
use crate::source::folders;
use crate::source::kept;
use crate::source::lattice::conform;
use crate::source::schema::{Column, Origin, Role, makes_event};
use crate::source::texts::Texts;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray, TimestampMicrosecondArray, cast::AsArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use meds_store::{Code, Error, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{ConvertedType, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};
use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

/// Most rows of a batch.
const ROWS: u64 = 1 << 16;
/// Approximate bytes of a batch: notes of megabytes are read a few at a time.
const BYTES: u64 = 8 << 20;

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

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs code of the Parquet library on untrusted bytes. A panic becomes an error and prints nothing on
/// stderr.
pub fn guarded<T>(work: impl FnOnce() -> parquet::errors::Result<T>) -> parquet::errors::Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                loud(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    done.unwrap_or_else(|_| Err(ParquetError::General("its bytes contradict each other".into())))
}

/// Where the batches come from.
enum Inner<'a> {
    /// The file does not have the column.
    Absent,
    /// The same value in every row.
    Same(ArrayRef),
    Parquet(ParquetRecordBatchReader),
    Database(meds_import::Reader<'a>),
    Kept(kept::Rows<'a>),
}

/// Batches of one column of one row group (or of one run of a database's subjects).
pub struct Reader<'a> {
    file: &'a SourceFile,
    group: usize,
    column: &'a Column,
    inner: Inner<'a>,
    left: u64,
    /// Bytes of all its rows on disk.
    bytes: u64,
    /// Its text must be validated.
    unproven: bool,
    /// The type of the values that the file really has, if that is less than it declares.
    values: Option<&'a DataType>,
}

impl<'a> Reader<'a> {
    /// Opens `column` of a row group; `at` is the file's index in the source.
    pub fn open(file: &'a SourceFile, at: usize, group: usize, column: &'a Column) -> Result<Self> {
        let (mut unproven, mut reduced, mut bytes) = (false, None, 0);
        let inner = match (&column.roots[at], &file.content) {
            (None, _) => Inner::Absent,
            (Some(Origin::Folder(value)), _) => {
                let rows = file.rows(group).min(ROWS) as usize;
                let broken = |e: ArrowError| Error::at(Code::Internal, &file.path, e.to_string());
                Inner::Same(folders::repeated(value, rows).map_err(broken)?)
            }
            (Some(Origin::Root { root, values }), Content::Parquet(footer)) => {
                reduced = values.as_ref();
                unproven = self::unproven(footer.file_metadata().schema_descr(), *root);
                bytes = chunks(footer, group, *root).iter().map(|c| c.compressed_size().unsigned_abs()).sum();
                Inner::Parquet(open(file, footer, group, *root, column, reduced.is_none())?)
            }
            (Some(Origin::Root { root, .. }), Content::Database(database)) => {
                let reader = database.reader(group, *root)?;
                bytes = reader.bytes();
                Inner::Database(reader)
            }
            (Some(_), Content::Kept(kept)) => Inner::Kept(kept.rows(&column.name, kept.groups()[group].clone())),
        };
        Ok(Self { file, group, column, inner, left: file.rows(group), bytes, unproven, values: reduced })
    }

    /// Approximate bytes on disk of a number of rows.
    pub fn bytes_of(&self, rows: u64) -> u64 {
        (self.bytes * rows).checked_div(self.file.rows(self.group)).unwrap_or(0)
    }

    /// The next batch; `None` at the end, after exactly as many rows as the footer says.
    pub fn next(&mut self) -> Result<Option<Batch>> {
        let array = match &mut self.inner {
            Inner::Absent => {
                let rows = self.left.min(ROWS);
                self.left -= rows;
                return Ok((rows > 0).then_some(Batch::Nulls(rows as usize)));
            }
            Inner::Same(rows) => (self.left > 0).then(|| rows.slice(0, self.left.min(rows.len() as u64) as usize)),
            Inner::Parquet(reader) => {
                let batch =
                    guarded(|| Ok(reader.next().transpose()?)).map_err(|e| unreadable(self.file, self.group, &self.column.name, &e))?;
                batch.map(|batch| batch.column(0).clone())
            }
            Inner::Database(reader) => reader.batch()?,
            Inner::Kept(rows) => return rows.next()?.map(|batch| self.shaped(batch)).transpose(),
        };
        let Some(array) = array else {
            return match self.left {
                0 => Ok(None),
                left => Err(self.damaged(&format!("{left} of its rows are missing"))),
            };
        };
        let rows = array.len() as u64;
        self.left = self.left.checked_sub(rows).ok_or_else(|| self.damaged("it has more rows than its row group"))?;
        if self.column.wide == DataType::Null {
            return Ok(Some(Batch::Nulls(array.len())));
        }
        self.shaped(Batch::Array(array)).map(Some)
    }

    /// Converts a batch to the form in which it is returned.
    fn shaped(&self, batch: Batch) -> Result<Batch> {
        let Batch::Array(array) = batch else { return Ok(batch) };
        let proof = if self.unproven { array.to_data().validate_full() } else { Ok(()) };
        let array = proof.and_then(|()| match self.values {
            Some(values) => conform(&array, values),
            None => Ok(array),
        });
        let converted = array.and_then(|array| convert(&array, self.column)).map_err(|e| {
            let name = &self.column.name;
            let without = if makes_event(name) { String::new() } else { format!(", or leave the column out (--exclude {name})") };
            let message = format!("column {name:?}, row group {}: a value cannot be stored: {e}. Fix the value{without}.", self.group);
            Error::at(Code::ValueRange, &self.file.path, message)
        })?;
        Ok(Batch::Array(converted))
    }

    fn damaged(&self, what: &str) -> Error {
        damaged(self.file, self.group, &self.column.name, what)
    }
}

/// If the library does not support a page, the file is not damaged.
fn unreadable(file: &SourceFile, group: usize, column: &str, error: &ParquetError) -> Error {
    let reason = match error {
        ParquetError::NYI(reason) => reason.clone(),
        // The library passes the text of this error on inside another error.
        other => match other.to_string().split_once("NYI: ") {
            Some((_, reason)) => reason.to_string(),
            None => return damaged(file, group, column, &other.to_string()),
        },
    };
    let without = if makes_event(column) { String::new() } else { format!(", or leave the column out (--exclude {column})") };
    let message =
        format!("column {column:?} uses a feature of Parquet that is not supported: {reason}. Write the file again without it{without}.");
    Error::at(Code::SourceDamaged, &file.path, message)
}

fn damaged(file: &SourceFile, group: usize, column: &str, what: &str) -> Error {
    let message =
        format!("column {column:?}, row group {group} cannot be read: {what}. Replace the file with a whole copy, or write it again.");
    Error::at(Code::SourceDamaged, &file.path, message)
}

fn open(
    file: &SourceFile,
    metadata: &Arc<ParquetMetaData>,
    group: usize,
    root: usize,
    column: &Column,
    whole: bool,
) -> Result<ParquetRecordBatchReader> {
    let descriptor = metadata.file_metadata().schema_descr();
    let chunks = chunks(metadata, group, root);
    let size: u64 = chunks.iter().map(|c| c.uncompressed_size().unsigned_abs()).sum();
    let rows = file.rows(group);
    let batch = (BYTES * rows).checked_div(size).unwrap_or(ROWS).clamp(1, ROWS);
    let end = chunks.iter().map(|c| c.byte_range()).map(|(start, length)| start.saturating_add(length)).max().unwrap_or(0);

    // Strings come with the dictionary of their page if the chunk has one, so that a code is processed once
    // per page, not once per row.
    let coded = chunks.iter().any(|c| c.dictionary_page_offset().is_some());
    let natural = file.schema.field(root);
    let wanted = match (&column.wide, natural.data_type()) {
        (_, natural) if !whole => natural.clone(),
        (DataType::Utf8, _) if coded => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        (DataType::Utf8, _) => DataType::Utf8View,
        (_, natural) => natural.clone(),
    };
    let handle = File::open(&file.path).map_err(|e| Error::io(&file.path, "read the file", &e))?;
    let build = || {
        let fields = file.schema.fields().iter().enumerate().map(|(at, field)| match at == root {
            true => Arc::new(Field::new(field.name(), wanted.clone(), field.is_nullable()).with_metadata(field.metadata().clone())),
            false => field.clone(),
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let metadata = ArrowReaderMetadata::try_new(metadata.clone(), ArrowReaderOptions::new().with_schema(schema))?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(Chunk::new(handle, file.bytes, end), metadata)
            .with_projection(ProjectionMask::roots(descriptor, [root]))
            .with_row_groups(vec![group])
            .with_batch_size(batch as usize)
            .build()
    };
    guarded(build).map_err(|e| unreadable(file, group, &column.name, &e))
}

/// The chunks of a root column: several if it is nested.
fn chunks(metadata: &ParquetMetaData, group: usize, root: usize) -> Vec<&ColumnChunkMetaData> {
    let descriptor = metadata.file_metadata().schema_descr();
    let leaves = (0..descriptor.num_columns()).filter(|&leaf| descriptor.get_column_root_idx(leaf) == root);
    leaves.map(|leaf| metadata.row_group(group).column(leaf)).collect()
}

/// Whether the Parquet library assumes that bytes are valid text without checking: where the file calls them
/// JSON, or where only its writer's Arrow types say so.
pub fn unproven(descriptor: &SchemaDescriptor, root: usize) -> bool {
    let unproven = |column: &ColumnDescPtr| column.physical_type() == Type::BYTE_ARRAY && column.converted_type() != ConvertedType::UTF8;
    let mut leaves = descriptor.columns().iter().enumerate();
    leaves.any(|(leaf, column)| descriptor.get_column_root_idx(leaf) == root && unproven(column))
}

fn convert(array: &ArrayRef, column: &Column) -> Result<ArrayRef, ArrowError> {
    match (column.role, &column.wide) {
        (Role::Time, _) => Ok(Arc::new(micros(array)?.0)),
        (_, DataType::Utf8) if Texts::of(array).is_some() => Ok(array.clone()),
        (_, DataType::Utf8) => cast_with_options(array, &DataType::Utf8View, &CastOptions { safe: false, ..Default::default() }),
        (_, DataType::Float64) => {
            exact::<Int64Type>(array, |v| v as f64 as i128 == i128::from(v))?;
            exact::<UInt64Type>(array, |v| v as f64 as i128 == i128::from(v))?;
            conform(array, &column.wide)
        }
        (_, wide) => conform(array, wide),
    }
}

/// Fails if an integer would be rounded in float64.
fn exact<T: ArrowPrimitiveType>(array: &ArrayRef, fits: impl Fn(T::Native) -> bool) -> Result<(), ArrowError> {
    match array.as_primitive_opt::<T>().and_then(|array| array.iter().flatten().find(|v| !fits(*v))) {
        Some(value) => Err(ArrowError::CastError(format!("{value:?} is not exact in {}", Float64Type::DATA_TYPE))),
        None => Ok(()),
    }
}

/// Microseconds since 1970-01-01, and how many values had nanoseconds. These are cut off towards the past, so
/// that the order is kept.
pub fn micros(array: &ArrayRef) -> Result<(TimestampMicrosecondArray, u64), ArrowError> {
    let strict = CastOptions { safe: false, ..Default::default() };
    let array = match array.data_type() {
        DataType::Dictionary(_, value) => cast_with_options(array, value, &strict)?,
        _ => array.clone(),
    };
    let values = match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(None::<&str>)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let nanos: &PrimitiveArray<arrow_array::types::TimestampNanosecondType> = array.as_primitive();
            let cut = nanos.iter().flatten().filter(|v| v % 1000 != 0).count() as u64;
            return Ok((nanos.unary(|v| v.div_euclid(1000)), cut));
        }
        DataType::Timestamp(unit, _) => {
            let naive = cast_with_options(&array, &DataType::Timestamp(*unit, None), &strict)?;
            cast_with_options(&naive, &DataType::Timestamp(TimeUnit::Microsecond, None), &strict)?.as_primitive().clone()
        }
        _ => cast_with_options(&array, &DataType::Timestamp(TimeUnit::Microsecond, None), &strict)?.as_primitive().clone(),
    };
    Ok((values, 0))
}
