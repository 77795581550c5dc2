//! The table of codes: what the events use, and what `codes.parquet` says about it.

use crate::common::{canonical, conform};
use crate::metadata::{broken, find, strings, table};
use crate::source::{Footer, Source};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema};
use arrow_select::take::take;
use meds_store::manifest::Note;
use meds_store::types::type_name;
use meds_store::{Code, Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// A batch with a row a code id. `codes` has the unused slot 0; `counts` are events and patients of the others, by slot.
pub fn batch(source: &Source, codes: &StringArray, counts: &[(u64, u64)], notes: &mut Vec<Note>) -> Result<RecordBatch> {
    let count = |of: fn(&(u64, u64)) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(std::iter::once(0).chain(counts.iter().map(of).map(|n| n as i64))))
    };
    let mut fields = vec![
        Field::new("code", codes.data_type().clone(), false),
        Field::new("events", DataType::Int64, false),
        Field::new("patients", DataType::Int64, false),
    ];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(codes.clone()), count(|c| c.0), count(|c| c.1)];
    described(source, codes, &mut fields, &mut columns, notes)?;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| Error::new(Code::Internal, format!("the table of codes: {e}")))
}

/// Adds the columns of `codes.parquet`, brought into the order of the ids.
fn described(
    source: &Source,
    codes: &StringArray,
    fields: &mut Vec<Field>,
    columns: &mut Vec<ArrayRef>,
    notes: &mut Vec<Note>,
) -> Result<()> {
    let Some(path) = find(source, "codes.parquet") else { return Ok(()) };
    let table = table(path)?;
    let names = strings(&table, "code", path)?;
    let names = names.as_string::<i32>();
    // Rows of a code, in the file's order: modifiers can give a code several.
    let mut rows: HashMap<&str, Vec<u64>> = HashMap::new();
    for (row, name) in (0..).zip(names.iter()) {
        if let Some(name) = name {
            rows.entry(name).or_default().push(row);
        }
    }
    let known = codes.iter().skip(1).flatten().filter(|code| rows.contains_key(code)).count();
    let missing = codes.len().saturating_sub(1) - known;
    let several = rows.values().filter(|rows| rows.len() > 1).count();
    let mut note = |message: String, count: usize| {
        if count > 0 {
            notes.push(Note { kind: "warning".into(), message, count: count as u64 });
        }
    };
    note("codes of the events that codes.parquet does not have".into(), missing);
    note("codes with several rows in codes.parquet: of each column the first value that is not null was taken".into(), several);
    let footer = Footer::read(path)?;
    for (root, why) in &footer.undecodable {
        note(
            format!(
                "column {:?} of codes.parquet: it is not read, because its type cannot be decoded ({why})",
                footer.schema.field(*root).name()
            ),
            1,
        );
    }
    for (field, column) in table.schema().fields().iter().zip(table.columns()) {
        if field.name() == "code" {
            continue;
        }
        if fields.iter().any(|known| known.name() == field.name()) {
            note(format!("column {:?} of codes.parquet: the table of codes has a column of that name of its own", field.name()), 1);
            continue;
        }
        let Some((target, column)) = target(field, column) else {
            let kind = type_name(field.data_type());
            note(format!("column {:?} of codes.parquet: values of type {kind} have no place in the table of codes", field.name()), 1);
            continue;
        };
        let values = conform(&column, &target).map_err(|e| broken(path, format!("column {:?}: {e}", field.name())))?;
        let pick = |code: Option<&str>| -> Option<u64> {
            let rows = rows.get(code?)?;
            rows.iter().copied().find(|row| values.is_valid(*row as usize))
        };
        // Slot 0 is no code.
        let picked: UInt64Array = std::iter::once(None).chain(codes.iter().skip(1).map(pick)).collect();
        let column = take(&values, &picked, None).map_err(|e| broken(path, format!("column {:?}: {e}", field.name())))?;
        fields.push(Field::new(field.name(), target, true));
        columns.push(column);
    }
    Ok(())
}

/// The type that a column of `codes.parquet` gets, and the column ready to be brought to it. MEDS's own columns are text and lists of text.
pub fn target(field: &Field, column: &ArrayRef) -> Option<(DataType, ArrayRef)> {
    let found = canonical(field.data_type())?;
    let plain = crate::extent::children(&found).is_empty();
    match (field.name().as_str(), &found) {
        ("description", _) => plain.then(|| (DataType::Utf8, column.clone())),
        // A column without a value has no type of its own.
        ("parent_codes", _) if column.logical_null_count() == column.len() => {
            Some((DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))), column.clone()))
        }
        ("parent_codes", DataType::List(item)) if crate::extent::children(item.data_type()).is_empty() => {
            Some((DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))), column.clone()))
        }
        // A single parent is a list of one.
        ("parent_codes", DataType::Utf8) => {
            let list = DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)));
            Some((list.clone(), cast(&cast(column, &DataType::Utf8).ok()?, &list).ok()?))
        }
        ("parent_codes", _) => None,
        _ => Some((found, column.clone())),
    }
}
