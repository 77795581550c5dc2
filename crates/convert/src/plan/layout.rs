//! The decisions between the passes: how each column is stored, where shards begin, and the place of every piece of every column.

use crate::plan::extent::{self, Extent};
use crate::plan::intern::Interner;
use crate::plan::measure::{Distinct, Measured, narrowing};
use crate::plan::pieces::Piece;
use crate::source::children::children;
use crate::source::column::{Column, Role};
use crate::source::patient::Patient;
use arrow_array::{ArrayRef, Int64Array, StringArray, UInt64Array};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use meds_store::layout::Span;
use meds_store::manifest::{STORE_ID_KEY, Storage};
use meds_store::write::{FilePlan, Shape};
use meds_store::{Code, Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// Elements or bytes that int32 offsets can count.
const OFFSETS: u64 = i32::MAX as u64;
/// The largest integer up to which all are numbers of JavaScript.
const EXACT: i64 = (1 << 53) - 1;

/// The dictionary of a coded column.
#[derive(Debug)]
pub struct Book {
    /// Bytes of an index.
    pub width: u8,
    /// The values; slot 0 is a value that the column does not have.
    pub values: ArrayRef,
    /// From a value to its slot.
    pub slots: Slots,
}

/// From values to slots of a dictionary.
#[derive(Debug)]
pub enum Slots {
    /// Of strings: the interner's numbers, and the slot of each.
    Texts(Interner, Vec<u32>),
    /// Of 64-bit integers, by bit pattern.
    Integers(HashMap<i64, u32, FixedState>),
}

/// How a column is stored.
#[derive(Debug)]
pub struct Stored {
    /// The type of its values in the store, dictionary aside.
    pub data_type: DataType,
    /// Dense or sparse.
    pub storage: Storage,
    /// The dictionary, where it is coded.
    pub book: Option<Book>,
    /// Null rows.
    pub nulls: u64,
}

impl Stored {
    /// The field's type in the file.
    fn field_type(&self) -> DataType {
        match &self.book {
            Some(book) => DataType::Dictionary(Box::new(index_type(book.width)), Box::new(self.data_type.clone())),
            None => self.data_type.clone(),
        }
    }

    /// The type of the buffers of values.
    fn buffer_type(&self) -> DataType {
        self.book.as_ref().map_or_else(|| self.data_type.clone(), |book| index_type(book.width))
    }
}

fn index_type(width: u8) -> DataType {
    match width {
        1 => DataType::UInt8,
        2 => DataType::UInt16,
        _ => DataType::UInt32,
    }
}

/// Decides how a column is stored. `copies` is how often a dictionary is written (once a shard), about.
pub fn decide(column: &Column, measured: &mut Measured, rows: u64, copies: u64) -> Result<Stored> {
    let nulls = rows - measured.present;
    let data_type = match narrowing(&column.wide) {
        Some(_) if measured.traits.narrow => narrow_type(&column.wide),
        _ => column.wide.clone(),
    };
    // Nested values have no slot of a fixed size, and null ones none at all: they are stored where they are.
    let nested = data_type == DataType::Null || !children(&data_type).is_empty();
    let sparse = column.role == Role::Extra && (nested || (rows > 0 && nulls / 3 >= measured.present));
    let storage = if sparse { Storage::Sparse } else { Storage::Dense };
    let slots = if sparse { measured.present } else { rows };
    let book = match std::mem::replace(&mut measured.distinct, Distinct::Unknown) {
        Distinct::Texts(interner) => {
            let count = interner.len() as u64;
            let plain = 4 * slots + measured.bytes;
            let coded = u64::from(width(count)?) * slots + copies * (4 * count + interner.bytes() as u64);
            (column.role == Role::Code || (count > 0 && coded < plain)).then(|| text_book(interner)).transpose()?
        }
        Distinct::Integers(integers) => {
            let values = integers.values();
            let count = values.len() as u64;
            let coded = u64::from(width(count)?) * slots + copies * 8 * count;
            (count > 0 && coded < 8 * slots).then(|| integer_book(values, data_type == DataType::UInt64)).transpose()?
        }
        Distinct::Unknown => None,
    };
    Ok(Stored { data_type, storage, book, nulls })
}

fn narrow_type(wide: &DataType) -> DataType {
    match wide {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
        DataType::Duration(_) => DataType::Duration(TimeUnit::Microsecond),
        _ => DataType::Date32,
    }
}

/// Bytes of an index into `values` values and the slot that none has.
fn width(values: u64) -> Result<u8> {
    Ok(match values {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => return Err(Error::new(Code::PatientTooLarge, format!("{values} distinct values do not fit an index of 32 bits."))),
    })
}

fn text_book(interner: Interner) -> Result<Book> {
    let mut order: Vec<u32> = (0..interner.len() as u32).collect();
    order.sort_unstable_by(|a, b| interner.get(*a).cmp(interner.get(*b)));
    let mut slots = vec![0; order.len()];
    let mut filler = 0;
    while interner.lookup(&vec![0; filler]).is_some() {
        filler += 1;
    }
    let mut bytes = vec![0; filler];
    let mut offsets = vec![0, filler];
    for (slot, id) in (1..).zip(&order) {
        slots[*id as usize] = slot;
        bytes.extend_from_slice(interner.get(*id));
        offsets.push(bytes.len());
    }
    let offsets: Option<Vec<i32>> = offsets.into_iter().map(|n| i32::try_from(n).ok()).collect();
    let offsets = offsets.ok_or_else(|| Error::new(Code::PatientTooLarge, "the distinct codes take more than 2 GiB of text."))?;
    let values = StringArray::try_new(OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from_vec(bytes), None);
    let values = values.map_err(|e| Error::new(Code::Internal, e.to_string()))?;
    Ok(Book { width: width(order.len() as u64)?, values: Arc::new(values), slots: Slots::Texts(interner, slots) })
}

fn integer_book(mut values: Vec<i64>, unsigned: bool) -> Result<Book> {
    if unsigned {
        values.sort_unstable_by_key(|v| v.cast_unsigned());
    } else {
        values.sort_unstable();
    }
    // The smallest integer that is absent: values ascend, so the first gap. Readers in JavaScript turn the whole dictionary into numbers, so it is looked
    // for among those that a number holds exactly: 2^54 - 1 integers (2^53 without a sign), and a dictionary has fewer than 2^32 values.
    let mut filler = if unsigned { 0 } else { -EXACT };
    for value in values.iter().skip_while(|value| !unsigned && **value < -EXACT) {
        if *value != filler {
            break;
        }
        filler += 1;
    }
    let slots = values.iter().copied().zip(1..).collect();
    let width = width(values.len() as u64)?;
    values.insert(0, filler);
    let values: ArrayRef = match unsigned {
        true => Arc::new(UInt64Array::from_iter_values(values.iter().map(|v| v.cast_unsigned()))),
        false => Arc::new(Int64Array::from(values)),
    };
    Ok(Book { width, values, slots: Slots::Integers(slots) })
}

/// Position of a node: how many slots and bytes of the shard stand before.
pub type NodePlace = Extent;

/// Where a piece of a column goes, and what the second pass must find there again.
#[derive(Debug)]
pub struct Slot {
    /// The position of its first value in the shard, one a node of its type.
    pub start: Vec<NodePlace>,
    /// What the first pass counted.
    pub expected: Extent,
}

/// The buffers of a node in a shard's file.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Its validity.
    pub validity: Option<Span>,
    /// Its offsets.
    pub offsets: Option<Span>,
    /// Its values.
    pub data: Option<Span>,
    /// Bytes a value; `None` for bits and text.
    pub width: Option<u32>,
    /// Its children.
    pub children: Vec<Node>,
}

