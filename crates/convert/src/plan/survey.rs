//! The first read of the rows: to which subject they belong, and whether their order is as MEDS requires (a
//! subject's rows are contiguous and in order of time).

use crate::plan::copies;
use crate::plan::static_rows;
use crate::source::column::{Column, Columns, Origin, Role, subject_column, time_column};
use crate::source::content::Batch;
use crate::source::files::{Source, SourceFile};
use crate::source::group::{Group, file_start};
use crate::source::patient::Patient;
use crate::source::read::{Reader, micros};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Int64Array, TimestampMicrosecondArray};
use arrow_schema::{DataType, TimeUnit};
use meds_store::manifest::Note;
use meds_store::{Code, Error, Progress, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The result of the survey.
#[derive(Debug)]
pub struct Survey {
    /// The patients, in the source's order.
    pub patients: Vec<Patient>,
    /// Number of patients with a row without a time after a row with one. Their rows must move.
    pub late_statics: u64,
    /// Number of times that lost their nanoseconds.
    pub truncated: u64,
}

/// Contiguous rows of one subject in a row group.
#[derive(Debug, Deserialize, Serialize)]
struct Run {
    patient: Patient,
    late_static: bool,
}

/// The survey of a row group.
#[derive(Debug, Deserialize, Serialize)]
pub struct Runs {
    runs: Vec<Run>,
    /// Number of its times that were rounded to microseconds.
    truncated: u64,
}

/// A row in wrong order, which `--repair` can fix.
#[derive(Debug)]
pub struct Disorder(pub Error);

/// Reads subject ids and times of a row group side by side.
pub struct Rows<'a> {
    ids: Reader<'a>,
    times: Reader<'a>,
    id_batch: Option<ArrayRef>,
    time_batch: Option<ArrayRef>,
}

impl<'a> Rows<'a> {
    /// Opens a row group.
    pub fn open(source: &'a Source, group: Group, subjects: &'a Column, time: &'a Column) -> Result<Self> {
        let file = &source.files[group.file];
        let open = |column| Reader::open(file, group.file, group.group, column);
        Ok(Self { ids: open(subjects)?, times: open(time)?, id_batch: None, time_batch: None })
    }

    /// The next rows, as many as both columns have read.
    pub fn next(&mut self) -> Result<Option<(Int64Array, TimestampMicrosecondArray)>> {
        let fill = |reader: &mut Reader, held: &mut Option<ArrayRef>| -> Result<()> {
            while held.as_ref().is_none_or(|a| a.is_empty()) {
                match reader.next()? {
                    Some(Batch::Array(array)) => *held = Some(array),
                    Some(Batch::Nulls(_)) => return Err(Error::new(Code::Internal, "a required column is missing in a file")),
                    None => return Ok(()),
                }
            }
            Ok(())
        };
        fill(&mut self.ids, &mut self.id_batch)?;
        fill(&mut self.times, &mut self.time_batch)?;
        let (Some(ids), Some(times)) = (&self.id_batch, &self.time_batch) else { return Ok(None) };
        let rows = ids.len().min(times.len());
        if rows == 0 {
            return Ok(None);
        }
        let part = (
            ids.slice(0, rows).as_primitive::<Int64Type>().clone(),
            times.slice(0, rows).as_primitive::<TimestampMicrosecondType>().clone(),
        );
        self.id_batch = Some(ids.slice(rows, ids.len() - rows));
        self.time_batch = Some(times.slice(rows, times.len() - rows));
        Ok(Some(part))
    }
}

/// The error for a missing subject id.
pub fn null_id(file: &SourceFile, row: u64) -> Error {
    Error::at(
        Code::NullValue,
        &file.path,
        format!("row {row} does not have a subject_id, but every event must have one. Fix the file, or remove the row."),
    )
}

/// Surveys the whole source, row groups in parallel. The outer error is final. The inner error can be
/// repaired.
pub fn survey(source: &Source, columns: &Columns, groups: &[Group], progress: &Progress) -> Result<Result<Survey, Disorder>> {
    let found = join(source, groups, look(source, columns, groups, progress)?)?;
    if found.is_err() {
        // A repair of copied files would count their rows twice.
        copies::refuse(source, columns, progress)?;
    }
    Ok(found)
}

