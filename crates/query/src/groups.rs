//! The groups of a query: each is one patient of the cohort, or one window.

use crate::prefetch::together;
use crate::search::{AT_ONCE, Search, run};
use crate::shard::Shard;
use crate::work;
use meds_store::read::{Patients, Scan};
use meds_store::{Code, Error, Progress, Result, Store};
use std::ops::Range;

/// Windows. Each array that is present has one entry per window. Bounds mean the same as in
/// `Timeline.between` (`src/timeline/timeline.ts`).
#[derive(Clone, Debug, Default)]
pub struct Windows {
    /// The subject of each window.
    pub subjects: Vec<i64>,
    /// Windows contain rows at or after these times. Absent: from the beginning.
    pub start: Option<Vec<i64>>,
    /// Windows contain rows at or before these times. Absent: to the end.
    pub end: Option<Vec<i64>>,
    /// Whether windows exclude rows exactly at the start.
    pub after_start: bool,
    /// Whether windows exclude rows exactly at the end.
    pub before_end: bool,
    /// Whether windows exclude static rows.
    pub timed_only: bool,
    /// Windows contain at most this number of rows: the last ones.
    pub last: Option<usize>,
    /// 1 for each window that contains no rows, whatever its bounds. Absent: no window does.
    pub absent: Option<Vec<u8>>,
}

/// Rows of one patient, as two runs of rows of a shard. The first run is empty unless there is a gap after
/// static rows.
#[derive(Clone, Debug)]
pub struct Group {
    /// The patient's slot.
    pub slot: u32,
    /// The shard.
    pub shard: u32,
    /// The patient's first row in the shard.
    pub first: u32,
    /// The patient's first row with a time.
    timed: u32,
    runs: [(u32, u32); 2],
}

impl Group {
    /// The runs of rows of the shard, in order.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = Range<usize>> + use<> {
        self.runs.into_iter().filter(|(begin, end)| begin < end).map(|(begin, end)| begin as usize..end as usize)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.runs.iter().map(|(begin, end)| (end - begin) as usize).sum()
    }

    /// The patient's first row of the shard with a time.
    pub fn timed(&self) -> usize {
        self.timed as usize
    }

    /// The last run, also where it is empty.
    pub fn tail(&self) -> Range<usize> {
        self.runs[1].0 as usize..self.runs[1].1 as usize
    }

    /// Whether this row of the shard has a time.
    pub fn is_timed(&self, row: usize) -> bool {
        row >= self.timed as usize
    }
}

/// The patients of a store, from which groups are made.
struct People<'a> {
    of: Patients<'a>,
    /// The first slot of each shard, then the number of slots.
    base: Vec<usize>,
    store: &'a Store,
}

impl<'a> People<'a> {
    fn new(store: &'a Store) -> Result<Self> {
        let of = Patients::of(store.patients()).map_err(|found| store.patients().corrupt(&found))?;
        Ok(Self { of, base: base(store), store })
    }

    /// The slot of the patient in a row of patients.arrow.
    fn slot(&self, index: usize) -> usize {
        self.base[self.of.shard.u32(index) as usize] + self.of.row.u32(index) as usize
    }

    /// The row of patients.arrow for a subject id.
    fn find(&self, subject: i64) -> Option<usize> {
        let ids = self.of.ids.words::<8>();
        ids.binary_search_by_key(&subject, |word| i64::from_le_bytes(*word)).ok()
    }

    /// The rows of a patient: the shard, and in it the first row, the first row with a time, and the end.
    fn rows(&self, shards: &[Option<Shard>], index: usize) -> Result<(usize, [usize; 3])> {
        let (shard, row) = (self.of.shard.u32(index) as usize, self.of.row.u32(index) as usize);
        let rows = shards.get(shard).and_then(Option::as_ref).map(|shard| shard.rows_of(row));
        let rows = rows.filter(|rows| rows.start <= rows.end && rows.end <= u32::MAX as usize);
        let rows = rows.ok_or_else(|| self.store.patients().corrupt("points outside the shards"))?;
        let timed = rows.start + (self.of.static_events.u32(index) as usize).min(rows.len());
        Ok((shard, [rows.start, timed, rows.end]))
    }

    fn unknown(&self, message: String) -> Error {
        let root = self.store.patients().path.parent().unwrap_or(&self.store.patients().path);
        Error::at(Code::UnknownSubject, root, message)
    }
}

/// The first slot of each shard, then the number of slots.
pub fn base(store: &Store) -> Vec<usize> {
    let mut base = vec![0];
    for shard in 0..store.manifest().shards.len() {
        base.push(base[shard] + store.patient_rows(shard).len());
    }
    base
}