/// The buffers of a column in a shard's file.
#[derive(Clone, Debug)]
pub struct Place {
    /// The values.
    pub values: Node,
    /// Sparse columns: the list's offsets and the rows.
    pub sparse: Option<(Span, Span)>,
}

/// A shard.
#[derive(Debug)]
pub struct Shard {
    /// Its patients.
    pub patients: Range<usize>,
    /// Its rows of the whole source.
    pub rows: Range<u64>,
    /// Its file.
    pub file: FilePlan,
    /// The ids' buffer.
    pub ids: Span,
    /// The buffer of the events' offsets.
    pub events: Span,
    /// The columns' buffers.
    pub columns: Vec<Place>,
    /// Bytes a row number of a sparse column.
    pub row_width: u64,
}

/// The whole plan of the second pass.
#[derive(Debug)]
pub struct Layout {
    /// How each column is stored.
    pub stored: Vec<Stored>,
    /// The shards.
    pub shards: Vec<Shard>,
    /// Of each segment its shard.
    pub shard_of: Vec<usize>,
    /// Of each column, row group and piece: where its values go.
    pub places: Vec<Vec<Vec<Slot>>>,
}

/// A segment is too large for a shard: it must be cut finer, or it is one patient.
#[derive(Debug)]
pub struct TooLarge {
    /// The segment.
    pub segment: usize,
    /// The column that is too large.
    pub column: usize,
}

