//! A database's folder: who its subjects are, how many rows each has, which columns there are.

use crate::data::{Data, INFLATION, damaged, io, small};
use crate::properties;
use crate::reader::Reader;
use crate::strings::Strings;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use meds_store::{Code, Error, Result};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows of a run, about: enough runs that all threads have some, and few enough that opening one costs nothing beside reading it.
const RUN: u64 = 1 << 18;
/// Most subjects of a run: a table of their offsets is held.
const SUBJECTS: usize = 1 << 16;

const VERSION: &str = "meds_reader.version";
const PROPERTIES: &str = "meds_reader.properties";
const LENGTH: &str = "meds_reader.length";
const IDS: &str = "subject_id";

/// A column, its file open.
pub(crate) struct Column {
    pub name: String,
    pub data_type: DataType,
    pub kind: Kind,
    pub data: Data,
}

/// How a column's records are written.
pub(crate) enum Kind {
    /// `time`.
    Times,
    /// Numbers, and other times.
    Values,
    /// Text, with a dictionary that is read when first needed.
    Texts(Mutex<Option<Arc<Strings>>>),
}

impl Column {
    fn open(database: &Path, property: properties::Property, subjects: usize) -> Result<Self> {
        let properties::Property { name, data_type } = property;
        let kind = match &data_type {
            DataType::Utf8 | DataType::LargeUtf8 => Kind::Texts(Mutex::default()),
            DataType::Timestamp(..) if name == "time" => Kind::Times,
            _ => Kind::Values,
        };
        let data = Data::open(&database.join(&name), subjects)?;
        Ok(Self { name, data_type, kind, data })
    }

    fn dictionary(&self) -> PathBuf {
        self.data.path.with_file_name("dictionary")
    }

    /// The dictionary of a column of text.
    pub fn strings(&self) -> Result<Arc<Strings>> {
        let Kind::Texts(held) = &self.kind else { return Ok(Arc::default()) };
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(strings) => Ok(strings.clone()),
            None => Ok(held.insert(Arc::new(Strings::load(&self.dictionary())?)).clone()),
        }
    }
}

/// A database of meds_reader, its files open.
pub struct Database {
    path: PathBuf,
    schema: SchemaRef,
    /// Of each subject, by its place.
    pub(crate) ids: Vec<i64>,
    pub(crate) lengths: Vec<u32>,
    columns: Vec<Column>,
    /// Subjects and rows of each run.
    runs: Vec<(Range<usize>, u64)>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("path", &self.path).field("subjects", &self.ids.len()).finish_non_exhaustive()
    }
}

impl Database {
    /// Is this folder a database, of whatever version, or what is left of one?
    pub fn is_at(path: &Path) -> bool {
        let has = |names: &[&str]| names.iter().all(|name| path.join(name).is_file());
        has(&[VERSION]) || has(&[PROPERTIES, LENGTH]) || has(&["properties", "length", "patient_id"])
    }

