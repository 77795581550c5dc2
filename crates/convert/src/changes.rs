//! Writes rows of a shard after a transform (selected, reordered, changed, new) as a Parquet file, which a
//! conversion then reads.

use crate::arrays::cast::cast;
use crate::source::column::{Column, Role};
use crate::source::common_type::{canonical, conform};
use crate::source::shard::{NONE, ShardArrays, columns};
use crate::write::parquet::{failed, leaves};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Decimal256Array, Float64Array, Int64Array, StringArray, UInt64Array,
    new_null_array,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, i256};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};
use arrow_select::interleave::interleave;
use meds_store::types::type_of_name;
use meds_store::{Code, Error, Result, Store};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, compute_leaves};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Most rows that are gathered at once, and their approximate bytes in the shard.
const ROWS: u64 = 1 << 15;
const BYTES: u64 = 16 << 20;
/// Slices per row group. A row group is kept in memory, compressed, until it is complete.
const SLICES: usize = 8;

/// Rows of some patients of a shard, one patient after another.
pub struct Part<'a> {
    /// The patients, as row numbers in the shard.
    pub patients: &'a [u32],
    /// The number of rows of each patient.
    pub lengths: &'a [u32],
    /// Rows of the shard; [`NONE`] is a new row.
    pub rows: &'a [u32],
    /// Values that have changed.
    pub changes: &'a [Change<'a>],
}

/// New values of a column in some rows of a part.
pub struct Change<'a> {
    /// The column.
    pub column: &'a str,
    /// Rows of the part, ascending.
    pub rows: &'a [u32],
    /// For each of these rows, 1 if it has a value, 0 if it is null.
    pub valid: &'a [u8],
    /// The values.
    pub values: NewValues<'a>,
}

