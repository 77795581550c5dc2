//! Describes a source before a conversion: files, columns, subjects, notes, and how many times are only
//! dates.
//!
//! It runs the conversion's own steps, so that its report is what a conversion would do.

use crate::export::open_store;
use crate::first_pass::first_pass;
use crate::options::Options;
use crate::plan::intern::Interner;
use crate::plan::static_rows::moved_note;
use crate::plan::survey::{survey, truncated_note};
use crate::source::column::{Column, Columns, Role, SUBJECT, Wanted, time_column};
use crate::source::content::Batch;
use crate::source::dataset::events;
use crate::source::files::{Source, unknown};
use crate::source::group::{Group, groups, total_rows};
use crate::source::metadata::{self, split_notes};
use crate::source::read::Reader;
use crate::source::store::StoreSource;
use crate::source::texts::Texts;
use crate::threads::pool;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef};
use arrow_schema::FieldRef;
use meds_import::{Archive, Database};
use meds_store::manifest::Note;
use meds_store::progress::Phase;
use meds_store::types::type_name;
use meds_store::{Code, Error, Progress, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Microseconds per day.
const DAY: i64 = 86_400_000_000;

/// What to inspect.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct InspectOptions {
    /// A MEDS folder, a Parquet file, a meds_reader database, or a store.
    pub source: PathBuf,
    /// The source is a store.
    pub store: bool,
    /// Threads; 0 = one per core.
    pub threads: usize,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspected {
    /// Files of events.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their rows; `None` if they are not events.
    pub rows: Option<u64>,
    /// Subjects; `None` if the rows are out of order.
    pub subjects: Option<u64>,
    /// Columns without `subject_id`, with the types of the source.
    pub columns: Vec<About>,
    /// The notes that a conversion would make: what it would skip or change, and why.
    pub notes: Vec<Note>,
    /// Why a conversion would fail.
    pub problem: Option<String>,
    /// The code of that error.
    pub problem_code: Option<&'static str>,
    /// Codes by their prefix (the part before the first `/`), the most frequent first; `None` if they cannot
    /// be read.
    pub prefixes: Option<Vec<Prefix>>,
}

/// A column.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its type in the source.
    #[serde(rename = "type")]
    pub source_type: String,
}

/// Codes with the same prefix.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Prefix {
    /// The part before the first `/`; the whole code if it has none.
    pub prefix: String,
    /// Rows.
    pub rows: u64,
    /// Rows with a time.
    pub timed: u64,
    /// Rows whose time is exactly midnight. Most likely these are dates of events whose hour is unknown.
    pub midnight: u64,
}

/// What to unpack.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UnpackOptions {
    /// A `.zip`, `.tar.gz` or `.tar`.
    pub source: PathBuf,
    /// An existing, empty folder.
    pub into: PathBuf,
    /// The archive contains OMOP tables: the result is that folder, and the caller searches it for them.
    pub tables: bool,
}

/// An archive to look at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ArchiveOptions {
    /// A `.zip`, `.tar.gz` or `.tar`.
    pub source: PathBuf,
}

/// What was unpacked.
#[derive(Clone, Debug, Serialize)]
pub struct Unpacked {
    /// The folder of the dataset or database.
    pub root: PathBuf,
    /// True for a meds_reader database.
    pub database: bool,
}

/// Unpacks an archive for an inspection.
pub fn unpack(options: &UnpackOptions, progress: &Progress) -> Result<Unpacked> {
    progress.enter(Phase::Plan, 0, 0);
    let archive = Archive::of(&options.source)?.ok_or_else(|| unknown(&options.source))?;
    if options.tables {
        archive.extract(&options.into, progress)?;
        return Ok(Unpacked { root: options.into.clone(), database: false });
    }
    let root = archive.unpack(&options.into, progress)?;
    Ok(Unpacked { database: Database::is_at(&root), root })
}

/// Whether an archive contains OMOP tables. Reads only its names and unpacks nothing.
pub fn holds_tables(options: &ArchiveOptions, progress: &Progress) -> Result<bool> {
    Archive::of(&options.source)?.map_or(Ok(false), |archive| archive.holds_tables(progress))
}

