//! Counts how often each code occurs in each bin of time.

use crate::bins::{Bin, Bins};
use crate::groups::Group;
use crate::query::Query;
use crate::shard::{Id, Shard, with_ids};
use crate::work;
use meds_store::Result;
use std::ops::Range;

/// One entry per code and bin with at least one row, in order of code and bin.
#[derive(Debug, Default, PartialEq)]
pub struct BinCounts {
    /// Code ids.
    pub codes: Vec<u32>,
    /// Numbers of the bins ([`Bins`]).
    pub bins: Vec<i64>,
    /// Numbers of rows, 1 or more.
    pub counts: Vec<f64>,
    /// Rows of the codes without a time, which are in no bin.
    pub without_time: f64,
}

/// Most cells of the tables of all threads: 256 MiB.
const CELLS: u64 = 1 << 26;
/// A table is emptied into the result over its whole width, so it must not be much larger than the rows.
const CELLS_PER_ROW: u64 = 4;

/// The bins and codes that are counted.
struct Grid {
    kind: Bins,
    /// The number of the first bin, and how many follow from it.
    base: i64,
    bins: u64,
    /// The codes, ascending.
    ids: Vec<u32>,
    /// For each id its index in `ids`. Absent where this is the id minus 1.
    index: Option<Vec<u32>>,
}

impl Grid {
    fn new(query: &Query, kind: Bins) -> Self {
        let (base, bins) = query.times().map_or((0, 0), |(first, last)| {
            let (first, last) = (kind.at(first).number, kind.at(last).number);
            (first, (last - first + 1) as u64)
        });
        let last = query.codes.last();
        match query.codes.ids() {
            None => Self { kind, base, bins, ids: (1..=last).collect(), index: None },
            Some(ids) => {
                let mut index = vec![0; last as usize + 1];
                (0..).zip(&ids).for_each(|(at, id)| index[*id as usize] = at);
                Self { kind, base, bins, ids, index: Some(index) }
            }
        }
    }

    /// The index of the bin. `None` for a time outside the store's first and last time: the store is damaged.
    fn bin(&self, bin: &Bin) -> Option<usize> {
        let at = bin.number.wrapping_sub(self.base) as u64;
        (at < self.bins).then_some(at as usize)
    }

    /// The index of a code of the query.
    #[inline(always)]
    fn column(&self, id: u32) -> usize {
        self.index.as_ref().map_or(id as usize - 1, |index| index[id as usize] as usize)
    }

    /// Whether one counter for each code and bin is worth it.
    fn is_small(&self, rows: usize, threads: usize) -> bool {
        let cells = self.bins.saturating_mul(self.ids.len() as u64);
        cells <= CELLS / threads.max(4) as u64 && cells <= (rows as u64).saturating_mul(CELLS_PER_ROW)
    }
}

/// A bin that contains no time, so that the first row looks for its own.
const NO_BIN: Bin = Bin { number: 0, first: i64::MAX, last: i64::MIN };

/// One thread's counters: for each bin one per code, because neighbouring rows are mostly in one bin.
#[derive(Default)]
struct Table {
    cells: Vec<u32>,
    /// Counters that were full.
    full: Vec<Vec<u32>>,
    rows: usize,
    without_time: u64,
}

impl Table {
    fn group(&mut self, query: &Query, grid: &Grid, group: &Group) -> Result<()> {
        if self.cells.is_empty() {
            self.cells = vec![0; grid.bins as usize * grid.ids.len()];
        }
        if self.rows + group.len() > u32::MAX as usize {
            let cells = vec![0; self.cells.len()];
            self.full.push(std::mem::replace(&mut self.cells, cells));
            self.rows = 0;
        }
        self.rows += group.len();
        if !query.all() {
            return self.some(query, grid, group);
        }
        let shard = query.shard(group);
        for run in group.runs() {
            let timed = run.start.max(group.timed()).min(run.end);
            self.without_time += (timed - run.start) as u64;
            let times = crate::shard::part(shard, shard.times, timed..run.end)?;
            let statics = run.start..timed;
            let is_sound = with_ids!(shard, statics, ids => Ok(ids.iter().all(|id| query.codes.has(id.id()))))?;
            let done = with_ids!(shard, timed..run.end, ids => self.run(grid, shard, times, ids))?;
            if !(is_sound && done) {
                return Err(shard.wrong_id());
            }
        }
        Ok(())
    }

