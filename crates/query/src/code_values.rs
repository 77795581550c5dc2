//! Statistics of the values of each code over all groups.

use crate::exact::{Parts, Squares, Sum};
use crate::groups::Group;
use crate::query::Query;
use crate::shard::Values;
use meds_store::Result;

/// Exact sums by code id: the words of id i are those from `offsets[i]` to before `offsets[i + 1]`.
#[derive(Debug, PartialEq)]
pub struct ExactSums {
    /// Where the words of each id begin, then the number of words.
    pub offsets: Vec<u32>,
    /// The exponent of the lowest word's unit; 0 where the sum is 0.
    pub exponents: Vec<i32>,
    /// In two's complement, the lowest first.
    pub words: Vec<u32>,
}

impl ExactSums {
    fn new(codes: usize) -> Self {
        Self { offsets: vec![0], exponents: Vec::with_capacity(codes), words: vec![] }
    }

    fn push(&mut self, unit: i32, (zeros, words): (usize, Vec<u32>)) {
        self.exponents.push(if words.is_empty() { 0 } else { unit + 32 * zeros as i32 });
        self.words.extend(words);
        self.offsets.push(self.words.len() as u32);
    }
}

/// Statistics by code id. There is one more entry than codes, because id 0 is unused.
#[derive(Debug, PartialEq)]
pub struct CodeValues {
    /// Number of rows that have the code.
    pub events: Vec<f64>,
    /// Number of groups that have the code.
    pub patients: Vec<u32>,
    /// Number of rows with a value; a real NaN is a value.
    pub values: Vec<f64>,
    /// The smallest value; NaN where there is none, and where a value is NaN. -0 is smaller than 0.
    pub min: Vec<f64>,
    /// The greatest value; NaN as for the smallest.
    pub max: Vec<f64>,
    /// Sums of the finite values.
    pub sums: ExactSums,
    /// Sums of the squares of the finite values.
    pub squares: ExactSums,
}

/// The values of one code.
struct Cell {
    values: u64,
    min: f64,
    max: f64,
    sum: Sum,
    squares: Squares,
}

impl Cell {
    fn new() -> Self {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { values: 0, min, max, sum: Sum::default(), squares: Squares::default() }
    }

    /// The smallest and the greatest value become NaN with the first NaN, and stay it.
    #[inline(always)]
    fn add(&mut self, value: f64) {
        self.values += 1;
        if value.is_finite() {
            let parts = Parts::of(value);
            self.sum.add(parts);
            self.squares.add(parts);
        }
        self.reach(value, value);
    }

    #[inline(always)]
    fn reach(&mut self, min: f64, max: f64) {
        if min.is_nan() {
            (self.min, self.max) = (f64::NAN, f64::NAN);
        }
        // Nothing is smaller or greater than NaN.
        if min < self.min || (min == self.min && min.is_sign_negative()) {
            self.min = min;
        }
        if max > self.max || (max == self.max && max.is_sign_positive()) {
            self.max = max;
        }
    }

    fn merge(&mut self, other: Self) {
        self.values += other.values;
        self.sum.merge(other.sum);
        self.squares.merge(other.squares);
        self.reach(other.min, other.max);
    }
}

/// One thread's codes.
struct Tally {
    events: Vec<u64>,
    patients: Vec<u32>,
    /// For each id the number of the last group that has it, counted from 1 by this thread.
    seen: Vec<u32>,
    group: u32,
    /// For each id its cell plus 1; 0 where it has no value yet. Most codes have none, and cells are large.
    cell: Vec<u32>,
    cells: Vec<Cell>,
}

impl Tally {
    fn new(last: u32) -> Self {
        let n = last as usize + 1;
        Self { events: vec![0; n], patients: vec![0; n], seen: vec![0; n], group: 0, cell: vec![0; n], cells: vec![] }
    }

    fn cell(&mut self, id: usize) -> &mut Cell {
        if self.cell[id] == 0 {
            self.cells.push(Cell::new());
            self.cell[id] = self.cells.len() as u32;
        }
        &mut self.cells[self.cell[id] as usize - 1]
    }

    #[inline(always)]
    fn walk(&mut self, query: &Query, group: &Group, value: impl Fn(usize) -> f64) -> Result<()> {
        let shard = query.shard(group);
        let has_nans = shard.has_real_nans();
        self.group += 1;
        query.matches(group, |row, id| {
            let id = id as usize;
            // Ids outside the table are already refused.
            let (Some(events), Some(seen)) = (self.events.get_mut(id), self.seen.get_mut(id)) else { return };
            *events += 1;
            self.patients[id] += u32::from(*seen != self.group);
            *seen = self.group;
            let value = value(row);
            if !value.is_nan() {
                self.cell(id).add(value);
            } else if has_nans && shard.is_real_nan(row) {
                self.cell(id).add(f64::NAN);
            }
        })
    }

    fn group(&mut self, query: &Query, group: &Group) -> Result<()> {
        let shard = query.shard(group);
        match shard.values {
            Values::None => self.walk(query, group, |_| f64::NAN),
            Values::Single(all) => {
                shard.reaches(group.runs(), all.len())?;
                self.walk(query, group, |row| all.get(row).map_or(f64::NAN, |word| f64::from(f32::from_le_bytes(*word))))
            }
            Values::Double(all) => {
                shard.reaches(group.runs(), all.len())?;
                self.walk(query, group, |row| all.get(row).map_or(f64::NAN, |word| f64::from_le_bytes(*word)))
            }
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.events.iter_mut().zip(&other.events).for_each(|(sum, count)| *sum += count);
        self.patients.iter_mut().zip(&other.patients).for_each(|(sum, count)| *sum += count);
        let mut cells: Vec<Option<Cell>> = other.cells.drain(..).map(Some).collect();
        for (id, cell) in other.cell.iter().enumerate().filter(|(_, cell)| **cell > 0) {
            if let Some(cell) = cells[*cell as usize - 1].take() {
                self.cell(id).merge(cell);
            }
        }
    }
}

impl Query<'_> {
    /// Statistics of each code over all groups. Sums are exact, so the result does not depend on the order of
    /// rows, nor on threads.
    pub fn code_values(&self) -> Result<CodeValues> {
        let last = self.codes.last();
        let (tallies, _) = self.each(|| Tally::new(last), |tally, groups| groups.iter().try_for_each(|group| tally.group(self, group)))?;
        let mut all = tallies.into_iter().reduce(|mut all, tally| {
            all.merge(tally);
            all
        });
        let Tally { events, patients, cell, cells, .. } = all.take().unwrap_or_else(|| Tally::new(last));
        let n = events.len();
        let (values, min, max) = (vec![0.0; n], vec![f64::NAN; n], vec![f64::NAN; n]);
        let (sums, squares) = (ExactSums::new(n), ExactSums::new(n));
        let events = events.into_iter().map(|count| count as f64).collect();
        let mut found = CodeValues { events, patients, values, min, max, sums, squares };
        let mut cells: Vec<Option<Cell>> = cells.into_iter().map(Some).collect();
        for (id, cell) in cell.into_iter().enumerate() {
            let own = (cell as usize).checked_sub(1).and_then(|cell| cells[cell].take());
            let Cell { values, min, max, sum, squares } = own.unwrap_or_else(Cell::new);
            found.sums.push(Sum::UNIT, sum.words());
            found.squares.push(Squares::UNIT, squares.words());
            if values > 0 {
                (found.values[id], found.min[id], found.max[id]) = (values as f64, min, max);
            }
        }
        Ok(found)
    }
}
