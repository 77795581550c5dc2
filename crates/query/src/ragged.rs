//! Results with any number of entries per group, in several columns. Each entry is written to its final place
//! once: threads collect the entries of a chunk in memory that stays in the cache, and copy them when the
//! entries of all chunks before are counted.

use crate::column::Column;
use crate::groups::Group;
use crate::query::{ENTRY, Query};
use crate::work;
use meds_store::Result;
use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Mutex, PoisonError};

/// Rows of a chunk: few, so that their entries stay in the cache until they are copied.
const ROWS: usize = 1 << 15;

/// A result with entries per group.
pub struct Ragged {
    /// float64: the first entry of each group, then the number of entries.
    pub offsets: Column,
    /// One entry per group and code.
    pub columns: Vec<Column>,
}

/// Entries of a chunk, and the number of entries of each of its groups.
struct Chunk<E> {
    entries: Vec<E>,
    lengths: Vec<u32>,
}

impl<E> Default for Chunk<E> {
    fn default() -> Self {
        Self { entries: vec![], lengths: vec![] }
    }
}

/// Where a chunk's entries are written.
struct Place<'a> {
    offsets: &'a mut [u8],
    /// The first entry of the chunk.
    begin: usize,
    columns: Vec<&'a mut [u8]>,
}

/// The places that are not given to a chunk yet.
struct Rest<'a, E> {
    /// The next chunk to receive a place.
    next: usize,
    entries: usize,
    offsets: &'a mut [u8],
    columns: Vec<&'a mut [u8]>,
    /// Chunks that wait for one before them.
    waiting: BTreeMap<usize, Chunk<E>>,
    /// Memory of chunks that are written.
    spare: Vec<Chunk<E>>,
}

/// Cuts off the first bytes.
fn cut<'a>(all: &mut &'a mut [u8], bytes: usize) -> &'a mut [u8] {
    let (head, rest) = take(all).split_at_mut(bytes);
    *all = rest;
    head
}

impl<'a, E> Rest<'a, E> {
    /// Accepts a chunk. Returns the chunks that can be written now, with their places.
    fn accept(&mut self, number: usize, chunk: Chunk<E>, widths: &[usize]) -> Vec<(Chunk<E>, Place<'a>)> {
        self.waiting.insert(number, chunk);
        let mut ready = vec![];
        while let Some(chunk) = self.waiting.remove(&self.next) {
            let count = chunk.entries.len();
            let columns = self.columns.iter_mut().zip(widths).map(|(column, width)| cut(column, count * width)).collect();
            let place = Place { offsets: cut(&mut self.offsets, 8 * chunk.lengths.len()), begin: self.entries, columns };
            ready.push((chunk, place));
            self.entries += count;
            self.next += 1;
        }
        ready
    }
}

impl Query<'_> {
    /// Collects entries group by group. `widths` are the bytes of an entry in each column, `most` the most
    /// entries that a group can have. `group` adds the entries of a group, `write` writes entries to columns.
    pub(crate) fn ragged<S: Send, E: Send>(
        &self,
        widths: &[usize],
        scratch: impl Fn() -> S + Sync,
        group: impl Fn(&mut S, &Group, &mut Vec<E>) -> Result<()> + Sync,
        write: impl Fn(&[E], &mut [&mut [u8]]) + Sync,
    ) -> Result<Ragged> {
        let codes = self.codes.count();
        let most: usize = self.groups.iter().map(|group| group.len().min(codes)).sum();
        let mut offsets = Column::of(8 * (self.len() + 1))?;
        let mut columns = widths.iter().map(|width| Column::of(most * width)).collect::<Result<Vec<_>>>()?;
        let chunks = work::chunks(self.groups.iter().map(|group| group.len() + ENTRY), ROWS);
        let rest = Rest {
            next: 0,
            entries: 0,
            offsets: &mut offsets.bytes_mut()[8..],
            columns: columns.iter_mut().map(Column::bytes_mut).collect(),
            waiting: BTreeMap::new(),
            spare: vec![],
        };
        let rest = Mutex::new(rest);
        let lock = || rest.lock().unwrap_or_else(PoisonError::into_inner);
        work::each(&chunks, self.threads, self.progress, scratch, |own, number, range| {
            self.request(&self.groups[range.clone()])?;
            let mut chunk = lock().spare.pop().unwrap_or_default();
            for one in &self.groups[range] {
                let before = chunk.entries.len();
                group(own, one, &mut chunk.entries)?;
                chunk.lengths.push((chunk.entries.len() - before) as u32);
            }
            let ready = lock().accept(number, chunk, widths);
            for (mut chunk, mut place) in ready {
                write(&chunk.entries, &mut place.columns);
                let mut end = place.begin as f64;
                for (cell, length) in place.offsets.as_chunks_mut::<8>().0.iter_mut().zip(&chunk.lengths) {
                    end += f64::from(*length);
                    *cell = end.to_ne_bytes();
                }
                chunk.entries.clear();
                chunk.lengths.clear();
                lock().spare.push(chunk);
            }
            Ok(())
        })?;
        let entries = rest.into_inner().unwrap_or_else(PoisonError::into_inner).entries;
        columns.iter_mut().zip(widths).for_each(|(column, width)| column.cut(entries * width));
        Ok(Ragged { offsets, columns })
    }
}

/// Writes one number of each entry to a column.
#[inline(always)]
pub fn column<E, const W: usize>(out: &mut [u8], entries: &[E], number: impl Fn(&E) -> [u8; W]) {
    for (cell, entry) in out.as_chunks_mut::<W>().0.iter_mut().zip(entries) {
        *cell = number(entry);
    }
}
