//! The order of a patient's rows: static ones first, then by time; a sparse column's rows ascend and are the patient's own.

use super::report::{Place, Report};
use crate::manifest::Column;
use crate::read::array::Array;

/// Times of every patient, against each other and against patients.arrow.
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
                (valid, _) if valid != (i >= timed) => "is not where patients.arrow says that the static rows end",
                (true, time) if time < last => "has a time before that of the row above",
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
                    format!("has times from {} to {} where patients.arrow says {} to {}", ends.0, ends.1, expected.0, expected.1),
                ));
            }
        }
        if report.full() {
            return;
        }
    }
}

/// The rows of a sparse column; counts its nulls.
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
                    format!("stands in row {row}, out of order or beyond the patient's {length} rows"),
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
