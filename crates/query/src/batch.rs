//! Training batches: finds the ends of samples, and moves their rows into the arrays of a batch.
//!
//! JavaScript decides which rows a sample contains (`src/samples/window.ts`). This module moves the rows of a
//! whole batch in one call. It proves for each moved row that the row belongs to the patient and is known at
//! the sample's cut-off, from the row's own time, independent of what the caller computed.

use crate::shard::{Id, Ids, Shard, Values, part};
use meds_store::{Code, Error, Result, Store};
use std::cell::Cell;
use std::hint::black_box;
use std::ops::Range;

/// The cut-off of a sample without a cut-off.
pub const NO_CUTOFF: i64 = i64::MAX;

/// Microseconds per day.
const DAY: f64 = 86_400_000_000.0;

/// Number of interleaved searches: while one search waits for memory, the others continue.
const SEARCHES_AT_ONCE: usize = 16;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Rows of one sample that go to consecutive positions of a batch.
#[derive(Clone, Copy)]
struct Run {
    /// Index of the sample in the batch.
    sample: usize,
    shard: usize,
    /// Row of the patient in the shard.
    patient: usize,
    /// The first row, or the index of its number in the list.
    begin: usize,
    count: usize,
    /// Position of the first row, and position of the first time.
    position: usize,
    time_position: usize,
    /// Number of times: equal to the number of rows, except in nested batches.
    time_count: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Static rows, whose numbers are in the list: no time passes between them.
    Statics,
    /// Consecutive rows. The value is the row from which the first row's days are counted.
    Run(usize),
    /// Rows whose numbers are in the list. The number before them is the row from which the first row's days
    /// are counted.
    List,
}

/// Declares the words of a run once: their names, their order and their number.
macro_rules! run_words {
    ($($word:ident),+) => {
        /// Names of the words of a run, in order. `src/batches/run.ts` has the same; a test compares both.
        pub const RUN_WORDS: &[&str] = &[$(stringify!($word)),+];

        /// The words of a run, as the caller passes them.
        struct Words {
            $($word: i32),+
        }

        impl Words {
            fn read(words: &[i32]) -> Result<Self> {
                let &[$($word),+] = words else { return Err(wrong("runs")) };
                Ok(Self { $($word),+ })
            }
        }
    };
}

run_words!(sample, shard, patient, begin, count, position, time_position, time_count, kind);

/// The `kind` of a run whose rows are in the list, after the row before them. Otherwise `kind` is that row.
pub const LIST: i32 = -1;

/// The `kind` of a run of static rows.
pub const STATICS: i32 = -2;

impl Run {
    fn read(words: &[i32]) -> Result<Self> {
        let words = Words::read(words)?;
        let whole = |word: i32| usize::try_from(word).map_err(|_| wrong("runs"));
        let kind = match words.kind {
            STATICS => Kind::Statics,
            LIST => Kind::List,
            row => Kind::Run(whole(row)?),
        };
        Ok(Self {
            sample: whole(words.sample)?,
            shard: whole(words.shard)?,
            patient: whole(words.patient)?,
            begin: whole(words.begin)?,
            count: whole(words.count)?,
            position: whole(words.position)?,
            time_position: whole(words.time_position)?,
            time_count: whole(words.time_count)?,
            kind,
        })
    }
}

fn wrong(what: &str) -> Error {
    Error::new(Code::Internal, format!("The {what} of a batch do not match."))
}

/// The codes of a batch.
pub enum CodeCells<'a> {
    /// For models in JavaScript.
    Narrow(&'a [Cell<i32>]),
    /// For exported ONNX models.
    Wide(&'a [Cell<i64>]),
}

/// The arrays of a batch. Empty arrays are not filled. The type is `Cell` because the caller may pass the
/// same memory for two arrays.
pub struct Batch<'a> {
    /// By position.
    pub code: CodeCells<'a>,
    /// By position; 0 where there is no value.
    pub value: &'a [Cell<f32>],
    /// By position: 1 where there is a value.
    pub mask: &'a [Cell<u8>],
    /// By position of times: days since the previous row.
    pub days: &'a [Cell<f32>],
    /// By position of times: microseconds since 1970-01-01.
    pub time: &'a [Cell<i64>],
}

/// A vocabulary's tokens, means and standard deviations by code id. Empty `ids` keep the ids of the store,
/// empty `mean` and `std` keep the values.
pub struct Tokens<'a> {
    /// Token of each code.
    pub ids: &'a [i32],
    /// Mean of the values of each code.
    pub mean: &'a [f64],
    /// Standard deviation of the values of each code.
    pub std: &'a [f64],
}

