//! A piece of a batch: one thread fills it.

use super::moves::{Number, codes, days, numbers, proved, times};
use super::run::{Kind, Run};
use super::{Arrays, Late, Rows, Shards, Tokens, limit, wrong};
use crate::shard::{Id, Ids, Shard, Values, part};
use meds_store::Result;
use std::ops::Range;

/// How many runs before its own turn the rows of a run are announced: those of the next two samples.
const AHEAD: usize = 4;

/// What a piece of a batch ends with: the first row that is not known at its cut-off, if there is one.
pub type Moved = Result<Option<Late>>;

/// Consecutive runs of a batch, and the positions from those of the piece before to those of the next piece.
pub struct Piece<'a> {
    pub(super) shards: &'a Shards<'a>,
    pub(super) rows: &'a Rows<'a>,
    pub(super) tokens: &'a Tokens<'a>,
    pub(super) runs: &'a [Run],
    pub(super) arrays: Arrays<'a>,
    /// The positions of the arrays' first elements.
    pub(super) position: usize,
    pub(super) time_position: usize,
    /// The positions after the arrays' last elements.
    pub(super) end: usize,
    pub(super) time_end: usize,
}

impl Piece<'_> {
    /// Moves the rows of all runs, and fills all other positions with PAD.
    ///
    /// `load` begins to load bytes from memory into the cache, and does not wait for them.
    ///
    /// Everything below is compiled into the caller: with its vector instructions, if it has more than usual.
    #[inline(always)]
    pub fn fill(self, load: impl Fn(&[u8])) -> Moved {
        let Self { shards, rows, tokens, runs, mut arrays, mut position, mut time_position, end, time_end } = self;
        let mut gathered = Gathered::default();
        for next in runs.iter().take(AHEAD) {
            announce(shards.get(next.shard)?, next, rows, &load);
        }
        for (i, run) in runs.iter().enumerate() {
            if let Some(next) = runs.get(i + AHEAD) {
                announce(shards.get(next.shard)?, next, rows, &load);
            }
            if run.position + run.count > end || run.time_position + run.time_count > time_end {
                return Err(wrong("positions"));
            }
            let gap = run.position.checked_sub(position).zip(run.time_position.checked_sub(time_position));
            let (positions, times) = gap.ok_or_else(|| wrong("positions"))?;
            arrays.cut(positions, times)?.pad();
            let out = arrays.cut(run.count, run.time_count)?;
            (position, time_position) = (run.position + run.count, run.time_position + run.time_count);
            if let Some(row) = moved(shards.get(run.shard)?, run, rows, tokens, out, &mut gathered)? {
                return Ok(Some(Late { sample: run.sample, row }));
            }
        }
        arrays.pad();
        Ok(None)
    }
}

/// Moves a run. Returns the first row that is not known.
#[inline(always)]
fn moved(shard: &Shard, run: &Run, rows: &Rows, tokens: &Tokens, out: Arrays, gathered: &mut Gathered) -> Result<Option<usize>> {
    let cutoff = *rows.cutoffs.get(run.sample).ok_or_else(|| wrong("cut-offs"))?;
    let limit = limit(cutoff, rows.inclusive);
    let own = shard.rows_of(run.patient);
    let is_own = |rows: Range<usize>| own.start <= rows.start && rows.end <= own.end;
    match run.kind {
        Kind::Run(before) => {
            let range = run.begin..run.begin + run.count;
            if !is_own(range.clone()) || !is_own(before..before + 1) {
                return Err(wrong("rows"));
            }
            let Arrays { mut code, value, mask, days, time } = out;
            match shard.ids {
                Ids::One(ids) => columns(shard, part(shard, ids, range.clone())?, &range, tokens, &mut code, value, mask)?,
                Ids::Two(ids) => columns(shard, part(shard, ids, range.clone())?, &range, tokens, &mut code, value, mask)?,
                Ids::Four(ids) => columns(shard, part(shard, ids, range.clone())?, &range, tokens, &mut code, value, mask)?,
            }
            let column = part(shard, shard.times, range)?;
            Ok(passage(column, Some(shard.time(before)?), run, limit, false, days, time)?.map(|at| run.begin + at))
        }
        Kind::List | Kind::Statics => {
            let first = usize::from(run.kind == Kind::List);
            let list = rows.list.get(run.begin..run.begin + first + run.count).ok_or_else(|| wrong("lists"))?;
            if !list.iter().all(|&row| is_own(row as usize..row as usize + 1)) {
                return Err(wrong("rows"));
            }
            gathered.take(shard, list)?;
            let Gathered { ids, values, times } = &*gathered;
            let Arrays { mut code, value, mask, days, time } = out;
            codes(&ids[first..], tokens, &mut code)?;
            match values.get(first..) {
                Some(values) => numbers(&ids[first..], values, tokens, value, mask)?,
                None => unvalued(value, mask),
            }
            let before = times.first().filter(|_| first > 0).map(|time| i64::from_le_bytes(*time));
            // The row before the list must be known too.
            let early = before.is_some_and(|before| limit.is_none_or(|limit| before > limit));
            // Static rows without a time are always known.
            let late = passage(&times[first..], before, run, limit, first == 0, days, time)?;
            Ok(if early { Some(list[0] as usize) } else { late.map(|at| list[first + at] as usize) })
        }
    }
}