/// Surveys some row groups, each by itself.
pub fn look(source: &Source, columns: &Columns, groups: &[Group], progress: &Progress) -> Result<Vec<Result<Result<Runs, Disorder>>>> {
    let subjects = subject_column(columns);
    let time = time_column(columns)?;
    Ok(groups.par_iter().map(|group| runs(source, *group, &subjects, time, progress)).collect())
}

/// Joins the surveys of all row groups.
pub fn join(
    source: &Source,
    groups: &[Group],
    found: impl IntoIterator<Item = Result<Result<Runs, Disorder>>>,
) -> Result<Result<Survey, Disorder>> {
    let mut survey = Survey { patients: Vec::new(), late_statics: 0, truncated: 0 };
    let mut late = false;
    let mut file_of: HashMap<i64, usize> = HashMap::new();
    for (group, found) in groups.iter().zip(found) {
        let Runs { runs, truncated } = match found? {
            Ok(found) => found,
            Err(disorder) => return Ok(Err(disorder)),
        };
        survey.truncated += truncated;
        for Run { patient, late_static } in runs {
            // A subject can continue in the next row group, but not in the next file: its rows must be in one
            // file.
            let here = file_of.get(&patient.id) == Some(&group.file);
            match survey.patients.last_mut().filter(|last| last.id == patient.id && here) {
                Some(last) => {
                    if let (Some((_, before)), Some((after, _))) = (last.times, patient.times)
                        && after < before
                    {
                        let row = patient.start - file_start(groups, group.file);
                        return Ok(Err(unordered(&source.files[group.file], row, patient.id, before, after)));
                    }
                    late |= late_static || (last.times.is_some() && patient.statics > 0);
                    last.rows += patient.rows;
                    last.statics += patient.statics;
                    last.times = span(last.times, patient.times);
                }
                None => {
                    survey.late_statics += u64::from(late);
                    late = late_static;
                    if let Some(first) = file_of.insert(patient.id, group.file) {
                        let (first, file) = (&source.files[first], &source.files[group.file]);
                        return Ok(Err(scattered(first, file, patient.start - file_start(groups, group.file), patient.id)));
                    }
                    survey.patients.push(patient);
                }
            }
        }
    }
    survey.late_statics += u64::from(late);
    Ok(Ok(survey))
}

/// The span that contains both spans.
pub fn span(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (a, b) => a.or(b),
    }
}

fn scattered(first: &SourceFile, file: &SourceFile, row: u64, id: i64) -> Disorder {
    let place = match first.path == file.path {
        true => "earlier in the same file".to_string(),
        false => format!("in {}", first.path.display()),
    };
    let message = format!(
        "subject {id} starts again at row {row}, but it also has rows {place}. MEDS requires a subject's rows to be contiguous in one file. Sort the source, or merge them with `repair` (--repair)."
    );
    Disorder(Error::at(Code::NotContiguous, &file.path, message))
}

fn unordered(file: &SourceFile, row: u64, id: i64, before: i64, after: i64) -> Disorder {
    let message = format!(
        "subject {id}, row {row}: the time goes back from {before} to {after} (microseconds since 1970-01-01). MEDS requires a subject's rows in order of time. Sort the source, or sort them with `repair` (--repair)."
    );
    Disorder(Error::at(Code::TimeOrder, &file.path, message))
}