/// How the source is cut.
#[derive(Clone, Copy, Debug)]
pub struct Cut<'a> {
    /// Its patients.
    pub patients: &'a [Patient],
    /// First patients of the segments, and the number of patients.
    pub segments: &'a [usize],
    /// The pieces of each row group.
    pub pieces: &'a [Vec<Piece>],
}

/// Plans the shards, of about `shard_bytes` bytes, for the store `id`.
pub fn plan(
    columns: &[Column],
    stored: Vec<Stored>,
    measured: &mut [Measured],
    cut: Cut,
    shard_bytes: u64,
    id: &str,
) -> Result<std::result::Result<Layout, TooLarge>> {
    let Cut { patients, segments, pieces } = cut;
    let count = segments.len().saturating_sub(1);
    let rows_of = |range: Range<usize>| patients[range].iter().map(|p| p.rows).sum::<u64>();
    // Extents of each segment, column by column.
    let mut sizes: Vec<Vec<Vec<Extent>>> = vec![Vec::new(); count];
    for segment in &mut sizes {
        *segment = columns.iter().map(|column| vec![Extent::default(); extent::nodes(&column.wide)]).collect();
    }
    for (at, measured) in measured.iter().enumerate() {
        for (group, extents) in measured.extents.iter().enumerate() {
            for (piece, extent) in pieces[group].iter().zip(extents) {
                sizes[piece.segment][at].iter_mut().zip(extent).for_each(|(sum, extent)| sum.add(extent));
            }
        }
    }
    // Shards: as many segments as fit.
    let mut shard_of = Vec::with_capacity(count);
    let mut held: Option<(u64, u64, Vec<Vec<Extent>>)> = None;
    for (segment, size) in sizes.iter().enumerate() {
        let rows = rows_of(segments[segment]..segments[segment + 1]);
        let bytes = bytes(&stored, size, rows);
        if let Some(column) = overflow(&stored, size, rows) {
            return Ok(Err(TooLarge { segment, column }));
        }
        let shard = shard_of.last().copied().unwrap_or(0);
        held = match held {
            Some((all_bytes, all_rows, mut all)) => {
                all.iter_mut().flatten().zip(size.iter().flatten()).for_each(|(sum, extent)| sum.add(extent));
                if all_bytes + bytes > shard_bytes || overflow(&stored, &all, all_rows + rows).is_some() {
                    shard_of.push(shard + 1);
                    Some((bytes, rows, size.clone()))
                } else {
                    shard_of.push(shard);
                    Some((all_bytes + bytes, all_rows + rows, all))
                }
            }
            None => {
                shard_of.push(shard);
                Some((bytes, rows, size.clone()))
            }
        };
    }
    let row = row_type(patients);
    let schema = schema(columns, &stored, &row, id);
    let dictionaries: Vec<ArrayRef> = in_order(&stored).filter_map(|at| stored[at].book.as_ref().map(|book| book.values.clone())).collect();
    let mut shards = Vec::new();
    let mut first = 0;
    while first < count {
        let last = shard_of.partition_point(|shard| *shard <= shard_of[first]);
        let mut total = sizes[first].clone();
        for size in &sizes[first + 1..last] {
            total.iter_mut().flatten().zip(size.iter().flatten()).for_each(|(sum, extent)| sum.add(extent));
        }
        let range = segments[first]..segments[last];
        shards.push(shard(&schema, &stored, &row, &total, patients, range, &dictionaries)?);
        first = last;
    }
    let places = measured.iter_mut().map(|measured| places(std::mem::take(&mut measured.extents), pieces, &shard_of)).collect();
    Ok(Ok(Layout { stored, shards, shard_of, places }))
}

/// Columns as the file has them: dense ones, then sparse ones.
pub fn in_order(stored: &[Stored]) -> impl Iterator<Item = usize> + '_ {
    let of = |storage| (0..stored.len()).filter(move |&at| stored[at].storage == storage);
    of(Storage::Dense).chain(of(Storage::Sparse))
}

