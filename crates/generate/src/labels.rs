//! The labels of two tasks.

use crate::patient::Stay;
use std::collections::BTreeMap;

const DAY: i64 = 86_400_000_000;

/// The label rows of both tasks, one vector per column.
#[derive(Default)]
pub(crate) struct Labels {
    /// At every discharge: does another admission follow within 30 days?
    pub(crate) readmission: Task<bool>,
    /// One day after every admission to a stay of more than a day: its length in days.
    pub(crate) length_of_stay: Task<f32>,
}

/// The columns of one task.
#[derive(Default)]
pub(crate) struct Task<T> {
    pub(crate) subject_id: Vec<i64>,
    pub(crate) prediction_time: Vec<i64>,
    pub(crate) value: Vec<T>,
}

impl<T> Task<T> {
    fn push(&mut self, subject: i64, time: i64, value: T) {
        self.subject_id.push(subject);
        self.prediction_time.push(time);
        self.value.push(value);
    }

    fn extend(&mut self, other: Self) {
        self.subject_id.extend(other.subject_id);
        self.prediction_time.extend(other.prediction_time);
        self.value.extend(other.value);
    }
}

impl Labels {
    /// Labels of one patient.
    pub(crate) fn add(&mut self, subject: i64, stays: &[Stay]) {
        for (index, stay) in stays.iter().enumerate() {
            let back = stays.get(index + 1).is_some_and(|next| next.admission - stay.discharge <= 30 * DAY);
            self.readmission.push(subject, stay.discharge, back);
            if stay.discharge - stay.admission > DAY {
                let days = (stay.discharge - stay.admission) as f64 / DAY as f64;
                self.length_of_stay.push(subject, stay.admission + DAY, days as f32);
            }
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.readmission.extend(other.readmission);
        self.length_of_stay.extend(other.length_of_stay);
    }

    /// Rows by task.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let count = |name: &str, rows: usize| (name.to_string(), rows as u64);
        [count("readmission_30d", self.readmission.value.len()), count("length_of_stay", self.length_of_stay.value.len())].into()
    }
}
