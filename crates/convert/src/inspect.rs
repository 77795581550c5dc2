//! What a source is before anything is made of it: files, columns, subjects, what a conversion would say, and how many times are mere dates.

use crate::export::open_store;
use crate::intern::Interner;
use crate::kept::Cut;
use crate::metadata;
use crate::options::Options;
use crate::read::{Batch, Reader};
use crate::run::pool;
use crate::schema::{Columns, Role};
use crate::source::Source;
use crate::survey::{Group, groups, survey, time_column, truncated_note};
use crate::texts::Texts;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef};
use meds_import::Archive;
use meds_store::manifest::Note;
use meds_store::progress::Phase;
use meds_store::types::type_name;
use meds_store::{Code, Error, Progress, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What to look at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct InspectOptions {
    /// A MEDS folder, a Parquet file, a database of meds_reader, or a store.
    pub source: PathBuf,
    /// The source is a store.
    pub store: bool,
    /// Threads; 0 = one a core.
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
    /// Their rows.
    pub rows: u64,
    /// Subjects; `None` where the rows are in disorder.
    pub subjects: Option<u64>,
    /// Columns, `subject_id` left out, with the types of the source.
    pub columns: Vec<About>,
    /// What a conversion would note: what it would skip or change, and why.
    pub notes: Vec<Note>,
    /// Why a conversion would fail.
    pub problem: Option<String>,
    /// Codes by what stands before their first `/`, the most frequent first.
    pub prefixes: Vec<Prefix>,
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

/// Codes that begin alike.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Prefix {
    /// What stands before the first `/`; the whole code where there is none.
    pub prefix: String,
    /// Rows.
    pub rows: u64,
    /// Those with a time.
    pub timed: u64,
    /// Those whose time is exactly midnight: dates, most likely, of events whose hour is not known.
    pub midnight: u64,
}

/// What to unpack.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UnpackOptions {
    /// A `.zip`, `.tar.gz` or `.tar`.
    pub source: PathBuf,
    /// A folder that is there and empty.
    pub into: PathBuf,
}

/// What was unpacked.
#[derive(Clone, Debug, Serialize)]
pub struct Unpacked {
    /// The folder of the dataset or database; `None` where the source is no archive.
    pub root: Option<PathBuf>,
}

/// Unpacks an archive for a look.
pub fn unpack(options: &UnpackOptions, progress: &Progress) -> Result<Unpacked> {
    progress.enter(Phase::Plan, 0, 0);
    let archive = Archive::of(&options.source)?;
    Ok(Unpacked { root: archive.map(|archive| archive.unpack(&options.into, progress)).transpose()? })
}

/// Looks at a source.
pub fn inspect(options: &InspectOptions, progress: &Progress) -> Result<Inspected> {
    progress.enter(Phase::Plan, 0, 0);
    pool(options.threads, || {
        if options.store {
            let store = open_store(&options.source, None)?;
            let Cut { source, columns, patients } = Cut::open(&store, None)?;
            let found = Inspected { notes: store.manifest().notes.clone(), subjects: Some(patients.len() as u64), ..Inspected::default() };
            return found.rows(&source, &columns, progress);
        }
        let mut source = Source::open(&options.source)?;
        let mut found = Inspected { notes: std::mem::take(&mut source.notes), ..Inspected::default() };
        let columns = Columns::unify(&source, &Options::default(), &mut found.notes)?;
        progress.enter(Phase::Measure, groups(&source).last().map_or(0, |group| group.end), source.bytes());
        // What only a part of it stands against is told beside what else there is to tell.
        match survey(&source, &columns, &groups(&source), progress)? {
            Ok(survey) => {
                found.subjects = Some(survey.patients.len() as u64);
                found.notes.extend(truncated_note(survey.truncated));
                if survey.late_statics > 0 {
                    let message = "patients whose rows without a time do not stand first: these rows would be moved to the front";
                    found.notes.push(Note { kind: "converted".into(), message: message.into(), count: survey.late_statics });
                }
            }
            Err(disorder) => found.problem = Some(disorder.0.to_string()),
        }
        if let Err(error) = metadata::check_dataset(&source).and_then(|()| metadata::splits(&source).map(drop)) {
            found.problem.get_or_insert(error.to_string());
        }
        found.rows(&source, &columns, progress)
    })
}