/// Fills codes and values of consecutive rows.
#[inline(always)]
fn columns<I: Id>(
    shard: &Shard,
    ids: &[I],
    range: &Range<usize>,
    tokens: &Tokens,
    code: &mut super::CodeCells,
    value: &mut [f32],
    mask: &mut [u8],
) -> Result<()> {
    codes(ids, tokens, code)?;
    match shard.values {
        Values::None => unvalued(value, mask),
        Values::Single(values) => numbers(ids, part(shard, values, range.clone())?, tokens, value, mask)?,
        Values::Double(values) => numbers(ids, part(shard, values, range.clone())?, tokens, value, mask)?,
    }
    Ok(())
}

/// Rows of a store without values.
#[inline(always)]
fn unvalued(value: &mut [f32], mask: &mut [u8]) {
    value.fill(0.0);
    mask.fill(0);
}

/// Fills the times of a run's first rows, and the days from row to row. Static rows do not follow a row, so
/// they have no days. Returns the first row that is not known.
#[inline(always)]
fn passage(
    column: &[[u8; 8]],
    before: Option<i64>,
    run: &Run,
    limit: Option<i64>,
    timeless: bool,
    days_out: &mut [f32],
    time_out: &mut [i64],
) -> Result<Option<usize>> {
    let proof = proved(column, before.unwrap_or_default(), limit.unwrap_or(i64::MIN));
    if (proof.is_late || limit.is_none())
        && let Some(at) = column.iter().position(|time| {
            let time = i64::from_le_bytes(*time);
            limit.is_none_or(|limit| time > limit) && !(timeless && time == i64::MIN)
        })
    {
        return Ok(Some(at));
    }
    let column = column.get(..run.time_count).ok_or_else(|| wrong("times"))?;
    times(column, time_out)?;
    match before {
        Some(before) => days(column, before, proof.is_near, days_out)?,
        None => days_out.fill(0.0),
    }
    Ok(None)
}

/// Passes the bytes of a run's rows to `load`.
#[inline(always)]
fn announce(shard: &Shard, run: &Run, rows: &Rows, load: &impl Fn(&[u8])) {
    let bytes = |range: Range<usize>| {
        load(shard.times.get(range.clone()).unwrap_or(&[]).as_flattened());
        match shard.ids {
            Ids::One(ids) => load(ids.get(range.clone()).unwrap_or(&[]).as_flattened()),
            Ids::Two(ids) => load(ids.get(range.clone()).unwrap_or(&[]).as_flattened()),
            Ids::Four(ids) => load(ids.get(range.clone()).unwrap_or(&[]).as_flattened()),
        }
        match shard.values {
            Values::None => {}
            Values::Single(values) => load(values.get(range).unwrap_or(&[]).as_flattened()),
            Values::Double(values) => load(values.get(range).unwrap_or(&[]).as_flattened()),
        }
    };
    match run.kind {
        Kind::Run(_) => bytes(run.begin..run.begin + run.count),
        // Rows of a list are near each other, static rows mostly in one line.
        Kind::List | Kind::Statics => {
            let Some(&row) = rows.list.get(run.begin) else { return };
            bytes(row as usize..row as usize + 1);
        }
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
