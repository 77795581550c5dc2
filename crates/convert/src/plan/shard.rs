//! Plans one shard: the schema of its file, and the buffers of each column in it.

use crate::plan::extent::{Extent, width_of};
use crate::plan::storage::{Stored, in_order};
use crate::source::children::children;
use crate::source::column::Column;
use crate::source::patient::Patient;
use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, Schema};
use meds_store::layout::Span;
use meds_store::manifest::{STORE_ID_KEY, Storage};
use meds_store::write::{FilePlan, Shape};
use meds_store::{Code, Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// The buffers of a node in a shard's file.
#[derive(Clone, Debug, Default)]
pub struct NodeBuffers {
    /// Its validity.
    pub validity: Option<Span>,
    /// Its offsets.
    pub offsets: Option<Span>,
    /// Its values.
    pub data: Option<Span>,
    /// Bytes per value; `None` for bits and text.
    pub width: Option<u32>,
    /// Its children.
    pub children: Vec<NodeBuffers>,
}

/// The buffers of a column in a shard's file.
#[derive(Clone, Debug)]
pub struct ColumnBuffers {
    /// The values.
    pub values: NodeBuffers,
    /// Sparse columns: the list's offsets and the rows.
    pub sparse: Option<(Span, Span)>,
}

/// A shard.
#[derive(Debug)]
pub struct Shard {
    /// Its patients, as indexes over the whole source.
    pub patients: Range<usize>,
    /// Its rows, counted over the whole source.
    pub rows: Range<u64>,
    /// Its file.
    pub file: FilePlan,
    /// The buffer of subject ids.
    pub ids: Span,
    /// The buffer of the events' offsets.
    pub events: Span,
    /// The buffers of each column.
    pub columns: Vec<ColumnBuffers>,
    /// Bytes per row number of a sparse column.
    pub row_width: u64,
}

/// The type of the row numbers in sparse columns. 16 bits are nearly always enough for the longest patient.
pub fn row_type(patients: &[Patient]) -> DataType {
    let longest = patients.iter().map(|patient| patient.rows).max().unwrap_or(0);
    if longest > 1 << 16 { DataType::UInt32 } else { DataType::UInt16 }
}

/// The schema of a shard's file.
pub fn schema(columns: &[Column], stored: &[Stored], row: &DataType, id: &str) -> Schema {
    let of = |storage: Storage| (0..stored.len()).filter(move |&at| stored[at].storage == storage);
    let dense = of(Storage::Dense).map(|at| Field::new(&columns[at].name, stored[at].field_type(), stored[at].nulls > 0));
    let events = Field::new("item", DataType::Struct(dense.collect()), false);
    let sparse: Vec<_> = of(Storage::Sparse)
        .map(|at| {
            let pair = vec![Field::new("row", row.clone(), false), Field::new("value", stored[at].field_type(), false)];
            Field::new(&columns[at].name, list(Field::new("item", DataType::Struct(pair.into()), false)), false)
        })
        .collect();
    let mut fields = vec![Field::new("subject_id", DataType::Int64, false), Field::new("events", list(events), false)];
    if !sparse.is_empty() {
        fields.push(Field::new("sparse", DataType::Struct(sparse.into()), false));
    }
    Schema::new(fields).with_metadata(std::collections::HashMap::from([(STORE_ID_KEY.to_string(), id.to_string())]))
}

fn list(item: Field) -> DataType {
    DataType::List(Arc::new(item))
}

/// The shape of values of a type. `validity`: its own nulls are stored.
fn shape(data_type: &DataType, validity: bool, slots: Option<u64>, extents: &mut std::slice::Iter<Extent>) -> Shape {
    let own = extents.next().copied().unwrap_or_default();
    let length = slots.unwrap_or(own.length);
    let nulls = if slots.is_some() { length - own.length } else { own.nulls };
    let bits = length.div_ceil(8);
    let mask = if validity { bits } else { 0 };
    let (buffers, children) = match data_type {
        DataType::Null => (vec![], vec![]),
        DataType::Boolean => (vec![mask, bits], vec![]),
        DataType::Utf8 | DataType::Binary => (vec![mask, 4 * (length + 1), own.bytes], vec![]),
        DataType::List(item) | DataType::Map(item, _) => {
            (vec![mask, 4 * (length + 1)], vec![shape(item.data_type(), item.is_nullable(), None, extents)])
        }
        DataType::Struct(fields) => (vec![mask], fields.iter().map(|f| shape(f.data_type(), f.is_nullable(), None, extents)).collect()),
        fixed => (vec![mask, length * width_of(fixed).map_or(0, u64::from)], vec![]),
    };
    let nulls = if matches!(data_type, DataType::Null) {
        length
    } else if validity {
        nulls
    } else {
        0
    };
    Shape { length, nulls, buffers, children }
}

/// The buffers of a type, which are the next ones of the file's.
fn node(data_type: &DataType, spans: &mut std::slice::Iter<Span>) -> NodeBuffers {
    let mut take = || spans.next().copied();
    let mut node = NodeBuffers::default();
    if matches!(data_type, DataType::Null) {
        return node;
    }
    node.validity = take().filter(|span| span.bytes > 0);
    match data_type {
        DataType::Utf8 | DataType::Binary => (node.offsets, node.data) = (take(), take()),
        DataType::List(_) | DataType::Map(..) => node.offsets = take(),
        DataType::Struct(_) => {}
        DataType::Boolean => node.data = take(),
        fixed => (node.data, node.width) = (take(), width_of(fixed)),
    }
    node.children = children(data_type).into_iter().map(|child| self::node(child, spans)).collect();
    node
}

/// Plans a shard: its file, and the buffers in it.
pub fn shard(
    schema: &Schema,
    stored: &[Stored],
    row: &DataType,
    total: &[Vec<Extent>],
    patients: &[Patient],
    range: Range<usize>,
    dictionaries: &[ArrayRef],
) -> Result<Shard> {
    let count = range.len() as u64;
    let rows = patients[range.start].start..patients[range.end - 1].end();
    let events = rows.end - rows.start;
    let row_width = width_of(row).map_or(4, u64::from);
    let column = |at: usize, slots: Option<u64>, validity: bool| {
        // The values of a coded column are indexes. Its text is in the dictionary.
        shape(&stored[at].buffer_type(), validity, slots, &mut total[at].iter())
    };
    let order: Vec<usize> = in_order(stored).collect();
    let (dense, sparse): (Vec<usize>, Vec<usize>) = order.iter().partition(|&&at| stored[at].storage == Storage::Dense);
    let events_shape = Shape {
        length: count,
        nulls: 0,
        buffers: vec![0, 4 * (count + 1)],
        children: vec![Shape {
            length: events,
            nulls: 0,
            buffers: vec![0],
            children: dense.iter().map(|&at| column(at, Some(events), stored[at].nulls > 0)).collect(),
        }],
    };
    let sparse_shape = |&at: &usize| {
        let length = total[at][0].length;
        let rows = Shape { length, nulls: 0, buffers: vec![0, row_width * length], children: vec![] };
        let pair = Shape { length, nulls: 0, buffers: vec![0], children: vec![rows, column(at, None, false)] };
        Shape { length: count, nulls: 0, buffers: vec![0, 4 * (count + 1)], children: vec![pair] }
    };
    let mut shapes = vec![Shape { length: count, nulls: 0, buffers: vec![0, 8 * count], children: vec![] }, events_shape];
    if !sparse.is_empty() {
        shapes.push(Shape { length: count, nulls: 0, buffers: vec![0], children: sparse.iter().map(sparse_shape).collect() });
    }
    let file = FilePlan::new(schema, count, &shapes, dictionaries)?;

    let mut spans = file.buffers.iter();
    let lost = || Error::new(Code::Internal, "the plan of a shard lost a buffer");
    let ids = spans.nth(1).copied().ok_or_else(lost)?;
    let offsets = spans.nth(1).copied().ok_or_else(lost)?;
    spans.next();
    let mut columns: Vec<Option<ColumnBuffers>> = vec![None; stored.len()];
    for &at in &dense {
        columns[at] = Some(ColumnBuffers { values: node(&stored[at].buffer_type(), &mut spans), sparse: None });
    }
    spans.next();
    for &at in &sparse {
        let list = spans.nth(1).copied().ok_or_else(lost)?;
        let row = spans.nth(2).copied().ok_or_else(lost)?;
        columns[at] = Some(ColumnBuffers { values: node(&stored[at].buffer_type(), &mut spans), sparse: Some((list, row)) });
    }
    let columns: Option<Vec<_>> = columns.into_iter().collect();
    Ok(Shard { patients: range, rows, ids, events: offsets, columns: columns.ok_or_else(lost)?, row_width, file })
}