impl Inspected {
    /// Adds what the rows themselves say.
    fn rows(mut self, source: &Source, columns: &Columns, progress: &Progress) -> Result<Self> {
        let groups = groups(source);
        self.files = source.files.len() as u64;
        self.bytes = source.bytes();
        self.rows = groups.last().map_or(0, |group| group.end);
        let about = |column: &crate::schema::Column| About { name: column.name.clone(), source_type: type_name(&column.source_type) };
        self.columns = columns.list.iter().map(about).collect();
        progress.enter(Phase::Measure, self.rows, self.bytes);
        let counted: Result<Vec<_>> = groups.par_iter().map(|group| Counts::of(source, columns, *group, progress)).collect();
        let mut all = Counts::default();
        for (group, counts) in groups.iter().zip(counted?) {
            if counts.bare > 0 {
                let message = format!("{} rows have no code. Every event has one: mend the file or drop the rows.", counts.bare);
                self.problem.get_or_insert_with(|| Error::at(Code::NullValue, &source.files[group.file].path, message).to_string());
            }
            for (id, counted) in (0..).zip(&counts.counted) {
                let to = all.at(counts.names.get(id));
                to.rows += counted.rows;
                to.timed += counted.timed;
                to.midnight += counted.midnight;
            }
        }
        let Counts { names, counted, .. } = all;
        let named = |(id, prefix): (u32, Prefix)| Prefix { prefix: String::from_utf8_lossy(names.get(id)).into_owned(), ..prefix };
        self.prefixes = (0..).zip(counted).map(named).collect();
        self.prefixes.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.prefix.cmp(&b.prefix)));
        Ok(self)
    }
}

/// Rows by prefix.
#[derive(Default)]
struct Counts {
    names: Interner,
    counted: Vec<Prefix>,
    /// Rows without a code.
    bare: u64,
}

impl Counts {
    fn at(&mut self, prefix: &[u8]) -> &mut Prefix {
        let id = self.names.insert(prefix) as usize;
        if id >= self.counted.len() {
            self.counted.resize_with(id + 1, Prefix::default);
        }
        &mut self.counted[id]
    }

    /// Of a row group.
    fn of(source: &Source, columns: &Columns, group: Group, progress: &Progress) -> Result<Self> {
        let file = &source.files[group.file];
        let code = columns.list.iter().find(|column| column.role == Role::Code);
        let code = code.ok_or_else(|| Error::new(Code::Internal, "the column of codes was lost"))?;
        let mut codes = Held::new(Reader::open(file, group.file, group.group, code)?);
        let mut times = Held::new(Reader::open(file, group.file, group.group, time_column(columns)?)?);
        let mut counts = Self::default();
        loop {
            let rows = codes.fill()?.min(times.fill()?);
            if rows == 0 {
                return Ok(counts);
            }
            let (codes, times) = (codes.take(rows), times.take(rows));
            let texts = Texts::of(&codes).ok_or_else(|| Error::at(Code::Internal, &file.path, "codes that are no text"))?;
            let times = times.as_primitive::<TimestampMicrosecondType>();
            for row in 0..rows {
                let Some(code) = texts.get(row) else {
                    counts.bare += 1;
                    continue;
                };
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

/// What a reader has given and nobody has taken.
struct Held<'a> {
    reader: Reader<'a>,
    array: Option<ArrayRef>,
}

impl<'a> Held<'a> {
    fn new(reader: Reader<'a>) -> Self {
        Self { reader, array: None }
    }

    /// Rows at hand; 0 at the end.
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
