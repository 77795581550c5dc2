//! The first pass over the values: measures every column, and plans the layout of the store.

use crate::plan::facts::Facts;
use crate::plan::layout::{Cut, Layout, plan};
use crate::plan::measure::{Measured, Measuring, measure};
use crate::plan::pieces::{Piece, pieces};
use crate::plan::storage::{Entries, Stored, decide};
use crate::plan::survey::Survey;
use crate::source::column::{Columns, Role};
use crate::source::content::Batch;
use crate::source::files::Source;
use crate::source::fingerprint::OnBytes;
use crate::source::group::{Group, file_start, total_rows};
use crate::source::patient::{Patient, segments};
use crate::source::read::Reader;
use crate::source::texts::Texts;
use crate::write::codes::{self, Codes};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use meds_store::manifest::Note;
use meds_store::progress::Phase;
use meds_store::{Code, Error, Progress, Result};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The result of the first pass over the values: the layout, and facts about the columns.
pub struct FirstPass {
    /// The content id of the store.
    pub id: String,
    /// Where everything is.
    pub layout: Layout,
    /// The pieces of each row group.
    pub pieces: Vec<Vec<Piece>>,
    /// For each column, the events and patients per value, if they were counted.
    counts: Vec<Vec<(u64, u64)>>,
    /// One per column.
    pub facts: Vec<Facts>,
}

impl FirstPass {
    /// The tables of codes. Adds the notes about them.
    pub fn codes(&self, source: &Source, columns: &Columns, notes: &mut Vec<Note>) -> Result<Codes> {
        let at = code_column(columns);
        let dictionary = self.layout.stored[at].dictionary.as_ref();
        let dictionary = dictionary.ok_or_else(|| Error::new(Code::Internal, "the codes have no dictionary"))?;
        codes::tables(source, dictionary.values.as_string(), &by_slot(&dictionary.entries, &self.counts[at]), notes)
    }
}

/// Measures every column and plans the layout. After this step, the data cannot make a conversion fail. `id`
/// makes the store's content id at the same time, because it hashes the source.
pub fn first_pass(
    source: &Source,
    columns: &Columns,
    groups: &[Group],
    survey: &Survey,
    shard_bytes: u64,
    id: &(dyn Fn(OnBytes) -> Result<String> + Sync),
    progress: &Progress,
) -> Result<FirstPass> {
    let rows = total_rows(groups);
    let mut cuts = Cuts::new(groups, &survey.patients, shard_bytes);
    loop {
        progress.enter_cells(Phase::Measure, rows, columns.list.len() as u64, source.bytes());
        let failed = AtomicBool::new(false);
        let measuring = || {
            let measured = measure(source, &columns.list, groups, 0..groups.len(), &cuts.pieces, &survey.patients, progress);
            measured.inspect_err(|_| failed.store(true, Relaxed))
        };
        // If measuring fails, hashing stops, and the error of the measuring is reported.
        let hashing = || id(&|_| if failed.load(Relaxed) { Err(Error::new(Code::Cancelled, "")) } else { progress.check() });
        let (measured, id) = rayon::join(measuring, hashing);
        let measured = measured?.into_iter().map(Measuring::finish).collect();
        let pass = planned(source, columns, groups, survey, cuts, measured, shard_bytes, id?)?;
        match pass {
            Ok(pass) => return Ok(pass),
            Err(finer) => cuts = finer,
        }
    }
}

/// How a source is cut: see [`crate::plan::pieces`].
pub struct Cuts {
    segment_rows: u64,
    /// The first patient of each segment, then the number of patients.
    segments: Vec<usize>,
    /// The pieces of each row group.
    pub pieces: Vec<Vec<Piece>>,
}

impl Cuts {
    /// Segments are a small part of a shard, so that shards have about the requested size.
    pub fn new(groups: &[Group], patients: &[Patient], shard_bytes: u64) -> Self {
        Self::of(groups, patients, (shard_bytes / 512).clamp(16, 1 << 16))
    }

