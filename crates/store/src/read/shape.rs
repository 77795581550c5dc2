//! Checks that the files have the columns that the format and the manifest require.

use super::Found;
use super::footer::Layout;
use crate::layout::Node;
use crate::manifest::{Column, Manifest, Storage};
use crate::types::type_name;
use arrow_schema::{DataType, Field};

const PATIENTS: [(&str, &str); 7] = [
    ("subject_id", "int64"),
    ("shard", "uint32"),
    ("row", "uint32"),
    ("events", "uint32"),
    ("static_events", "uint32"),
    ("first_time", "timestamp[us]"),
    ("last_time", "timestamp[us]"),
];
const CODES: [(&str, &str); 3] = [("code", "utf8"), ("events", "int64"), ("patients", "int64")];
const ANCESTORS: [(&str, &str); 2] = [("code", "utf8"), ("parent_codes", "list<utf8>")];

/// Checks the columns of patients.arrow.
pub fn patients(layout: &Layout) -> Found<()> {
    starts_with(layout, &PATIENTS)?;
    let nulls = layout.fields[..5].iter().any(|node| node.null_count > 0);
    match (nulls, &layout.schema.fields()[7..]) {
        (true, _) => Err("has nulls in a column that must not have any".into()),
        (_, []) => Ok(()),
        (_, [split]) if split.name() == "split" && type_name(value_type(split)) == "utf8" && layout.fields[7].dictionary.is_some() => {
            Ok(())
        }
        (_, [other, ..]) => Err(format!("has an unexpected column \"{}\"", other.name())),
    }
}

/// Checks the columns of codes.arrow. The columns of the source's codes.parquet follow them and are not
/// restricted.
pub fn codes(layout: &Layout, manifest: &Manifest) -> Found<()> {
    starts_with(layout, &CODES)?;
    if layout.fields[..3].iter().any(|node| node.null_count > 0) {
        return Err("has nulls in a column that must not have any".into());
    }
    rows("rows", layout.rows, manifest.counts.codes.saturating_add(1))
}

/// Checks the columns of ancestors.arrow.
pub fn ancestors(layout: &Layout) -> Found<()> {
    starts_with(layout, &ANCESTORS)?;
    if layout.fields.len() == ANCESTORS.len() && layout.fields[0].null_count == 0 {
        return Ok(());
    }
    Err("has other columns than code and parent_codes, or nulls in code".into())
}

/// Checks the columns of shard `i`.
pub fn shard(layout: &Layout, manifest: &Manifest, i: usize) -> Found<()> {
    let shard = &manifest.shards[i];
    let expected = || "has other columns than subject_id, events and sparse".to_string();
    rows("patients", layout.rows, shard.patients)?;
    let fields = layout.schema.fields();
    let (dense, sparse): (Vec<_>, Vec<_>) = manifest.columns.iter().partition(|column| column.storage == Storage::Dense);
    let ([id, events], rest) = fields.split_first_chunk::<2>().ok_or_else(expected)?;
    if id.name() != "subject_id" || *id.data_type() != DataType::Int64 || events.name() != "events" {
        return Err(expected());
    }
    let (event_list, event_fields) = list_of_struct(&layout.fields[1], events).ok_or_else(expected)?;
    rows("events", event_list.length, shard.events)?;
    if layout.fields[0].null_count + layout.fields[1].null_count + event_list.null_count > 0 {
        return Err("has nulls in a column that must not have any".into());
    }
    columns(&dense, event_list.children.iter().zip(event_fields), manifest)?;
    match rest {
        [] if sparse.is_empty() => Ok(()),
        [field] if field.name() == "sparse" => {
            let DataType::Struct(fields) = field.data_type() else { return Err(expected()) };
            sparse_columns(&sparse, &layout.fields[2], fields, manifest)
        }
        _ => Err(expected()),
    }
}

fn sparse_columns(wanted: &[&Column], sparse: &Node, fields: &arrow_schema::Fields, manifest: &Manifest) -> Found<()> {
    let mut values = vec![];
    for (node, field) in sparse.children.iter().zip(fields) {
        let broken = || format!("does not have rows and values in sparse column \"{}\"", field.name());
        let (pair, pair_fields) = list_of_struct(node, field).ok_or_else(broken)?;
        let ([row, value], [row_field, value_field]) = (&pair.children[..], &pair_fields[..]) else { return Err(broken()) };
        if row_field.name() != "row"
            || !matches!(row_field.data_type(), DataType::UInt16 | DataType::UInt32)
            || value_field.name() != "value"
        {
            return Err(broken());
        }
        if sparse.null_count + node.null_count + pair.null_count + row.null_count + value.null_count > 0 {
            return Err(format!("has nulls in sparse column \"{}\"", field.name()));
        }
        values.push((Node { name: field.name().clone(), ..value.clone() }, value_field));
    }
    columns(wanted, values.iter().map(|(node, field)| (node, *field)), manifest)
}

