//! Finds the rows that are known at the cut-off of each sample.

use super::{NO_CUTOFF, Shards, wrong};
use crate::search::{AT_ONCE, Search, run};
use crate::work;
use meds_store::{Result, Store};

/// Least samples of a thread: fewer cost more to distribute than to search.
const LEAST: usize = 64;

/// Finds for each sample the end of the rows that are known at its cut-off, on several threads (0: all cores)
/// if there are enough samples. `spans` contains three numbers per sample: shard, first row with a time, end
/// of the patient's rows.
pub fn known_ends(store: &Store, spans: &[u32], cutoffs: &[i64], inclusive: bool, threads: usize) -> Result<Vec<u32>> {
    if spans.len() != 3 * cutoffs.len() {
        return Err(wrong("samples"));
    }
    let shards = Shards::of(store, spans.chunks_exact(3).map(|span| span[0] as usize))?;
    for span in spans.chunks_exact(3) {
        let times = shards.get(span[0] as usize)?.times.len();
        if span[1] > span[2] || span[2] as usize > times {
            return Err(wrong("samples"));
        }
    }
    let mut ends = vec![0; cutoffs.len()];
    let threads = if threads == 0 { work::cores() } else { threads };
    let share = cutoffs.len().div_ceil(threads).max(LEAST);
    let parts = spans.chunks(3 * share).zip(cutoffs.chunks(share)).zip(ends.chunks_mut(share)).collect();
    let found = work::share(parts, threads, |((spans, cutoffs), ends)| search(&shards, spans, cutoffs, inclusive, ends));
    found.into_iter().collect::<Result<()>>()?;
    Ok(ends)
}

fn search(shards: &Shards, spans: &[u32], cutoffs: &[i64], inclusive: bool, ends: &mut [u32]) -> Result<()> {
    let groups = spans.chunks(3 * AT_ONCE).zip(cutoffs.chunks(AT_ONCE)).zip(ends.chunks_mut(AT_ONCE));
    for ((spans, cutoffs), ends) in groups {
        let mut searches = [Search::default(); AT_ONCE];
        for ((search, span), &cutoff) in searches.iter_mut().zip(spans.chunks_exact(3)).zip(cutoffs) {
            let times = shards.get(span[0] as usize)?.times;
            let bound = (cutoff != NO_CUTOFF).then_some((cutoff, inclusive));
            *search = Search::new(times, bound, span[1] as usize..span[2] as usize);
        }
        run(&mut searches[..cutoffs.len()]);
        for (search, cell) in searches.iter().zip(ends) {
            *cell = search.low as u32;
        }
    }
    Ok(())
}