/// The rows of a batch's samples.
pub struct Rows<'a> {
    /// As many words per run as [`RUN_WORDS`] has names.
    pub runs: &'a [i32],
    /// Row numbers of the runs whose rows are not consecutive.
    pub list: &'a [u32],
    /// Cut-off of each sample.
    pub cutoffs: &'a [i64],
    /// Whether rows at the time of the cut-off are known.
    pub inclusive: bool,
}

/// A row that is not known at its sample's cut-off.
pub struct Late {
    /// Index of the sample in the batch.
    pub sample: usize,
    /// Row in the shard.
    pub row: usize,
}

/// The shards of a store. Each is bound at its first use.
struct Shards<'a> {
    store: &'a Store,
    bound: Vec<Option<Shard<'a>>>,
}

impl<'a> Shards<'a> {
    fn new(store: &'a Store) -> Self {
        Self { store, bound: store.manifest().shards.iter().map(|_| None).collect() }
    }

    fn get(&mut self, shard: usize) -> Result<&Shard<'a>> {
        let slot = self.bound.get_mut(shard).ok_or_else(|| wrong("shards"))?;
        if slot.is_none() {
            *slot = Some(Shard::new(self.store, shard)?);
        }
        slot.as_ref().ok_or_else(|| wrong("shards"))
    }
}

/// Finds for each sample the end of the rows that are known at its cut-off. `spans` contains three numbers
/// per sample: shard, first row with a time, end of the patient's rows. The search also loads the `window`
/// rows before each end from memory, because [`fill`] is likely to need them next.
pub fn known_ends(store: &Store, spans: &[u32], cutoffs: &[i64], inclusive: bool, window: usize, ends: &[Cell<u32>]) -> Result<()> {
    if spans.len() != 3 * cutoffs.len() || ends.len() != cutoffs.len() {
        return Err(wrong("samples"));
    }
    let mut shards = Shards::new(store);
    for span in spans.chunks_exact(3) {
        let times = shards.get(span[0] as usize)?.times.len();
        if span[1] > span[2] || span[2] as usize > times {
            return Err(wrong("samples"));
        }
    }
    let groups = spans.chunks(3 * SEARCHES_AT_ONCE).zip(cutoffs.chunks(SEARCHES_AT_ONCE)).zip(ends.chunks(SEARCHES_AT_ONCE));
    for ((spans, cutoffs), ends) in groups {
        let mut searches = [(&[][..], 0, 0_usize, 0_usize); SEARCHES_AT_ONCE];
        for ((search, span), &cutoff) in searches.iter_mut().zip(spans.chunks_exact(3)).zip(cutoffs) {
            let (low, high) = (span[1] as usize, span[2] as usize);
            let from = if cutoff == NO_CUTOFF { high } else { low };
            *search = (shards.get(span[0] as usize)?.times, cutoff, from, high);
        }
        let mut open = true;
        while open {
            open = false;
            for (times, cutoff, low, high) in &mut searches[..cutoffs.len()] {
                if low >= high {
                    continue;
                }
                open = true;
                let middle = low.midpoint(*high);
                let time = i64::from_le_bytes(times[middle]);
                if is_known(time, *cutoff, inclusive) {
                    *low = middle + 1;
                } else {
                    *high = middle;
                }
            }
        }
        for (((_, _, end, _), span), cell) in searches.iter().zip(spans.chunks_exact(3)).zip(ends) {
            cell.set(*end as u32);
            touch(shards.get(span[0] as usize)?, end.saturating_sub(window).max(span[1] as usize)..*end);
        }
    }
    Ok(())
}

fn is_known(time: i64, cutoff: i64, inclusive: bool) -> bool {
    time < cutoff || (inclusive && time == cutoff) || cutoff == NO_CUTOFF
}

/// Reads one byte per cache line of some rows: the loads do not depend on each other, and the lines stay in
/// the cache.
fn touch(shard: &Shard, rows: Range<usize>) {
    let mut sum = lines(shard.times, &rows);
    sum ^= match shard.ids {
        Ids::One(ids) => lines(ids, &rows),
        Ids::Two(ids) => lines(ids, &rows),
        Ids::Four(ids) => lines(ids, &rows),
    };
    sum ^= match shard.values {
        Values::None => 0,
        Values::Single(values) => lines(values, &rows),
        Values::Double(values) => lines(values, &rows),
    };
    black_box(sum);
}

fn lines<const W: usize>(words: &[[u8; W]], rows: &Range<usize>) -> u8 {
    words.get(rows.clone()).unwrap_or(&[]).iter().step_by(LINE / W).fold(0, |sum, word| sum ^ word[0])
}