fn runs(source: &Source, group: Group, subjects: &Column, time: &Column, progress: &Progress) -> Result<Result<Runs, Disorder>> {
    let file = &source.files[group.file];
    let first_row = group.start - group_start_of_file(source, group);
    let mut runs: Vec<Run> = Vec::new();
    let mut closed = std::collections::HashSet::new();
    let mut at = group.start;
    let row_in_file = |at: u64| first_row + (at - group.start);
    let mut reader = Rows::open(source, group, subjects, time)?;
    while let Some((ids, times)) = reader.next()? {
        progress.advance(ids.len() as u64, 0)?;
        if ids.null_count() > 0 {
            let row = ids.iter().position(|id| id.is_none()).unwrap_or(0) as u64;
            return Err(null_id(file, row_in_file(at + row)));
        }
        let ids = ids.values();
        let mut begin = 0;
        while begin < ids.len() {
            let id = ids[begin];
            let end = begin + ids[begin..].iter().take_while(|other| **other == id).count();
            if runs.last().is_none_or(|run| run.patient.id != id) {
                if let Some(before) = runs.last() {
                    closed.insert(before.patient.id);
                }
                if closed.contains(&id) {
                    return Ok(Err(scattered(file, file, row_in_file(at + begin as u64), id)));
                }
                let patient = Patient { id, start: at + begin as u64, rows: 0, statics: 0, times: None };
                runs.push(Run { patient, late_static: false });
            }
            let run = runs.last_mut().ok_or_else(|| Error::new(Code::Internal, "no run"))?;
            if let Err((row, before, after)) = extend(run, &times.slice(begin, end - begin)) {
                return Ok(Err(unordered(file, row_in_file(at + (begin + row) as u64), id, before, after)));
            }
            begin = end;
        }
        at += ids.len() as u64;
    }
    Ok(Ok(Runs { runs, truncated: truncated_in(file, group, time)? }))
}

fn group_start_of_file(source: &Source, group: Group) -> u64 {
    let before: u64 = (0..group.group).map(|g| source.files[group.file].rows(g)).sum();
    group.start - before
}

/// Adds rows to a run. The error is the first row that goes back in time, with the previous time and its own.
fn extend(run: &mut Run, times: &TimestampMicrosecondArray) -> Result<(), (usize, i64, i64)> {
    let patient = &mut run.patient;
    patient.rows += times.len() as u64;
    patient.statics += times.null_count() as u64;
    let mut last = patient.times.map(|(_, last)| last);
    let mut first = patient.times.map(|(first, _)| first);
    if times.null_count() == 0 {
        let values = times.values();
        let mut before = last.unwrap_or(i64::MIN);
        let ordered = values.iter().fold(true, |ordered, &t| {
            let fine = ordered & (t >= before);
            before = t;
            fine
        });
        if !ordered {
            let mut before = last.unwrap_or(i64::MIN);
            for (row, &t) in values.iter().enumerate() {
                if t < before {
                    return Err((row, before, t));
                }
                before = t;
            }
        }
        first = first.or(values.first().copied());
        last = values.last().copied().or(last);
    } else {
        for (row, time) in times.iter().enumerate() {
            match time {
                Some(t) => {
                    if let Some(before) = last.filter(|before| t < *before) {
                        return Err((row, before, t));
                    }
                    first = first.or(Some(t));
                    last = Some(t);
                }
                None => run.late_static |= static_rows::is_late(last),
            }
        }
    }
    patient.times = first.zip(last);
    Ok(())
}

/// How many times of the source have nanoseconds, which a store cannot represent.
pub fn truncated(source: &Source, columns: &Columns, groups: &[Group]) -> Result<u64> {
    let time = time_column(columns)?;
    groups.par_iter().map(|group| truncated_in(&source.files[group.file], *group, time)).sum()
}

fn truncated_in(file: &SourceFile, group: Group, time: &Column) -> Result<u64> {
    // Only files with nanoseconds can lose them. Other files are not read for this.
    let Some(Origin::Root { root, .. }) = time.roots[group.file] else { return Ok(0) };
    let natural = match file.schema.field(root).data_type() {
        DataType::Dictionary(_, values) => values,
        natural => natural,
    };
    if !matches!(natural, DataType::Timestamp(TimeUnit::Nanosecond, _)) {
        return Ok(0);
    }
    // Read with the file's own type, because the column's reader returns microseconds.
    let raw = Column { role: Role::Extra, wide: natural.clone(), ..time.clone() };
    let mut reader = Reader::open(file, group.file, group.group, &raw)?;
    let mut count = 0;
    while let Some(batch) = reader.next()? {
        if let Batch::Array(array) = batch {
            count += micros(&array).map_err(|e| Error::at(Code::ValueRange, &file.path, e.to_string()))?.1;
        }
    }
    Ok(count)
}

/// The note about times that were rounded.
pub fn truncated_note(count: u64) -> Option<Note> {
    let message = "times with nanoseconds: rounded down to microseconds".to_string();
    (count > 0).then_some(Note { kind: "converted".into(), message, count })
}
