//! Training batches: where samples end, and their rows into the arrays of a batch.
//!
//! JavaScript decides which rows a sample has (`src/samples/window.ts`); they are moved here, all of a batch in one call. Each moved row is proved to be its
//! patient's and known at the sample's cut-off, by its own time, whatever the caller has worked out.

use crate::shard::{Id, Ids, Shard, Values, part};
use meds_store::{Code, Error, Result, Store};
use std::cell::Cell;
use std::hint::black_box;
use std::ops::Range;

/// The cut-off of a sample that has none.
pub const NO_CUTOFF: i64 = i64::MAX;

/// Microseconds of a day.
const DAY: f64 = 86_400_000_000.0;

/// Numbers that describe a [`Run`].
pub const RUN: usize = 9;

/// Samples whose ends are looked for together: while one waits for memory, the others go on.
const TOGETHER: usize = 16;

/// Bytes that memory gives at once.
const LINE: usize = 64;

/// Rows in a row, on their way into a batch.
#[derive(Clone, Copy)]
struct Run {
    /// Number of the sample in the batch.
    sample: usize,
    shard: usize,
    /// Row of the patient in the shard.
    patient: usize,
    /// The first row, or where its number stands in the list.
    begin: usize,
    count: usize,
    /// Where the first row goes, and where the first time.
    place: usize,
    moment: usize,
    /// How many times: as many as rows, but in nested batches.
    moments: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Static rows, of which the list has the numbers: no time passes between them.
    Statics,
    /// Rows side by side; the row that the first one's days are counted from.
    Run(usize),
    /// Rows of which the list has the numbers, after the number of the row that the first one's days are counted from.
    List,
}

impl Run {
    fn read(words: &[i32]) -> Result<Self> {
        let &[sample, shard, patient, begin, count, place, moment, moments, kind] = words else { return Err(wrong("runs")) };
        let whole = |word: i32| usize::try_from(word).map_err(|_| wrong("runs"));
        let kind = match kind {
            -2 => Kind::Statics,
            -1 => Kind::List,
            row => Kind::Run(whole(row)?),
        };
        Ok(Self {
            sample: whole(sample)?,
            shard: whole(shard)?,
            patient: whole(patient)?,
            begin: whole(begin)?,
            count: whole(count)?,
            place: whole(place)?,
            moment: whole(moment)?,
            moments: whole(moments)?,
            kind,
        })
    }
}

fn wrong(what: &str) -> Error {
    Error::new(Code::Internal, format!("The {what} of a batch do not fit together."))
}

/// Ids of codes in a batch.
pub enum CodeCells<'a> {
    /// As JavaScript's models take them.
    Narrow(&'a [Cell<i32>]),
    /// As exported ONNX models take them.
    Wide(&'a [Cell<i64>]),
}

/// Arrays of a batch. What is empty is not filled. Cells, because the caller may have given one memory for two of them.
pub struct Batch<'a> {
    /// By place.
    pub code: CodeCells<'a>,
    /// By place; 0 where there is none.
    pub value: &'a [Cell<f32>],
    /// By place: 1 where there is a value.
    pub mask: &'a [Cell<u8>],
    /// By moment: days since the row before.
    pub days: &'a [Cell<f32>],
    /// By moment.
    pub time: &'a [Cell<i64>],
}

/// A vocabulary's tokens, means and deviations by code id; empty for the store's own ids, and for values as they are.
pub struct Tokens<'a> {
    /// Token of each code.
    pub ids: &'a [i32],
    /// Of the values of each code.
    pub mean: &'a [f64],
    /// As `mean`.
    pub std: &'a [f64],
}

/// Rows that belong to a batch's samples.
pub struct Rows<'a> {
    /// [`RUN`] numbers each.
    pub runs: &'a [i32],
    /// Numbers of rows that are not side by side.
    pub list: &'a [u32],
    /// Of each sample.
    pub cutoffs: &'a [i64],
    /// Rows at the very cut-off are known.
    pub inclusive: bool,
}

/// A row that its sample must not have.
pub struct Late {
    /// Number of the sample in the batch.
    pub sample: usize,
    /// Row of the shard.
    pub row: usize,
}

/// The shards of a store, bound when first needed.
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

