//! Measures the values of one column in one row group.

use crate::plan::extent::{self, Extent};
use crate::plan::facts::{DAY, Facts, Narrowing, narrowing};
use crate::plan::intern::Distinct;
use crate::source::column::{Column, Role};
use crate::source::group::Group;
use crate::source::patient::Patient;
use crate::source::texts::{Coded, Texts};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use meds_store::Result;
use std::sync::Arc;

/// The measurements of one task.
pub struct GroupMeasure {
    /// Number of rows with a value.
    pub present: u64,
    /// Bytes of text.
    pub bytes: u64,
    /// Properties of the values.
    pub facts: Facts,
    /// The distinct values.
    pub distinct: Distinct,
    page: Page,
    /// Counts of codes, for the column `code`.
    pub code: Option<CodeMeasure>,
}

/// The current page's dictionary, with the number of each of its strings, which is looked up once.
#[derive(Default)]
struct Page {
    /// Kept so that another dictionary cannot have the same address.
    held: Option<ArrayRef>,
    ids: Vec<u32>,
    /// Number of rows in the current slice, by key.
    rows: Vec<u32>,
}

impl Page {
    fn open(&mut self, values: &ArrayRef) {
        if !self.held.as_ref().is_some_and(|held| Arc::ptr_eq(held, values)) {
            *self = Self { held: Some(values.clone()), ids: vec![UNSEEN; values.len()], rows: vec![0; values.len()] };
        }
    }

    #[inline]
    fn count(&mut self, key: usize, distinct: &mut Distinct, facts: &mut Facts, coded: &Coded) {
        self.rows[key] += 1;
        if self.ids[key] == UNSEEN {
            self.ids[key] = distinct.insert(coded.values.value(key).as_bytes(), facts);
        }
    }
}

/// Counts of codes. Patients with rows in another row group are counted separately, because otherwise they
/// count twice.
pub struct CodeMeasure {
    /// Number of events of each distinct code.
    pub events: Vec<u64>,
    /// Number of patients of each distinct code whose rows are all in the row group.
    pub patients: Vec<u64>,
    last: Vec<u32>,
    range: (u64, u64),
    /// (patient, distinct code) of the other patients.
    pub straddling: Vec<(u32, u32)>,
}

const UNSEEN: u32 = u32::MAX;

impl GroupMeasure {
    /// Nothing measured yet.
    pub fn new(column: &Column, group: &Group) -> Self {
        let code = (column.role == Role::Code).then(|| CodeMeasure {
            events: Vec::new(),
            patients: Vec::new(),
            last: Vec::new(),
            range: (group.start, group.end),
            straddling: Vec::new(),
        });
        Self { present: 0, bytes: 0, facts: Facts::NONE, distinct: Distinct::new(column), page: Page::default(), code }
    }

    /// Measures values. `start` is the number of their first row, and `out` gets their extents.
    pub fn add(&mut self, array: &ArrayRef, start: u64, patients: &[Patient], out: &mut [Extent]) -> Result<()> {
        if let Some(texts) = Texts::of(array) {
            let (present, bytes) = match &texts {
                Texts::Coded(_) if array.null_count() == array.len() => (0, 0),
                Texts::Coded(coded) => match coded.plain() {
                    Some((keys, nulls)) => self.coded(keys, nulls, coded, start, patients),
                    None => self.texts(array.len(), start, patients, |row| texts.get(row)),
                },
                texts => self.texts(array.len(), start, patients, |row| texts.get(row)),
            };
            out[0].length += present;
            out[0].bytes += bytes;
            self.present += present;
            self.bytes += bytes;
            return Ok(());
        }
        let present = (array.len() - array.null_count()) as u64;
        self.present += present;
        if present == 0 {
            return Ok(());
        }
        self.look(array);
        match array.data_type() {
            DataType::List(_) | DataType::Map(..) | DataType::Struct(_) => extent::measure(&extent::present(array)?, out),
            _ => out[0].length += present,
        }
        Ok(())
    }

