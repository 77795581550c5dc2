//! One patient: static rows, birth, visits with groups of events at the same time, sometimes death.

use crate::plan::{Plan, mix};
use crate::text;
use crate::vocabulary::{Family, Vocabulary, fixed};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, Exp1, StandardNormal};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 36_525 * DAY / 100;

/// A row before it becomes Arrow, with indexes instead of strings.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Microseconds since 1970-01-01; `None` for static rows.
    pub(crate) time: Option<i64>,
    pub(crate) visit: Option<i64>,
    pub(crate) value: Option<f32>,
    pub(crate) code: u32,
    pub(crate) text: Text,
}

/// A row's text.
#[derive(Clone, Copy)]
pub(crate) enum Text {
    None,
    /// Index into [`text::SHORT`].
    Short(u8),
    /// A note. It is generated when it is written, from the patient's seed and the row's number.
    Note,
}

/// A hospital stay, for the labels.
pub(crate) struct Stay {
    pub(crate) admission: i64,
    pub(crate) discharge: i64,
}

/// A patient in progress. The buffers are reused for the next patient.
#[derive(Default)]
pub(crate) struct Timeline {
    pub(crate) rows: Vec<Row>,
    pub(crate) stays: Vec<Stay>,
}

/// The seed for the notes of a patient. Add the row's number.
pub(crate) fn note_seed(plan: &Plan, patient: u32) -> u64 {
    mix(plan.seed ^ 0x7E, u64::from(patient) << 32)
}

/// Generates all `plan.lengths[patient]` rows of a patient.
pub(crate) fn simulate(plan: &Plan, vocabulary: &Vocabulary, patient: u32, timeline: &mut Timeline) {
    timeline.rows.clear();
    timeline.stays.clear();
    let random = Xoshiro256PlusPlus::seed_from_u64(mix(plan.seed, u64::from(patient)));
    let goal = plan.lengths[patient as usize] as usize;
    Life { vocabulary, timeline, random, goal, time: 0, visit: None, habits: Habits::default() }.live(patient);
}

/// Codes that recur in one patient: chronic conditions and their drugs.
#[derive(Default)]
struct Habits {
    diagnoses: [u32; 5],
    drugs: [u32; 6],
}

struct Life<'a> {
    vocabulary: &'a Vocabulary,
    timeline: &'a mut Timeline,
    random: Xoshiro256PlusPlus,
    goal: usize,
    time: i64,
    visit: Option<i64>,
    habits: Habits,
}