/// Values in the forms that JavaScript has for them.
pub enum NewValues<'a> {
    /// For bool, integers up to 32 bits, floats, days and times of day.
    Numbers(&'a [f64]),
    /// For all types of 64 bits.
    Words(&'a [i64]),
    /// For text, decimals (their digits without the point) and bytes: offsets, and the bytes between them.
    Bytes(&'a [i32], &'a [u8]),
}

/// A shard whose rows can be written with changes.
#[derive(Debug)]
pub struct Changing {
    arrays: ShardArrays,
    /// `subject_id`, the columns of the store, and the columns that the transform adds.
    schema: SchemaRef,
    /// How many of them `subject_id` and the store have.
    old: usize,
    /// Rows that are gathered at once.
    step: usize,
    properties: WriterProperties,
}

impl Changing {
    /// Opens a shard and compares every byte with its checksums. `added` contains names and types of new
    /// columns.
    pub fn open(store: &Store, shard: usize, added: &[(String, String)]) -> Result<Self> {
        let arrays = ShardArrays::open(store, shard)?;
        let columns = columns(store, 1)?.list;
        let mut fields: Vec<FieldRef> = vec![Arc::new(Field::new("subject_id", DataType::Int64, false))];
        let field = |column: &Column| Field::new(&column.name, column.wide.clone(), column.role != Role::Code);
        fields.extend(columns.iter().map(|column| Arc::new(field(column))));
        let old = fields.len();
        for (name, of) in added {
            let wide = type_of_name(of).as_ref().and_then(canonical).filter(|wide| !wide.is_nested()).ok_or_else(|| {
                let message = format!(
                    "column {name:?}: a new column cannot have the type {of:?}. Use a type such as int64, float32, utf8, bool or timestamp[us]."
                );
                Error::new(Code::InvalidArgument, message)
            })?;
            fields.push(Arc::new(Field::new(name, wide, true)));
        }
        let entry = &store.manifest().shards[shard];
        let each = (entry.file.bytes / entry.events.max(1)).max(1);
        let step = (BYTES / each).clamp(64, ROWS) as usize;
        let properties =
            WriterProperties::builder().set_compression(Compression::SNAPPY).set_statistics_enabled(EnabledStatistics::None).build();
        Ok(Self { arrays, schema: Arc::new(Schema::new(fields)), old, step, properties })
    }

    /// Writes a part to a new file.
    pub fn write(&self, path: &Path, part: &Part) -> Result<()> {
        let subjects = self.subjects(part)?;
        let changes: Result<Vec<Overlay>> = part.changes.iter().map(|change| self.overlay(change, part.rows.len())).collect();
        let changes = changes?;
        let file = File::create(path).map_err(|e| Error::io(path, "write the transformed rows", &e))?;
        let create = || ArrowWriter::try_new(file, self.schema.clone(), Some(self.properties.clone()))?.into_serialized_writer();
        let (mut writer, factory) = create().map_err(|e| failed(path, e))?;
        let size = self.step * SLICES;
        for (group, first) in (0..part.rows.len()).step_by(size).enumerate() {
            let last = part.rows.len().min(first + size);
            let mut writers = factory.create_column_writers(group).map_err(|e| failed(path, e))?.into_iter();
            let mut chunks = Vec::new();
            // One column after the other: of a wide table, only one slice of one column is in memory.
            for (at, field) in self.schema.fields().iter().enumerate() {
                let mut leaves: Vec<_> = writers.by_ref().take(leaves(field.data_type())).collect();
                let change = changes.iter().find(|change| change.at == at);
                for from in (first..last).step_by(self.step) {
                    let range = from..last.min(from + self.step);
                    let array = self.column(at, field, &subjects[range.clone()], &part.rows[range.clone()])?;
                    let array = change.map_or(Ok(array.clone()), |change| change.over(&array, &range));
                    let array = array.map_err(|e| self.arrays.internal(field.name(), e))?;
                    let mut write = || -> parquet::errors::Result<()> {
                        let values = compute_leaves(field, &array)?;
                        leaves.iter_mut().zip(&values).try_for_each(|(writer, leaf)| writer.write(leaf))
                    };
                    write().map_err(|e| failed(path, e))?;
                }
                let packed: parquet::errors::Result<Vec<_>> = leaves.into_iter().map(ArrowColumnWriter::close).collect();
                chunks.extend(packed.map_err(|e| failed(path, e))?);
            }
            let append = || -> parquet::errors::Result<()> {
                let mut group = writer.next_row_group()?;
                chunks.into_iter().try_for_each(|chunk| chunk.append_to_row_group(&mut group))?;
                group.close().map(drop)
            };
            append().map_err(|e| failed(path, e))?;
        }
        writer.close().map(drop).map_err(|e| failed(path, e))
    }

    /// The values of a column in some rows, as they are in the shard; text by its dictionary.
    fn column(&self, at: usize, field: &Field, subjects: &[usize], rows: &[u32]) -> Result<ArrayRef> {
        let nulls = || new_null_array(field.data_type(), rows.len());
        match at {
            0 => Ok(Arc::new(subjects.iter().map(|of| Some(self.arrays.ids.value(*of))).collect::<Int64Array>())),
            _ if at < self.old => Ok(self.arrays.chosen(field.name(), rows, subjects)?.unwrap_or_else(nulls)),
            _ => Ok(nulls()),
        }
    }

    /// The patient of each row, as its row number in the shard. Refuses a row of another patient.
    fn subjects(&self, part: &Part) -> Result<Vec<usize>> {
        let wrong = |what: &str| Error::new(Code::Internal, format!("a part of transformed rows {what}"));
        let mut subjects = Vec::with_capacity(part.rows.len());
        if part.patients.len() != part.lengths.len() {
            return Err(wrong("does not have one length per patient"));
        }
        for (&patient, &length) in part.patients.iter().zip(part.lengths) {
            let patient = patient as usize;
            let rows = part
                .rows
                .get(subjects.len()..subjects.len() + length as usize)
                .ok_or_else(|| wrong("has fewer rows than its lengths say"))?;
            if patient >= self.arrays.ids.len() {
                return Err(wrong("has a patient that is not in the shard"));
            }
            let own = self.arrays.offsets[patient].unsigned_abs()..self.arrays.offsets[patient + 1].unsigned_abs();
            if rows.iter().any(|row| *row != NONE && !own.contains(row)) {
                return Err(wrong("has a row of another patient"));
            }
            subjects.resize(subjects.len() + rows.len(), patient);
        }
        if subjects.len() != part.rows.len() {
            return Err(wrong("has more rows than its lengths say"));
        }
        Ok(subjects)
    }

    fn overlay<'a>(&self, change: &Change<'a>, rows: usize) -> Result<Overlay<'a>> {
        let wrong = |what: String| Error::new(Code::Internal, format!("changes of the column {:?}: {what}", change.column));
        let at = self.schema.index_of(change.column).map_err(|e| wrong(e.to_string()))?;
        let fit = change.rows.is_sorted_by(|a, b| a < b) && change.rows.last().is_none_or(|last| (*last as usize) < rows);
        if !fit || change.rows.len() != change.valid.len() {
            return Err(wrong("they do not fit its rows".into()));
        }
        let wide = canonical(self.schema.field(at).data_type()).ok_or_else(|| wrong("a store does not have its type".into()))?;
        let values = change.array(&wide).map_err(|e| wrong(e.to_string()))?;
        if values.len() != change.rows.len() {
            return Err(wrong("they do not fit its rows".into()));
        }
        Ok(Overlay { at, rows: change.rows, values })
    }
}

