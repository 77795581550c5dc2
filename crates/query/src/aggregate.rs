//! Statistics of the values of each code in each group.

use crate::cells::Cells;
use crate::groups::Group;
use crate::query::{Query, offsets};
use crate::shard::{Shard, Values};
use meds_store::Result;
use std::mem::take;

/// One entry per group and code with at least one row.
#[derive(Debug, Default)]
pub struct Aggregates {
    /// The first entry of each group, then the number of entries.
    pub offsets: Vec<f64>,
    /// Code ids, ascending within a group.
    pub codes: Vec<u32>,
    /// Number of rows.
    pub count: Vec<u32>,
    /// Number of rows with a value. A real NaN is a value.
    pub value_count: Vec<u32>,
    /// Sum of the values in order of the rows, as float64. This and all following fields are NaN where there
    /// is no value.
    pub sum: Vec<f64>,
    /// Sum divided by the number of values.
    pub mean: Vec<f64>,
    /// The smallest value; NaN where a value is NaN.
    pub min: Vec<f64>,
    /// The greatest value; NaN where a value is NaN.
    pub max: Vec<f64>,
    /// The value of the last row that has one.
    pub last: Vec<f64>,
}

/// The statistics of one code in the current group.
#[derive(Clone, Copy)]
struct Cell {
    rows: u32,
    values: u32,
    /// Values that are a real NaN. The sum, minimum and maximum here do not include them.
    nans: u32,
    sum: f64,
    min: f64,
    max: f64,
    last: f64,
}

const EMPTY: Cell = Cell { rows: 0, values: 0, nans: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY, last: f64::NAN };

impl Cell {
    /// Adds the content of a slot. NaN, which fills the slots of nulls, changes nothing. There is no branch,
    /// because it is unpredictable which rows have a value.
    #[inline(always)]
    fn add(&mut self, value: f64) {
        let is_value = !value.is_nan();
        self.values += u32::from(is_value);
        // A sum that starts at 0 is never -0, so adding 0 does not change it.
        self.sum += if is_value { value } else { 0.0 };
        self.min = if value < self.min { value } else { self.min };
        self.max = if value > self.max { value } else { self.max };
        self.last = if is_value { value } else { self.last };
    }

    fn add_nan(&mut self) {
        self.values += 1;
        self.nans += 1;
        self.last = f64::NAN;
    }
}

#[derive(Default)]
struct Part {
    lengths: Vec<u32>,
    all: Aggregates,
}

impl Aggregates {
    fn push(&mut self, id: u32, cell: &Cell) {
        let or_nan = |value: f64| if cell.values > 0 && cell.nans == 0 { value } else { f64::NAN };
        self.codes.push(id);
        self.count.push(cell.rows);
        self.value_count.push(cell.values);
        self.sum.push(or_nan(cell.sum));
        self.mean.push(or_nan(cell.sum / f64::from(cell.values)));
        self.min.push(or_nan(cell.min));
        self.max.push(or_nan(cell.max));
        self.last.push(cell.last);
    }
}

/// One thread's codes in the current group.
struct Scratch {
    cells: Cells,
    /// The group's cells; the others are empty. There are as many as the group with the most codes needs.
    found: Vec<Cell>,
}

impl Scratch {
    #[inline(always)]
    fn walk(&mut self, query: &Query, group: &Group, value: impl Fn(usize) -> f64) -> Result<()> {
        let shard = query.shard(group);
        query.matches(group, |row, id| {
            // Ids outside the table are already refused.
            let Some(cell) = self.cells.at(id) else { return };
            if cell == self.found.len() {
                self.found.push(EMPTY);
            }
            let (cell, value) = (&mut self.found[cell], value(row));
            cell.rows += 1;
            cell.add(value);
            if shard.has_real_nans() && value.is_nan() && shard.is_real_nan(row) {
                cell.add_nan();
            }
        })
    }

    fn group(&mut self, query: &Query, group: &Group, part: &mut Part) -> Result<()> {
        let shard = query.shard(group);
        match shard.values {
            Values::None => self.walk(query, group, |_| f64::NAN)?,
            Values::Single(all) => {
                reaches(shard, group, all.len())?;
                self.walk(query, group, |row| all.get(row).map_or(f64::NAN, |word| f64::from(f32::from_le_bytes(*word))))?;
            }
            Values::Double(all) => {
                reaches(shard, group, all.len())?;
                self.walk(query, group, |row| all.get(row).map_or(f64::NAN, |word| f64::from_le_bytes(*word)))?;
            }
        }
        let before = part.all.codes.len();
        self.cells.drain(|id, cell| part.all.push(id, &std::mem::replace(&mut self.found[cell], EMPTY)));
        part.lengths.push((part.all.codes.len() - before) as u32);
        Ok(())
    }
}

/// Checks that the column of values has a slot for every row of the group.
fn reaches(shard: &Shard, group: &Group, slots: usize) -> Result<()> {
    if group.runs().all(|run| run.end <= slots) { Ok(()) } else { Err(shard.short()) }
}

impl Query<'_> {
    /// Count, sum, mean, smallest, greatest and last value of each code in each group.
    pub fn aggregate(&self) -> Result<Aggregates> {
        let last = self.codes.last();
        let (_, mut parts) = self.each(
            || Scratch { cells: Cells::new(last), found: vec![] },
            |scratch, groups| {
                let mut part = Part::default();
                groups.iter().try_for_each(|group| scratch.group(self, group, &mut part))?;
                Ok(part)
            },
        )?;
        let offsets = offsets(self.len(), parts.iter().flat_map(|part| part.lengths.iter().copied()));
        let mut words = |of: fn(&mut Aggregates) -> &mut Vec<u32>| self.join(parts.iter_mut().map(|part| take(of(&mut part.all))));
        let (codes, count, value_count) = (words(|all| &mut all.codes), words(|all| &mut all.count), words(|all| &mut all.value_count));
        let mut numbers = |of: fn(&mut Aggregates) -> &mut Vec<f64>| self.join(parts.iter_mut().map(|part| take(of(&mut part.all))));
        Ok(Aggregates {
            offsets,
            codes,
            count,
            value_count,
            sum: numbers(|all| &mut all.sum),
            mean: numbers(|all| &mut all.mean),
            min: numbers(|all| &mut all.min),
            max: numbers(|all| &mut all.max),
            last: numbers(|all| &mut all.last),
        })
    }
}