impl Life<'_> {
    fn live(mut self, patient: u32) {
        self.habits.diagnoses = std::array::from_fn(|_| self.vocabulary.draw(Family::Diagnosis, &mut self.random));
        self.habits.drugs = std::array::from_fn(|_| self.vocabulary.draw(Family::Drug, &mut self.random));
        let dies = self.random.random_bool(0.12) && self.goal > 5;
        self.statics();
        // Care begins between 2000 and 2012, at an age of up to 90 years, and lasts from half a year to
        // twelve years.
        let begin = 30 * YEAR + self.random.random_range(0..13 * YEAR);
        let birth = begin - self.random.random_range(0..90 * YEAR);
        self.time = birth.div_euclid(DAY) * DAY;
        self.push(fixed::BIRTH);
        self.time = begin.div_euclid(MINUTE) * MINUTE;
        let span = self.random.random_range(YEAR / 2..12 * YEAR);
        let rows = self.left(dies) as i64;
        let mean_gap = span / (rows / 100 + 1);
        let mut number = 0u64;
        while self.left(dies) > 0 {
            number += 1;
            self.visit = Some(10_000_000_000 + (mix(u64::from(patient), number) % 10_000_000_000) as i64);
            let room = self.left(dies);
            let size = (self.exponential(100.0) as usize + 1).min(room);
            if self.random.random_bool(0.35) {
                self.stay(size)
            } else {
                self.outpatient(size)
            }
            self.wait(mean_gap);
        }
        self.visit = None;
        if dies {
            self.push(fixed::DEATH);
        }
    }

    /// Number of remaining rows, without the row of death.
    fn left(&self, dies: bool) -> usize {
        self.goal - self.timeline.rows.len() - usize::from(dies)
    }

    fn statics(&mut self) {
        let gender = fixed::GENDER + self.random.random_range(0..2);
        let race = fixed::RACE + self.random.random_range(0..4);
        let ethnicity = fixed::ETHNICITY + self.random.random_range(0..2);
        let some = self.goal > 5 && self.random.random_bool(0.5);
        for code in [gender, race].into_iter().chain(some.then_some(ethnicity)) {
            self.timeline.rows.push(Row { time: None, visit: None, value: None, code, text: Text::None });
        }
    }

    fn stay(&mut self, size: usize) {
        let admission = self.time;
        let end = self.timeline.rows.len() + size;
        let (way_in, way_out) = (self.random.random_range(0..3), self.random.random_range(0..3));
        self.push(fixed::ADMISSION + way_in);
        while self.timeline.rows.len() + 1 < end {
            self.wait(90 * MINUTE);
            let room = end - 1 - self.timeline.rows.len();
            self.group(room);
        }
        if self.timeline.rows.len() < end {
            self.wait(3 * HOUR);
            self.push(fixed::DISCHARGE + way_out);
            self.timeline.stays.push(Stay { admission, discharge: self.time });
        }
    }

    fn outpatient(&mut self, size: usize) {
        let end = self.timeline.rows.len() + size;
        self.push(fixed::OUTPATIENT);
        while self.timeline.rows.len() < end {
            let room = end - self.timeline.rows.len();
            self.group(room);
            self.wait(10 * MINUTE);
        }
    }

    /// Events at the same time: a panel of tests, a round of measurements, administered drugs, diagnoses,
    /// procedures or a note.
    fn group(&mut self, room: usize) {
        match self.random.random_range(0..100) {
            0..32 => self.several(room, 2..12, Life::lab),
            32..54 => self.several(room, 3..8, Life::vital),
            54..80 => self.several(room, 1..8, Life::drug),
            80..93 => self.several(room, 1..9, Life::diagnosis),
            93..98 => self.several(room, 1..3, Life::procedure),
            _ => self.note(),
        }
    }

    fn several(&mut self, room: usize, size: std::ops::Range<usize>, make: impl Fn(&mut Self)) {
        for _ in 0..self.random.random_range(size).min(room) {
            make(self);
        }
    }

    fn lab(&mut self) {
        let code = self.vocabulary.draw(Family::Lab, &mut self.random);
        // One result in sixty is a word, and one in sixty is missing.
        match self.random.random_range(0..60) {
            0 => self.row(code, None, Text::Short(self.timeline.rows.len() as u8 % text::RESULTS)),
            1 => self.row(code, None, Text::None),
            _ => self.measured(code),
        }
    }

    fn vital(&mut self) {
        let code = self.vocabulary.draw(Family::Vital, &mut self.random);
        self.measured(code);
    }

    fn measured(&mut self, code: u32) {
        let value = self.vocabulary.codes[code as usize].values.map(|values| {
            let normal: f64 = StandardNormal.sample(&mut self.random);
            let value = (values.mean + values.deviation * normal).max(0.0);
            ((value * values.precision).round() / values.precision) as f32
        });
        self.row(code, value, Text::None);
    }

    fn drug(&mut self) {
        let habit = self.habits.drugs[self.random.random_range(0..6)];
        let code = if self.random.random_bool(0.6) { habit } else { self.vocabulary.draw(Family::Drug, &mut self.random) };
        let directions = self.random.random_range(0..text::SHORT.len() as u8);
        self.row(code, None, if directions >= text::RESULTS { Text::Short(directions) } else { Text::None });
    }

    fn diagnosis(&mut self) {
        let habit = self.habits.diagnoses[self.random.random_range(0..5)];
        let code = if self.random.random_bool(0.5) { habit } else { self.vocabulary.draw(Family::Diagnosis, &mut self.random) };
        self.push(code);
    }

    fn procedure(&mut self) {
        let code = self.vocabulary.draw(Family::Procedure, &mut self.random);
        self.push(code);
    }

    fn note(&mut self) {
        let code = fixed::NOTE + self.random.random_range(0..4);
        self.row(code, None, Text::Note);
    }

    fn push(&mut self, code: u32) {
        self.row(code, None, Text::None);
    }

    fn row(&mut self, code: u32, value: Option<f32>, text: Text) {
        self.timeline.rows.push(Row { time: Some(self.time), visit: self.visit, value, code, text });
    }

    /// Waits whole minutes, as in charts: a short wait is often 0.
    fn wait(&mut self, mean: i64) {
        self.time += self.exponential(mean as f64) as i64 / MINUTE * MINUTE;
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        let unit: f64 = Exp1.sample(&mut self.random);
        // Without the tail: one gap must not move a patient by decades.
        unit.min(4.0) * mean
    }
}