    /// Counts rows of all codes. False for an id outside the table of codes.
    fn run<I: Id>(&mut self, grid: &Grid, shard: &Shard, times: &[[u8; 8]], ids: &[I]) -> Result<bool> {
        let width = grid.ids.len();
        let mut at = 0;
        while at < times.len() {
            let bin = grid.kind.at(i64::from_le_bytes(times[at]));
            let row = grid.bin(&bin).ok_or_else(|| shard.wrong_time())?;
            let end = at + length(&times[at..], bin.last);
            // Index 0 is for id 1.
            let row = &mut self.cells[row * width..(row + 1) * width];
            for id in &ids[at..end] {
                match row.get_mut((id.id() as usize).wrapping_sub(1)) {
                    Some(cell) => *cell += 1,
                    None => return Ok(false),
                }
            }
            at = end;
        }
        Ok(true)
    }

    /// Counts rows of some codes.
    fn some(&mut self, query: &Query, grid: &Grid, group: &Group) -> Result<()> {
        let Self { cells, without_time, .. } = self;
        let width = grid.ids.len();
        each(query, grid, group, without_time, |bin, column| cells[bin * width + column] += 1)
    }
}

/// Calls `found` with the index of the bin and of the code of every row with a time.
fn each(query: &Query, grid: &Grid, group: &Group, without_time: &mut u64, mut found: impl FnMut(usize, usize)) -> Result<()> {
    let shard = query.shard(group);
    let (mut bin, mut index, mut is_sound) = (NO_BIN, 0, true);
    query.matches(group, |row, id| {
        if !group.is_timed(row) {
            *without_time += 1;
            return;
        }
        let Some(time) = shard.times.get(row).map(|word| i64::from_le_bytes(*word)) else {
            is_sound = false;
            return;
        };
        if time < bin.first || time > bin.last {
            bin = grid.kind.at(time);
            match grid.bin(&bin) {
                Some(at) => index = at,
                None => {
                    (bin, is_sound) = (NO_BIN, false);
                    return;
                }
            }
        }
        found(index, grid.column(id));
    })?;
    if is_sound { Ok(()) } else { Err(shard.wrong_time()) }
}

/// Number of leading times (ascending, the first of them at or before `last`) that are at or before `last`.
fn length(times: &[[u8; 8]], last: i64) -> usize {
    let inside = |word: &[u8; 8]| i64::from_le_bytes(*word) <= last;
    let mut step = 1;
    while times.get(step).is_some_and(inside) {
        step *= 2;
    }
    let begin = step / 2;
    let rest = &times[begin..times.len().min(step)];
    begin + rest.partition_point(inside)
}

/// The counts of a chunk of groups: those of each code are consecutive, each with its bin.
#[derive(Default)]
struct Part {
    /// Indexes of codes, ascending, and where the counts of each end.
    columns: Vec<u32>,
    ends: Vec<usize>,
    counts: Vec<(u32, u32)>,
    without_time: u64,
}

impl Part {
    fn new(query: &Query, grid: &Grid, groups: &[Group]) -> Result<Self> {
        let mut part = Self::default();
        let mut found: Vec<(u32, u32)> = vec![];
        for group in groups {
            // Bins have 32 bits: there are at most 213,503,983 days in int64.
            each(query, grid, group, &mut part.without_time, |bin, column| found.push((column as u32, bin as u32)))?;
        }
        let mut ends = vec![0usize; grid.ids.len()];
        found.iter().for_each(|(column, _)| ends[*column as usize] += 1);
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut bins = vec![0; found.len()];
        for (column, bin) in found {
            let place = &mut ends[column as usize];
            bins[*place] = bin;
            *place += 1;
        }
        let mut begin = 0;
        for (column, end) in (0..).zip(ends) {
            let own = &mut bins[begin..end];
            begin = end;
            if own.is_empty() {
                continue;
            }
            own.sort_unstable();
            part.counts.extend(own.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)));
            part.columns.push(column);
            part.ends.push(part.counts.len());
        }
        Ok(part)
    }

    /// Where the first code at or after `column` is.
    fn seek(&self, column: usize) -> usize {
        self.columns.partition_point(|own| (*own as usize) < column)
    }

    /// The counts of the code at an index.
    fn of(&self, at: usize) -> &[(u32, u32)] {
        &self.counts[at.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[at]]
    }
}

/// The result for some consecutive codes.
#[derive(Default)]
struct Piece {
    codes: Vec<u32>,
    bins: Vec<i64>,
    counts: Vec<f64>,
}

