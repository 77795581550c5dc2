//! The first pass over the values: how much room each column takes in each piece of the source, and which values it holds.

use crate::plan::extent::{self, Extent};
use crate::plan::intern::{Integers, Interner};
use crate::plan::pieces::{Piece, walk};
use crate::source::column::{Column, Role};
use crate::source::content::Batch;
use crate::source::files::Source;
use crate::source::group::Group;
use crate::source::patient::Patient;
use crate::source::read::Reader;
use crate::source::texts::{Coded, Texts};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};
use meds_store::{Progress, Result};
use rayon::prelude::*;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What the values of a column are like, over the whole source.
#[derive(Debug)]
pub struct Measured {
    /// Extents of the values' type in each piece of each row group, null rows left out.
    pub extents: Vec<Vec<Vec<Extent>>>,
    /// Rows with a value.
    pub present: u64,
    /// Bytes of them, where they are text.
    pub bytes: u64,
    /// The distinct values, where there are not too many.
    pub distinct: Distinct,
    /// Traits of the values.
    pub traits: Traits,
    /// `code` alone: events and patients of each distinct value.
    pub counts: Vec<(u64, u64)>,
}

/// Distinct values.
#[derive(Debug)]
pub enum Distinct {
    /// Not asked for, or too many.
    Unknown,
    /// Strings.
    Texts(Interner),
    /// 64-bit integers.
    Integers(Integers),
}

impl Distinct {
    /// Notes a text; its number, where numbers are given.
    fn insert(&mut self, text: &[u8], traits: &mut Traits) -> u32 {
        traits.ascii = traits.ascii && text.is_ascii();
        match self {
            Self::Texts(interner) => interner.insert(text),
            // Seen, though nobody wants its number.
            _ => 0,
        }
    }

    /// Gives up on a dictionary that has become too large.
    fn shed(&mut self) {
        let full = match self {
            Self::Unknown => false,
            Self::Texts(interner) => interner.is_full(),
            Self::Integers(integers) => integers.is_full(),
        };
        if full {
            *self = Self::Unknown;
        }
    }
}

/// What is true of all values, or of one.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// Some value is NaN.
    pub nan: bool,
    /// Some value is the int64 minimum.
    pub sentinel: bool,
    /// Every value can be held in microseconds (times) or days (date64).
    pub narrow: bool,
    /// Every byte of text is ASCII.
    pub ascii: bool,
}

impl Traits {
    const NONE: Self = Self { nan: false, sentinel: false, narrow: true, ascii: true };

    fn add(&mut self, other: Self) {
        self.nan |= other.nan;
        self.sentinel |= other.sentinel;
        self.narrow &= other.narrow;
        self.ascii &= other.ascii;
    }
}

/// Measures every column, (row group, column) by (row group, column).
pub fn measure(
    source: &Source,
    columns: &[Column],
    groups: &[Group],
    pieces: &[Vec<Piece>],
    patients: &[Patient],
    progress: &Progress,
) -> Result<Vec<Measured>> {
    let merged: Vec<_> = columns.iter().map(|column| Mutex::new(Merged::new(column))).collect();
    let tasks: Vec<_> = (0..columns.len()).flat_map(|column| (0..groups.len()).map(move |group| (column, group))).collect();
    let found: Result<Vec<_>> = tasks
        .par_iter()
        .map(|&(column, group)| {
            let task = Task { source, column: &columns[column], group: groups[group], pieces: &pieces[group], patients };
            let full = matches!(merged[column].lock().unwrap_or_else(PoisonError::into_inner).distinct, Distinct::Unknown);
            let (extents, gauge) = task.run(full, progress)?;
            merged[column].lock().unwrap_or_else(PoisonError::into_inner).add(gauge);
            Ok(extents)
        })
        .collect();
    let mut found = found?.into_iter();
    let measured = merged.into_iter().map(|merged| {
        let extents: Vec<Vec<Vec<Extent>>> = found.by_ref().take(groups.len()).collect();
        merged.into_inner().unwrap_or_else(PoisonError::into_inner).finish(extents)
    });
    Ok(measured.collect())
}

struct Task<'a> {
    source: &'a Source,
    column: &'a Column,
    group: Group,
    pieces: &'a [Piece],
    patients: &'a [Patient],
}