/// Moves rows into a batch. Returns the first row that is not known at its sample's cut-off, if there is one.
/// The batch must not be used then.
pub fn fill(store: &Store, rows: &Rows, tokens: &Tokens, batch: &Batch) -> Result<Option<Late>> {
    if tokens.mean.len() != tokens.std.len() {
        return Err(wrong("means"));
    }
    let mut shards = Shards::new(store);
    let mut gathered = Gathered::default();
    for words in rows.runs.chunks(RUN_WORDS.len()) {
        let run = Run::read(words)?;
        let shard = shards.get(run.shard)?;
        let cutoff = *rows.cutoffs.get(run.sample).ok_or_else(|| wrong("cut-offs"))?;
        let own = shard.rows_of(run.patient);
        let check = |range: Range<usize>| {
            let inside = own.start <= range.start && range.end <= own.end;
            if inside { Ok(range) } else { Err(wrong("rows")) }
        };
        let late = match run.kind {
            Kind::Run(before) => {
                let range = check(run.begin..run.begin + run.count)?;
                let before = shard.time(check(before..before + 1)?.start)?;
                match shard.ids {
                    Ids::One(ids) => fill_run(shard, part(shard, ids, range.clone())?, &range, &run, tokens, batch)?,
                    Ids::Two(ids) => fill_run(shard, part(shard, ids, range.clone())?, &range, &run, tokens, batch)?,
                    Ids::Four(ids) => fill_run(shard, part(shard, ids, range.clone())?, &range, &run, tokens, batch)?,
                }
                let times = part(shard, shard.times, range)?;
                fill_times(times, Some(before), &run, batch)?;
                times.iter().position(|time| !is_known(i64::from_le_bytes(*time), cutoff, rows.inclusive)).map(|i| run.begin + i)
            }
            Kind::List | Kind::Statics => {
                let first = usize::from(run.kind == Kind::List);
                let list = rows.list.get(run.begin..run.begin + first + run.count).ok_or_else(|| wrong("lists"))?;
                for &row in list {
                    check(row as usize..row as usize + 1)?;
                }
                gathered.take(shard, list)?;
                let Gathered { ids, values, times } = &gathered;
                codes(&ids[first..], run.position, tokens, &batch.code)?;
                if let Some(values) = values.get(first..) {
                    numbers(&ids[first..], values, run.position, tokens, batch)?;
                }
                fill_times(&times[first..], times.first().filter(|_| first > 0).map(|time| i64::from_le_bytes(*time)), &run, batch)?;
                // Static rows without a time are always known.
                let known = |time: i64| is_known(time, cutoff, rows.inclusive) || (first == 0 && time == i64::MIN);
                times.iter().position(|time| !known(i64::from_le_bytes(*time))).map(|i| list[i] as usize)
            }
        };
        if let Some(row) = late {
            return Ok(Some(Late { sample: run.sample, row }));
        }
    }
    Ok(None)
}

/// Fills codes and values of consecutive rows.
fn fill_run<I: Id>(shard: &Shard, ids: &[I], range: &Range<usize>, run: &Run, tokens: &Tokens, batch: &Batch) -> Result<()> {
    codes(ids, run.position, tokens, &batch.code)?;
    match shard.values {
        Values::None => Ok(()),
        Values::Single(values) => numbers(ids, part(shard, values, range.clone())?, run.position, tokens, batch),
        Values::Double(values) => numbers(ids, part(shard, values, range.clone())?, run.position, tokens, batch),
    }
}

/// Copies of the rows of a list, so that they are consecutive.
#[derive(Default)]
struct Gathered {
    ids: Vec<[u8; 4]>,
    /// Empty in a store without values.
    values: Vec<[u8; 8]>,
    times: Vec<[u8; 8]>,
}

impl Gathered {
    fn take(&mut self, shard: &Shard, list: &[u32]) -> Result<()> {
        let get = |id: Option<u32>| id.map(u32::to_le_bytes).ok_or_else(|| shard.short());
        self.ids.clear();
        self.values.clear();
        self.times.clear();
        for row in list.iter().map(|&row| row as usize) {
            self.times.push(shard.time(row)?.to_le_bytes());
            self.ids.push(match shard.ids {
                Ids::One(ids) => get(ids.get(row).map(|id| id.id()))?,
                Ids::Two(ids) => get(ids.get(row).map(|id| id.id()))?,
                Ids::Four(ids) => get(ids.get(row).map(|id| id.id()))?,
            });
            let value = match shard.values {
                Values::None => continue,
                Values::Single(values) => values.get(row).map(|value| value.number()),
                Values::Double(values) => values.get(row).map(|value| value.number()),
            };
            self.values.push(value.ok_or_else(|| shard.short())?.to_le_bytes());
        }
        Ok(())
    }
}

