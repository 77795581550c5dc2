//! The columns of a table in memory, batch by batch.

use crate::source::common_type::conform;
use crate::source::texts::Texts;
use crate::table::kind::ColumnType;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float64Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType, TimeUnit};
use std::collections::HashMap;
use std::ops::Range;

/// Stands for null among the values of [`TableValues::Truths`].
pub const NO_TRUTH: u8 = 255;

/// A table. Its columns are in the order of the wanted columns.
#[derive(Debug, Default)]
pub struct Table {
    /// Number of rows.
    pub rows: usize,
    /// `None` for a column that the file does not have, or that has no value and another type.
    pub columns: Vec<Option<TableColumn>>,
}

/// A column.
#[derive(Debug)]
pub struct TableColumn {
    /// Rows without a value.
    pub nulls: usize,
    /// 1 for each row that has a value; `None` where all rows have one, and for values that say null
    /// themselves.
    pub valid: Option<Vec<u8>>,
    /// The values. What is in a null's place means nothing.
    pub values: TableValues,
}

/// The values of a column.
#[derive(Debug)]
pub enum TableValues {
    /// Integers and times.
    Integers(Vec<i64>),
    /// Floating-point numbers.
    Floats(Vec<f64>),
    /// 0, 1, or 255 for null.
    Truths(Vec<u8>),
    /// Text: for each row the index of its text, -1 for null; and the texts in the order in which they first
    /// occur.
    Texts(Vec<i32>, Vec<String>),
    /// Lists of text: the start of each row's list and the end of the last one; then as for text. Null is an
    /// empty list.
    Lists(Vec<i32>, Vec<i32>, Vec<String>),
    /// Lists of numbers: the start of each row's list and the end of the last one; then the numbers, NaN for null. Null is
    /// an empty list.
    Numbers(Vec<i32>, Vec<f64>),
}

/// Why a batch cannot be taken in.
pub enum Refused {
    /// A value, and its row in the batch, does not fit int64.
    Range(usize, String),
    /// The values have a type that they cannot have.
    Type(ArrowError),
}

impl From<ArrowError> for Refused {
    fn from(error: ArrowError) -> Self {
        Self::Type(error)
    }
}

/// A column that is being read. Only the arrays of its type are filled.
#[derive(Default)]
pub struct Column {
    words: Vec<i64>,
    floats: Vec<f64>,
    truths: Vec<u8>,
    indexes: Vec<i32>,
    offsets: Vec<i32>,
    texts: Interned,
    validity: Validity,
}

impl Column {
    /// Adds a batch.
    pub fn add(&mut self, kind: ColumnType, array: &ArrayRef) -> Result<(), Refused> {
        match kind {
            ColumnType::Integer => self.integers(array),
            ColumnType::Time => self.times(array),
            ColumnType::Float => self.floats(array),
            ColumnType::Boolean => self.truths(array),
            ColumnType::Text | ColumnType::AnyText => self.texts(array),
            ColumnType::Lists => self.lists(array),
            ColumnType::Numbers => self.numbers(array),
        }
    }

    /// The column, complete.
    pub fn finished(mut self, kind: ColumnType) -> TableColumn {
        let values = match kind {
            ColumnType::Integer | ColumnType::Time => TableValues::Integers(self.words),
            ColumnType::Float => TableValues::Floats(self.floats),
            ColumnType::Boolean => TableValues::Truths(self.truths),
            ColumnType::Text | ColumnType::AnyText => TableValues::Texts(self.indexes, self.texts.texts),
            ColumnType::Lists => {
                self.offsets.insert(0, 0);
                TableValues::Lists(self.offsets, self.indexes, self.texts.texts)
            }
            ColumnType::Numbers => {
                self.offsets.insert(0, 0);
                TableValues::Numbers(self.offsets, self.floats)
            }
        };
        TableColumn { nulls: self.validity.nulls, valid: self.validity.valid, values }
    }

    /// Adds whole numbers.
    fn integers(&mut self, array: &ArrayRef) -> Result<(), Refused> {
        if let Some(large) = array.as_primitive_opt::<UInt64Type>()
            && let Some(row) = (0..large.len()).find(|row| large.is_valid(*row) && i64::try_from(large.value(*row)).is_err())
        {
            return Err(Refused::Range(row, large.value(row).to_string()));
        }
        let array = conform(array, &DataType::Int64)?;
        self.words.extend_from_slice(array.as_primitive::<Int64Type>().values());
        self.validity.add(array.nulls(), array.len());
        Ok(())
    }