    fn of(groups: &[Group], patients: &[Patient], segment_rows: u64) -> Self {
        let segments = segments(patients, segment_rows);
        let pieces = pieces(groups, patients, &segments);
        Self { segment_rows, segments, pieces }
    }
}

/// Plans the layout from the measurements. The inner error has finer cuts, by which the source must be measured
/// again: a segment is too large for a shard.
#[expect(clippy::too_many_arguments, reason = "the whole first pass")]
pub fn planned(
    source: &Source,
    columns: &Columns,
    groups: &[Group],
    survey: &Survey,
    cuts: Cuts,
    mut measured: Vec<Measured>,
    shard_bytes: u64,
    id: String,
) -> Result<Result<FirstPass, Cuts>> {
    let (rows, patients) = (total_rows(groups), &survey.patients);
    let Cuts { segment_rows, segments, pieces } = cuts;
    no_null_codes(source, columns, groups, measured[code_column(columns)].present, patients)?;
    let copies = 1 + rows.saturating_mul(24) / shard_bytes;
    let stored: Result<Vec<Stored>> = columns.list.iter().zip(&mut measured).map(|(c, m)| decide(c, m, rows, copies)).collect();
    let cut = Cut { patients, segments: &segments, pieces: &pieces };
    match plan(&columns.list, stored?, &mut measured, cut, shard_bytes, &id)? {
        Ok(layout) => {
            let counts = measured.iter_mut().map(|m| std::mem::take(&mut m.counts)).collect();
            let facts = measured.iter().map(|m| m.facts).collect();
            Ok(Ok(FirstPass { id, layout, pieces, counts, facts }))
        }
        Err(large) => {
            let range = segments[large.segment]..segments[large.segment + 1];
            if range.len() == 1 {
                return Err(too_large(patients[range.start].id, &columns.list[large.column].name));
            }
            Ok(Err(Cuts::of(groups, patients, segment_rows / 8)))
        }
    }
}

fn too_large(subject: i64, column: &str) -> Error {
    let message = format!(
        "subject {subject} is too large for one shard in column {column:?}. A shard can hold 2^31-1 rows, elements or bytes of text per column, and 3 GiB in all. Leave the column out with `exclude` (--exclude {column})."
    );
    Error::new(Code::PatientTooLarge, message)
}

/// The index of the column of codes.
pub fn code_column(columns: &Columns) -> usize {
    columns.list.iter().position(|c| c.role == Role::Code).unwrap_or(0)
}

fn no_null_codes(source: &Source, columns: &Columns, groups: &[Group], present: u64, patients: &[Patient]) -> Result<()> {
    if present == total_rows(groups) {
        return Ok(());
    }
    // This is rare and ends the conversion, so only now is the first null searched for.
    let column = &columns.list[code_column(columns)];
    for group in groups {
        let file = &source.files[group.file];
        let mut reader = Reader::open(file, group.file, group.group, column)?;
        let mut row = group.start;
        while let Some(batch) = reader.next()? {
            if let Batch::Array(array) = &batch
                && let Some(texts) = Texts::of(array)
                && let Some(found) = (0..array.len()).find(|&row| texts.get(row).is_none())
            {
                let row = row + found as u64;
                let subject = patients[patients.partition_point(|patient| patient.end() <= row)].id;
                let (path, whose) = match &source.copy_of {
                    Some(origin) => (origin, format!("a row of subject {subject}")),
                    None => (&file.path, format!("row {} (subject {subject})", row - file_start(groups, group.file))),
                };
                let message = format!("{whose} has no code. Every event must have one. Fix the file, or remove the row.");
                return Err(Error::at(Code::NullValue, path, message));
            }
            row += batch.len() as u64;
        }
    }
    Err(Error::new(Code::NullValue, "some events have no code. Fix or remove these rows."))
}

/// Counts of codes by their index in the dictionary, from counts by the interner's number.
fn by_slot(entries: &Entries, counts: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let Entries::Texts(_, slots) = entries else { return Vec::new() };
    let mut sorted = vec![(0, 0); slots.len()];
    for (slot, count) in slots.iter().zip(counts) {
        sorted[*slot as usize - 1] = *count;
    }
    sorted
}