/// Of each sample the end of the rows that are known at its cut-off. `spans` has three numbers a sample: shard, first row that has a time, end of the
/// patient's rows. The `window` rows before each end are fetched from memory on the way, for [`fill`] is likely to want them.
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
    let groups = spans.chunks(3 * TOGETHER).zip(cutoffs.chunks(TOGETHER)).zip(ends.chunks(TOGETHER));
    for ((spans, cutoffs), ends) in groups {
        let mut searches = [(&[][..], 0, 0_usize, 0_usize); TOGETHER];
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

/// Reads a byte of each line of some rows: the loads wait for none of each other, and what they bring stays near.
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

/// Moves rows into a batch; gives the first row that its sample must not have, where there is one: the batch is then not to be used.
pub fn fill(store: &Store, rows: &Rows, tokens: &Tokens, batch: &Batch) -> Result<Option<Late>> {
    if tokens.mean.len() != tokens.std.len() {
        return Err(wrong("means"));
    }
    let mut shards = Shards::new(store);
    let mut gathered = Gathered::default();
    for words in rows.runs.chunks(RUN) {
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
                    Ids::One(ids) => filled(shard, part(shard, ids, range.clone())?, &range, &run, tokens, batch)?,
                    Ids::Two(ids) => filled(shard, part(shard, ids, range.clone())?, &range, &run, tokens, batch)?,
                    Ids::Four(ids) => filled(shard, part(shard, ids, range.clone())?, &range, &run, tokens, batch)?,
                }
                let times = part(shard, shard.times, range)?;
                moments(times, Some(before), &run, batch)?;
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
                codes(&ids[first..], run.place, tokens, &batch.code)?;
                if let Some(values) = values.get(first..) {
                    numbers(&ids[first..], values, run.place, tokens, batch)?;
                }
                moments(&times[first..], times.first().filter(|_| first > 0).map(|time| i64::from_le_bytes(*time)), &run, batch)?;
                // Static rows without a time are known always.
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

/// Codes and values of rows side by side.
fn filled<I: Id>(shard: &Shard, ids: &[I], range: &Range<usize>, run: &Run, tokens: &Tokens, batch: &Batch) -> Result<()> {
    codes(ids, run.place, tokens, &batch.code)?;
    match shard.values {
        Values::None => Ok(()),
        Values::Single(values) => numbers(ids, part(shard, values, range.clone())?, run.place, tokens, batch),
        Values::Double(values) => numbers(ids, part(shard, values, range.clone())?, run.place, tokens, batch),
    }
}

/// Rows of a list, brought together.
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

/// A numeric value as it stands in a shard; null is NaN.
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

/// The places of some rows; none of an array that is not asked for.
fn places<T>(cells: &[Cell<T>], place: usize, count: usize) -> Result<&[Cell<T>]> {
    if cells.is_empty() {
        return Ok(cells);
    }
    cells.get(place..place + count).ok_or_else(|| wrong("places"))
}

fn codes<I: Id>(ids: &[I], place: usize, tokens: &Tokens, out: &CodeCells) -> Result<()> {
    match out {
        CodeCells::Narrow(out) => mapped(ids, tokens, places(out, place, ids.len())?, |id| id),
        CodeCells::Wide(out) => mapped(ids, tokens, places(out, place, ids.len())?, i64::from),
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

fn numbers<I: Id, N: Number>(ids: &[I], values: &[N], place: usize, tokens: &Tokens, batch: &Batch) -> Result<()> {
    let out = places(batch.value, place, values.len())?;
    let mask = places(batch.mask, place, values.len())?;
    if tokens.mean.is_empty() {
        // Loops of one array each: no branch, for nobody can foresee which rows have a value.
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
        // Infinite values have no score, though dividing by an infinite deviation would give one.
        let is = score.is_finite() && value.is_finite();
        if let Some(cell) = out.get(i) {
            // A small negative number by an infinite one is -0.
            cell.set(if is { (score + 0.0) as f32 } else { 0.0 });
        }
        if let Some(cell) = mask.get(i) {
            cell.set(u8::from(is));
        }
    }
    Ok(())
}

/// Times of a run's first rows, and days from row to row; none between static rows, which have no time before them.
fn moments(times: &[[u8; 8]], before: Option<i64>, run: &Run, batch: &Batch) -> Result<()> {
    let times = times.get(..run.moments).ok_or_else(|| wrong("times"))?;
    for (cell, time) in places(batch.time, run.moment, run.moments)?.iter().zip(times) {
        cell.set(i64::from_le_bytes(*time));
    }
    if let Some(mut last) = before {
        for (cell, time) in places(batch.days, run.moment, run.moments)?.iter().zip(times) {
            let time = i64::from_le_bytes(*time);
            // Exact, but for times that lie further apart than int64 reaches.
            let passed = time.checked_sub(last).map_or_else(|| time as f64 - last as f64, |passed| passed as f64);
            cell.set((passed / DAY) as f32);
            last = time;
        }
    }
    Ok(())
}
