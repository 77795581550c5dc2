//! The rows of a patient in a source.

use serde::{Deserialize, Serialize};

/// All rows of a subject.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Patient {
    /// The subject id.
    pub id: i64,
    /// The first row, counted over the whole source.
    pub start: u64,
    /// Number of rows.
    pub rows: u64,
    /// Number of rows without a time.
    pub statics: u64,
    /// First and last time, microseconds since 1970-01-01. `None` where no row has a time.
    pub times: Option<(i64, i64)>,
}

impl Patient {
    /// One past the last row.
    pub fn end(&self) -> u64 {
        self.start + self.rows
    }
}

/// Cuts the source into segments of about `rows` rows. Returns the first patient of each segment, then the
/// number of patients.
pub fn segments(patients: &[Patient], rows: u64) -> Vec<usize> {
    let mut cuts = vec![0];
    let mut count = 0;
    for (at, patient) in patients.iter().enumerate() {
        if count >= rows {
            cuts.push(at);
            count = 0;
        }
        count += patient.rows;
    }
    if !patients.is_empty() {
        cuts.push(patients.len());
    }
    cuts
}
