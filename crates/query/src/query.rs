//! The input of every operation: groups of rows and a set of codes, bound to a store.

use crate::codes::{Codes, Outside};
use crate::groups::{self, Group, Windows};
use crate::hits::{Hits, hits};
use crate::shard::{Id, Shard, with_ids};
use crate::work;
use meds_store::read::{Demand, Scan};
use meds_store::{Progress, Result, Store};
use std::ops::Range;

/// The start of a group costs as much as this many rows.
pub(crate) const ENTRY: usize = 16;

/// A query before it is bound to a store.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The cohort's slots, ascending. Absent: all patients.
    pub slots: Option<Vec<u32>>,
    /// The groups are these windows. Absent: the patients of the cohort.
    pub windows: Option<Windows>,
    /// Ranges of code ids (begin, end, begin, end, …). Absent: all codes.
    pub codes: Option<Vec<u32>>,
    /// Number of threads; 0 for all cores.
    pub threads: usize,
}

/// A query that is bound to a store.
pub struct Query<'a> {
    pub(crate) codes: Codes,
    pub(crate) groups: Vec<Group>,
    /// Whether groups are patients.
    pub(crate) whole: bool,
    pub(crate) store: &'a Store,
    /// The first slot of each shard.
    pub(crate) base: Vec<usize>,
    pub(crate) shards: Vec<Option<Shard<'a>>>,
    /// For each shard the rows that have one of the codes, if the inverted index finds them faster than a
    /// scan.
    pub(crate) hits: Option<Vec<Hits>>,
    /// Scans of the shards of which most rows are read.
    _scans: Vec<Scan>,
    /// The columns whose rows are requested before they are read: none if they are in memory or scanned.
    cold: &'static [&'static str],
    pub(crate) threads: usize,
    pub(crate) progress: &'a Progress,
}

impl<'a> Query<'a> {
    /// Finds every group's rows. The first query that touches a shard checks its offsets.
    pub fn new(store: &'a Store, request: &Request, progress: &'a Progress) -> Result<Self> {
        progress.check()?;
        let Request { slots, windows, codes, threads } = request;
        let (slots, threads) = (slots.as_deref(), if *threads == 0 { work::cores() } else { *threads });
        // Row 0 of the table is unused. Ids have 32 bits.
        let last = u32::try_from(store.codes().layout.rows.saturating_sub(1)).unwrap_or(u32::MAX - 1);
        let codes = codes.as_deref().map_or_else(|| Codes::all(last), |ranges| Codes::of(ranges, last));
        let shards = groups::shards(store, slots)?;
        let cold = (0..shards.len()).any(|shard| shards[shard].is_some() && store.is_cold(shard, None));
        let (groups, scans) = match windows {
            None => (groups::of_patients(store, &shards, slots)?, store.scan(store.dense(slots))),
            Some(windows) => groups::of_windows(store, &shards, slots, windows, (threads, progress), cold)?,
        };
        let hits = hits(store, &shards, &codes, &groups)?;
        // Rows that the index finds are read at random.
        let scans = if hits.is_some() { vec![] } else { scans };
        let cold: &[&str] = if cold && scans.is_empty() && hits.is_none() { &["code"] } else { &[] };
        Ok(Self {
            codes,
            groups,
            whole: windows.is_none(),
            store,
            base: groups::base(store),
            shards,
            hits,
            _scans: scans,
            cold,
            threads,
            progress,
        })
    }

    /// Announces that the operation reads values, and not only codes.
    pub fn with_values(mut self) -> Self {
        if !self.cold.is_empty() {
            self.cold = &["code", "numeric_value"];
        }
        self
    }

