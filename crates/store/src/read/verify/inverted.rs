//! The inverted index against the shard: every entry is a row that has the code, and no row is left out.

use super::report::{Place, Report};
use crate::read::file::File;
use crate::read::inverted::Inverted;

/// Entries are pairwise different, since patients and rows ascend; so when each is right and there are as many as rows, it is the whole index.
pub fn check(place: &Place, file: &File, report: &mut Report) -> Option<()> {
    let column = place.store.manifest.columns.iter().find(|column| column.name == "code")?;
    let (events, codes) = (place.events()?, place.column(column)?);
    let inverted = Inverted::new(file, events).ok()?;
    if !report.check(inverted.check()) {
        return None;
    }
    let mut entries = 0;
    for code in 0..place.store.codes.layout.rows as u32 {
        for found in inverted.found(code) {
            let (patient, rows) = match found {
                Ok(found) => found,
                Err(message) => {
                    report.check(Err(message));
                    return None;
                }
            };
            let first = events.offset(patient as usize);
            entries += rows.len();
            if let Some(row) = rows.iter().find(|row| codes.index(first + *row as usize) != code) {
                let at = first + row as usize;
                let message = format!("has code {code} where the shard has {}", codes.index(at));
                report.problem(place.problem(column, at, message));
            }
        }
        if report.full() {
            return None;
        }
    }
    if entries != codes.len() {
        report.check(Err(format!("has {entries} rows in all where the shard has {}", codes.len())));
    }
    Some(())
}
