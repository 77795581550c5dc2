//! Verifies codes.arrow: the order of the codes, and how often each code occurs.

use super::counts::Counts;
use super::report::Report;
use super::values::sorted;
use crate::manifest::CODES;
use crate::read::Problem;
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

/// Compares the counts of the shards with codes.arrow.
pub fn compare(counts: &Counts, file: &File, limit: usize) -> Report {
    let mut report = Report::new(CODES, limit);
    for (name, counts) in [("events", &counts.events), ("patients", &counts.patients)] {
        let Some(column) = file.array(name) else { continue };
        for (row, found) in counts.iter().enumerate().filter(|(row, found)| column.i64(*row) != **found) {
            let message = format!("says {} {name} of the code in row {row}, but the shards have {found}", column.i64(row));
            report.problem(Problem { message, column: Some(name.into()), ..Problem::default() });
        }
    }
    report
}