/// Inspects a source.
pub fn inspect(options: &InspectOptions, progress: &Progress) -> Result<Inspected> {
    progress.enter(Phase::Plan, 0, 0);
    pool(options.threads, || {
        let mut found = Inspected::default();
        match options.store {
            true => found.store(&options.source, progress)?,
            false => found.source(&options.source, progress)?,
        }
        Ok(found)
    })
}

impl Inspected {
    /// Inspects a store.
    fn store(&mut self, path: &Path, progress: &Progress) -> Result<()> {
        let store = open_store(path, None)?;
        let StoreSource { source, columns, patients } = StoreSource::open(&store, None)?;
        self.notes = store.manifest().notes.clone();
        self.subjects = Some(patients.len() as u64);
        self.events(&source, &columns);
        self.prefixes = Some(prefixes(&source, &columns, progress)?);
        Ok(())
    }

    /// Runs the steps of a conversion in the same order, up to the first byte that it would write.
    fn source(&mut self, path: &Path, progress: &Progress) -> Result<()> {
        let Some(mut source) = self.or_problem(Source::open(path))? else {
            // A file cannot be read. Their number and size are still known.
            let names = events(path, &mut Vec::new()).unwrap_or_default();
            self.files = names.len() as u64;
            self.bytes = names.iter().filter_map(|(_, path)| path.metadata().ok()).map(|about| about.len()).sum();
            return Ok(());
        };
        self.notes = std::mem::take(&mut source.notes);
        self.notes.extend(metadata::missing(&source));
        self.files = source.files.len() as u64;
        self.bytes = source.bytes();
        let splits = self.or_problem(metadata::check_dataset(&source).and_then(|()| metadata::splits(&source)))?;
        let Some(columns) = ({
            let unified = Columns::unify(&source, Wanted::default(), &mut self.notes);
            self.or_problem(unified)?
        }) else {
            let fields = source.files.first().map(|file| file.schema.fields().iter());
            let about = |field: &FieldRef| About { name: field.name().clone(), source_type: type_name(field.data_type()) };
            let others = fields.into_iter().flatten().filter(|field| !SUBJECT.contains(&field.name().as_str()));
            self.columns = others.map(about).collect();
            return Ok(());
        };
        self.events(&source, &columns);
        let groups = groups(&source);
        progress.enter(Phase::Measure, total_rows(&groups), source.bytes());
        let survey = survey(&source, &columns, &groups, progress).and_then(|survey| survey.map_err(|disorder| disorder.0));
        if let Some(survey) = self.or_problem(survey)? {
            self.subjects = Some(survey.patients.len() as u64);
            self.notes.extend(moved_note(survey.late_statics));
            self.notes.extend(truncated_note(survey.truncated));
            let Options { shard_bytes, .. } = Options::default();
            let pass = first_pass(&source, &columns, &groups, &survey, shard_bytes, &|_| Ok(String::new()), progress);
            if let Some(pass) = self.or_problem(pass)? {
                let codes = pass.codes(&source, &columns, &mut self.notes);
                self.or_problem(codes)?;
            }
            if let Some(splits) = splits.flatten() {
                let ids: Vec<i64> = survey.patients.iter().map(|patient| patient.id).collect();
                split_notes(&splits, &ids, &mut self.notes);
            }
        }
        // An error of this step does not affect the rest of the report.
        let prefixes = prefixes(&source, &columns, progress);
        self.prefixes = self.or_problem(prefixes)?;
        Ok(())
    }

    /// Records an error of a conversion as its problem. Errors of the system, and cancellation, end the
    /// inspection.
    fn or_problem<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        use Code::{Cancelled, DiskFull, Internal, Io, Permission};
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if matches!(error.code, Cancelled | DiskFull | Internal | Io | Permission) => Err(error),
            Err(error) => {
                // A conversion ends at the first error.
                if self.problem.is_none() {
                    self.problem = Some(error.to_string());
                    self.problem_code = Some(error.code.as_str());
                }
                Ok(None)
            }
        }
    }

    /// Facts about the events from files and footers.
    fn events(&mut self, source: &Source, columns: &Columns) {
        self.files = source.files.len() as u64;
        self.bytes = source.bytes();
        self.rows = Some(total_rows(&groups(source)));
        let about = |column: &Column| About { name: column.name.clone(), source_type: type_name(&column.source_type) };
        self.columns = columns.list.iter().map(about).collect();
    }
}

