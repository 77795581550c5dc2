//! Counts of the codes in the shards.

use super::place::Place;
use crate::read::array::Array;

/// Events and patients per code id.
pub struct Counts {
    /// Number of events.
    pub events: Vec<i64>,
    /// Number of patients.
    pub patients: Vec<i64>,
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
}