    /// Requests the rows of some groups from the disk, all at once.
    pub(crate) fn request<'g>(&self, groups: impl IntoIterator<Item = &'g Group>) -> Result<()> {
        if self.cold.is_empty() {
            return Ok(());
        }
        let columns = self.cold.iter().filter(|name| self.store.manifest().columns.iter().any(|column| column.name == **name));
        let mut demand = Demand::new(self.store, columns.map(|name| name.to_string()).collect())?;
        for group in groups {
            // Neither column is sparse, so the row of the patient does not matter.
            group.runs().try_for_each(|run| demand.add(group.shard as usize, 0, run))?;
        }
        demand.request(usize::MAX);
        Ok(())
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are no groups.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Number of rows of all groups.
    pub fn rows(&self) -> usize {
        self.groups.iter().map(Group::len).sum()
    }

    /// Whether every row of the groups has one of the codes, and rows are found by a scan.
    pub(crate) fn all(&self) -> bool {
        self.hits.is_none() && self.codes.is_all()
    }

    /// The first and the last time of the store; `None` where no row has a time.
    pub(crate) fn times(&self) -> Option<(i64, i64)> {
        let counts = &self.store.manifest().counts;
        counts.first_time.zip(counts.last_time)
    }

    /// Number of threads.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Where the query is told to stop.
    pub(crate) fn progress(&self) -> &'a Progress {
        self.progress
    }

    /// The subject of each group.
    pub fn subjects(&self) -> Result<Vec<i64>> {
        groups::subjects(self.store, &self.groups)
    }

    /// The shard of a group.
    pub(crate) fn shard(&self, group: &Group) -> &Shard<'a> {
        // Every group is made from a bound shard.
        self.shards[group.shard as usize].as_ref().expect("the shard of a group is bound")
    }

    /// Processes the groups in chunks of about equal numbers of rows ([`work::each`]).
    pub(crate) fn each<S: Send, T: Send>(
        &self,
        scratch: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, &[Group]) -> Result<T> + Sync,
    ) -> Result<(Vec<S>, Vec<T>)> {
        self.each_range(scratch, |scratch, chunk| work(scratch, &self.groups[chunk]))
    }

    /// As [`Query::each`], with the numbers of the groups.
    pub(crate) fn each_range<S: Send, T: Send>(
        &self,
        scratch: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, Range<usize>) -> Result<T> + Sync,
    ) -> Result<(Vec<S>, Vec<T>)> {
        let weights = self.groups.iter().map(|group| group.len() + ENTRY);
        let chunks = work::chunks(weights, work::share_of(self.rows() + ENTRY * self.len(), self.threads));
        work::each(&chunks, self.threads, self.progress, scratch, |scratch, _, chunk: Range<usize>| {
            self.request(&self.groups[chunk.clone()])?;
            work(scratch, chunk)
        })
    }

    /// Joins the parts of a result, in order, to one array.
    pub(crate) fn join<T: Copy + Default + Send>(&self, parts: impl Iterator<Item = Vec<T>>) -> Vec<T> {
        work::join(parts.collect(), self.threads)
    }

    /// Calls `found` for each row of a group that has one of the codes, in order, with the row of the shard
    /// and the code id.
    #[inline(always)]
    pub(crate) fn matches(&self, group: &Group, mut found: impl FnMut(usize, u32)) -> Result<()> {
        let shard = self.shard(group);
        for run in group.runs() {
            if let Some(hits) = &self.hits {
                hits[group.shard as usize].within(run).iter().for_each(|&(row, id)| found(row as usize, id));
                continue;
            }
            let begin = run.start;
            with_ids!(shard, run, ids => self.codes.each(ids, |at, id| found(begin + at, id)).map_err(|Outside| shard.wrong_id()))?;
        }
        Ok(())
    }

    /// The first or the last of these rows.
    pub(crate) fn one(&self, group: &Group, from_end: bool) -> Result<Option<(usize, u32)>> {
        fn look<I: Id>(codes: &Codes, ids: &[I], from_end: bool) -> Result<Option<(usize, u32)>, Outside> {
            if from_end { codes.last_of(ids) } else { codes.first(ids) }
        }
        let shard = self.shard(group);
        let mut runs = group.runs();
        while let Some(run) = if from_end { runs.next_back() } else { runs.next() } {
            let begin = run.start;
            let found = match &self.hits {
                Some(hits) => {
                    let own = hits[group.shard as usize].within(run);
                    let hit = if from_end { own.last() } else { own.first() };
                    hit.map(|&(row, id)| (row as usize - begin, id))
                }
                None => with_ids!(shard, run, ids => look(&self.codes, ids, from_end).map_err(|Outside| shard.wrong_id()))?,
            };
            if let Some((at, id)) = found {
                return Ok(Some((begin + at, id)));
            }
        }
        Ok(None)
    }
}

/// Offsets of a ragged result from the lengths of its groups, in order.
pub(crate) fn offsets(groups: usize, lengths: impl Iterator<Item = u32>) -> Vec<f64> {
    let mut offsets = Vec::with_capacity(groups + 1);
    let mut end = 0.0;
    offsets.push(end);
    for length in lengths {
        end += f64::from(length);
        offsets.push(end);
    }
    offsets
}
