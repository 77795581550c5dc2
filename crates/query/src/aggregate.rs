//! Statistics of the values of each code in each group.

use crate::cells::Cells;
use crate::groups::Group;
use crate::query::Query;
use crate::ragged::{Ragged, column};
use crate::shard::Values;
use meds_store::Result;
use std::mem::replace;

/// The statistics of one code in the current group.
#[derive(Clone, Copy)]
struct Cell {
    rows: u32,
    values: u32,
    sum: f64,
    min: f64,
    max: f64,
    last: f64,
}

const EMPTY: Cell = Cell { rows: 0, values: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY, last: f64::NAN };

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

    /// Adds a value that is a real NaN. No later value changes a sum, minimum or maximum that is NaN.
    fn add_nan(&mut self) {
        self.values += 1;
        (self.sum, self.min, self.max, self.last) = (f64::NAN, f64::NAN, f64::NAN, f64::NAN);
    }

    /// A figure of the values as the result has it: NaN where there are none.
    #[inline(always)]
    fn figure(&self, value: f64) -> [u8; 8] {
        (if self.values > 0 { value } else { f64::NAN }).to_ne_bytes()
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
        let has_nans = shard.has_real_nans();
        // A cell for each code that the group can have: no branch on whether a row's code is new.
        let most = group.len().min(query.codes.last() as usize);
        if self.found.len() < most {
            self.found.resize(most, EMPTY);
        }
        query.matches(group, |row, id| {
            // Ids outside the table are already refused.
            let Some(cell) = self.cells.at(id).and_then(|cell| self.found.get_mut(cell)) else { return };
            let value = value(row);
            cell.rows += 1;
            cell.add(value);
            if has_nans && value.is_nan() && shard.is_real_nan(row) {
                cell.add_nan();
            }
        })
    }

    fn group(&mut self, query: &Query, group: &Group, entries: &mut Vec<(u32, Cell)>) -> Result<()> {
        let shard = query.shard(group);
        match shard.values {
            Values::None => self.walk(query, group, |_| f64::NAN)?,
            Values::Single(all) => {
                shard.reaches(group.runs(), all.len())?;
                self.walk(query, group, |row| all.get(row).map_or(f64::NAN, |word| f64::from(f32::from_le_bytes(*word))))?;
            }
            Values::Double(all) => {
                shard.reaches(group.runs(), all.len())?;
                self.walk(query, group, |row| all.get(row).map_or(f64::NAN, |word| f64::from_le_bytes(*word)))?;
            }
        }
        self.cells.drain(|id, cell| entries.push((id, replace(&mut self.found[cell], EMPTY))));
        Ok(())
    }
}

impl Query<'_> {
    /// Statistics of each code in each group. Columns: code id (uint32, ascending within a group), number of
    /// rows (uint32), number of rows with a value (uint32; a real NaN is a value), then as float64, NaN where
    /// there is no value: the sum in order of the rows, the smallest and the greatest value (all NaN where a
    /// value is NaN), the value of the last row that has one.
    pub fn aggregate(&self) -> Result<Ragged> {
        let last = self.codes.last();
        self.ragged(
            &[4, 4, 4, 8, 8, 8, 8],
            || Scratch { cells: Cells::new(last), found: vec![] },
            |scratch, group, entries| scratch.group(self, group, entries),
            |entries, columns| {
                let [codes, rows, values, sum, min, max, latest] = columns else { return };
                column(codes, entries, |(id, _)| id.to_ne_bytes());
                column(rows, entries, |(_, cell)| cell.rows.to_ne_bytes());
                column(values, entries, |(_, cell)| cell.values.to_ne_bytes());
                column(sum, entries, |(_, cell)| cell.figure(cell.sum));
                column(min, entries, |(_, cell)| cell.figure(cell.min));
                column(max, entries, |(_, cell)| cell.figure(cell.max));
                column(latest, entries, |(_, cell)| cell.last.to_ne_bytes());
            },
        )
    }
}
