//! Compares the inverted index with its shard: every entry is a row that has the code, and no row is missing.

use super::place::Place;
use super::report::Report;
use crate::read::file::File;
use crate::read::index::InvertedIndex;

/// Entries are distinct, because patients and rows ascend. So if every entry is right and there are as many
/// entries as rows, the index is complete.
pub fn check(place: &Place, file: &File, report: &mut Report) -> Option<()> {
    let column = place.store.manifest.columns.iter().find(|column| column.name == "code")?;
    let (events, codes) = (place.events()?, place.column(column)?);
    let inverted = InvertedIndex::new(file, events).ok()?;
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
                let message = format!("has code {code}, but the shard has {}", codes.index(at));
                report.problem(place.problem(column, at, message));
            }
        }
        if report.full() {
            return None;
        }
    }
    if entries != codes.len() {
        report.check(Err(format!("has {entries} rows in total, but the shard has {}", codes.len())));
    }
    Some(())
}