/// New values of a column.
struct Overlay<'a> {
    at: usize,
    rows: &'a [u32],
    values: ArrayRef,
}

impl Overlay<'_> {
    /// The values of the column in a range of the part's rows, with the new values.
    fn over(&self, array: &ArrayRef, range: &Range<usize>) -> Result<ArrayRef, ArrowError> {
        let first = self.rows.partition_point(|row| (*row as usize) < range.start);
        let last = self.rows.partition_point(|row| (*row as usize) < range.end);
        if first == last {
            return Ok(array.clone());
        }
        let mut from: Vec<(usize, usize)> = (0..array.len()).map(|row| (0, row)).collect();
        for value in first..last {
            from[self.rows[value] as usize - range.start] = (1, value);
        }
        let array = conform(array, self.values.data_type())?;
        interleave(&[&array, &self.values], &from)
    }
}

impl Change<'_> {
    /// The values as an array of a type. Fails if they do not fit it.
    fn array(&self, wide: &DataType) -> Result<ArrayRef, ArrowError> {
        // Nested values cannot be passed from JavaScript. A null is a null of any type.
        if self.valid.iter().all(|valid| *valid == 0) {
            return Ok(new_null_array(wide, self.valid.len()));
        }
        let nulls = Some(NullBuffer::from_iter(self.valid.iter().map(|valid| *valid != 0)));
        let numbers = |values: &[f64]| -> Result<ArrayRef, ArrowError> {
            Ok(Arc::new(Float64Array::try_new(values.to_vec().into(), nulls.clone())?))
        };
        match (&self.values, wide) {
            (NewValues::Numbers(values), DataType::Boolean) => {
                Ok(Arc::new(BooleanArray::new(values.iter().map(|v| *v != 0.0).collect(), nulls)))
            }
            (NewValues::Numbers(values), DataType::Date32 | DataType::Time32(_)) => cast(&cast(&numbers(values)?, &DataType::Int32)?, wide),
            (NewValues::Numbers(values), _) => cast(&numbers(values)?, wide),
            (NewValues::Words(values), DataType::UInt64) => {
                Ok(Arc::new(UInt64Array::try_new(values.iter().map(|value| value.cast_unsigned()).collect(), nulls)?))
            }
            (NewValues::Words(values), _) => {
                let words: ArrayRef = Arc::new(Int64Array::try_new(values.to_vec().into(), nulls)?);
                cast(&words, wide)
            }
            (NewValues::Bytes(offsets, bytes), wide) => {
                let rises =
                    offsets.first() == Some(&0) && offsets.is_sorted() && offsets.last().is_some_and(|end| *end as usize <= bytes.len());
                if !rises {
                    return Err(ArrowError::InvalidArgumentError("the offsets of its values do not rise".into()));
                }
                let (offsets, bytes) = (OffsetBuffer::new(offsets.to_vec().into()), Buffer::from(*bytes));
                let text = || StringArray::try_new(offsets.clone(), bytes.clone(), nulls.clone());
                let wrong = |digits: &str| ArrowError::CastError(format!("{digits:?} is not a whole number"));
                match *wide {
                    DataType::Utf8 => Ok(Arc::new(text()?)),
                    DataType::Decimal128(precision, scale) => {
                        let parse = |digits: Option<&str>| digits.map(|digits| digits.parse().map_err(|_| wrong(digits))).transpose();
                        let values: Decimal128Array = text()?.iter().map(parse).collect::<Result<_, _>>()?;
                        Ok(Arc::new(values.with_precision_and_scale(precision, scale)?))
                    }
                    DataType::Decimal256(precision, scale) => {
                        let parse =
                            |digits: Option<&str>| digits.map(|digits| i256::from_string(digits).ok_or_else(|| wrong(digits))).transpose();
                        let values: Decimal256Array = text()?.iter().map(parse).collect::<Result<_, _>>()?;
                        Ok(Arc::new(values.with_precision_and_scale(precision, scale)?))
                    }
                    _ => {
                        let binaries: ArrayRef = Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?);
                        cast(&binaries, wide)
                    }
                }
            }
        }
    }
}
