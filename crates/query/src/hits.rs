//! The chosen codes' rows by the inverted index: where they are few, no other row need be looked at.

use crate::codes::Codes;
use crate::shard::Shard;
use meds_store::read::Inverted;
use meds_store::{Result, Store};
use std::ops::Range;

/// Rows that a scan looks at in the time that one row of the index takes to be found, sorted and handed out.
const COST: usize = 128;

/// Rows of a shard that have a chosen code, ascending, each with its code.
#[derive(Debug, Default)]
pub struct Hits(Vec<(u32, u32)>);

impl Hits {
    /// Those in a run of rows.
    pub fn within(&self, run: Range<usize>) -> &[(u32, u32)] {
        let at = |row: usize| self.0.partition_point(|hit| (hit.0 as usize) < row);
        &self.0[at(run.start)..at(run.end)]
    }
}

/// Those of each shard that is bound; `None` where the store has no index, or a scan of the groups' `rows` rows takes less.
pub fn hits(store: &Store, shards: &[Option<Shard>], codes: &Codes, rows: usize) -> Result<Option<Vec<Hits>>> {
    let Some(ids) = codes.ids() else { return Ok(None) };
    let mut indexes = Vec::with_capacity(shards.len());
    let mut entries = 0;
    for (at, shard) in shards.iter().enumerate() {
        let Some(shard) = shard else {
            indexes.push(None);
            continue;
        };
        let Some(index) = store.index(at)? else { return Ok(None) };
        for &id in &ids {
            // An id costs something too, were it nobody's.
            entries += 1 + index.rows(id);
            if entries > rows / COST {
                return Ok(None);
            }
        }
        indexes.push(Some((shard, index)));
    }
    let of = |index: Option<(&Shard, Inverted)>| {
        let Some((shard, index)) = index else { return Ok(Hits::default()) };
        let mut hits = Vec::new();
        for &id in &ids {
            for found in index.code(id) {
                let (patient, rows) = found?;
                let first = shard.rows_of(patient as usize).start as u32;
                hits.extend(rows.iter().map(|row| (first + row, id)));
            }
        }
        // Of one code they stand in order: then this is a look at each.
        hits.sort_unstable();
        Ok(Hits(hits))
    };
    indexes.into_iter().map(of).collect::<Result<Vec<_>>>().map(Some)
}
