//! Verifies the order of each patient's rows: static rows first, then by time. Rows of a sparse column ascend
//! and belong to the patient.

use super::place::Place;
use super::report::Report;
use crate::manifest::Column;
use crate::read::array::Array;

/// Checks the times of every patient: their order, and the first and last time in patients.arrow.
pub fn times(place: &Place, times: Array, report: &mut Report) {
    let (Some(events), Some(index), Some(column)) =
        (place.events(), place.index(), place.store.manifest.columns.iter().find(|c| c.name == "time"))
    else {
        return;
    };
    for (patient, &at) in place.patients().iter().enumerate() {
        let (begin, end) = (events.offset(patient), events.offset(patient + 1));
        let timed = begin + index.static_events.u32(at as usize) as usize;
        let mut last = i64::MIN;
        for i in begin..end {
            let wrong = match (times.valid(i), times.i64(i)) {
                (true, _) if i < timed => "has a time, but patients.arrow says that it is a static row",
                (false, _) if i >= timed => "does not have a time, but patients.arrow says that it is not a static row",
                (true, time) if time < last => "has a time before that of the previous row",
                (true, time) => {
                    last = time;
                    continue;
                }
                (false, _) => continue,
            };
            report.problem(place.problem(column, i, wrong.into()));
        }
        if timed < end {
            let ends = (times.i64(timed), times.i64(end - 1));
            let expected = (index.first_time.i64(at as usize), index.last_time.i64(at as usize));
            if ends != expected {
                report.problem(place.problem(
                    column,
                    timed,
                    format!("has times from {} to {}, but patients.arrow says {} to {}", ends.0, ends.1, expected.0, expected.1),
                ));
            }
        }
        if report.full() {
            return;
        }
    }
}

/// Checks the rows of a sparse column and counts its nulls.
pub fn sparse(place: &Place, column: &Column, report: &mut Report) -> Option<()> {
    let (events, list) = (place.events()?, place.sparse(column)?);
    let rows = list.child(0).named("row")?;
    for patient in 0..list.len() {
        let length = events.offset(patient + 1) - events.offset(patient);
        let mut least = 0;
        for i in list.offset(patient)..list.offset(patient + 1) {
            let row = rows.row(i) as usize;
            if row < least || row >= length {
                report.problem(place.problem(
                    column,
                    i,
                    format!("has row number {row}, which is out of order or beyond the patient's {length} rows"),
                ));
            }
            least = row + 1;
        }
        if report.full() {
            break;
        }
    }
    report.nulls += (events.child(0).len() - rows.len()) as u64;
    Some(())
}
