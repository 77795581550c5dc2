//! The as-of join: for each group, the last row of each of several sets of codes.

use crate::groups::Group;
use crate::query::Query;
use crate::shard::with_ids;
use crate::work;
use meds_store::Result;
use std::ops::Range;

/// The rows of one set of codes: one entry per group.
#[derive(Debug, PartialEq)]
pub struct AsOf {
    /// Row in the patient's timeline; -1 where no row is found.
    pub rows: Vec<i32>,
    /// Time of the row; the int64 minimum for a static row, and where no row is found.
    pub times: Vec<i64>,
    /// Code id of the row; 0 where no row is found.
    pub codes: Vec<u32>,
    /// Value of the row; NaN where it has none, and where no row is found.
    pub values: Vec<f64>,
}

/// Which sets contain each code.
struct Sets {
    count: usize,
    /// For each id where its sets begin in `members`.
    begin: Vec<u32>,
    members: Vec<u32>,
    /// Only rows with a value count.
    with_value: bool,
}

impl Sets {
    /// `sets`: ranges of ids (begin, end, begin, end, …), and the set of each range.
    fn new(sets: &[(u32, u32, u32)], count: usize, last: u32, with_value: bool) -> Self {
        let mut pairs: Vec<(u32, u32)> = vec![];
        for &(begin, end, set) in sets {
            pairs.extend((begin.max(1)..end.min(last.saturating_add(1))).map(|id| (id, set)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut begin = vec![0; last as usize + 2];
        pairs.iter().for_each(|(id, _)| begin[*id as usize + 1] += 1);
        for id in 1..begin.len() {
            begin[id] += begin[id - 1];
        }
        Self { count, begin, members: pairs.into_iter().map(|(_, set)| set).collect(), with_value }
    }

    fn of(&self, id: u32) -> &[u32] {
        &self.members[self.begin[id as usize] as usize..self.begin[id as usize + 1] as usize]
    }
}

/// A row of the shard and its code.
type Hit = (usize, u32);

/// The last row of each set among the rows of a patient that are already read. Groups of a patient come in
/// order of their ends, so each row is read only once.
struct Known {
    slot: Option<u32>,
    /// For each set its last row before `read.end`; `None` where it has no row in `read`.
    last: Vec<Option<Hit>>,
    read: Range<usize>,
    /// The result for the current group, and how many sets lack one.
    found: Vec<Option<Hit>>,
    missing: usize,
}

impl Known {
    fn new(sets: &Sets) -> Self {
        Self { slot: None, last: vec![None; sets.count], read: 0..0, found: vec![None; sets.count], missing: sets.count }
    }

    /// Finds the rows of a group.
    fn group(&mut self, query: &Query, sets: &Sets, group: &Group) -> Result<()> {
        let run = group.tail();
        self.found.fill(None);
        self.missing = sets.count;
        let follows = self.slot == Some(group.slot) && self.read.contains(&run.start) | (self.read.end == run.start);
        let begins = self.slot == Some(group.slot) && run.start < self.read.start && run.end >= self.read.start;
        if !(follows || begins) {
            (self.slot, self.read) = (Some(group.slot), run.start..run.start);
            self.last.fill(None);
        }
        // Rows that are new, then what is known of those before, then rows before these.
        self.scan(query, sets, group, self.read.end.max(run.start)..run.end)?;
        for set in 0..sets.count {
            if self.found[set].is_some() {
                self.last[set] = self.found[set];
            } else if let Some(hit) = self.last[set] {
                // An earlier row than this is not the last: the search for the set ends here.
                self.missing -= 1;
                self.found[set] = Some(hit);
            }
        }
        if run.start < self.read.start {
            self.scan(query, sets, group, run.start..self.read.start)?;
        }
        self.last.copy_from_slice(&self.found);
        self.read = self.read.start.min(run.start)..self.read.end.max(run.end);
        self.found.iter_mut().for_each(|found| *found = found.filter(|(row, _)| run.contains(row)));
        self.missing = self.found.iter().filter(|found| found.is_none()).count();
        // Static rows that other rows separate from the run.
        let statics = group.runs().next().filter(|statics| statics.end <= run.start && !run.is_empty() || run.is_empty());
        statics.map_or(Ok(()), |statics| self.scan(query, sets, group, statics))
    }

    /// Finds the last row in a range for each set that lacks one.
    fn scan(&mut self, query: &Query, sets: &Sets, group: &Group, range: Range<usize>) -> Result<()> {
        if self.missing == 0 || range.is_empty() {
            return Ok(());
        }
        let shard = query.shard(group);
        let (mut failed, begin) = (None, range.start);
        let mut look = |row: usize, id: u32| {
            for set in sets.of(id) {
                if self.found[*set as usize].is_some() {
                    continue;
                }
                match if sets.with_value { shard.value(row) } else { Ok(Some(0.0)) } {
                    Ok(None) => return false,
                    Ok(Some(_)) => {}
                    Err(error) => {
                        failed = Some(error);
                        return true;
                    }
                }
                self.found[*set as usize] = Some((row, id));
                self.missing -= 1;
            }
            self.missing == 0
        };
        match &query.hits {
            Some(hits) => {
                let own = hits[group.shard as usize].within(range);
                own.iter().rev().any(|&(row, id)| look(row as usize, id));
            }
            None => with_ids!(shard, range, ids => {
                query.codes.back(ids, |at, id| look(begin + at, id)).map_err(|_| shard.wrong_id())
            })?,
        }
        failed.map_or(Ok(()), Err)
    }
}

impl Query<'_> {
    /// The last row of each set in each group. `sets` has ranges of code ids, each with the number of its
    /// set; the codes of the query are those of all sets. `with_value`: the last row that has a value.
    pub fn as_of(&self, sets: &[(u32, u32, u32)], count: usize, with_value: bool) -> Result<Vec<AsOf>> {
        let sets = Sets::new(sets, count, self.codes.last(), with_value);
        // Patient by patient, by the end of the group.
        let mut order: Vec<u32> = (0..self.groups.len() as u32).collect();
        order.sort_unstable_by_key(|at| {
            let group = &self.groups[*at as usize];
            (group.slot, group.tail().end, group.tail().start, *at)
        });
        const ENTRY: usize = 64;
        let weights = order.iter().map(|at| self.groups[*at as usize].len() + ENTRY);
        let chunks = work::chunks(weights, work::share_of(self.rows() + ENTRY * self.groups.len(), self.threads()));
        let look = |known: &mut Known, _: usize, chunk: Range<usize>| {
            self.request(order[chunk.clone()].iter().map(|at| &self.groups[*at as usize]))?;
            known.slot = None;
            let mut found = Vec::with_capacity(chunk.len() * count);
            for at in &order[chunk] {
                let group = &self.groups[*at as usize];
                known.group(self, &sets, group)?;
                for hit in &known.found {
                    found.push(self.about(group, *hit)?);
                }
            }
            Ok(found)
        };
        let (_, parts) = work::each(&chunks, self.threads(), self.progress(), || Known::new(&sets), look)?;
        let n = self.groups.len();
        let empty = || AsOf { rows: vec![-1; n], times: vec![i64::MIN; n], codes: vec![0; n], values: vec![f64::NAN; n] };
        let mut all: Vec<AsOf> = (0..count).map(|_| empty()).collect();
        for (k, (row, time, code, value)) in parts.into_iter().flatten().enumerate() {
            let (of, at) = (&mut all[k % count], order[k / count] as usize);
            (of.rows[at], of.times[at], of.codes[at], of.values[at]) = (row, time, code, value);
        }
        Ok(all)
    }

    /// The row in the timeline, its time, code and value.
    fn about(&self, group: &Group, hit: Option<Hit>) -> Result<(i32, i64, u32, f64)> {
        let Some((row, id)) = hit else { return Ok((-1, i64::MIN, 0, f64::NAN)) };
        let shard = self.shard(group);
        let time = if group.is_timed(row) { shard.time(row)? } else { i64::MIN };
        Ok(((row - group.first as usize) as i32, time, id, shard.value(row)?.unwrap_or(f64::NAN)))
    }
}