/// A numeric value as a shard stores it; null is NaN.
trait Number: Copy {
    fn number(self) -> f64;
    fn single(self) -> f32;
}

impl Number for [u8; 4] {
    #[inline(always)]
    fn number(self) -> f64 {
        f64::from(self.single())
    }

    #[inline(always)]
    fn single(self) -> f32 {
        f32::from_le_bytes(self)
    }
}

impl Number for [u8; 8] {
    #[inline(always)]
    fn number(self) -> f64 {
        f64::from_le_bytes(self)
    }

    #[inline(always)]
    fn single(self) -> f32 {
        self.number() as f32
    }
}

/// The cells of `count` positions; none of an array that is not requested.
fn cells_at<T>(cells: &[Cell<T>], position: usize, count: usize) -> Result<&[Cell<T>]> {
    if cells.is_empty() {
        return Ok(cells);
    }
    cells.get(position..position + count).ok_or_else(|| wrong("positions"))
}

fn codes<I: Id>(ids: &[I], position: usize, tokens: &Tokens, out: &CodeCells) -> Result<()> {
    match out {
        CodeCells::Narrow(out) => mapped(ids, tokens, cells_at(out, position, ids.len())?, |id| id),
        CodeCells::Wide(out) => mapped(ids, tokens, cells_at(out, position, ids.len())?, i64::from),
    }
}

fn mapped<I: Id, T>(ids: &[I], tokens: &Tokens, out: &[Cell<T>], token: impl Fn(i32) -> T) -> Result<()> {
    if tokens.ids.is_empty() {
        for (cell, id) in out.iter().zip(ids) {
            cell.set(token(id.id() as i32));
        }
        return Ok(());
    }
    for (cell, id) in out.iter().zip(ids) {
        let own = tokens.ids.get(id.id() as usize).ok_or_else(|| wrong("tokens"))?;
        cell.set(token(*own));
    }
    Ok(())
}

fn numbers<I: Id, N: Number>(ids: &[I], values: &[N], position: usize, tokens: &Tokens, batch: &Batch) -> Result<()> {
    let out = cells_at(batch.value, position, values.len())?;
    let mask = cells_at(batch.mask, position, values.len())?;
    if tokens.mean.is_empty() {
        // One loop per array, without a branch: which rows have a value is not predictable.
        for (cell, value) in out.iter().zip(values) {
            let value = value.single();
            cell.set(if value.is_nan() { 0.0 } else { value });
        }
        for (cell, value) in mask.iter().zip(values) {
            cell.set(u8::from(!value.single().is_nan()));
        }
        return Ok(());
    }
    for (i, (id, value)) in ids.iter().zip(values).enumerate() {
        let id = id.id() as usize;
        let (Some(mean), Some(std)) = (tokens.mean.get(id), tokens.std.get(id)) else { return Err(wrong("means")) };
        let value = value.number();
        let score = (value - mean) / std;
        // Infinite values have no score, although a division by an infinite deviation would return one.
        let is = score.is_finite() && value.is_finite();
        if let Some(cell) = out.get(i) {
            // A small negative number divided by an infinite one is -0.
            cell.set(if is { (score + 0.0) as f32 } else { 0.0 });
        }
        if let Some(cell) = mask.get(i) {
            cell.set(u8::from(is));
        }
    }
    Ok(())
}

/// Fills the times of a run's first rows, and the days from row to row. Static rows do not follow a row, so
/// they have no days.
fn fill_times(times: &[[u8; 8]], before: Option<i64>, run: &Run, batch: &Batch) -> Result<()> {
    let times = times.get(..run.time_count).ok_or_else(|| wrong("times"))?;
    for (cell, time) in cells_at(batch.time, run.time_position, run.time_count)?.iter().zip(times) {
        cell.set(i64::from_le_bytes(*time));
    }
    if let Some(mut last) = before {
        for (cell, time) in cells_at(batch.days, run.time_position, run.time_count)?.iter().zip(times) {
            let time = i64::from_le_bytes(*time);
            // Exact, except for differences that exceed int64.
            let passed = time.checked_sub(last).map_or_else(|| time as f64 - last as f64, |passed| passed as f64);
            cell.set((passed / DAY) as f32);
            last = time;
        }
    }
    Ok(())
}