/// Rows by prefix of their codes, the most frequent first.
fn prefixes(source: &Source, columns: &Columns, progress: &Progress) -> Result<Vec<Prefix>> {
    let groups = groups(source);
    progress.enter(Phase::Measure, total_rows(&groups), source.bytes());
    let counted: Result<Vec<_>> = groups.par_iter().map(|group| Counts::of(source, columns, *group, progress)).collect();
    let mut all = Counts::default();
    for counts in counted? {
        for (id, counted) in (0..).zip(&counts.counted) {
            let to = all.at(counts.names.get(id));
            to.rows += counted.rows;
            to.timed += counted.timed;
            to.midnight += counted.midnight;
        }
    }
    let Counts { names, counted } = all;
    let named = |(id, prefix): (u32, Prefix)| Prefix { prefix: String::from_utf8_lossy(names.get(id)).into_owned(), ..prefix };
    let mut prefixes: Vec<_> = (0..).zip(counted).map(named).collect();
    prefixes.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.prefix.cmp(&b.prefix)));
    Ok(prefixes)
}

/// Rows by prefix.
#[derive(Default)]
struct Counts {
    names: Interner,
    counted: Vec<Prefix>,
}

impl Counts {
    fn at(&mut self, prefix: &[u8]) -> &mut Prefix {
        let id = self.names.insert(prefix) as usize;
        if id >= self.counted.len() {
            self.counted.resize_with(id + 1, Prefix::default);
        }
        &mut self.counted[id]
    }

    /// Counts the rows of a row group.
    fn of(source: &Source, columns: &Columns, group: Group, progress: &Progress) -> Result<Self> {
        let file = &source.files[group.file];
        let code = columns.list.iter().find(|column| column.role == Role::Code);
        let code = code.ok_or_else(|| Error::new(Code::Internal, "the column of codes was lost"))?;
        let mut codes = Pending::new(Reader::open(file, group.file, group.group, code)?);
        let mut times = Pending::new(Reader::open(file, group.file, group.group, time_column(columns)?)?);
        let mut counts = Self::default();
        loop {
            let rows = codes.fill()?.min(times.fill()?);
            if rows == 0 {
                return Ok(counts);
            }
            let (codes, times) = (codes.take(rows), times.take(rows));
            let texts = Texts::of(&codes).ok_or_else(|| Error::at(Code::Internal, &file.path, "the codes are not text"))?;
            let times = times.as_primitive::<TimestampMicrosecondType>();
            for row in 0..rows {
                let Some(code) = texts.get(row) else { continue };
                let end = code.iter().position(|byte| *byte == b'/').unwrap_or(code.len());
                let counted = counts.at(&code[..end]);
                counted.rows += 1;
                if times.is_valid(row) {
                    counted.timed += 1;
                    counted.midnight += u64::from(times.value(row).rem_euclid(DAY) == 0);
                }
            }
            progress.advance(rows as u64, 0)?;
        }
    }
}

/// A reader, and the rows of its last batch that are still unused.
struct Pending<'a> {
    reader: Reader<'a>,
    array: Option<ArrayRef>,
}

impl<'a> Pending<'a> {
    fn new(reader: Reader<'a>) -> Self {
        Self { reader, array: None }
    }

    /// Number of available rows; 0 at the end.
    fn fill(&mut self) -> Result<usize> {
        while self.array.as_ref().is_none_or(|array| array.is_empty()) {
            match self.reader.next()? {
                Some(Batch::Array(array)) => self.array = Some(array),
                Some(Batch::Nulls(_)) => return Err(Error::new(Code::Internal, "a required column is missing in a file")),
                None => return Ok(0),
            }
        }
        Ok(self.array.as_ref().map_or(0, |array| array.len()))
    }

    fn take(&mut self, rows: usize) -> ArrayRef {
        let array = self.array.take().unwrap_or_else(|| arrow_array::new_empty_array(&arrow_schema::DataType::Null));
        self.array = Some(array.slice(rows, array.len() - rows));
        array.slice(0, rows)
    }
}
