//! A mapped shard as Arrow arrays, and its values in any rows.

use crate::arrays::cast::cast;
use crate::source::column::{Column, Columns, Origin, role};
use crate::source::common_type::canonical;
use arrow_array::builder::UInt64Builder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, Int64Array, ListArray, StructArray, UInt32Array, UInt64Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Schema};
use arrow_select::take::take;
use meds_store::manifest::{self, Storage};
use meds_store::types::type_of_name;
use meds_store::{Code, Error, Result, Store};
use std::path::PathBuf;

/// In place of a row number: a row that the shard does not have.
pub const NONE: u32 = u32::MAX;

/// The arrays of a shard.
#[derive(Debug)]
pub struct ShardArrays {
    /// Its file.
    pub path: PathBuf,
    /// The subject of each patient.
    pub ids: Int64Array,
    /// Where the events of each patient begin, and where those of the last one end.
    pub offsets: OffsetBuffer<i32>,
    /// The dense columns.
    pub events: StructArray,
    sparse: Option<StructArray>,
}

impl ShardArrays {
    /// Opens a shard and compares every byte with its checksums. Otherwise damaged bytes would get a valid
    /// checksum when they are written again.
    pub fn open(store: &Store, shard: usize) -> Result<Self> {
        let file = store.shard(shard)?;
        file.check_crc()?;
        let batch = StructArray::from(store.arrow(shard)?);
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| file.corrupt(&format!("has no column \"{name}\"")));
        let lists = column("events")?.as_list::<i32>();
        Ok(Self {
            path: file.path.clone(),
            ids: column("subject_id")?.as_primitive::<Int64Type>().clone(),
            offsets: lists.offsets().clone(),
            events: lists.values().as_struct().clone(),
            sparse: batch.column_by_name("sparse").map(|column| column.as_struct().clone()),
        })
    }

    /// A dense column.
    pub fn dense(&self, column: &str) -> Option<&ArrayRef> {
        self.events.column_by_name(column)
    }

    /// A sparse column: for each patient, a list of rows and values.
    pub fn sparse(&self, column: &str) -> Option<&ArrayRef> {
        self.sparse.as_ref()?.column_by_name(column)
    }

    /// The values of a column in any rows, null for [`NONE`]. `patients` has the patient of each row. `None`
    /// if all values would be null.
    pub fn chosen(&self, column: &str, rows: &[u32], patients: &[usize]) -> Result<Option<ArrayRef>> {
        if let Some(values) = self.dense(column) {
            let rows: UInt32Array = rows.iter().map(|row| (*row != NONE).then_some(*row)).collect();
            return taken(values, &rows).map(Some).map_err(|e| self.internal(column, e));
        }
        let lists = self.sparse(column).ok_or_else(|| self.lost(column))?;
        let own = |(row, patient): (&u32, &usize)| (*patient, (*row != NONE).then(|| (row - self.first(*patient)) as usize));
        let offsets = self.value_offsets(column, lists, rows.iter().zip(patients).map(own))?;
        if offsets.null_count() == rows.len() {
            return Ok(None);
        }
        let values = lists.as_list::<i32>().values().as_struct().column(1);
        taken(values, &offsets).map(Some).map_err(|e| self.internal(column, e))
    }

    /// For each given row, the offset of its value among the values of a sparse column; null if it has none.
    /// A row is given by its patient and its number within the patient.
    pub fn value_offsets(&self, column: &str, lists: &ArrayRef, rows: impl Iterator<Item = (usize, Option<usize>)>) -> Result<UInt64Array> {
        let lists = lists.as_list::<i32>();
        let mut gap = Gap { numbers: Numbers::of(lists), begin: 0, end: 0, at: 0 };
        let mut turned = None;
        let mut offsets = UInt64Builder::with_capacity(rows.size_hint().0);
        for (patient, row) in rows {
            if turned != Some(patient) {
                let own = (self.first(patient + 1) - self.first(patient)) as usize;
                gap.turn(lists.offsets()[patient].unsigned_abs() as usize, lists.offsets()[patient + 1].unsigned_abs() as usize);
                // A value outside of the patient's rows would otherwise be lost silently.
                if let Some(row) = gap.last().filter(|row| *row >= own) {
                    let message = format!(
                        "column {column:?} has a value in row {row} of subject {}, which has fewer rows. Convert the source again with `force` (--force), or restore the store from a backup.",
                        self.ids.value(patient)
                    );
                    return Err(Error::at(Code::Corrupt, &self.path, message));
                }
                turned = Some(patient);
            }
            offsets.append_option(row.and_then(|row| gap.find(row)).map(|offset| offset as u64));
        }
        Ok(offsets.finish())
    }

    /// The first row of a patient.
    fn first(&self, patient: usize) -> u32 {
        self.offsets[patient].unsigned_abs()
    }

    /// The error for a missing column.
    pub fn lost(&self, column: &str) -> Error {
        Error::at(Code::Internal, &self.path, format!("the shard does not have the column {column:?}"))
    }

    /// The error for a column that Arrow cannot copy.
    pub fn internal(&self, column: &str, error: ArrowError) -> Error {
        Error::at(Code::Internal, &self.path, format!("cannot copy column {column:?}: {error}"))
    }
}

