//! Training batches: finds the ends of samples, and moves their rows into the arrays of a batch.
//!
//! JavaScript decides which rows a sample contains (`src/samples/window.ts`). This module moves the rows of a
//! whole batch in one call. It proves for each moved row that the row belongs to the patient and is known at
//! the sample's cut-off, from the row's own time, independent of what the caller computed.

mod ends;
mod moves;
mod piece;
mod run;

pub use ends::known_ends;
pub use piece::{Moved, Piece};
pub use run::{LIST, RUN_WORDS, STATICS};

use crate::shard::Shard;
use crate::work;
use meds_store::{Code, Error, Result, Store};
use run::Run;
use std::mem::take;

/// The cut-off of a sample without a cut-off.
pub const NO_CUTOFF: i64 = i64::MAX;

/// Least rows of a piece: a smaller piece costs more to distribute than to move.
const LEAST: usize = 1 << 13;
/// Pieces per thread: enough for all threads to end at about the same time.
const SHARE: usize = 4;

fn wrong(what: &str) -> Error {
    Error::new(Code::Internal, format!("The {what} of a batch do not match."))
}

/// The latest time that is known at a cut-off; `None` where no time is.
fn limit(cutoff: i64, inclusive: bool) -> Option<i64> {
    if inclusive || cutoff == NO_CUTOFF { Some(cutoff) } else { cutoff.checked_sub(1) }
}

/// The codes of a batch.
pub enum CodeCells<'a> {
    /// For models in JavaScript.
    Narrow(&'a mut [i32]),
    /// For exported ONNX models.
    Wide(&'a mut [i64]),
}

/// The arrays of a batch. Empty arrays are not filled. Every element of the others is written exactly once:
/// with a row, or with 0 where no row goes (PAD).
pub struct Arrays<'a> {
    /// By position.
    pub code: CodeCells<'a>,
    /// By position; 0 where there is no value.
    pub value: &'a mut [f32],
    /// By position: 1 where there is a value.
    pub mask: &'a mut [u8],
    /// By position of times: days since the previous row.
    pub days: &'a mut [f32],
    /// By position of times: microseconds since 1970-01-01.
    pub time: &'a mut [i64],
}

/// The common length of the arrays that are requested.
fn common(lengths: &[usize]) -> Result<usize> {
    let mut requested = lengths.iter().copied().filter(|length| *length > 0);
    let first = requested.next().unwrap_or(usize::MAX);
    if requested.all(|length| length == first) { Ok(first) } else { Err(wrong("positions")) }
}

/// Cuts off the first `count` elements; none of an array that is not requested.
#[inline(always)]
fn cut<'a, T>(all: &mut &'a mut [T], count: usize) -> Result<&'a mut [T]> {
    if all.is_empty() {
        return Ok(&mut []);
    }
    let (head, rest) = take(all).split_at_mut_checked(count).ok_or_else(|| wrong("positions"))?;
    *all = rest;
    Ok(head)
}

impl<'a> Arrays<'a> {
    /// The number of positions, and of positions of times. Without an array there is no limit.
    fn ends(&self) -> Result<(usize, usize)> {
        let code = match &self.code {
            CodeCells::Narrow(all) => all.len(),
            CodeCells::Wide(all) => all.len(),
        };
        Ok((common(&[code, self.value.len(), self.mask.len()])?, common(&[self.days.len(), self.time.len()])?))
    }

    /// Cuts off the first positions, and the first positions of times. An array that is used up is empty, as
    /// one that is not requested: the caller compares positions with the ends first.
    #[inline(always)]
    fn cut(&mut self, positions: usize, times: usize) -> Result<Self> {
        Ok(Self {
            code: match &mut self.code {
                CodeCells::Narrow(all) => CodeCells::Narrow(cut(all, positions)?),
                CodeCells::Wide(all) => CodeCells::Wide(cut(all, positions)?),
            },
            value: cut(&mut self.value, positions)?,
            mask: cut(&mut self.mask, positions)?,
            days: cut(&mut self.days, times)?,
            time: cut(&mut self.time, times)?,
        })
    }

    /// Fills everything with PAD.
    #[inline(always)]
    fn pad(self) {
        match self.code {
            CodeCells::Narrow(all) => all.fill(0),
            CodeCells::Wide(all) => all.fill(0),
        }
        self.value.fill(0.0);
        self.mask.fill(0);
        self.days.fill(0.0);
        self.time.fill(0);
    }
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
    /// As many words per run as [`RUN_WORDS`] has names. Positions ascend.
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

/// The shards of a store that a batch reads.
struct Shards<'a>(Vec<Option<Shard<'a>>>);

impl<'a> Shards<'a> {
    /// Binds the shards with these numbers.
    fn of(store: &'a Store, numbers: impl Iterator<Item = usize>) -> Result<Self> {
        let mut all: Vec<_> = store.manifest().shards.iter().map(|_| None).collect();
        for number in numbers {
            let slot = all.get_mut(number).ok_or_else(|| wrong("shards"))?;
            if slot.is_none() {
                *slot = Some(Shard::new(store, number)?);
            }
        }
        Ok(Self(all))
    }

    #[inline(always)]
    fn get(&self, number: usize) -> Result<&Shard<'a>> {
        self.0.get(number).and_then(Option::as_ref).ok_or_else(|| wrong("shards"))
    }
}

/// Moves rows into a batch, on several threads (0: all cores) if there are enough rows. Returns the first row
/// that is not known at its sample's cut-off, if there is one. The batch must not be used then.
///
/// `fill` is [`Piece::fill`], compiled for the processor's own vector instructions where the caller can.
pub fn fill(
    store: &Store,
    rows: &Rows,
    tokens: &Tokens,
    mut arrays: Arrays,
    threads: usize,
    fill: impl Fn(Piece) -> Moved + Sync,
) -> Moved {
    if tokens.mean.len() != tokens.std.len() {
        return Err(wrong("means"));
    }
    let runs = rows.runs.chunks(RUN_WORDS.len()).map(Run::read).collect::<Result<Vec<_>>>()?;
    let shards = Shards::of(store, runs.iter().map(|run| run.shard))?;
    let threads = if threads == 0 { work::cores() } else { threads };
    let total: usize = runs.iter().map(|run| run.count).sum();
    let most = if threads == 1 { usize::MAX } else { (total / (threads * SHARE)).max(LEAST) };
    let (end, time_end) = arrays.ends()?;
    let mut pieces = vec![];
    let (mut begin, mut count, mut position, mut time_position) = (0, 0, 0, 0);
    for (i, run) in runs.iter().enumerate() {
        if count >= most {
            let places = run.position.checked_sub(position).zip(run.time_position.checked_sub(time_position));
            let (positions, times) = places.ok_or_else(|| wrong("positions"))?;
            let own = arrays.cut(positions, times)?;
            let (end, time_end) = (run.position, run.time_position);
            let runs = &runs[begin..i];
            pieces.push(Piece { shards: &shards, rows, tokens, runs, arrays: own, position, time_position, end, time_end });
            (begin, count, position, time_position) = (i, 0, run.position, run.time_position);
        }
        count += run.count;
    }
    let runs = &runs[begin..];
    pieces.push(Piece { shards: &shards, rows, tokens, runs, arrays, position, time_position, end, time_end });
    // The first error or late row, as one thread finds it.
    work::share(pieces, threads, fill).into_iter().find(|moved| !matches!(moved, Ok(None))).unwrap_or(Ok(None))
}