/// Turns extents into positions: what stands before, within the shard.
fn places(extents: Vec<Vec<Vec<Extent>>>, pieces: &[Vec<Piece>], shard_of: &[usize]) -> Vec<Vec<Slot>> {
    let mut at: (usize, Vec<Extent>) = (usize::MAX, Vec::new());
    let of_group = |(group, extents): (usize, Vec<Vec<Extent>>)| {
        let of_piece = |(piece, extent): (&Piece, Vec<Extent>)| {
            let shard = shard_of[piece.segment];
            if at.0 != shard {
                at = (shard, vec![Extent::default(); extent.len()]);
            }
            let start = at.1.clone();
            at.1.iter_mut().zip(&extent).for_each(|(sum, extent)| sum.add(extent));
            Slot { start, expected: extent[0] }
        };
        pieces[group].iter().zip(extents).map(of_piece).collect()
    };
    extents.into_iter().enumerate().map(of_group).collect()
}

/// Bytes that columns of these extents take.
fn bytes(stored: &[Stored], size: &[Vec<Extent>], rows: u64) -> u64 {
    let of = |(stored, size): (&Stored, &Vec<Extent>)| {
        let slots = if stored.storage == Storage::Dense { rows } else { size[0].length };
        let own = match width_of(&stored.buffer_type()) {
            Some(width) => slots * u64::from(width),
            None => slots / 8 + 4 * slots + size[0].bytes,
        };
        let sparse = if stored.storage == Storage::Sparse { 4 * slots } else { slots / 8 };
        own + sparse + size[1..].iter().map(|e| 8 * e.length + e.bytes).sum::<u64>()
    };
    stored.iter().zip(size).map(of).sum()
}

/// A column that int32 offsets cannot count.
fn overflow(stored: &[Stored], size: &[Vec<Extent>], rows: u64) -> Option<usize> {
    let full = |at: usize| {
        let text = if stored[at].book.is_some() { 0 } else { size[at][0].bytes };
        rows > OFFSETS || text > OFFSETS || size[at].iter().any(|e| e.length > OFFSETS) || size[at][1..].iter().any(|e| e.bytes > OFFSETS)
    };
    // A file of 4 GiB cannot be one ArrayBuffer on Node 20.
    let too_many = bytes(stored, size, rows) > 3 << 30;
    (0..stored.len()).find(|at| full(*at)).or(too_many.then(|| largest(stored, size, rows)))
}

fn largest(stored: &[Stored], size: &[Vec<Extent>], rows: u64) -> usize {
    let of = |at: &usize| bytes(&stored[*at..=*at], &size[*at..=*at], rows);
    (0..stored.len()).max_by_key(of).unwrap_or(0)
}

/// Bytes a value of a fixed-width type.
pub fn width_of(data_type: &DataType) -> Option<u32> {
    match data_type {
        DataType::FixedSizeBinary(width) => u32::try_from(*width).ok(),
        other => other.primitive_width().and_then(|width| u32::try_from(width).ok()),
    }
}

/// The type of the row numbers in sparse columns: of 16 bits where no patient has more rows, which is nearly always.
fn row_type(patients: &[Patient]) -> DataType {
    let longest = patients.iter().map(|patient| patient.rows).max().unwrap_or(0);
    if longest > 1 << 16 { DataType::UInt32 } else { DataType::UInt16 }
}

fn schema(columns: &[Column], stored: &[Stored], row: &DataType, id: &str) -> Schema {
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

/// The shape of values of a type; `validity` says whether its own nulls are stored.
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

/// The buffers of a type, taken from the file's in order.
fn node(data_type: &DataType, spans: &mut std::slice::Iter<Span>) -> Node {
    let mut take = || spans.next().copied();
    let mut node = Node::default();
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

fn shard(
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
        // A coded column's values are indexes: its bytes of text are in the dictionary.
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
    let mut columns: Vec<Option<Place>> = vec![None; stored.len()];
    for &at in &dense {
        columns[at] = Some(Place { values: node(&stored[at].buffer_type(), &mut spans), sparse: None });
    }
    spans.next();
    for &at in &sparse {
        let list = spans.nth(1).copied().ok_or_else(lost)?;
        let row = spans.nth(2).copied().ok_or_else(lost)?;
        columns[at] = Some(Place { values: node(&stored[at].buffer_type(), &mut spans), sparse: Some((list, row)) });
    }
    let columns: Option<Vec<_>> = columns.into_iter().collect();
    Ok(Shard { patients: range, rows, ids, events: offsets, columns: columns.ok_or_else(lost)?, row_width, file })
}
