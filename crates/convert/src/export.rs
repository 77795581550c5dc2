//! Exports a store as MEDS 0.4: Parquet files per split, subjects ascending in each file, the rows of a
//! subject in the order of the store.

mod files;
mod metadata;

use crate::source::column::{Column, Role, subject_column};
use crate::source::content::Batch;
use crate::source::read::Reader;
use crate::source::store::StoreSource;
use crate::threads::pool;
use crate::write::float_order::plain_orders;
use crate::write::parquet::{failed, leaves};
use crate::write::site::Site;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{ArrayRef, new_null_array};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use meds_store::manifest::Note;
use meds_store::progress::Phase;
use meds_store::types::type_name;
use meds_store::{Code, Error, Progress, Result, Store};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// What to export. Only `store` and `out` are required.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ExportOptions {
    /// The store.
    pub store: PathBuf,
    /// The folder of the dataset. It must not exist, or must be empty.
    pub out: PathBuf,
    /// The content id of the store that the caller has open. Another store at that path is refused.
    pub id: Option<String>,
    /// Round float64 values of `numeric_value` to the float32 of MEDS 0.4.
    pub float32: bool,
    /// Compression of the Parquet files.
    pub compression: Packing,
    /// Most rows of a Parquet file, unless one patient has more; 0 = [`ROWS`].
    pub rows_per_file: u64,
    /// Threads; 0 = one per core.
    pub threads: usize,
}

/// Rows of a file that a tool with a few gigabytes of memory can read at once.
const ROWS: u64 = 5_000_000;

/// The compression of Parquet files.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// Every reader supports it.
    Snappy,
    /// Smaller files.
    #[default]
    Zstd,
}

/// What was exported.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportSummary {
    /// The dataset's folder.
    pub out: PathBuf,
    /// Subjects.
    pub patients: u64,
    /// Rows.
    pub events: u64,
    /// Parquet files of events.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Wall time.
    pub seconds: f64,
    /// Differences from the source of the store, and their reasons.
    pub notes: Vec<Note>,
}

/// Opens the store that a caller has open. Another store at its path is an error.
pub fn open_store(path: &Path, id: Option<&str>) -> Result<Store> {
    let store = Store::open(path, false)?;
    match id {
        Some(id) if id != store.manifest().id => {
            let message = format!("the store was replaced. Its id was {id} and is now {}. Open it again.", store.manifest().id);
            Err(Error::at(Code::StoreReplaced, path, message))
        }
        _ => Ok(store),
    }
}

/// Refuses output inside a store or in its place.
pub fn outside(store: &Path, out: &Path) -> Result<()> {
    let whole = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf());
    let (from, to) = (whole(store), std::path::absolute(out).unwrap_or_else(|_| out.to_path_buf()));
    if to.starts_with(&from) || from.starts_with(&to) || whole(out) == from {
        let message = "this path is the store, is in it, or contains it. Choose another path.";
        return Err(Error::at(Code::InvalidArgument, out, message));
    }
    Ok(())
}

/// Exports a store.
pub fn export(options: &ExportOptions, progress: &Progress) -> Result<ExportSummary> {
    let start = Instant::now();
    progress.enter(Phase::Plan, 0, 0);
    outside(&options.store, &options.out)?;
    pool(options.threads, || {
        let store = open_store(&options.store, options.id.as_deref())?;
        let site = Site::lock(&options.out, progress)?;
        if site.existing()?.is_some() {
            return Err(Error::at(
                Code::StoreExists,
                &options.out,
                "a store already exists here, and an export does not replace it. Choose another path.",
            ));
        }
        let mut notes = Vec::new();
        let export = Export::open(&store, options, &mut notes)?;
        let work = site.work();
        make(&work.join("data"))?;
        make(&work.join("metadata"))?;
        let rows = store.manifest().counts.events;
        progress.enter_cells(Phase::Write, rows, export.fields.len() as u64, 0);
        export.data(&work.join("data"), progress)?;
        export.notes(&mut notes);
        metadata::write(&export.source.source, &store, &work.join("metadata"), &mut notes)?;
        progress.enter(Phase::Finish, 0, 0);
        let bytes =
            walkdir::WalkDir::new(&work).into_iter().flatten().filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file);
        let bytes = bytes.map(|about| about.len()).sum();
        site.finish(false)?;
        Ok(ExportSummary {
            out: options.out.clone(),
            patients: store.manifest().counts.patients,
            events: rows,
            files: export.source.source.files.len().max(1) as u64,
            bytes,
            seconds: start.elapsed().as_secs_f64(),
            notes,
        })
    })
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, "write the dataset", &e))
}

