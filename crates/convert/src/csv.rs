//! Checks every row of CSV files before DuckDB reads them. If a row has more fields than the header and the
//! last ones are empty, DuckDB drops or shifts fields. Its threads also take a line within a quoted field for
//! a row. So rows are counted and checked here. A file that such readers would misread is copied to Parquet,
//! with each field as text.

use crate::threads::pool;
use crate::write::parquet::failed;
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use meds_import::csv::{Csv, Record, contents, unreadable};
use meds_store::progress::Phase;
use meds_store::{Code, Error, Progress, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which files to check.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CsvOptions {
    /// The files.
    pub files: Vec<PathBuf>,
    /// The folder for copies; without it, no file is copied.
    pub copies: Option<PathBuf>,
    /// Leave out rows whose number of fields differs from the header, instead of refusing them.
    pub skip_bad_rows: bool,
    /// Threads; 0 = one per core.
    pub threads: usize,
}

/// The contents of a file.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CsvContents {
    /// The names in its header; empty for a file without bytes.
    pub names: Vec<String>,
    /// A comma or a tab.
    pub delimiter: String,
    /// Its rows, without those left out.
    pub rows: u64,
    /// Rows left out.
    pub dropped: u64,
    /// The line of the first row left out; 0 if there is none.
    pub line: u64,
    /// Its copy, if there is one. The columns of the copy are named c0, c1 and so on.
    pub copy: Option<PathBuf>,
    /// Number and checksum of the uncompressed bytes: files with the same value may be copies of each other.
    pub sum: String,
}

/// Two files that may be copies of each other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SameOptions {
    /// The first file.
    pub one: PathBuf,
    /// The second file.
    pub other: PathBuf,
}

/// Checks every row of some CSV files.
pub fn csv(options: &CsvOptions, progress: &Progress) -> Result<Vec<CsvContents>> {
    progress.enter(Phase::Plan, 0, 0);
    if let Some(folder) = &options.copies {
        fs::create_dir_all(folder).map_err(|e| Error::io(folder, "copy the table", &e))?;
    }
    let look = |(i, path): (usize, &PathBuf)| {
        let copy = options.copies.as_ref().map(|folder| folder.join(format!("{i}.parquet")));
        let mut found = CsvContents::default();
        if pass(path, options, copy.is_some(), None, &mut found, progress)? == Pass::Whole {
            return Ok(found);
        }
        let mut found = CsvContents { copy, ..Default::default() };
        let copy = found.copy.clone().map(Copy::create);
        pass(path, options, false, copy, &mut found, progress)?;
        Ok(found)
    };
    pool(options.threads, || options.files.par_iter().enumerate().map(look).collect())
}

/// Whether two files contain the same bytes after decompression.
pub fn same(options: &SameOptions, progress: &Progress) -> Result<bool> {
    let (mut one, mut other) = (contents(&options.one)?, contents(&options.other)?);
    let mut parts = (Vec::new(), Vec::new());
    loop {
        progress.check()?;
        parts.0.clear();
        parts.1.clear();
        const PART: u64 = 1 << 20;
        (&mut one).take(PART).read_to_end(&mut parts.0).map_err(|e| unreadable(&options.one, &e))?;
        (&mut other).take(PART).read_to_end(&mut parts.1).map_err(|e| unreadable(&options.other, &e))?;
        if parts.0 != parts.1 || parts.0.is_empty() {
            return Ok(parts.0 == parts.1);
        }
    }
}

#[derive(PartialEq)]
enum Pass {
    Whole,
    /// It ended at a row that requires a copy of the file.
    Cut,
}

