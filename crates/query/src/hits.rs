//! Finds the rows of the query's codes with the inverted index. Where they are few, no other row is read.

use crate::codes::Codes;
use crate::groups::Group;
use crate::shard::Shard;
use meds_store::read::{InvertedIndex, RowNumbers};
use meds_store::{Result, Store};
use std::ops::Range;

/// Number of rows that a scan reads in the time in which one row of the index is found, sorted and passed on.
const COST: usize = 128;
/// Number of rows that a scan reads in the time in which one patient is searched among those of a code.
const SEARCH: usize = 512;

/// Rows of a shard that have one of the codes, ascending, each with its code.
#[derive(Debug, Default)]
pub struct Hits(Vec<(u32, u32)>);

impl Hits {
    /// The hits in a run of rows.
    pub fn within(&self, run: Range<usize>) -> &[(u32, u32)] {
        let at = |row: usize| self.0.partition_point(|hit| (hit.0 as usize) < row);
        &self.0[at(run.start)..at(run.end)]
    }

    /// `find` returns the patients of a code, as rows of the shard.
    fn of<'a>(shard: &Shard, ids: &[u32], find: impl Fn(u32) -> Result<Vec<(u32, RowNumbers<'a>)>>) -> Result<Self> {
        let mut hits = Vec::new();
        for &id in ids {
            for (patient, rows) in find(id)? {
                let first = shard.rows_of(patient as usize).start as u32;
                hits.extend(rows.iter().map(|row| (first + row, id)));
            }
        }
        // Hits of a single code are already in order, so this only reads them once.
        hits.sort_unstable();
        Ok(Self(hits))
    }
}

/// The hits of each shard. `None` where the store does not have an inverted index, or where a scan of the
/// groups' rows is faster.
pub fn hits(store: &Store, shards: &[Option<Shard>], codes: &Codes, groups: &[Group]) -> Result<Option<Vec<Hits>>> {
    let Some(ids) = codes.ids() else { return Ok(None) };
    // A shard that is not bound does not have groups.
    let index = |(at, shard): (usize, &Option<Shard>)| if shard.is_some() { store.index(at) } else { Ok(None) };
    let indexes = shards.iter().enumerate().map(index).collect::<Result<Vec<_>>>()?;
    if shards.iter().zip(&indexes).any(|(shard, index)| shard.is_some() && index.is_none()) {
        return Ok(None);
    }
    let rows = groups.iter().map(Group::len).sum::<usize>();
    let each = || indexes.iter().flatten().flat_map(|index| ids.iter().map(move |id| (index, *id)));
    let searches = groups.len().saturating_mul(ids.len()).saturating_mul(SEARCH);
    let share = groups.len() as f64 / store.manifest().counts.patients.max(1) as f64;
    let found = |index: &InvertedIndex, id: u32| index.patients(id) + (COST as f64 * share * index.rows(id) as f64) as usize;
    let wanted = if searches.saturating_add(each().map(|(index, id)| found(index, id)).sum()) <= rows {
        Some(patients_of(store, groups, shards.len()))
    } else {
        // Each id also has a cost of its own, even without patients.
        let mut most = rows / COST;
        for (index, id) in each() {
            let Some(rest) = most.checked_sub(1 + index.rows(id)) else { return Ok(None) };
            most = rest;
        }
        None
    };
    let of = |(at, (shard, index)): (usize, (&Option<Shard>, &Option<InvertedIndex>))| match (shard, index) {
        (Some(shard), Some(index)) => Hits::of(shard, &ids, |id| match &wanted {
            Some(wanted) => index.code_of(id, &wanted[at]),
            None => index.code(id).collect(),
        }),
        _ => Ok(Hits::default()),
    };
    shards.iter().zip(&indexes).enumerate().map(of).collect::<Result<_>>().map(Some)
}

/// The groups' patients, as rows of each shard, ascending.
fn patients_of(store: &Store, groups: &[Group], shards: usize) -> Vec<Vec<u32>> {
    let mut all = vec![vec![]; shards];
    groups.iter().for_each(|group| all[group.shard as usize].push(group.slot));
    let mut base = 0;
    for (shard, slots) in all.iter_mut().enumerate() {
        slots.sort_unstable();
        slots.dedup();
        slots.iter_mut().for_each(|slot| *slot -= base);
        base += store.patient_rows(shard).len() as u32;
    }
    all
}