struct Export {
    source: StoreSource,
    /// The column `subject_id`.
    subjects: Column,
    /// `subject_id`, then one per column.
    fields: Vec<FieldRef>,
    properties: WriterProperties,
    /// Number of values that float32 cannot hold.
    rounded: AtomicU64,
}

impl Export {
    fn open(store: &Store, options: &ExportOptions, notes: &mut Vec<Note>) -> Result<Self> {
        let rows = if options.rows_per_file == 0 { ROWS } else { options.rows_per_file };
        let source = StoreSource::of(store, files::lots(store, rows, notes)?)?;
        let field = |column: &Column| {
            let data_type = match (column.role, column.name.as_str(), &column.wide) {
                (Role::Numeric, _, DataType::Float64) if options.float32 => DataType::Float32,
                // MEDS requires this type: the notes of a file can exceed 2 GiB.
                (_, "text_value", DataType::Utf8) => DataType::LargeUtf8,
                (_, _, wide) => wide.clone(),
            };
            Arc::new(Field::new(&column.name, data_type, column.role != Role::Code))
        };
        let mut fields = vec![Arc::new(Field::new("subject_id", DataType::Int64, false))];
        fields.extend(source.columns.list.iter().map(field));
        let compression = match options.compression {
            Packing::Snappy => Compression::SNAPPY,
            Packing::Zstd => Compression::ZSTD(ZstdLevel::default()),
        };
        // Searches for rows use these columns.
        let sought = ["subject_id", "time", "code"].map(ColumnPath::from);
        let plain = WriterProperties::builder().set_compression(compression).set_statistics_enabled(EnabledStatistics::None);
        let properties = sought.into_iter().fold(plain, |all, of| all.set_column_statistics_enabled(of, EnabledStatistics::Chunk)).build();
        let subjects = subject_column(&source.columns);
        Ok(Self { source, subjects, fields, properties, rounded: AtomicU64::new(0) })
    }

    /// Writes the files of events. Without patients, one file without rows, because a dataset must have a
    /// file.
    fn data(&self, folder: &Path, progress: &Progress) -> Result<()> {
        let schema: SchemaRef = Arc::new(Schema::new(self.fields.clone()));
        let create = |name: &str| -> Result<_> {
            let path = folder.join(name);
            path.parent().map_or(Ok(()), make)?;
            let file = File::create_new(&path).map_err(|e| Error::io(&path, "write the dataset", &e))?;
            let writer = ArrowWriter::try_new(BufWriter::with_capacity(1 << 20, file), schema.clone(), Some(self.properties.clone()));
            let parts = writer.and_then(ArrowWriter::into_serialized_writer).map_err(|e| failed(&path, e))?;
            Ok((path, parts))
        };
        if self.source.source.files.is_empty() {
            let (path, (writer, _)) = create("0.parquet")?;
            plain_orders(&path, &writer.close().map_err(|e| failed(&path, e))?)?;
        }
        // As many row groups at once as keep all threads busy. Their compressed columns are in memory until
        // they are written in order.
        let wave = rayon::current_num_threads().div_ceil(self.fields.len()).max(1);
        for (index, file) in self.source.source.files.iter().enumerate() {
            let (path, (mut writer, factory)) = create(&file.name)?;
            let groups: Vec<usize> = (0..file.groups()).collect();
            for groups in groups.chunks(wave) {
                let chunks: Result<Vec<_>> = groups.par_iter().map(|&group| self.group(index, group, &path, &factory, progress)).collect();
                for chunks in chunks? {
                    let append = || -> parquet::errors::Result<()> {
                        let mut group = writer.next_row_group()?;
                        chunks.into_iter().try_for_each(|chunk| chunk.append_to_row_group(&mut group))?;
                        group.close().map(drop)
                    };
                    append().map_err(|e| failed(&path, e))?;
                }
            }
            plain_orders(&path, &writer.close().map_err(|e| failed(&path, e))?)?;
        }
        Ok(())
    }

