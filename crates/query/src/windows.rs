//! The rows of many windows, moved into arrays: window by window, each column when it is wanted.

use crate::column::Column;
use crate::groups::Group;
use crate::query::{Query, Request};
use crate::shard::{Ids, Shard, Values, part};
use crate::work;
use meds_store::{Progress, Result, Store};
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

    /// float64: the first row of each window in the columns, then the number of rows.
    pub fn offsets(&self) -> Result<Column> {
        let mut column = Column::of(8 * (self.groups.len() + 1))?;
        let mut end = 0;
        for (cell, group) in column.bytes_mut().as_chunks_mut::<8>().0[1..].iter_mut().zip(&self.groups) {
            end += group.len();
            *cell = (end as f64).to_ne_bytes();
        }
        Ok(column)
    }

    /// uint32: the code id of each row.
    pub fn codes(&self, store: &Store) -> Result<Column> {
        self.moved::<4>(store, |shard, run, out| {
            match shard.ids {
                Ids::One(all) => copied(part(shard, all, run)?, out, |id| u32::from(u8::from_le_bytes(id)).to_ne_bytes()),
                Ids::Two(all) => copied(part(shard, all, run)?, out, |id| u32::from(u16::from_le_bytes(id)).to_ne_bytes()),
                Ids::Four(all) => copied(part(shard, all, run)?, out, |id| u32::from_le_bytes(id).to_ne_bytes()),
            }
            Ok(())
        })
    }

    /// int64: microseconds since 1970-01-01 of each row; the int64 minimum for a static row.
    pub fn times(&self, store: &Store) -> Result<Column> {
        self.moved::<8>(store, |shard, run, out| {
            copied(part(shard, shard.times, run)?, out, |time| i64::from_le_bytes(time).to_ne_bytes());
            Ok(())
        })
    }

    /// The numeric value of each row, NaN for null: float64 where `double`, else float32.
    pub fn values(&self, store: &Store, double: bool) -> Result<Column> {
        if double {
            return self.moved::<8>(store, |shard, run, out| {
                match shard.values {
                    Values::None => out.fill(f64::NAN.to_ne_bytes()),
                    Values::Single(all) => {
                        copied(part(shard, all, run)?, out, |value| f64::from(f32::from_le_bytes(value)).to_ne_bytes());
                    }
                    Values::Double(all) => copied(part(shard, all, run)?, out, |value| f64::from_le_bytes(value).to_ne_bytes()),
                }
                Ok(())
            });
        }
        self.moved::<4>(store, |shard, run, out| {
            match shard.values {
                Values::Single(all) => copied(part(shard, all, run)?, out, |value| f32::from_le_bytes(value).to_ne_bytes()),
                Values::None | Values::Double(_) => out.fill(f32::NAN.to_ne_bytes()),
            }
            Ok(())
        })
    }

    /// Moves a column whose elements have `W` bytes.
    fn moved<const W: usize>(
        &self,
        store: &Store,
        copy: impl Fn(&Shard, Range<usize>, &mut [[u8; W]]) -> Result<()> + Sync,
    ) -> Result<Column> {
        let mut shards: Vec<_> = store.manifest().shards.iter().map(|_| None).collect();
        for group in &self.groups {
            let shard = &mut shards[group.shard as usize];
            if shard.is_none() {
                *shard = Some(Shard::new(store, group.shard as usize)?);
            }
        }
        let chunks = work::chunks(self.groups.iter().map(|group| group.len() + 1), ROWS);
        let mut column = Column::of(W * self.groups.iter().map(Group::len).sum::<usize>())?;
        let (mut rest, mut pieces) = (column.bytes_mut().as_chunks_mut::<W>().0, vec![]);
        for chunk in chunks {
            let groups = &self.groups[chunk];
            let (out, after) = rest.split_at_mut(groups.iter().map(Group::len).sum());
            rest = after;
            pieces.push((groups, out));
        }
        let fill = |(groups, mut out): (&[Group], &mut [[u8; W]])| {
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
        work::share(pieces, self.threads, fill).into_iter().collect::<Result<()>>()?;
        Ok(column)
    }
}

#[inline(always)]
fn copied<A: Copy, B>(all: &[A], out: &mut [B], change: impl Fn(A) -> B) {
    out.iter_mut().zip(all).for_each(|(cell, value)| *cell = change(*value));
}