    /// Opens a database and checks what is small; records are checked as they are read.
    pub fn open(path: &Path) -> Result<Self> {
        version(path)?;
        let properties = properties(path)?;
        let (at, lengths_at) = (path.join(IDS), path.join(LENGTH));
        let ids: Vec<i64> = words(&at)?.into_iter().map(i64::from_le_bytes).collect();
        let lengths: Vec<u32> = words(&lengths_at)?.into_iter().map(u32::from_le_bytes).collect();
        if ids.len() != lengths.len() {
            let message = format!("it has the rows of {} subjects, but {IDS} has {} subjects", lengths.len(), ids.len());
            return Err(damaged(&lengths_at, message));
        }
        // Whose ids are one would be one subject.
        if let Some(slot) = ids.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(damaged(&at, format!("subject {} stands before subject {}, they do not ascend", ids[slot], ids[slot + 1])));
        }
        if let Some(slot) = lengths.iter().position(|rows| *rows == 0) {
            return Err(damaged(&lengths_at, format!("subject {} has no rows", ids[slot])));
        }
        let columns: Result<Vec<_>> = properties.into_iter().map(|property| Column::open(path, property, ids.len())).collect();
        let columns = columns?;
        let rows: u64 = lengths.iter().map(|&rows| u64::from(rows)).sum();
        // Every row has a code, and a code takes a byte.
        if let Some(code) = columns.iter().find(|column| column.name == "code")
            && rows > code.data.bytes.saturating_mul(INFLATION)
        {
            let message = format!("it says {rows} rows, which the {} bytes of their codes cannot hold", code.data.bytes);
            return Err(damaged(&lengths_at, message));
        }
        let mut fields = vec![Field::new(IDS, DataType::Int64, false)];
        fields.extend(columns.iter().map(|column| Field::new(&column.name, column.data_type.clone(), true)));
        let (path, schema, runs) = (path.to_path_buf(), Arc::new(Schema::new(fields)), runs(&lengths));
        Ok(Self { path, schema, ids, lengths, columns, runs })
    }

    /// The columns, `subject_id` first.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Number of runs: the parts in which it is read, each of whole subjects.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Rows of a run.
    pub fn rows(&self, run: usize) -> u64 {
        self.runs[run].1
    }

    /// Bytes of the files that hold events.
    pub fn bytes(&self) -> u64 {
        12 * self.ids.len() as u64 + self.columns.iter().map(|column| column.data.bytes).sum::<u64>()
    }

    /// Reads a column, by its number in the schema, of a run.
    pub fn reader(&self, run: usize, column: usize) -> Result<Reader<'_>> {
        let column = column.checked_sub(1).map(|column| &self.columns[column]);
        Reader::open(self, self.runs[run].0.clone(), column)
    }

    /// Every file that a database's rows are read from: its path below the folder, with `/`.
    pub fn files(path: &Path) -> Result<Vec<String>> {
        version(path)?;
        let mut files: Vec<String> = [VERSION, PROPERTIES, IDS, LENGTH].map(String::from).into();
        for property in properties(path)? {
            let texts = matches!(property.data_type, DataType::Utf8 | DataType::LargeUtf8);
            let of: &[&str] = if texts { &["zdict", "data", "dictionary"] } else { &["zdict", "data"] };
            files.extend(of.iter().map(|name| format!("{}/{name}", property.name)));
        }
        for name in &files {
            let at = path.join(name);
            if !std::fs::metadata(&at).map_err(io(&at))?.is_file() {
                return Err(damaged(&at, "a file and a folder are in each other's place"));
            }
        }
        Ok(files)
    }
}

/// The columns that a database says it has.
fn properties(path: &Path) -> Result<Vec<properties::Property>> {
    let at = path.join(PROPERTIES);
    properties::parse(&small(&at)?).map_err(|what| damaged(&at, what))
}

/// Refuses databases of another version than 2.
fn version(path: &Path) -> Result<()> {
    let at = path.join(VERSION);
    let found = match small(&at) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim().chars().take(20).collect(),
        Err(e) if e.code == Code::NotFound => "0 (it has no file that says)".to_string(),
        Err(e) => return Err(e),
    };
    match &found[..] {
        "2" => Ok(()),
        _ => {
            let message =
                format!("this meds_reader database is of version {found}, 2 is what can be read. Convert its MEDS source instead.");
            Err(Error::at(Code::SourceVersion, at, message))
        }
    }
}

/// A file of words of a size.
fn words<const N: usize>(path: &Path) -> Result<Vec<[u8; N]>> {
    let bytes = std::fs::read(path).map_err(io(path))?;
    match bytes.as_chunks::<N>() {
        (words, []) => Ok(words.to_vec()),
        _ => Err(damaged(path, format!("{} bytes are no whole number of entries of {N} bytes", bytes.len()))),
    }
}

/// Cuts the subjects into runs.
fn runs(lengths: &[u32]) -> Vec<(Range<usize>, u64)> {
    let mut runs = Vec::new();
    let (mut start, mut rows) = (0, 0);
    for (slot, length) in lengths.iter().enumerate() {
        rows += u64::from(*length);
        if rows >= RUN || slot + 1 - start == SUBJECTS || slot + 1 == lengths.len() {
            runs.push((start..slot + 1, rows));
            (start, rows) = (slot + 1, 0);
        }
    }
    runs
}
