//! Counts how often each code occurs.

use crate::cells::Marks;
use crate::groups::Group;
use crate::query::Query;
use crate::ragged::{Ragged, column};
use crate::shard::{Id, with_ids};
use meds_store::Result;
use std::mem::take;

/// Counts by code id. There is one more entry than codes, because id 0 is unused.
#[derive(Debug, Default, PartialEq)]
pub struct CodeCounts {
    /// Number of rows that have the code.
    pub events: Vec<f64>,
    /// Number of groups that have the code.
    pub patients: Vec<u32>,
}

/// Neighbouring rows count in different tables. In a single table a code that repeats waits for its own last
/// write.
const TABLES: usize = 2;

/// One thread's counts.
struct Tally {
    counts: [Vec<u32>; TABLES],
    /// Rows that are counted but not yet added to `events`.
    rows: usize,
    events: Vec<u64>,
    /// For each id: whether the current group has it (`seen`), how many groups since the last flush had it
    /// (`recent`), and how many groups before that had it (`patients`).
    seen: Vec<u8>,
    recent: Vec<u8>,
    swept: u8,
    patients: Vec<u32>,
    touched: Vec<u32>,
}

impl Tally {
    fn new(last: u32) -> Self {
        let n = last as usize + 1;
        let counts = std::array::from_fn(|_| vec![0; n]);
        let (seen, recent) = (vec![0; n], vec![0; n]);
        Self { counts, rows: 0, events: vec![0; n], seen, recent, swept: 0, patients: vec![0; n], touched: vec![] }
    }

    fn group(&mut self, query: &Query, group: &Group) -> Result<()> {
        let rows = group.len();
        if self.rows + rows > u32::MAX as usize {
            self.settle();
        }
        self.rows += rows;
        let shard = query.shard(group);
        // In a long group every row marks its code, and one pass over all marks counts them. In a short group
        // new codes are listed.
        let long = rows > self.seen.len() / 16;
        for run in group.runs() {
            let sound = with_ids!(shard, run, ids => Ok(if long { self.mark(ids) } else { self.list(ids) }))?;
            if !sound {
                return Err(shard.wrong_id());
            }
        }
        // Ids start at 1: a row with 0 is damage.
        if self.counts.iter().any(|table| table[0] > 0) {
            return Err(shard.wrong_id());
        }
        if long {
            self.sweep();
        }
        for id in self.touched.drain(..) {
            self.seen[id as usize] = 0;
            self.patients[id as usize] += 1;
        }
        Ok(())
    }

    fn mark<I: Id>(&mut self, ids: &[I]) -> bool {
        let Self { counts: [even, odd], seen, .. } = self;
        let mut sound = true;
        let mut one = |table: &mut [u32], id: I| {
            let id = id.id() as usize;
            match (table.get_mut(id), seen.get_mut(id)) {
                (Some(count), Some(seen)) => {
                    *count += 1;
                    *seen = 1;
                }
                _ => sound = false,
            }
        };
        let (pairs, rest) = ids.as_chunks::<2>();
        for [a, b] in pairs {
            one(even, *a);
            one(odd, *b);
        }
        rest.iter().for_each(|id| one(even, *id));
        sound
    }

    fn list<I: Id>(&mut self, ids: &[I]) -> bool {
        let Self { counts: [even, _], seen, touched, .. } = self;
        for id in ids {
            let id = id.id();
            let (Some(count), Some(seen)) = (even.get_mut(id as usize), seen.get_mut(id as usize)) else { return false };
            *count += 1;
            if *seen == 0 {
                *seen = 1;
                touched.push(id);
            }
        }
        true
    }

    fn sweep(&mut self) {
        for (recent, seen) in self.recent.iter_mut().zip(&mut self.seen) {
            *recent += take(seen);
        }
        self.swept += 1;
        if self.swept == u8::MAX {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.patients.iter_mut().zip(&mut self.recent).for_each(|(sum, recent)| *sum += u32::from(take(recent)));
        self.swept = 0;
    }

    fn settle(&mut self) {
        for table in &mut self.counts {
            self.events.iter_mut().zip(table).for_each(|(sum, count)| *sum += u64::from(take(count)));
        }
        self.rows = 0;
    }
}

impl Query<'_> {
    /// Rows and groups per code, over all groups. This ignores the query's set of codes.
    pub fn count_codes(&self) -> Result<CodeCounts> {
        let last = self.codes.last();
        let (tallies, _) = self.each(|| Tally::new(last), |tally, groups| groups.iter().try_for_each(|group| tally.group(self, group)))?;
        let mut counts = CodeCounts { events: vec![0.0; last as usize + 1], patients: vec![0; last as usize + 1] };
        for mut tally in tallies {
            tally.settle();
            tally.flush();
            counts.events.iter_mut().zip(&tally.events).for_each(|(sum, count)| *sum += *count as f64);
            counts.patients.iter_mut().zip(&tally.patients).for_each(|(sum, count)| *sum += count);
        }
        Ok(counts)
    }

    /// Rows per code, for each group: code ids (uint32, ascending within a group) and numbers of rows (uint32).
    pub fn count_codes_each(&self) -> Result<Ragged> {
        let last = self.codes.last();
        let count = |(marks, counts): &mut (Marks, Vec<u32>), group: &Group, entries: &mut Vec<(u32, u32)>| {
            self.matches(group, |_, id| {
                // Ids outside the table are already refused.
                if let Some(count) = counts.get_mut(id as usize) {
                    marks.note(id, *count == 0);
                    *count += 1;
                }
            })?;
            marks.drain(|id| entries.push((id, take(&mut counts[id as usize]))));
            Ok(())
        };
        self.ragged(
            &[4, 4],
            || (Marks::new(last), vec![0; last as usize + 1]),
            count,
            |entries, columns| {
                let [codes, counts] = columns else { return };
                column(codes, entries, |entry| entry.0.to_ne_bytes());
                column(counts, entries, |entry| entry.1.to_ne_bytes());
            },
        )
    }
}
