//! The tables of codes: the codes of the events with their columns of `codes.parquet`, and their ancestors
//! without events.

use crate::arrays::cast::cast;
use crate::source::children::children;
use crate::source::common_type::{canonical, conform};
use crate::source::dataset::broken;
use crate::source::files::Source;
use crate::source::metadata::{find, strings, table};
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, UInt64Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use arrow_select::take::take;
use meds_store::manifest::Note;
use meds_store::types::type_name;
use meds_store::{Code, Error, Result};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// The tables of codes of a store.
pub struct Codes {
    /// The table of codes: one row per code id.
    pub used: RecordBatch,
    /// The ancestors: codes without events that codes with events reach through `parent_codes`, with their
    /// parents. `None` where there are none.
    pub ancestors: Option<RecordBatch>,
}

/// Makes the tables of codes. `codes` begins with the unused entry 0. `counts` are the events and patients of
/// the other entries, in order.
pub fn tables(source: &Source, codes: &StringArray, counts: &[(u64, u64)], notes: &mut Vec<Note>) -> Result<Codes> {
    let count = |of: fn(&(u64, u64)) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(std::iter::once(0).chain(counts.iter().map(of).map(|n| n as i64))))
    };
    let mut fields = vec![
        Field::new("code", codes.data_type().clone(), false),
        Field::new("events", DataType::Int64, false),
        Field::new("patients", DataType::Int64, false),
    ];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(codes.clone()), count(|c| c.0), count(|c| c.1)];
    let ancestors = match find(source, "codes.parquet") {
        Some(path) => described(path, codes, &mut fields, &mut columns, notes)?,
        None => None,
    };
    Ok(Codes { used: RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(internal)?, ancestors })
}

fn internal(error: ArrowError) -> Error {
    Error::new(Code::Internal, format!("cannot make the table of codes: {error}"))
}

/// The rows of each code in `codes.parquet`, in the file's order. Modifiers can make several rows per code.
type Rows<'a> = HashMap<&'a str, Vec<u64>>;

/// Adds the columns of `codes.parquet`, in the order of the code ids. Returns the ancestors without events.
fn described(
    path: &Path,
    codes: &StringArray,
    fields: &mut Vec<Field>,
    columns: &mut Vec<ArrayRef>,
    notes: &mut Vec<Note>,
) -> Result<Option<RecordBatch>> {
    let (table, undecodable) = table(path)?;
    let names = strings(&table, "code", path)?;
    let names = names.as_string::<i32>();
    let mut rows = Rows::new();
    for (row, name) in (0..).zip(names.iter()) {
        if let Some(name) = name {
            rows.entry(name).or_default().push(row);
        }
    }
    let used: Vec<&str> = codes.iter().skip(1).flatten().collect();
    counted(&used, &rows, notes);
    for (name, why) in undecodable {
        let message = format!("column {name:?} of codes.parquet: left out, because its type cannot be decoded ({why})");
        notes.push(Note { kind: "warning".into(), message, count: 1 });
    }
    let mut ancestors = None;
    for (field, column) in table.schema().fields().iter().zip(table.columns()).filter(|(field, _)| field.name() != "code") {
        let name = field.name();
        let mut note = |message| notes.push(Note { kind: "warning".into(), message, count: 1 });
        if fields.iter().any(|known| known.name() == name) {
            note(format!("column {name:?} of codes.parquet: left out, because the table of codes has its own column of that name"));
            continue;
        }
        let Some((target, column)) = target(field, column) else {
            let kind = type_name(field.data_type());
            note(format!("column {name:?} of codes.parquet: left out, because the table of codes cannot contain values of type {kind}"));
            continue;
        };
        let failed = |e| broken(path, format!("column {name:?}: {e}"));
        let values = conform(&column, &target).map_err(failed)?;
        // Entry 0 is not a code.
        columns.push(if name == "parent_codes" {
            let parents = Parents { rows: &rows, lists: values.as_list() };
            ancestors = parents.above(&used)?;
            Arc::new(parents.of(std::iter::once("").chain(used.iter().copied()), 1))
        } else {
            let pick = |code: &&str| rows.get(code)?.iter().copied().find(|row| values.is_valid(*row as usize));
            let picked: UInt64Array = std::iter::once(None).chain(used.iter().map(pick)).collect();
            take(&values, &picked, None).map_err(failed)?
        });
        fields.push(Field::new(name, target, true));
    }
    Ok(ancestors)
}