    /// Counts keys into a page's dictionary. Each string is read once per page, and rows only add to counts.
    /// Returns the number of rows with a value, and their bytes.
    fn coded(&mut self, keys: &[i32], nulls: Option<&NullBuffer>, coded: &Coded, start: u64, patients: &[Patient]) -> (u64, u64) {
        self.page.open(coded.keys.values());
        let Self { facts, distinct, page, code, .. } = self;
        match code {
            // Codes must not be null. A later check reports those that are.
            Some(code) => {
                let mut patient = patients.partition_point(|p| p.end() <= start);
                let mut row = 0;
                while row < keys.len() {
                    let until = ((patients[patient].end() - start) as usize).min(keys.len());
                    for (row, &key) in (row..until).zip(&keys[row..until]) {
                        if nulls.is_none_or(|n| n.is_valid(row)) {
                            page.count(key as usize, distinct, facts, coded);
                            code.visit(page.ids[key as usize], patient as u32, &patients[patient]);
                        }
                    }
                    row = until;
                    patient += 1;
                }
            }
            None => match nulls {
                None => keys.iter().for_each(|&key| page.rows[key as usize] += 1),
                Some(nulls) => nulls.valid_indices().for_each(|row| page.rows[keys[row] as usize] += 1),
            },
        }
        let (mut present, mut bytes) = (0, 0);
        for (key, rows) in page.rows.iter_mut().enumerate().filter(|(_, rows)| **rows > 0) {
            let count = u64::from(std::mem::take(rows));
            present += count;
            bytes += count * u64::from(coded.values.value_length(key).unsigned_abs());
            if page.ids[key] == UNSEEN {
                page.ids[key] = distinct.insert(coded.values.value(key).as_bytes(), facts);
            }
            if let Some(code) = code {
                code.events[page.ids[key] as usize] += count;
            }
        }
        if code.is_none() {
            distinct.shed();
        }
        (present, bytes)
    }

    /// Counts rows of text without a page dictionary.
    fn texts<'v>(&mut self, rows: usize, start: u64, patients: &[Patient], value: impl Fn(usize) -> Option<&'v [u8]>) -> (u64, u64) {
        let Self { facts, distinct, code, .. } = self;
        let (mut present, mut bytes) = (0, 0);
        let mut patient = patients.partition_point(|p| p.end() <= start);
        for row in 0..rows {
            let Some(text) = value(row) else { continue };
            present += 1;
            bytes += text.len() as u64;
            let id = distinct.insert(text, facts);
            if let Some(code) = code {
                while patients[patient].end() <= start + row as u64 {
                    patient += 1;
                }
                code.visit(id, patient as u32, &patients[patient]);
                code.events[id as usize] += 1;
            }
        }
        if code.is_none() {
            distinct.shed();
        }
        (present, bytes)
    }

    /// Measures values that are not text.
    fn look(&mut self, array: &ArrayRef) {
        use DataType as D;
        let facts = &mut self.facts;
        match array.data_type() {
            D::Float32 => facts.nan |= array.as_primitive::<Float32Type>().iter().flatten().any(f32::is_nan),
            D::Float64 => facts.nan |= array.as_primitive::<Float64Type>().iter().flatten().any(f64::is_nan),
            D::Int64 | D::UInt64 | D::Timestamp(..) | D::Time64(_) | D::Duration(_) | D::Date64 => {
                let words = words(array);
                facts.sentinel |= words.clone().any(|v| v == i64::MIN);
                facts.narrow &= match narrowing(array.data_type()) {
                    Some(Narrowing::Days) => words.clone().all(|v| v % DAY == 0 && i32::try_from(v / DAY).is_ok()),
                    Some(Narrowing::Divide(by)) => words.clone().all(|v| v % by == 0),
                    Some(Narrowing::Multiply(by)) => words.clone().all(|v| v.checked_mul(by).is_some()),
                    None => true,
                };
                if let Distinct::Integers(integers) = &mut self.distinct {
                    words.for_each(|v| integers.insert(v));
                    self.distinct.shed();
                }
            }
            _ => {}
        }
    }
}

impl CodeMeasure {
    #[inline]
    fn visit(&mut self, id: u32, patient: u32, about: &Patient) {
        let at = id as usize;
        if at >= self.events.len() {
            self.events.resize(at + 1, 0);
            self.patients.resize(at + 1, 0);
            self.last.resize(at + 1, UNSEEN);
        }
        if self.last[at] != patient {
            self.last[at] = patient;
            if about.start >= self.range.0 && about.end() <= self.range.1 {
                self.patients[at] += 1;
            } else {
                self.straddling.push((patient, id));
            }
        }
    }
}

/// The values of an 8-byte type that are not null, as int64.
fn words(array: &ArrayRef) -> impl Iterator<Item = i64> + Clone {
    let data = array.to_data();
    let nulls = array.nulls().cloned();
    let buffer: arrow_buffer::ScalarBuffer<i64> = arrow_buffer::ScalarBuffer::new(data.buffers()[0].clone(), data.offset(), data.len());
    (0..array.len()).filter(move |&row| nulls.as_ref().is_none_or(|n| n.is_valid(row))).map(move |row| buffer[row])
}