    /// Adds times. Nanoseconds are rounded down: a prediction time that is later by less than a microsecond
    /// admits the same rows.
    fn times(&mut self, array: &ArrayRef) -> Result<(), Refused> {
        const DAY: i64 = 86_400_000_000;
        let values = &mut self.words;
        let mut scaled = |value: &dyn Fn(usize) -> i64, factor: i64| {
            for row in 0..array.len() {
                match (array.is_valid(row), value(row).checked_mul(factor)) {
                    (true, Some(micros)) => values.push(micros),
                    (true, None) => return Err(Refused::Range(row, (i128::from(value(row)) * i128::from(factor)).to_string())),
                    (false, _) => values.push(0),
                }
            }
            Ok(())
        };
        match array.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                values.extend_from_slice(array.as_primitive::<TimestampMicrosecondType>().values());
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                let nanos: &PrimitiveArray<TimestampNanosecondType> = array.as_primitive();
                values.extend(nanos.values().iter().map(|nanos| nanos.div_euclid(1000)));
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                let millis = array.as_primitive::<TimestampMillisecondType>().values();
                scaled(&|row| millis[row], 1000)?;
            }
            DataType::Timestamp(TimeUnit::Second, _) => {
                let seconds = array.as_primitive::<TimestampSecondType>().values();
                scaled(&|row| seconds[row], 1_000_000)?;
            }
            DataType::Date32 => {
                let days = array.as_primitive::<Date32Type>().values();
                scaled(&|row| i64::from(days[row]), DAY)?;
            }
            other => return Err(ArrowError::CastError(format!("{other} is not a type of times")).into()),
        }
        self.validity.add(array.nulls(), array.len());
        Ok(())
    }

    /// Adds floating-point numbers.
    fn floats(&mut self, array: &ArrayRef) -> Result<(), Refused> {
        let array = conform(array, &DataType::Float64)?;
        self.floats.extend_from_slice(array.as_primitive::<Float64Type>().values());
        self.validity.add(array.nulls(), array.len());
        Ok(())
    }

    /// Adds truth values.
    fn truths(&mut self, array: &ArrayRef) -> Result<(), Refused> {
        let array = conform(array, &DataType::Boolean)?;
        self.truths.extend(array.as_boolean().iter().map(|value| value.map_or(NO_TRUTH, u8::from)));
        self.validity.nulls += array.null_count();
        Ok(())
    }

    /// Adds texts, as [`Texts`] takes them, or single values of any other type.
    fn texts(&mut self, array: &ArrayRef) -> Result<(), Refused> {
        let (indexes, interned) = (&mut self.indexes, &mut self.texts);
        let plain = match Texts::of(array) {
            None | Some(Texts::Bytes(_)) => Some(conform(&conform(array, &DataType::Utf8)?, &DataType::Utf8View)?),
            _ => None,
        };
        let array = plain.as_ref().unwrap_or(array);
        let before = indexes.len();
        match Texts::of(array) {
            Some(Texts::Coded(coded)) => {
                let mut known: Vec<Option<i32>> = vec![None; coded.values.len()];
                for row in 0..array.len() {
                    indexes.push(match coded.key(row) {
                        None => -1,
                        Some(key) => match known[key] {
                            Some(index) => index,
                            None => *known[key].insert(interned.index(coded.values.value(key))?),
                        },
                    });
                }
            }
            Some(Texts::View(views)) => {
                for text in views.iter() {
                    indexes.push(text.map_or(Ok(-1), |text| interned.index(text))?);
                }
            }
            _ => return Err(ArrowError::CastError(format!("{} is not a type of texts", array.data_type())).into()),
        }
        self.validity.nulls += indexes[before..].iter().filter(|index| **index < 0).count();
        Ok(())
    }

    /// Adds lists, or single values as lists of one.
    fn lists(&mut self, array: &ArrayRef) -> Result<(), Refused> {
        let (items, ranges) = lists(array, &DataType::Utf8)?;
        let items = items.as_string::<i32>();
        for range in ranges {
            for at in range.filter(|at| items.is_valid(*at)) {
                self.indexes.push(self.texts.index(items.value(at))?);
            }
            self.offsets.push(i32::try_from(self.indexes.len()).map_err(|_| too_many())?);
        }
        Ok(())
    }

    /// Adds lists of numbers, or single numbers as lists of one.
    fn numbers(&mut self, array: &ArrayRef) -> Result<(), Refused> {
        let (items, ranges) = lists(array, &DataType::Float64)?;
        let items = items.as_primitive::<Float64Type>();
        let number = |at| if items.is_valid(at) { items.value(at) } else { f64::NAN };
        for range in ranges {
            self.floats.extend(range.map(number));
            self.offsets.push(i32::try_from(self.floats.len()).map_err(|_| too_many())?);
        }
        Ok(())
    }
}

/// The items of lists, and those of each row. Single values are lists of one, null is an empty list.
fn lists(array: &ArrayRef, of: &DataType) -> Result<(ArrayRef, impl Iterator<Item = Range<usize>>), Refused> {
    let (items, bounds) = match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            (conform(list.values(), of)?, Some(list.offsets().clone()))
        }
        _ => (conform(array, of)?, None),
    };
    let nulls = array.nulls().cloned();
    let range = move |row: usize| match &bounds {
        _ if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) => 0..0,
        None => row..row + 1,
        Some(bounds) => bounds[row].unsigned_abs() as usize..bounds[row + 1].unsigned_abs() as usize,
    };
    Ok((items, (0..array.len()).map(range)))
}

fn too_many() -> ArrowError {
    ArrowError::CastError("it has more than 2^31 values".into())
}

/// Which rows have a value.
#[derive(Default)]
struct Validity {
    rows: usize,
    nulls: usize,
    valid: Option<Vec<u8>>,
}

impl Validity {
    fn add(&mut self, nulls: Option<&NullBuffer>, rows: usize) {
        match (nulls.filter(|nulls| nulls.null_count() > 0), &mut self.valid) {
            (None, None) => {}
            (None, Some(valid)) => valid.resize(self.rows + rows, 1),
            (Some(nulls), known) => {
                let before = self.rows;
                known.get_or_insert_with(|| vec![1; before]).extend(nulls.iter().map(u8::from));
                self.nulls += nulls.null_count();
            }
        }
        self.rows += rows;
    }
}

/// Texts, each once, in the order in which they first occur.
#[derive(Default)]
struct Interned {
    known: HashMap<String, i32>,
    texts: Vec<String>,
}

impl Interned {
    fn index(&mut self, text: &str) -> Result<i32, ArrowError> {
        if let Some(index) = self.known.get(text) {
            return Ok(*index);
        }
        let index = i32::try_from(self.texts.len()).map_err(|_| too_many())?;
        self.known.insert(text.into(), index);
        self.texts.push(text.into());
        Ok(index)
    }
}