/// The numbers of the rows, within their patients, that have a value in a sparse column.
#[derive(Clone, Copy)]
enum Numbers<'a> {
    /// If no patient has more rows than 16 bits can count.
    Narrow(&'a [u16]),
    /// Otherwise.
    Wide(&'a [u32]),
}

impl<'a> Numbers<'a> {
    /// The row numbers of a sparse column.
    fn of(lists: &'a ListArray) -> Self {
        let numbers = lists.values().as_struct().column(0);
        match numbers.as_primitive_opt::<UInt16Type>() {
            Some(numbers) => Self::Narrow(numbers.values()),
            None => Self::Wide(numbers.as_primitive::<UInt32Type>().values()),
        }
    }

    /// The row number of an entry.
    fn at(self, entry: usize) -> usize {
        match self {
            Self::Narrow(numbers) => usize::from(numbers[entry]),
            Self::Wide(numbers) => numbers[entry] as usize,
        }
    }
}

/// Finds rows among those with a value. Rows searched in order cost two comparisons each.
struct Gap<'a> {
    numbers: Numbers<'a>,
    begin: usize,
    end: usize,
    /// The first entry at or after the last searched row.
    at: usize,
}

impl Gap<'_> {
    /// The last row with a value.
    fn last(&self) -> Option<usize> {
        (self.end > self.begin).then(|| self.numbers.at(self.end - 1))
    }

    /// Moves to the entries of a patient.
    fn turn(&mut self, begin: usize, end: usize) {
        (self.begin, self.end, self.at) = (begin, end, begin);
    }

    fn find(&mut self, row: usize) -> Option<usize> {
        let after = |at: usize| at == self.begin || self.numbers.at(at - 1) < row;
        let before = |at: usize| at == self.end || row <= self.numbers.at(at);
        if !(after(self.at) && before(self.at)) {
            let next = self.at + 1;
            self.at = match next <= self.end && after(next) && before(next) {
                true => next,
                false => {
                    let (mut low, mut high) = (self.begin, self.end);
                    while low < high {
                        let middle = usize::midpoint(low, high);
                        if self.numbers.at(middle) < row { low = middle + 1 } else { high = middle }
                    }
                    low
                }
            };
        }
        (self.at < self.end && self.numbers.at(self.at) == row).then_some(self.at)
    }
}

/// Values at some offsets; text keeps its dictionary.
pub fn taken(values: &ArrayRef, offsets: &dyn Array) -> Result<ArrayRef, ArrowError> {
    match values.as_any_dictionary_opt() {
        Some(coded) => decoded(&take(coded.keys(), offsets, None)?, coded.values()),
        None => take(values, offsets, None),
    }
}

/// The columns of a store.
pub fn columns(store: &Store, files: usize) -> Result<Columns> {
    let manifest = store.manifest();
    let schema = (!manifest.shards.is_empty()).then(|| store.shard(0)).transpose()?.map(|shard| &shard.layout.schema);
    // The columns of a shard are found by name.
    let roots = vec![Some(Origin::Root { root: 0, values: None }); files];
    let list = manifest.columns.iter().map(|column| {
        // A store without patients has no shard whose schema could be read.
        let stored = match schema {
            Some(schema) => stored_type(schema, column),
            None => type_of_name(&column.stored).as_ref().and_then(canonical),
        };
        let wide = stored.ok_or_else(|| {
            let message = format!("column {:?}: the type {} cannot be derived from its name alone.", column.name, column.stored);
            Error::at(Code::ColumnType, store.root(), message)
        })?;
        let source_type = type_of_name(&column.source_type).unwrap_or_else(|| wide.clone());
        Ok(Column { name: column.name.clone(), role: role(&column.name), source_type, wide, roots: roots.clone() })
    });
    Ok(Columns { subjects: roots.clone(), list: list.collect::<Result<_>>()? })
}

/// The type of a column's values in the shards.
fn stored_type(schema: &Schema, column: &manifest::Column) -> Option<DataType> {
    let below = |of: &DataType, name: &str| match of {
        DataType::Struct(fields) => fields.iter().find(|field| field.name() == name).map(|field| field.data_type().clone()),
        _ => None,
    };
    let item = |of: DataType| match of {
        DataType::List(item) => Some(item.data_type().clone()),
        _ => None,
    };
    let top = |name: &str| schema.field_with_name(name).ok().map(|field| field.data_type().clone());
    let stored = match column.storage {
        Storage::Dense => below(&item(top("events")?)?, &column.name),
        Storage::Sparse => below(&item(below(&top("sparse")?, &column.name)?)?, "value"),
    };
    stored.map(|stored| match stored {
        DataType::Dictionary(_, values) => *values,
        plain => plain,
    })
}

/// The values of some keys. Text stays coded, with the shard's dictionary.
pub fn decoded(keys: &ArrayRef, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match values.data_type() {
        DataType::Utf8 => {
            let keys = cast(keys, &DataType::Int32)?.as_primitive::<Int32Type>().clone();
            Ok(std::sync::Arc::new(DictionaryArray::try_new(keys, values.clone())?))
        }
        _ => take(values, &cast(keys, &DataType::UInt32)?, None),
    }
}