impl Task<'_> {
    /// `full`: others have found too many distinct values already.
    fn run(&self, full: bool, progress: &Progress) -> Result<(Vec<Vec<Extent>>, Gauge)> {
        let file = &self.source.files[self.group.file];
        let reader = Reader::open(file, self.group.file, self.group.group, self.column)?;
        let mut extents = vec![vec![Extent::default(); extent::nodes(&self.column.wide)]; self.pieces.len()];
        let mut gauge = Gauge::new(self);
        if full {
            gauge.distinct = Distinct::Unknown;
        }
        walk(reader, self.pieces, progress, |piece, rows, at| match rows {
            Batch::Array(array) => gauge.add(&array, at, self.patients, &mut extents[piece]),
            Batch::Nulls(_) => Ok(()),
        })?;
        Ok((extents, gauge))
    }
}

/// What one task has seen of its column.
struct Gauge {
    present: u64,
    bytes: u64,
    traits: Traits,
    distinct: Distinct,
    page: Page,
    code: Option<CodeGauge>,
}

/// The dictionary of the page at hand: the numbers of its strings, found once each.
#[derive(Default)]
struct Page {
    /// Held so that its address is not given to another dictionary meanwhile.
    held: Option<ArrayRef>,
    ids: Vec<u32>,
    /// Rows of the slice at hand, by key.
    rows: Vec<u32>,
}

impl Page {
    fn open(&mut self, values: &ArrayRef) {
        if !self.held.as_ref().is_some_and(|held| Arc::ptr_eq(held, values)) {
            *self = Self { held: Some(values.clone()), ids: vec![UNSEEN; values.len()], rows: vec![0; values.len()] };
        }
    }

    #[inline]
    fn count(&mut self, key: usize, distinct: &mut Distinct, traits: &mut Traits, coded: &Coded) {
        self.rows[key] += 1;
        if self.ids[key] == UNSEEN {
            self.ids[key] = distinct.insert(coded.values.value(key).as_bytes(), traits);
        }
    }
}

/// Counts of codes. Patients that reach into another row group are told apart, or they would be counted twice.
struct CodeGauge {
    events: Vec<u64>,
    patients: Vec<u64>,
    last: Vec<u32>,
    range: (u64, u64),
    straddling: Vec<(u32, u32)>,
}

const UNSEEN: u32 = u32::MAX;

impl Gauge {
    fn new(task: &Task) -> Self {
        let code = (task.column.role == Role::Code).then(|| CodeGauge {
            events: Vec::new(),
            patients: Vec::new(),
            last: Vec::new(),
            range: (task.group.start, task.group.end),
            straddling: Vec::new(),
        });
        Self { present: 0, bytes: 0, traits: Traits::NONE, distinct: distinct(task.column), page: Page::default(), code }
    }

