//! The first pass over the values. It measures how much space each column takes in each piece of the source,
//! and which values it has.

use crate::plan::extent::{self, Extent};
use crate::plan::facts::Facts;
use crate::plan::group_measure::GroupMeasure;
use crate::plan::intern::Distinct;
use crate::plan::pieces::{Piece, walk};
use crate::source::column::Column;
use crate::source::content::Batch;
use crate::source::files::Source;
use crate::source::group::Group;
use crate::source::patient::Patient;
use crate::source::read::Reader;
use meds_store::{Progress, Result};
use rayon::prelude::*;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The measurements of a column over the whole source.
#[derive(Debug)]
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

/// Measures every column. Each task is one column of one row group.
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
            let (extents, measure) = task.run(full, progress)?;
            merged[column].lock().unwrap_or_else(PoisonError::into_inner).add(measure);
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

/// The measurements of all tasks of a column.
struct Merged {
    present: u64,
    bytes: u64,
    facts: Facts,
    distinct: Distinct,
    counts: Vec<(u64, u64)>,
    straddling: HashSet<(u32, u32)>,
}

impl Merged {
    fn new(column: &Column) -> Self {
        Self { present: 0, bytes: 0, facts: Facts::NONE, distinct: Distinct::new(column), counts: Vec::new(), straddling: HashSet::new() }
    }

    fn add(&mut self, measure: GroupMeasure) {
        self.present += measure.present;
        self.bytes += measure.bytes;
        self.facts.add(measure.facts);
        match (&mut self.distinct, &measure.distinct) {
            (Distinct::Texts(all), Distinct::Texts(some)) => {
                let ids: Vec<u32> = (0..some.len() as u32).map(|id| all.insert(some.get(id))).collect();
                if let Some(code) = measure.code {
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
        Measured { extents, present: self.present, bytes: self.bytes, distinct: self.distinct, facts: self.facts, counts: self.counts }
    }
}