/// Compares the columns of events, or of sparse values, with the manifest's.
fn columns<'a>(
    wanted: &[&Column],
    found: impl ExactSizeIterator<Item = (&'a Node, &'a std::sync::Arc<Field>)>,
    manifest: &Manifest,
) -> Found<()> {
    rows("columns", found.len() as u64, wanted.len() as u64)?;
    for (column, (node, field)) in wanted.iter().zip(found) {
        let name = &column.name;
        if node.name != *name {
            return Err(format!("has column \"{}\", but the manifest says \"{name}\"", node.name));
        }
        let stored = type_name(value_type(field));
        if stored != column.stored {
            return Err(format!("has type {stored} in column \"{name}\", but the manifest says {}", column.stored));
        }
        let entries = node.dictionary.as_ref().map(|d| d.values.length);
        if entries != column.coded.then_some(column.dictionary) {
            return Err(format!("has a dictionary in column \"{name}\" that differs from the manifest's"));
        }
        match name.as_str() {
            "code" if stored != "utf8" || node.null_count > 0 || entries != manifest.counts.codes.checked_add(1) => {
                return Err("has codes that are not row numbers of codes.arrow".into());
            }
            "time" if stored != "timestamp[us]" || column.coded => return Err(format!("has times of type {stored}")),
            _ => {}
        }
    }
    for name in ["time", "code"] {
        let found = manifest.columns.iter().filter(|column| column.name == name && column.storage == Storage::Dense).count();
        rows(&format!("columns \"{name}\""), found as u64, 1)?;
    }
    Ok(())
}

/// Checks the columns of the inverted index of shard `i`.
pub fn index(layout: &Layout, manifest: &Manifest, i: usize) -> Found<()> {
    let expected = || "has other columns than patients: list<struct<row: uint32, rows: list<uint16 | uint32>>>".to_string();
    rows("codes", layout.rows, manifest.counts.codes.saturating_add(1))?;
    let ([codes], [field]) = (&layout.fields[..], &layout.schema.fields()[..]) else { return Err(expected()) };
    let (pairs, fields) = list_of_struct(codes, field).ok_or_else(expected)?;
    let ([row, lists], [row_field, lists_field]) = (&pairs.children[..], &fields[..]) else { return Err(expected()) };
    let names = (field.name().as_str(), row_field.name().as_str(), lists_field.name().as_str());
    let (DataType::List(item), [numbers]) = (lists_field.data_type(), &lists.children[..]) else { return Err(expected()) };
    let types = *row_field.data_type() == DataType::UInt32 && matches!(item.data_type(), DataType::UInt16 | DataType::UInt32);
    if names != ("patients", "row", "rows") || !types {
        return Err(expected());
    }
    if [codes, pairs, row, lists, numbers].iter().any(|node| node.null_count > 0) {
        return Err("has nulls in a column that must not have any".into());
    }
    rows("rows", numbers.length, manifest.shards[i].events)
}

fn starts_with(layout: &Layout, columns: &[(&str, &str)]) -> Found<()> {
    let fields = layout.schema.fields();
    for (i, (name, data_type)) in columns.iter().enumerate() {
        let found = fields.get(i).map(|field| (field.name().as_str(), type_name(field.data_type())));
        if found.as_ref().is_none_or(|found| found.0 != *name || found.1 != *data_type) {
            let found = found.map_or("too few columns".to_string(), |(name, data_type)| format!("\"{name}\" of type {data_type}"));
            return Err(format!("has {found}, but the format requires \"{name}\" of type {data_type}"));
        }
    }
    Ok(())
}

fn list_of_struct<'a>(node: &'a Node, field: &'a Field) -> Option<(&'a Node, &'a arrow_schema::Fields)> {
    match (field.data_type(), &node.children[..]) {
        (DataType::List(item), [child]) => match item.data_type() {
            DataType::Struct(fields) => Some((child, fields)),
            _ => None,
        },
        _ => None,
    }
}

fn value_type(field: &Field) -> &DataType {
    match field.data_type() {
        DataType::Dictionary(_, values) => values,
        plain => plain,
    }
}

fn rows(what: &str, found: u64, expected: u64) -> Found<()> {
    if found == expected { Ok(()) } else { Err(format!("has {found} {what}, but the manifest says {expected}")) }
}