    fn add(&mut self, array: &ArrayRef, start: u64, patients: &[Patient], out: &mut [Extent]) -> Result<()> {
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

    /// Walks keys into a page's dictionary: each string is looked at once a page, rows only count. Returns rows with a value, and their bytes.
    fn coded(&mut self, keys: &[i32], nulls: Option<&NullBuffer>, coded: &Coded, start: u64, patients: &[Patient]) -> (u64, u64) {
        self.page.open(coded.keys.values());
        let Self { traits, distinct, page, code, .. } = self;
        match code {
            // Codes are never null: what is wrong with those that are is said later.
            Some(code) => {
                let mut patient = patients.partition_point(|p| p.end() <= start);
                let mut row = 0;
                while row < keys.len() {
                    let until = ((patients[patient].end() - start) as usize).min(keys.len());
                    for (row, &key) in (row..until).zip(&keys[row..until]) {
                        if nulls.is_none_or(|n| n.is_valid(row)) {
                            page.count(key as usize, distinct, traits, coded);
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
                page.ids[key] = distinct.insert(coded.values.value(key).as_bytes(), traits);
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

    /// Walks rows of text that has no page dictionary.
    fn texts<'v>(&mut self, rows: usize, start: u64, patients: &[Patient], value: impl Fn(usize) -> Option<&'v [u8]>) -> (u64, u64) {
        let Self { traits, distinct, code, .. } = self;
        let (mut present, mut bytes) = (0, 0);
        let mut patient = patients.partition_point(|p| p.end() <= start);
        for row in 0..rows {
            let Some(text) = value(row) else { continue };
            present += 1;
            bytes += text.len() as u64;
            let id = distinct.insert(text, traits);
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

    /// Looks at values that are no text.
    fn look(&mut self, array: &ArrayRef) {
        use DataType as D;
        let traits = &mut self.traits;
        match array.data_type() {
            D::Float32 => traits.nan |= array.as_primitive::<Float32Type>().iter().flatten().any(f32::is_nan),
            D::Float64 => traits.nan |= array.as_primitive::<Float64Type>().iter().flatten().any(f64::is_nan),
            D::Int64 | D::UInt64 | D::Timestamp(..) | D::Time64(_) | D::Duration(_) | D::Date64 => {
                let words = words(array);
                traits.sentinel |= words.clone().any(|v| v == i64::MIN);
                traits.narrow &= match narrowing(array.data_type()) {
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

impl CodeGauge {
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

/// Values of an 8-byte type that are not null, as int64.
fn words(array: &ArrayRef) -> impl Iterator<Item = i64> + Clone {
    let data = array.to_data();
    let nulls = array.nulls().cloned();
    let buffer: arrow_buffer::ScalarBuffer<i64> = arrow_buffer::ScalarBuffer::new(data.buffers()[0].clone(), data.offset(), data.len());
    (0..array.len()).filter(move |&row| nulls.as_ref().is_none_or(|n| n.is_valid(row))).map(move |row| buffer[row])
}

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// How a time of another unit becomes microseconds, and a date64 days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Narrowing {
    /// Milliseconds to the days of a date32: exact where there is no time of day, and where 32 bits hold the days.
    Days,
    /// A finer unit: exact where there is no remainder.
    Divide(i64),
    /// A coarser unit: exact where it does not overflow.
    Multiply(i64),
}

/// The narrowing of a type, if it has one.
pub fn narrowing(data_type: &DataType) -> Option<Narrowing> {
    let unit = match data_type {
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) | DataType::Duration(unit) => unit,
        DataType::Date64 => return Some(Narrowing::Days),
        _ => return None,
    };
    match unit {
        TimeUnit::Second => Some(Narrowing::Multiply(1_000_000)),
        TimeUnit::Millisecond => Some(Narrowing::Multiply(1_000)),
        TimeUnit::Microsecond => None,
        TimeUnit::Nanosecond => Some(Narrowing::Divide(1_000)),
    }
}

fn distinct(column: &Column) -> Distinct {
    match column.wide {
        DataType::Utf8 => Distinct::Texts(Interner::default()),
        DataType::Int64 | DataType::UInt64 => Distinct::Integers(Integers::default()),
        _ => Distinct::Unknown,
    }
}

/// What all tasks have seen of a column.
struct Merged {
    present: u64,
    bytes: u64,
    traits: Traits,
    distinct: Distinct,
    counts: Vec<(u64, u64)>,
    straddling: HashSet<(u32, u32)>,
}

impl Merged {
    fn new(column: &Column) -> Self {
        let distinct = distinct(column);
        Self { present: 0, bytes: 0, traits: Traits::NONE, distinct, counts: Vec::new(), straddling: HashSet::new() }
    }

    fn add(&mut self, gauge: Gauge) {
        self.present += gauge.present;
        self.bytes += gauge.bytes;
        self.traits.add(gauge.traits);
        match (&mut self.distinct, &gauge.distinct) {
            (Distinct::Texts(all), Distinct::Texts(some)) => {
                let ids: Vec<u32> = (0..some.len() as u32).map(|id| all.insert(some.get(id))).collect();
                if let Some(code) = gauge.code {
                    self.counts.resize(all.len(), (0, 0));
                    for ((id, events), patients) in ids.iter().zip(code.events).zip(code.patients) {
                        let (e, p) = &mut self.counts[*id as usize];
                        *e += events;
                        *p += patients;
                    }
                    self.straddling.extend(code.straddling.iter().map(|&(patient, id)| (patient, ids[id as usize])));
                } else {
                    self.distinct.shed();
                }
            }
            (Distinct::Integers(all), Distinct::Integers(some)) => {
                all.merge(some);
                self.distinct.shed();
            }
            _ => self.distinct = Distinct::Unknown,
        }
    }

    fn finish(mut self, extents: Vec<Vec<Vec<Extent>>>) -> Measured {
        for (_, id) in self.straddling {
            self.counts[id as usize].1 += 1;
        }
        Measured { extents, present: self.present, bytes: self.bytes, distinct: self.distinct, traits: self.traits, counts: self.counts }
    }
}
