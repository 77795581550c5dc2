//! Verifies codes.arrow: the order of the codes, and how often each code occurs.

use super::report::{Place, Report};
use super::values::sorted;
use crate::manifest::CODES;
use crate::read::Problem;
use crate::read::array::Array;
use crate::read::file::File;

/// Checks that codes ascend by their bytes from row 1 on, and that row 0 is none of them.
pub fn check(file: &File, limit: usize) -> Report {
    let mut report = Report::new(CODES, limit);
    match file.array("code") {
        Some(codes) => report.check(sorted(codes)),
        None => report.check(Err("does not have column \"code\"".into())),
    };
    report
}

/// Events and patients per code id.
pub struct Counts {
    events: Vec<i64>,
    patients: Vec<i64>,
}

impl Counts {
    /// Counts of no events.
    pub fn new(codes: usize) -> Self {
        Self { events: vec![0; codes], patients: vec![0; codes] }
    }

    /// Counts of one shard. Ids out of range are not counted: the check of the column reports them.
    pub fn of(place: &Place, codes: Array) -> Self {
        let mut counts = Self::new(place.store.codes.layout.rows as usize);
        let mut seen = vec![usize::MAX; counts.events.len()];
        let Some(events) = place.events() else { return counts };
        for patient in 0..events.len() {
            for i in events.offset(patient)..events.offset(patient + 1) {
                let code = codes.index(i) as usize;
                if code < counts.events.len() {
                    counts.events[code] += 1;
                    counts.patients[code] += i64::from(std::mem::replace(&mut seen[code], patient) != patient);
                }
            }
        }
        counts
    }

    /// Adds the counts of another shard.
    pub fn add(&mut self, other: Option<Self>) {
        let Some(other) = other else { return };
        for (sums, more) in [(&mut self.events, other.events), (&mut self.patients, other.patients)] {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
    }

    /// Compares the counts with codes.arrow.
    pub fn compare(&self, file: &File, limit: usize) -> Report {
        let mut report = Report::new(CODES, limit);
        for (name, counts) in [("events", &self.events), ("patients", &self.patients)] {
            let Some(column) = file.array(name) else { continue };
            for (row, found) in counts.iter().enumerate().filter(|(row, found)| column.i64(*row) != **found) {
                let message = format!("says {} {name} of the code in row {row}, but the shards have {found}", column.i64(row));
                report.problem(Problem { message, column: Some(name.into()), ..Problem::default() });
            }
        }
        report
    }
}
