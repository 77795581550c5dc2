//! The first pass over the values. It measures how much space each column takes in each piece of the source,
//! and which values it has.

use crate::plan::extent::{self, Extent};
use crate::plan::facts::Facts;
use crate::plan::group_measure::GroupMeasure;
use crate::plan::intern::Distinct;
use crate::plan::pieces::{Piece, walk};
use crate::source::column::{Column, Role};
use crate::source::content::Batch;
use crate::source::files::Source;
use crate::source::group::Group;
use crate::source::patient::Patient;
use crate::source::read::Reader;
use meds_store::{Progress, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// The measurements of a column over the whole source.
#[derive(Debug, Deserialize, Serialize)]
pub struct Measured {
    /// Extents of the values' type, for each piece of each row group, without null rows.
    pub extents: Vec<Vec<Vec<Extent>>>,
    /// Number of rows with a value.
    pub present: u64,
    /// Bytes of the values, where they are text.
    pub bytes: u64,
    /// The distinct values, unless there are too many.
    pub distinct: Distinct,
    /// Facts of the values.
    pub facts: Facts,
    /// Only for `code`: number of events and of patients of each distinct value.
    pub counts: Vec<(u64, u64)>,
}

/// The measurements of a column in some row groups.
#[derive(Debug, Deserialize, Serialize)]
pub struct Measuring {
    extents: Vec<Vec<Vec<Extent>>>,
    merged: Merged,
}

impl Measuring {
    /// Adds those of the next row groups.
    pub fn join(&mut self, next: Self) {
        self.extents.extend(next.extents);
        self.merged.add(next.merged);
    }

    /// Those of all row groups.
    pub fn finish(self) -> Measured {
        let Merged { present, bytes, facts, distinct, code } = self.merged;
        let CodeCounts { mut counts, mut straddling } = code.unwrap_or_default();
        // A patient with rows in three row groups is there three times.
        straddling.sort_unstable();
        straddling.dedup();
        for (_, id) in straddling {
            counts[id as usize].1 += 1;
        }
        Measured { extents: self.extents, present, bytes, distinct, facts, counts }
    }
}

/// Measures every column in the row groups of a range. Each task is one column of one row group.
pub fn measure(
    source: &Source,
    columns: &[Column],
    groups: &[Group],
    range: Range<usize>,
    pieces: &[Vec<Piece>],
    patients: &[Patient],
    progress: &Progress,
) -> Result<Vec<Measuring>> {
    let merged: Vec<_> = columns.iter().map(|column| Mutex::new(Merged::new(column))).collect();
    let tasks: Vec<_> = (0..columns.len()).flat_map(|column| range.clone().map(move |group| (column, group))).collect();
    let found: Result<Vec<_>> = tasks
        .par_iter()
        .map(|&(column, group)| {
            let task = Task { source, column: &columns[column], group: groups[group], pieces: &pieces[group], patients };
            let full = matches!(merged[column].lock().unwrap_or_else(PoisonError::into_inner).distinct, Distinct::Unknown);
            let (extents, measure) = task.run(full, progress)?;
            merged[column].lock().unwrap_or_else(PoisonError::into_inner).add(measure.into());
            Ok(extents)
        })
        .collect();
    let mut found = found?.into_iter();
    let of_column = |merged: Mutex<Merged>| Measuring {
        extents: found.by_ref().take(range.len()).collect(),
        merged: merged.into_inner().unwrap_or_else(PoisonError::into_inner),
    };
    Ok(merged.into_iter().map(of_column).collect())
}

struct Task<'a> {
    source: &'a Source,
    column: &'a Column,
    group: Group,
    pieces: &'a [Piece],
    patients: &'a [Patient],
}

impl Task<'_> {
    /// `full`: other tasks have already found too many distinct values.
    fn run(&self, full: bool, progress: &Progress) -> Result<(Vec<Vec<Extent>>, GroupMeasure)> {
        let file = &self.source.files[self.group.file];
        let reader = Reader::open(file, self.group.file, self.group.group, self.column)?;
        let mut extents = vec![vec![Extent::default(); extent::nodes(&self.column.wide)]; self.pieces.len()];
        let mut measure = GroupMeasure::new(self.column, &self.group);
        if full {
            measure.distinct = Distinct::Unknown;
        }
        walk(reader, self.pieces, progress, |piece, rows, at| match rows {
            Batch::Array(array) => measure.add(&array, at, self.patients, &mut extents[piece]),
            Batch::Nulls(_) => Ok(()),
        })?;
        Ok((extents, measure))
    }
}

/// What tasks of a column have found, in any order.
#[derive(Debug, Deserialize, Serialize)]
struct Merged {
    present: u64,
    bytes: u64,
    facts: Facts,
    distinct: Distinct,
    /// Only for `code`.
    code: Option<CodeCounts>,
}

/// Events and patients of each distinct code.
#[derive(Debug, Default, Deserialize, Serialize)]
struct CodeCounts {
    /// Its events, and its patients whose rows are all in one row group.
    counts: Vec<(u64, u64)>,
    /// (patient, distinct code) of the other patients.
    straddling: Vec<(u32, u32)>,
}

impl From<GroupMeasure> for Merged {
    fn from(GroupMeasure { present, bytes, facts, distinct, code, .. }: GroupMeasure) -> Self {
        let code =
            code.map(|code| CodeCounts { counts: code.events.into_iter().zip(code.patients).collect(), straddling: code.straddling });
        Self { present, bytes, facts, distinct, code }
    }
}

impl Merged {
    fn new(column: &Column) -> Self {
        let code = (column.role == Role::Code).then(CodeCounts::default);
        Self { present: 0, bytes: 0, facts: Facts::NONE, distinct: Distinct::new(column), code }
    }

    fn add(&mut self, other: Self) {
        self.present += other.present;
        self.bytes += other.bytes;
        self.facts.add(other.facts);
        match (&mut self.distinct, &other.distinct) {
            (Distinct::Texts(all), Distinct::Texts(some)) => {
                let ids: Vec<u32> = (0..some.len() as u32).map(|id| all.insert(some.get(id))).collect();
                let (Some(codes), Some(code)) = (&mut self.code, other.code) else {
                    self.distinct.shed();
                    return;
                };
                codes.counts.resize(all.len(), (0, 0));
                for (id, (events, patients)) in ids.iter().zip(code.counts) {
                    let (e, p) = &mut codes.counts[*id as usize];
                    *e += events;
                    *p += patients;
                }
                codes.straddling.extend(code.straddling.iter().map(|&(patient, id)| (patient, ids[id as usize])));
            }
            (Distinct::Integers(all), Distinct::Integers(some)) => {
                all.merge(some);
                self.distinct.shed();
            }
            _ => self.distinct = Distinct::Unknown,
        }
    }
}
