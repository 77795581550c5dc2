//! Finds the types of the values that a column really has. If a column has no values, the type that its
//! writer declared (int32, double, text, bytes) means nothing.

use crate::source::children::{children, items};
use crate::source::column::{Column, Origin, Role};
use crate::source::common_type::join;
use crate::source::content::Batch;
use crate::source::files::SourceFile;
use crate::source::read::Reader;
use arrow_array::{Array, ArrayRef, cast::AsArray};
use arrow_schema::{DataType, Field};
use meds_store::Result;
use parquet::file::metadata::ParquetMetaData;
use rayon::prelude::*;
use std::sync::Arc;

/// The type `declared` of a root column, with [`DataType::Null`] in place of all parts that have no value
/// according to the footer.
pub fn by_statistics(file: &SourceFile, root: usize, declared: Option<DataType>) -> Option<DataType> {
    let Some(footer) = file.content.parquet() else { return declared };
    if (0..file.groups()).all(|group| file.rows(group) == 0) {
        return Some(DataType::Null);
    }
    let descriptor = footer.file_metadata().schema_descr();
    let leaves = (0..descriptor.num_columns()).filter(|&leaf| descriptor.get_column_root_idx(leaf) == root);
    let empty: Vec<bool> = leaves.map(|leaf| is_empty(footer, leaf)).collect();
    match declared {
        Some(declared) if leaf_count(&declared) == empty.len() => Some(without(&declared, &mut empty.into_iter())),
        // A leaf that is itself a root column, of a type that a store does not have.
        None if empty == [true] && descriptor.root_schema().get_fields()[root].is_primitive() => Some(DataType::Null),
        declared => declared,
    }
}

/// Whether all row groups say that a leaf has no value.
fn is_empty(footer: &ParquetMetaData, leaf: usize) -> bool {
    footer.row_groups().iter().map(|group| group.column(leaf)).all(|chunk| {
        let nulls = chunk.statistics().and_then(|statistics| statistics.null_count_opt());
        chunk.num_values() == 0 || nulls == u64::try_from(chunk.num_values()).ok()
    })
}

fn leaf_count(data_type: &DataType) -> usize {
    match children(data_type) {
        inner if inner.is_empty() => 1,
        inner => inner.into_iter().map(leaf_count).sum(),
    }
}

/// The type with Null in place of the empty leaves.
fn without(data_type: &DataType, empty: &mut impl Iterator<Item = bool>) -> DataType {
    let mut inner = |field: &Arc<Field>| Arc::new(Field::clone(field).with_data_type(without(field.data_type(), empty)));
    match data_type {
        DataType::List(item) => DataType::List(inner(item)),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        leaf => match empty.next() {
            Some(true) => DataType::Null,
            _ => leaf.clone(),
        },
    }
}

/// The same from the rows, read until every declared part has a value.
pub fn by_reading(file: &SourceFile, root: usize, declared: Option<DataType>) -> Result<Option<DataType>> {
    let wide = declared.clone().unwrap_or_else(|| file.schema.field(root).data_type().clone());
    let roots = vec![Some(Origin::Root { root, values: None })];
    let name = file.schema.field(root).name().clone();
    let column = Column { name, role: Role::Extra, source_type: wide.clone(), wide: wide.clone(), roots };
    let of_group = |group: usize| -> Result<DataType> {
        let mut found = DataType::Null;
        let mut reader = Reader::open(file, 0, group, &column)?;
        while found != wide
            && let Some(batch) = reader.next()?
        {
            if let Batch::Array(array) = batch {
                found = join(&found, &observed(&array, &wide)).unwrap_or_else(|| wide.clone());
            }
        }
        Ok(found)
    };
    let of_groups: Result<Vec<_>> = (0..file.groups()).into_par_iter().map(of_group).collect();
    let found = of_groups?.iter().try_fold(DataType::Null, |all, some| join(&all, some)).unwrap_or(wide);
    Ok(if found == DataType::Null { Some(found) } else { declared.map(|_| found) })
}

/// The parts of a type that have values in an array, with Null in place of the others.
fn observed(array: &ArrayRef, data_type: &DataType) -> DataType {
    if array.logical_null_count() == array.len() {
        return DataType::Null;
    }
    let inner = |field: &Arc<Field>, array: &ArrayRef| Arc::new(Field::clone(field).with_data_type(observed(array, field.data_type())));
    match data_type {
        DataType::List(item) => DataType::List(inner(item, &items(array).0)),
        DataType::Map(entries, sorted) => {
            let entries_array = items(array).0;
            let pair = match entries.data_type() {
                DataType::Struct(fields) => fields.iter().zip(entries_array.as_struct().columns()).map(|(f, a)| inner(f, a)).collect(),
                _ => return data_type.clone(),
            };
            DataType::Map(Arc::new(Field::clone(entries).with_data_type(DataType::Struct(pair))), *sorted)
        }
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().zip(array.as_struct().columns()).map(|(field, array)| inner(field, array)).collect())
        }
        leaf => leaf.clone(),
    }
}
