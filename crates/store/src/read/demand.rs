//! Rows that are read soon: where their bytes are, and their request.

use super::Found;
use super::array::Array;
use super::map::page_size;
use super::store::Store;
use crate::error::{Code, Error, Result};
use crate::layout::Span;
use std::hint::black_box;
use std::ops::Range;

/// Ranges of bytes of the shards' files. A request is advice: a wrong one costs time, and never changes what
/// is read.
pub struct Demand<'a> {
    store: &'a Store,
    columns: Vec<String>,
    /// Shard and pages.
    ranges: Vec<(usize, Range<usize>)>,
}

impl<'a> Demand<'a> {
    /// A demand for these columns. Fails for a column that the store does not have.
    pub fn new(store: &'a Store, columns: Vec<String>) -> Result<Self> {
        let known = |name: &String| store.manifest().columns.iter().any(|column| column.name == *name);
        match columns.iter().find(|name| !known(name)) {
            Some(name) => Err(Error::new(Code::InvalidArgument, format!("The column \"{name}\" does not exist."))),
            None => Ok(Self { store, columns, ranges: vec![] }),
        }
    }

    /// Adds rows of a shard, which belong to the patient in this row of the shard. Sparse columns are added
    /// with all of the patient's values.
    pub fn add(&mut self, shard: usize, patient: usize, rows: Range<usize>) -> Result<()> {
        let file = self.store.shard(shard)?;
        let mut found = vec![];
        for name in &self.columns {
            if let Some(dense) = file.array("events").and_then(|events| events.child(0).named(name)) {
                // NaN, the smallest int64 or index 0 mean null where no value is equal to them.
                let marked = dense.node.dictionary.is_some() || matches!(dense.node.data_type.id, "float32" | "float64" | "timestamp");
                let column = self.store.manifest().columns.iter().find(|column| column.name == *name);
                let bitmap = !marked || column.is_none_or(|column| column.nan || column.sentinel);
                let before = found.len();
                spans(dense, rows.clone(), &mut found).map_err(|found| file.corrupt(&found))?;
                if !bitmap && dense.node.validity.is_some() && found.len() > before {
                    // The bitmap is the first buffer.
                    found.remove(before);
                }
            } else if let Some(sparse) = file.array("sparse").and_then(|sparse| sparse.named(name)) {
                spans(sparse, patient..patient + 1, &mut found).map_err(|found| file.corrupt(&found))?;
            }
        }
        let page = page_size();
        self.ranges.extend(found.into_iter().map(|range| (shard, range.start / page * page..range.end.next_multiple_of(page))));
        Ok(())
    }

    /// Requests all ranges, in order and each page once, up to `most` bytes. Returns the ranges that were
    /// requested.
    pub fn request(mut self, most: usize) -> Vec<(usize, Range<usize>)> {
        self.ranges.sort_unstable_by_key(|(shard, range)| (*shard, range.start));
        let mut joined: Vec<(usize, Range<usize>)> = vec![];
        for (shard, range) in self.ranges {
            match joined.last_mut() {
                Some((of, last)) if *of == shard && last.end >= range.start => last.end = last.end.max(range.end),
                _ => joined.push((shard, range)),
            }
        }
        let mut left = most;
        joined.retain_mut(|(shard, range)| {
            range.end = range.end.min(range.start.saturating_add(left));
            left -= range.len();
            let any = range.start < range.end;
            if any {
                self.store.map_of(*shard).request(range.clone());
            }
            any
        });
        joined
    }
}

impl Store {
    /// Waits until requested ranges are in memory. Returns their number of bytes.
    pub fn wait(&self, ranges: &[(usize, Range<usize>)]) -> usize {
        let page = page_size();
        let mut sum = 0;
        for (shard, range) in ranges {
            let bytes = self.map_of(*shard).bytes();
            let range = range.start..range.end.min(bytes.len());
            black_box(bytes[range.clone()].iter().step_by(page).fold(0, |sum, byte| sum ^ byte));
            sum += range.len();
        }
        sum
    }
}

/// Adds the bytes of some slots of a field.
fn spans(array: Array, slots: Range<usize>, out: &mut Vec<Range<usize>>) -> Found<()> {
    let node = array.node;
    if slots.start > slots.end || slots.end > array.len() {
        return Err(format!("has fewer entries in \"{}\" than its rows", node.name));
    }
    if slots.is_empty() {
        return Ok(());
    }
    let mut add = |span: Option<Span>, part: Range<usize>| {
        if let Some(span) = span {
            let end = span.offset + span.bytes;
            out.push((span.offset + part.start as u64).min(end) as usize..(span.offset + part.end as u64).min(end) as usize);
        }
    };
    add(node.validity, slots.start / 8..slots.end.div_ceil(8));
    if node.offsets.is_some() {
        add(node.offsets, 4 * slots.start..4 * (slots.end + 1));
        let within = array.offset(slots.start)..array.offset(slots.end);
        return match node.children.first() {
            Some(_) => spans(array.child(0), within, out),
            None => {
                add(node.data, within);
                Ok(())
            }
        };
    }
    if let Some(span) = node.data {
        // Bits, or a whole number of bytes per slot. A buffer can be padded at its end.
        let bits = span.bytes as usize * 8 / array.len();
        let bits = if bits < 8 { 1 } else { bits / 8 * 8 };
        add(node.data, slots.start * bits / 8..(slots.end * bits).div_ceil(8));
    }
    array.children().try_for_each(|child| spans(child, slots.clone(), out))
}