impl Piece {
    fn push(&mut self, grid: &Grid, column: usize, bin: u64, count: u64) {
        self.codes.push(grid.ids[column]);
        self.bins.push(grid.base + bin as i64);
        self.counts.push(count as f64);
    }

    fn of_tables(grid: &Grid, tables: &[&[u32]], columns: Range<usize>) -> Self {
        let (mut piece, width) = (Self::default(), grid.ids.len());
        // Some codes at once, so that each cache line of the tables is read once.
        let mut sums = vec![0u64; 0];
        let bins = grid.bins as usize;
        for begin in columns.clone().step_by(16) {
            let block = begin..columns.end.min(begin + 16);
            sums.clear();
            sums.resize(block.len() * bins, 0);
            for table in tables {
                for bin in 0..bins {
                    for (i, count) in table[bin * width + block.start..bin * width + block.end].iter().enumerate() {
                        sums[i * bins + bin] += u64::from(*count);
                    }
                }
            }
            for (column, own) in block.zip(sums.chunks_exact(bins.max(1))) {
                (0..).zip(own).filter(|(_, sum)| **sum > 0).for_each(|(bin, sum)| piece.push(grid, column, bin, *sum));
            }
        }
        piece
    }

    fn of_parts(grid: &Grid, parts: &[Part], columns: Range<usize>) -> Self {
        let mut piece = Self::default();
        let mut next: Vec<usize> = parts.iter().map(|part| part.seek(columns.start)).collect();
        let mut own: Vec<(u32, u32)> = vec![];
        for column in columns {
            own.clear();
            for (part, at) in parts.iter().zip(&mut next) {
                if part.columns.get(*at).is_some_and(|found| *found as usize == column) {
                    own.extend_from_slice(part.of(*at));
                    *at += 1;
                }
            }
            own.sort_unstable();
            for same in own.chunk_by(|a, b| a.0 == b.0) {
                let count = same.iter().map(|(_, count)| u64::from(*count)).sum();
                piece.push(grid, column, u64::from(same[0].0), count);
            }
        }
        piece
    }
}

impl Query<'_> {
    /// Rows per code of the query and bin, over all groups. A row counts once for each group that contains it.
    pub fn count_by(&self, kind: Bins) -> Result<BinCounts> {
        let grid = Grid::new(self, kind);
        if grid.is_small(self.rows(), self.threads()) {
            let count = |table: &mut Table, groups: &[Group]| groups.iter().try_for_each(|group| table.group(self, &grid, group));
            let (tables, _) = self.each(Table::default, count)?;
            let cells = |table| {
                let Table { cells, full, .. }: &Table = table;
                full.iter().chain([cells]).filter(|cells| !cells.is_empty()).map(Vec::as_slice).collect::<Vec<_>>()
            };
            let cells: Vec<&[u32]> = tables.iter().flat_map(cells).collect();
            let without_time = tables.iter().map(|table| table.without_time).sum();
            self.gathered(&grid, without_time, grid.bins as usize * cells.len(), |columns| Piece::of_tables(&grid, &cells, columns))
        } else {
            let (_, parts) = self.each(|| (), |(), groups| Part::new(self, &grid, groups))?;
            let without_time = parts.iter().map(|part| part.without_time).sum();
            let entries: usize = parts.iter().map(|part| part.counts.len()).sum();
            let weight = parts.len() + 8 * entries / grid.ids.len().max(1);
            self.gathered(&grid, without_time, weight, |columns| Piece::of_parts(&grid, &parts, columns))
        }
    }

    /// Makes the result of some codes after another, each of which costs `weight`.
    fn gathered(&self, grid: &Grid, without_time: u64, weight: usize, of: impl Fn(Range<usize>) -> Piece + Sync) -> Result<BinCounts> {
        let count = grid.ids.len();
        let chunks = work::chunks(std::iter::repeat_n(weight.max(1), count), work::share_of(count * weight.max(1), self.threads()));
        let (_, mut pieces) = work::each(&chunks, self.threads(), self.progress(), || (), |(), _, columns| Ok(of(columns)))?;
        Ok(BinCounts {
            codes: self.join(pieces.iter_mut().map(|piece| std::mem::take(&mut piece.codes))),
            bins: self.join(pieces.iter_mut().map(|piece| std::mem::take(&mut piece.bins))),
            counts: self.join(pieces.iter_mut().map(|piece| std::mem::take(&mut piece.counts))),
            without_time: without_time as f64,
        })
    }
}
