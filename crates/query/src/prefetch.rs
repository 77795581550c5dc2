//! Rows that are read soon are requested from the disk, many at a time, so that a fast disk is busy.

use crate::search::Search;
use crate::shard::Shard;
use meds_store::read::Demand;
use meds_store::{Code, Error, Result, Store};

/// Rows of patients, or windows of them.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Five numbers per entry: shard, row of the patient in the shard, first row, first row with a time, end.
    pub spans: Vec<u32>,
    /// Only rows at or after these times, one per entry. Absent: from the first row.
    pub starts: Option<Vec<i64>>,
    /// Only rows at or before these times, one per entry. Absent: all.
    pub ends: Option<Vec<i64>>,
    /// Whether rows exactly at the start, and exactly at the end, are wanted.
    pub inclusive: [bool; 2],
    /// At most this number of rows per entry: the last ones.
    pub last: Option<usize>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// At most this number of bytes.
    pub most: usize,
}

const WORDS: usize = 5;

/// Requests the rows and waits until they are in memory. Returns the number of bytes of their pages.
pub fn prefetch(store: &Store, wanted: Wanted) -> Result<usize> {
    let Wanted { spans, starts, ends, inclusive, last, columns, most } = wanted;
    let wrong = || Error::new(Code::Internal, "The spans of a prefetch do not match the store.");
    let count = spans.len() / WORDS;
    if [&starts, &ends].into_iter().flatten().any(|times| times.len() != count) {
        return Err(wrong());
    }
    let shards = store.manifest().shards.len();
    let mut bound: Vec<Option<Shard>> = (0..shards).map(|_| None).collect();
    let (mut searches, mut begins) = (vec![], vec![]);
    for (i, span) in spans.chunks_exact(WORDS).enumerate() {
        let shard = bound.get_mut(span[0] as usize).ok_or_else(wrong)?;
        let times = match shard {
            Some(shard) => shard.times,
            None => shard.insert(Shard::new(store, span[0] as usize)?).times,
        };
        if span[2] > span[3] || span[3] > span[4] || span[4] as usize > times.len() {
            return Err(wrong());
        }
        let search = |bound| (span[0] as usize, Search::new(times, bound, span[3] as usize..span[4] as usize));
        searches.push(search(ends.as_ref().map(|ends| (ends[i], inclusive[1]))));
        // The first row at the start is after all rows before it.
        begins.extend(starts.as_ref().map(|starts| search(Some((starts[i], !inclusive[0])))));
    }
    together(store, &mut searches);
    together(store, &mut begins);
    let mut demand = Demand::new(store, columns)?;
    for (i, ((shard, search), span)) in searches.iter().zip(spans.chunks_exact(WORDS)).enumerate() {
        let end = search.high;
        let first = begins.get(i).map_or(span[2] as usize, |(_, begin)| begin.high);
        let begin = last.map_or(0, |last| end.saturating_sub(last)).max(first).min(end);
        demand.add(*shard, span[1] as usize, begin..end)?;
    }
    let requested = demand.request(most);
    Ok(store.wait(&requested))
}

/// Searches at a time: as many pages are requested at once.
const AT_ONCE: usize = 1 << 10;
/// Bytes of a page, at most as many as the system's.
const PAGE: usize = 1 << 12;

/// Searches in files of shards that may not be in memory: each round requests the next page of every search,
/// and then reads them.
pub(crate) fn together(store: &Store, searches: &mut [(usize, Search)]) {
    let times = |shard: usize| {
        let events = store.shard(shard).ok()?.array("events")?;
        events.child(0).named("time")?.node.data.map(|span| span.offset as usize)
    };
    let starts: Vec<_> = (0..store.manifest().shards.len()).map(|shard| times(shard).unwrap_or_default()).collect();
    for searches in searches.chunks_mut(AT_ONCE) {
        while searches.iter().any(|(_, search)| search.is_open()) {
            for (shard, search) in searches.iter().filter(|(_, search)| search.is_open()) {
                let at = starts[*shard] + 8 * search.middle();
                store.map_of(*shard).request(at..at + 8);
            }
            searches.iter_mut().for_each(|(shard, search)| within_page(search, starts[*shard]));
        }
    }
}

/// Goes on as long as the next row is in the same page. `start`: the byte of the file at which the times begin.
fn within_page(search: &mut Search, start: usize) {
    let page = |search: &Search| (start + 8 * search.middle()) / PAGE;
    let own = page(search);
    while search.is_open() && page(search) == own {
        search.step();
    }
}

#[cfg(test)]
mod tests {
    use super::{Search, within_page};

    #[test]
    fn a_search_ends_where_a_partition_does() {
        let times: Vec<[u8; 8]> = (0..5000_i64).map(|i| (i / 3).to_le_bytes()).collect();
        for bound in [i64::MIN, -1, 0, 1, 700, 1234, 1666, 9999] {
            for inclusive in [true, false] {
                let mut search = Search::new(&times, Some((bound, inclusive)), 7..4990);
                let mut steps = 0;
                while search.is_open() {
                    within_page(&mut search, 64);
                    steps += 1;
                    assert!(steps < 20);
                }
                let known = |word: &[u8; 8]| i64::from_le_bytes(*word) < bound || (inclusive && i64::from_le_bytes(*word) == bound);
                assert_eq!(search.high, 7 + times[7..4990].partition_point(known));
            }
        }
    }
}
