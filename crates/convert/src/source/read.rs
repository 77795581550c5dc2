//! Reads one column of one row group, batch by batch, in the type that the store has.

use crate::arrays::cast::cast;
use crate::source::column::{Column, Origin, Role, or_exclude};
use crate::source::common_type::conform;
use crate::source::content::{Batch, Batches, Opened, ROWS, damaged};
use crate::source::files::SourceFile;
use crate::source::folders;
use crate::source::texts::Texts;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray, TimestampMicrosecondArray, cast::AsArray};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use meds_store::{Code, Error, Result};
use std::sync::Arc;

/// One value in all rows of a group.
struct Repeated {
    batch: Batch,
    left: usize,
}

impl Batches for Repeated {
    fn next(&mut self) -> Result<Option<Batch>> {
        let rows = self.left.min(self.batch.len());
        self.left -= rows;
        Ok((rows > 0).then(|| self.batch.slice(0, rows)))
    }
}

/// Batches of one column of one group of a file.
pub struct Reader<'a> {
    file: &'a SourceFile,
    group: usize,
    column: &'a Column,
    opened: Opened<'a>,
    left: u64,
    /// The type of the values that the file really has, if that is less than it declares.
    values: Option<&'a DataType>,
}

impl<'a> Reader<'a> {
    /// Opens `column` of a group. `at` is the index of the file in the source.
    pub fn open(file: &'a SourceFile, at: usize, group: usize, column: &'a Column) -> Result<Self> {
        let left = file.rows(group);
        let rows = left.min(ROWS) as usize;
        let repeated = |batch: Batch| Opened { batches: Box::new(Repeated { batch, left: left as usize }), bytes: 0, unproven: false };
        let mut values = None;
        let opened = match &column.roots[at] {
            None => repeated(Batch::Nulls(rows)),
            Some(Origin::Folder(value)) => {
                let internal = |e: ArrowError| Error::at(Code::Internal, &file.path, e.to_string());
                repeated(Batch::Array(folders::repeated(value, rows).map_err(internal)?))
            }
            Some(Origin::Root { root, values: less }) => {
                values = less.as_ref();
                file.content.open(group, *root, column, less.is_none())?
            }
        };
        Ok(Self { file, group, column, opened, left, values })
    }

    /// Approximate bytes on disk of a number of rows.
    pub fn bytes_of(&self, rows: u64) -> u64 {
        (self.opened.bytes * rows).checked_div(self.file.rows(self.group)).unwrap_or(0)
    }

    /// The next batch; `None` at the end, after exactly as many rows as the footer says.
    pub fn next(&mut self) -> Result<Option<Batch>> {
        let Some(batch) = self.opened.batches.next()? else {
            return match self.left {
                0 => Ok(None),
                left => Err(self.damaged(&format!("{left} of its rows are missing"))),
            };
        };
        self.left = self.left.checked_sub(batch.len() as u64).ok_or_else(|| self.damaged("it has more rows than its row group"))?;
        match batch {
            Batch::Array(array) if self.column.wide != DataType::Null => self.converted(&array).map(Some),
            batch => Ok(Some(Batch::Nulls(batch.len()))),
        }
    }

    /// Values in the form in which they are returned.
    fn converted(&self, array: &ArrayRef) -> Result<Batch> {
        let proof = if self.opened.unproven { array.to_data().validate_full() } else { Ok(()) };
        let array = proof.and_then(|()| match self.values {
            Some(values) => conform(array, values),
            None => Ok(array.clone()),
        });
        let converted = array.and_then(|array| convert(&array, self.column)).map_err(|e| {
            let name = &self.column.name;
            let or_exclude = or_exclude(name);
            let message = format!("column {name:?}, row group {}: a value cannot be stored: {e}. Fix the value{or_exclude}.", self.group);
            Error::at(Code::ValueRange, &self.file.path, message)
        })?;
        Ok(Batch::Array(converted))
    }

    fn damaged(&self, what: &str) -> Error {
        damaged(&self.file.path, self.group, &self.column.name, what)
    }
}

fn convert(array: &ArrayRef, column: &Column) -> Result<ArrayRef, ArrowError> {
    match (column.role, &column.wide) {
        (Role::Time, _) => Ok(Arc::new(micros(array)?.0)),
        (_, DataType::Utf8) if Texts::of(array).is_some() => Ok(array.clone()),
        (_, DataType::Utf8) => cast(array, &DataType::Utf8View),
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
    let array = match array.data_type() {
        DataType::Dictionary(_, value) => cast(array, value)?,
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
        _ => cast(&array, &DataType::Timestamp(TimeUnit::Microsecond, None))?.as_primitive().clone(),
    };
    Ok((values, 0))
}
