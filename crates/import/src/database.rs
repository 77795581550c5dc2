//! The folder of a database: its subjects, the number of rows per subject, and its columns.

use crate::column::Column;
use crate::data::{INFLATION, damaged, io, small};
use crate::properties;
use crate::reader::Reader;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use meds_store::{Code, Error, Result};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Approximate rows per run: enough runs for all threads, and few enough that to open one costs little
/// compared with reading it.
const RUN: u64 = 1 << 18;
/// Most subjects per run, because a table of their offsets is kept in memory.
const SUBJECTS: usize = 1 << 16;

const VERSION: &str = "meds_reader.version";
const PROPERTIES: &str = "meds_reader.properties";
const LENGTH: &str = "meds_reader.length";
const IDS: &str = "subject_id";

/// A database of meds_reader, with open files.
pub struct Database {
    path: PathBuf,
    schema: SchemaRef,
    /// Ids and numbers of rows, by subject.
    ids: Vec<i64>,
    lengths: Vec<u32>,
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
    /// Is this folder a database of any version, or a part of one?
    pub fn is_at(path: &Path) -> bool {
        let has = |names: &[&str]| names.iter().all(|name| path.join(name).is_file());
        has(&[VERSION]) || has(&[PROPERTIES, LENGTH]) || has(&["properties", "length", "patient_id"])
    }

    /// Opens a database and checks its small files. Records are checked when they are read.
    pub fn open(path: &Path) -> Result<Self> {
        version(path)?;
        let properties = properties(path)?;
        let (at, lengths_at) = (path.join(IDS), path.join(LENGTH));
        let ids: Vec<i64> = words(&at)?.into_iter().map(i64::from_le_bytes).collect();
        let lengths: Vec<u32> = words(&lengths_at)?.into_iter().map(u32::from_le_bytes).collect();
        if ids.len() != lengths.len() {
            let message = format!("it has the numbers of rows of {} subjects, but {IDS} has {} subjects", lengths.len(), ids.len());
            return Err(damaged(&lengths_at, message));
        }
        // Two subjects with one id would become one subject.
        if let Some(slot) = ids.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(damaged(&at, format!("subject {} comes before subject {}, but ids must ascend", ids[slot], ids[slot + 1])));
        }
        if let Some(slot) = lengths.iter().position(|rows| *rows == 0) {
            return Err(damaged(&lengths_at, format!("subject {} has no rows", ids[slot])));
        }
        let columns: Result<Vec<_>> = properties.into_iter().map(|property| Column::open(path, property, ids.len())).collect();
        let columns = columns?;
        let rows: u64 = lengths.iter().map(|&rows| u64::from(rows)).sum();
        // Every row has a code, and a code takes at least one byte.
        if let Some(code) = columns.iter().find(|column| column.name == "code")
            && rows > code.data.bytes.saturating_mul(INFLATION)
        {
            let message = format!("its sum is {rows} rows, but the {} bytes of codes cannot contain as many", code.data.bytes);
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

    /// Number of runs: the database is read in runs of whole subjects.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Rows of a run.
    pub fn rows(&self, run: usize) -> u64 {
        self.runs[run].1
    }

    /// Bytes of the files that contain events.
    pub fn bytes(&self) -> u64 {
        12 * self.ids.len() as u64 + self.columns.iter().map(|column| column.data.bytes).sum::<u64>()
    }

    /// Reads a column of a run. `column` is its number in the schema.
    pub fn reader(&self, run: usize, column: usize) -> Result<Reader<'_>> {
        let column = column.checked_sub(1).map(|column| &self.columns[column]);
        Reader::open(&self.ids, &self.lengths, self.runs[run].0.clone(), column)
    }

    /// The paths, relative to the folder and with `/`, of all files that the rows are read from.
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
                return Err(damaged(&at, "this is a folder, but must be a file"));
            }
        }
        Ok(files)
    }
}

/// The columns in the list of a database.
fn properties(path: &Path) -> Result<Vec<properties::Property>> {
    let at = path.join(PROPERTIES);
    properties::parse(&small(&at)?).map_err(|what| damaged(&at, what))
}

/// Refuses databases of other versions than 2.
fn version(path: &Path) -> Result<()> {
    let at = path.join(VERSION);
    let found = match small(&at) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim().chars().take(20).collect(),
        Err(e) if e.code == Code::NotFound => "0 (the file is missing)".to_string(),
        Err(e) => return Err(e),
    };
    match &found[..] {
        "2" => Ok(()),
        _ => {
            let message =
                format!("this meds_reader database has version {found}, but only version 2 can be read. Convert its MEDS source instead.");
            Err(Error::at(Code::SourceVersion, at, message))
        }
    }
}

/// A file of words of `N` bytes.
fn words<const N: usize>(path: &Path) -> Result<Vec<[u8; N]>> {
    let bytes = std::fs::read(path).map_err(io(path))?;
    match bytes.as_chunks::<N>() {
        (words, []) => Ok(words.to_vec()),
        _ => Err(damaged(path, format!("{} bytes are not a whole number of entries of {N} bytes", bytes.len()))),
    }
}

/// Divides the subjects into runs.
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