/// Reads a file to its end. If `may_end` is set, stops at the first row that requires a copy.
fn pass(
    path: &Path,
    options: &CsvOptions,
    may_end: bool,
    mut copy: Option<Copy>,
    found: &mut CsvContents,
    progress: &Progress,
) -> Result<Pass> {
    let mut csv = Csv::open(path, progress)?;
    found.names = csv.names().to_vec();
    let (delimiter, width) = (csv.delimiter(), found.names.len());
    found.delimiter = char::from(delimiter).to_string();
    while let Some(record) = csv.record()? {
        if record.width() == width {
            found.rows += 1;
            if let Some(copy) = &mut copy {
                copy.push(width, &record)?;
            }
        } else if options.skip_bad_rows {
            found.dropped += 1;
            found.line = if found.line == 0 { record.line } else { found.line };
        } else {
            return Err(uneven(path, &record, width, delimiter));
        }
        if may_end && (found.dropped > 0 || !csv.is_plain()) {
            return Ok(Pass::Cut);
        }
    }
    if may_end && found.rows > 0 && !csv.is_plain() {
        return Ok(Pass::Cut);
    }
    let (bytes, sum) = csv.read();
    found.sum = format!("{bytes}-{sum}");
    if let Some(copy) = copy {
        copy.finish(width)?;
    }
    Ok(Pass::Whole)
}

/// A row whose number of fields differs from the header.
fn uneven(path: &Path, record: &Record, width: usize, delimiter: u8) -> Error {
    let fields = record.width();
    let plural = if fields == 1 { "" } else { "s" };
    let remedy = match delimiter {
        _ if fields < width => "Complete the row",
        b',' => "Put a field that contains a comma in quotes",
        _ => "Remove tabs within fields",
    };
    let message = format!(
        "line {} has {fields} field{plural}, but the header has {width} columns. {remedy}, or skip such rows with skipBadRows (--skip-bad-rows).",
        record.line
    );
    Error::at(Code::SourceDamaged, path, message)
}

/// Rows and bytes of a batch, and bytes of a row group: the part of a file that a copy keeps in memory.
const ROWS: usize = 8192;
const BYTES: usize = 4 << 20;
const GROUP: usize = 16 << 20;

/// A copy in Parquet. The file is created with the first rows.
struct Copy {
    path: PathBuf,
    columns: Vec<StringBuilder>,
    writer: Option<ArrowWriter<File>>,
    rows: usize,
    bytes: usize,
}

impl Copy {
    fn create(path: PathBuf) -> Self {
        Self { path, columns: Vec::new(), writer: None, rows: 0, bytes: 0 }
    }

    fn push(&mut self, width: usize, record: &Record) -> Result<()> {
        self.columns.resize_with(width, StringBuilder::new);
        for (column, field) in self.columns.iter_mut().zip(record.fields()) {
            self.bytes += field.len();
            column.append_option(Some(field).filter(|field| !field.is_empty()));
        }
        self.rows += 1;
        if self.rows < ROWS && self.bytes < BYTES { Ok(()) } else { self.write(width) }
    }

    fn write(&mut self, width: usize) -> Result<()> {
        self.columns.resize_with(width, StringBuilder::new);
        let fields: Vec<_> = (0..width).map(|i| Field::new(format!("c{i}"), DataType::Utf8, true)).collect();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let columns = self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        (self.rows, self.bytes) = (0, 0);
        let path = &self.path;
        let batch = RecordBatch::try_new(schema, columns).map_err(|e| Error::at(Code::Internal, path, e.to_string()))?;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(create(path, batch.schema())?),
        };
        writer.write(&batch).map_err(|e| failed(path, e))?;
        if writer.in_progress_size() >= GROUP { writer.flush().map_err(|e| failed(path, e)) } else { Ok(()) }
    }

    fn finish(mut self, width: usize) -> Result<()> {
        self.write(width)?;
        self.writer.map_or(Ok(()), |writer| writer.close().map(drop)).map_err(|e| failed(&self.path, e))
    }
}

fn create(path: &Path, schema: SchemaRef) -> Result<ArrowWriter<File>> {
    let file = File::create(path).map_err(|e| Error::io(path, "copy the table", &e))?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).set_statistics_enabled(EnabledStatistics::None);
    ArrowWriter::try_new(file, schema, Some(properties.build())).map_err(|e| failed(path, e))
}
