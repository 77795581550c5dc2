//! The rows of many windows, moved into arrays: window by window, each column when it is wanted.

use crate::groups::Group;
use crate::query::{Query, Request};
use crate::shard::{Ids, Shard, Values, part};
use crate::work;
use meds_store::{Code, Error, Progress, Result, Store};
use std::ops::Range;

/// Rows of a piece that one thread moves: a smaller piece costs more to distribute than to move.
const ROWS: usize = 1 << 15;

/// Windows whose rows are found.
pub struct WindowRows {
    groups: Vec<Group>,
    threads: usize,
}

impl WindowRows {
    /// Finds the rows of a request's windows.
    pub fn of(store: &Store, request: &Request) -> Result<Self> {
        let progress = Progress::default();
        let Query { groups, threads, .. } = Query::new(store, request, &progress)?;
        Ok(Self { groups, threads })
    }

    /// Number of windows.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are no windows.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The first row of each window in the columns, then the number of rows.
    pub fn offsets(&self) -> impl Iterator<Item = f64> {
        let mut end = 0;
        let ends = self.groups.iter().map(move |group| {
            end += group.len();
            end as f64
        });
        std::iter::once(0.0).chain(ends)
    }

    /// The code id of each row.
    pub fn codes(&self, store: &Store, out: &mut [u32]) -> Result<()> {
        self.moved(store, out, |shard, run, out| {
            match shard.ids {
                Ids::One(all) => copied(part(shard, all, run)?, out, |id| u32::from(u8::from_le_bytes(id))),
                Ids::Two(all) => copied(part(shard, all, run)?, out, |id| u32::from(u16::from_le_bytes(id))),
                Ids::Four(all) => copied(part(shard, all, run)?, out, u32::from_le_bytes),
            }
            Ok(())
        })
    }

    /// Microseconds since 1970-01-01 of each row; the int64 minimum for a static row.
    pub fn times(&self, store: &Store, out: &mut [i64]) -> Result<()> {
        self.moved(store, out, |shard, run, out| {
            copied(part(shard, shard.times, run)?, out, i64::from_le_bytes);
            Ok(())
        })
    }

    /// The numeric value of each row, NaN for null, of a store whose values are at most float32.
    pub fn singles(&self, store: &Store, out: &mut [f32]) -> Result<()> {
        self.moved(store, out, |shard, run, out| {
            match shard.values {
                Values::None => out.fill(f32::NAN),
                Values::Single(all) => copied(part(shard, all, run)?, out, f32::from_le_bytes),
                Values::Double(_) => return Err(shard.short()),
            }
            Ok(())
        })
    }

    /// The numeric value of each row, NaN for null.
    pub fn doubles(&self, store: &Store, out: &mut [f64]) -> Result<()> {
        self.moved(store, out, |shard, run, out| {
            match shard.values {
                Values::None => out.fill(f64::NAN),
                Values::Single(all) => copied(part(shard, all, run)?, out, |value| f64::from(f32::from_le_bytes(value))),
                Values::Double(all) => copied(part(shard, all, run)?, out, f64::from_le_bytes),
            }
            Ok(())
        })
    }

    /// Moves a column. Every element of `out` is written.
    fn moved<T: Send>(
        &self,
        store: &Store,
        out: &mut [T],
        copy: impl Fn(&Shard, Range<usize>, &mut [T]) -> Result<()> + Sync,
    ) -> Result<()> {
        if out.len() != self.groups.iter().map(Group::len).sum::<usize>() {
            return Err(Error::new(Code::Internal, "The array of a column does not have the length of its windows."));
        }
        let mut shards: Vec<_> = store.manifest().shards.iter().map(|_| None).collect();
        for group in &self.groups {
            let shard = &mut shards[group.shard as usize];
            if shard.is_none() {
                *shard = Some(Shard::new(store, group.shard as usize)?);
            }
        }
        let chunks = work::chunks(self.groups.iter().map(|group| group.len() + 1), ROWS);
        let (mut rest, mut pieces) = (out, vec![]);
        for chunk in chunks {
            let groups = &self.groups[chunk];
            let (out, after) = rest.split_at_mut(groups.iter().map(Group::len).sum());
            rest = after;
            pieces.push((groups, out));
        }
        let fill = |(groups, mut out): (&[Group], &mut [T])| {
            for group in groups {
                // The loop above binds the shard of every group.
                let Some(shard) = &shards[group.shard as usize] else { continue };
                for run in group.runs() {
                    let (own, after) = out.split_at_mut(run.len());
                    out = after;
                    copy(shard, run, own)?;
                }
            }
            Ok(())
        };
        work::share(pieces, self.threads, fill).into_iter().collect()
    }
}

#[inline(always)]
fn copied<A: Copy, B>(all: &[A], out: &mut [B], change: impl Fn(A) -> B) {
    out.iter_mut().zip(all).for_each(|(cell, value)| *cell = change(*value));
}