/// The subject of each group.
pub fn subjects(store: &Store, groups: &[Group]) -> Result<Vec<i64>> {
    let people = People::new(store)?;
    let subject = |group: &Group| {
        let shard = group.shard as usize;
        people.of.ids.i64(store.patient_rows(shard)[group.slot as usize - people.base[shard]] as usize)
    };
    Ok(groups.iter().map(subject).collect())
}

/// The shards that contain some of these slots; `None` means all slots.
pub fn shards<'a>(store: &'a Store, slots: Option<&[u32]>) -> Result<Vec<Option<Shard<'a>>>> {
    let mut begin = 0;
    let shards = 0..store.manifest().shards.len();
    shards
        .map(|shard| {
            let end = begin + store.patient_rows(shard).len();
            let touched = slots.is_none_or(|slots| {
                let at = slots.partition_point(|slot| (*slot as usize) < begin);
                slots.get(at).is_some_and(|slot| (*slot as usize) < end)
            });
            begin = end;
            touched.then(|| Shard::new(store, shard)).transpose()
        })
        .collect()
}

/// One group per patient of the cohort, in storage order. `slots` ascend; `None` means all patients.
pub fn of_patients(store: &Store, shards: &[Option<Shard>], slots: Option<&[u32]>) -> Result<Vec<Group>> {
    let people = People::new(store)?;
    let size = people.base.last().copied().unwrap_or_default();
    let group = |slot: usize| {
        let shard = people.base.partition_point(|base| *base <= slot) - 1;
        let rows = (slot < size).then(|| store.patient_rows(shard)[slot - people.base[shard]]);
        let index = rows.ok_or_else(|| people.unknown(format!("Slot {slot} does not exist. The store has {size} patients.")))?;
        let (shard, [first, timed, end]) = people.rows(shards, index as usize)?;
        Ok(made(slot, shard, first, timed, [(0, 0), (first, end)]))
    };
    match slots {
        None => (0..size).map(group).collect(),
        Some(slots) => slots.iter().map(|slot| group(*slot as usize)).collect(),
    }
}

/// A window whose patient is found.
struct Found<'a> {
    slot: usize,
    shard: usize,
    first: usize,
    timed: usize,
    /// It contains no rows, whatever its bounds.
    is_absent: bool,
    /// The searches for its first row with a time, and for its end.
    begin: Search<'a>,
    stop: Search<'a>,
}

impl Found<'_> {
    /// The window's group, from its rows with a time.
    fn cut(&self, windows: &Windows, begin: usize, stop: usize) -> Group {
        let Self { slot, shard, first, timed, is_absent, .. } = *self;
        if is_absent {
            return made(slot, shard, first, timed, [(first, first), (first, first)]);
        }
        let statics = if windows.timed_only { 0 } else { timed - first };
        // `last` keeps the last rows. Static rows are the first, so they are removed first.
        let wanted = windows.last.unwrap_or(usize::MAX);
        let timed_rows = (stop - begin).min(wanted);
        let static_rows = statics.min(wanted - timed_rows);
        made(slot, shard, first, timed, [(timed - static_rows, timed), (stop - timed_rows, stop)])
    }
}