    /// The compressed columns of a row group, leaf by leaf.
    fn group(
        &self,
        file: usize,
        group: usize,
        path: &Path,
        factory: &ArrowRowGroupWriterFactory,
        progress: &Progress,
    ) -> Result<Vec<ArrowColumnChunk>> {
        let mut writers = factory.create_column_writers(group).map_err(|e| failed(path, e))?.into_iter();
        let tasks: Vec<(usize, Vec<ArrowColumnWriter>)> =
            self.fields.iter().enumerate().map(|(at, field)| (at, writers.by_ref().take(leaves(field.data_type())).collect())).collect();
        let packed: Result<Vec<_>> = tasks
            .into_par_iter()
            .map(|(at, mut writers)| {
                let field = &self.fields[at];
                self.each(file, group, at, progress, |array| {
                    let leaves = compute_leaves(field, &array).map_err(|e| failed(path, e))?;
                    writers.iter_mut().zip(&leaves).try_for_each(|(writer, leaf)| writer.write(leaf)).map_err(|e| failed(path, e))
                })?;
                writers.into_iter().map(|writer| writer.close().map_err(|e| failed(path, e))).collect::<Result<Vec<_>>>()
            })
            .collect();
        Ok(packed?.into_iter().flatten().collect())
    }

    /// Passes the values of a field to `write`, batch by batch.
    fn each(&self, file: usize, group: usize, at: usize, progress: &Progress, mut write: impl FnMut(ArrayRef) -> Result<()>) -> Result<()> {
        let about = &self.source.source.files[file];
        let column = at.checked_sub(1).map_or(&self.subjects, |at| &self.source.columns.list[at]);
        let target = self.fields[at].data_type();
        let mut reader = Reader::open(about, file, group, column)?;
        while let Some(batch) = reader.next()? {
            progress.advance(batch.len() as u64, 0)?;
            write(match batch {
                Batch::Nulls(rows) => new_null_array(target, rows),
                Batch::Array(array) if column.wide == DataType::Float64 && *target == DataType::Float32 => self.round(&array),
                Batch::Array(array) => array,
            })?;
        }
        Ok(())
    }

    fn round(&self, array: &ArrayRef) -> ArrayRef {
        let exact = array.as_primitive::<Float64Type>();
        let lost = exact.iter().flatten().filter(|value| !value.is_nan() && f64::from(*value as f32) != *value).count();
        self.rounded.fetch_add(lost as u64, Relaxed);
        Arc::new(exact.unary::<_, Float32Type>(|value| value as f32))
    }

    fn notes(&self, notes: &mut Vec<Note>) {
        let mut note = |kind: &str, message: String, count| notes.push(Note { kind: kind.into(), message, count });
        for (column, field) in self.source.columns.list.iter().zip(&self.fields[1..]) {
            let refused = |wanted: &str, remedy: &str| {
                let (name, found) = (&column.name, type_name(field.data_type()));
                format!("{name} is {found}, but MEDS 0.4 requires {wanted}, and its validation refuses the dataset: {remedy}")
            };
            match (column.role, column.name.as_str(), &column.wide) {
                (Role::Numeric, _, DataType::Float64) if *field.data_type() == DataType::Float32 => {
                    note("converted", "values of numeric_value that float32 cannot hold were rounded".into(), self.rounded.load(Relaxed));
                }
                (Role::Numeric, _, DataType::Float64) => note("warning", refused("float32", "--float32 rounds the values"), 1),
                (_, "text_value", wide) if *wide != DataType::Utf8 => note("warning", refused("text", "convert without it (--exclude)"), 1),
                _ => {}
            }
        }
    }
}