/// Adds notes about codes without a row in `codes.parquet`, and about codes with several rows.
fn counted(used: &[&str], rows: &Rows, notes: &mut Vec<Note>) {
    let missing = used.iter().filter(|code| !rows.contains_key(*code)).count();
    let several = rows.values().filter(|rows| rows.len() > 1).count();
    for (message, count) in [
        ("codes that events have, but that are missing in codes.parquet", missing),
        (
            "codes with several rows in codes.parquet: parents are taken from all rows, other columns from the first row that has a value",
            several,
        ),
    ] {
        if count > 0 {
            notes.push(Note { kind: "warning".into(), message: message.into(), count: count as u64 });
        }
    }
}

/// The parents of each code of `codes.parquet`.
struct Parents<'a> {
    rows: &'a Rows<'a>,
    lists: &'a ListArray,
}

impl<'a> Parents<'a> {
    /// The parents that each row of a code lists, without rows whose list is null.
    fn listed(&self, code: &str) -> impl Iterator<Item = impl Iterator<Item = Option<&'a str>>> {
        let lists = self.lists;
        let (texts, offsets) = (lists.values().as_string::<i32>(), lists.value_offsets());
        let rows = self.rows.get(code).map(Vec::as_slice).unwrap_or_default().iter().map(|row| *row as usize);
        let bounds = move |row: usize| offsets[row].unsigned_abs() as usize..offsets[row + 1].unsigned_abs() as usize;
        rows.filter(|row| lists.is_valid(*row)).map(move |row| bounds(row).map(|at| texts.is_valid(at).then(|| texts.value(at))))
    }

    /// The list of parents of each code. For a code with several rows it has all their parents, each once. It
    /// is null where no row has a list, and for the first `unused` codes.
    fn of<'b>(&self, codes: impl Iterator<Item = &'b str>, unused: usize) -> ListArray {
        let mut lists = ListBuilder::new(StringBuilder::new());
        for (at, code) in codes.enumerate() {
            let mut known = HashSet::new();
            let mut rows = 0;
            for list in self.listed(code).filter(|_| at >= unused) {
                rows += 1;
                // The list of a single row is kept as it is.
                list.filter(|parent| known.insert(*parent) || rows == 1).for_each(|parent| lists.values().append_option(parent));
            }
            lists.append(rows > 0);
        }
        lists.finish()
    }

    /// The ancestors, over any number of steps, that are not among `used` and have parents. They are ordered
    /// by their bytes and come with their parents.
    fn above(&self, used: &[&str]) -> Result<Option<RecordBatch>> {
        let mut seen: HashSet<&str> = used.iter().copied().collect();
        let mut next = used.to_vec();
        let mut found = BTreeSet::new();
        while let Some(code) = next.pop() {
            for parent in self.listed(code).flatten().flatten().filter(|parent| seen.insert(parent)) {
                next.push(parent);
                if self.listed(parent).flatten().flatten().next().is_some() {
                    found.insert(parent);
                }
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let parents = self.of(found.iter().copied(), 0);
        let fields = vec![Field::new("code", DataType::Utf8, false), Field::new("parent_codes", parents.data_type().clone(), true)];
        let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from_iter_values(found)), Arc::new(parents)];
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map(Some).map_err(internal)
    }
}

/// The type for a column of `codes.parquet`, and the column ready for the conversion to it. MEDS's own
/// columns are text and lists of text.
pub fn target(field: &Field, column: &ArrayRef) -> Option<(DataType, ArrayRef)> {
    let found = canonical(field.data_type())?;
    let plain = children(&found).is_empty();
    match (field.name().as_str(), &found) {
        ("description", _) => plain.then(|| (DataType::Utf8, column.clone())),
        // A column without values can have any type.
        ("parent_codes", _) if column.logical_null_count() == column.len() => {
            Some((DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))), column.clone()))
        }
        ("parent_codes", DataType::List(item)) if children(item.data_type()).is_empty() => {
            Some((DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))), column.clone()))
        }
        // A single parent becomes a list of one.
        ("parent_codes", DataType::Utf8) => {
            let item = Arc::new(Field::new("item", DataType::Utf8, true));
            let texts = cast(column, &DataType::Utf8).ok()?;
            let list = ListArray::try_new(item, OffsetBuffer::from_repeated_length(1, texts.len()), texts, None).ok()?;
            Some((list.data_type().clone(), Arc::new(list)))
        }
        ("parent_codes", _) => None,
        _ => Some((found, column.clone())),
    }
}