/// One group per window, in their order, and scans of the shards that are worth it. `cold`: some rows are not
/// in memory.
pub fn of_windows(
    store: &Store,
    shards: &[Option<Shard>],
    slots: Option<&[u32]>,
    windows: &Windows,
    (threads, progress): (usize, &Progress),
    cold: bool,
) -> Result<(Vec<Group>, Vec<Scan>)> {
    let people = People::new(store)?;
    let count = windows.subjects.len();
    for (name, times) in [("start", &windows.start), ("end", &windows.end)] {
        if let Some(times) = times.as_ref().filter(|times| times.len() != count) {
            let message = format!(
                "The windows have {count} subjectIds, but {} entries in `{name}`. Each must have one entry per window.",
                times.len()
            );
            return Err(Error::new(Code::InvalidArgument, message));
        }
    }
    let scans = store.scan(dense(store, &people, windows));
    // A window costs several cache misses, as much as a hundred rows.
    let chunks = work::chunks(std::iter::repeat_n(64, count), work::share_of(count * 64, threads));
    let find = |i: usize| {
        let subject = windows.subjects[i];
        let index =
            people.find(subject).filter(|index| slots.is_none_or(|slots| slots.binary_search(&(people.slot(*index) as u32)).is_ok()));
        let unknown = || people.unknown(format!("Subject {subject} is not in this cohort. Filter ids with `cohort.has(id)` first."));
        let index = index.ok_or_else(unknown)?;
        let (at, [first, timed, end]) = people.rows(shards, index)?;
        if windows.absent.as_ref().is_some_and(|absent| absent.get(i) == Some(&1)) {
            let nothing = Search { times: &[], limit: 0, low: first, high: first };
            return Ok(Found { slot: people.slot(index), shard: at, first, timed, is_absent: true, begin: nothing, stop: nothing });
        }
        let (low, high) = (windows.start.as_ref().map(|all| all[i]), windows.end.as_ref().map(|all| all[i]));
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            let message = format!("Window {i} ends ({high}) before it starts ({low}). The start must not be after the end.");
            return Err(Error::new(Code::InvalidArgument, message));
        }
        let times = match &shards[at] {
            Some(shard) if end <= shard.times.len() => shard.times,
            Some(shard) => return Err(shard.short()),
            None => &[],
        };
        // Without a start a window begins at the first row with a time.
        let begin = Search::new(times, low.map(|low| (low, windows.after_start)), timed..if low.is_some() { end } else { timed });
        let stop = Search::new(times, high.map(|high| (high, !windows.before_end)), timed..end);
        Ok(Found { slot: people.slot(index), shard: at, first, timed, is_absent: false, begin, stop })
    };
    // Several windows at once, because their searches wait for memory.
    let cut = |chunk: Range<usize>| {
        if cold && scans.is_empty() {
            fetch(store, &people, shards, windows, chunk.clone());
        }
        let mut groups = Vec::with_capacity(chunk.len());
        let mut all = vec![];
        for begin in chunk.clone().step_by(AT_ONCE / 2) {
            all.clear();
            for i in begin..chunk.end.min(begin + AT_ONCE / 2) {
                all.push(find(i)?);
            }
            let mut searches = [Search::default(); AT_ONCE];
            for (pair, found) in searches.as_chunks_mut::<2>().0.iter_mut().zip(&all) {
                *pair = [found.begin, found.stop];
            }
            run(&mut searches[..2 * all.len()]);
            for ([begin, stop], found) in searches.as_chunks::<2>().0.iter().zip(&all) {
                groups.push(found.cut(windows, begin.low, stop.low.max(begin.low)));
            }
        }
        Ok(groups)
    };
    let (_, parts) = work::each(&chunks, threads, progress, || (), |(), _, chunk| cut(chunk))?;
    Ok((parts.into_iter().flatten().collect(), scans))
}

/// Reads the pages of times that the searches for some windows need, many at a time. Windows that are wrong are
/// left out: cutting them returns the error.
fn fetch(store: &Store, people: &People, shards: &[Option<Shard>], windows: &Windows, chunk: Range<usize>) {
    let mut searches = vec![];
    for i in chunk {
        let rows = people.find(windows.subjects[i]).and_then(|index| people.rows(shards, index).ok());
        let Some((shard, [_, low, high])) = rows else { continue };
        let Some(times) = shards[shard].as_ref().map(|shard| shard.times).filter(|times| high <= times.len()) else { continue };
        let bounds = [
            windows.start.as_ref().map(|all| (all[i], windows.after_start)),
            windows.end.as_ref().map(|all| (all[i], !windows.before_end)),
        ];
        searches.extend(bounds.into_iter().flatten().map(|bound| (shard, Search::new(times, Some(bound), low..high))));
    }
    together(store, &mut searches);
}

/// The shards that windows scan: those in which the windows' patients are close together, if most windows are
/// in storage order. In another order the system can evict pages that it read ahead before they are used.
fn dense(store: &Store, people: &People, windows: &Windows) -> Vec<usize> {
    // Fewer windows are not worth a scan, so their patients are not looked up.
    let least = store.manifest().shards.iter().map(|shard| shard.patients).min().unwrap_or_default() as usize / 16;
    if windows.subjects.len() < least {
        return vec![];
    }
    let mut slots: Vec<u32> = windows.subjects.iter().filter_map(|id| people.find(*id)).map(|index| people.slot(index) as u32).collect();
    let falls = slots.windows(2).filter(|pair| pair[0] > pair[1]).count();
    if falls * 8 > slots.len() {
        return vec![];
    }
    slots.sort_unstable();
    slots.dedup();
    store.dense(Some(&slots))
}

/// Makes a group. Rows of a shard fit in 31 bits and slots in 32.
fn made(slot: usize, shard: usize, first: usize, timed: usize, [head, run]: [(usize, usize); 2]) -> Group {
    let narrow = |(begin, end): (usize, usize)| (begin as u32, end as u32);
    let runs = if head.1 == run.0 { [(0, 0), narrow((head.0, run.1))] } else { [narrow(head), narrow(run)] };
    Group { slot: slot as u32, shard: shard as u32, first: first as u32, timed: timed as u32, runs }
}
