//! A store back to MEDS 0.4: a Parquet file a shard, rows in the store's order, and the metadata as the `meds` package wants it.

use crate::codes;
use crate::common::conform;
use crate::kept::Cut;
use crate::metadata::{BOM, broken, find, splits, table};
use crate::orders::plain_orders;
use crate::read::{Batch, Reader};
use crate::run::pool;
use crate::schema::{Column, Role};
use crate::source::{Content, Source};
use crate::target::Site;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use meds_store::manifest::Note;
use meds_store::progress::Phase;
use meds_store::types::type_name;
use meds_store::{Code, Error, Progress, Result, Store};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
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

/// What to export; only `store` and `out` are required.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ExportOptions {
    /// The store.
    pub store: PathBuf,
    /// The dataset's folder, which must not be there, or be empty.
    pub out: PathBuf,
    /// The store's content id, where the caller has it open: another store at that path is refused.
    pub id: Option<String>,
    /// Round float64 values of `numeric_value` to the float32 of MEDS 0.4.
    pub float32: bool,
    /// Compression of the Parquet files.
    pub compression: Packing,
    /// Threads; 0 = one a core.
    pub threads: usize,
}

/// How Parquet files are compressed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// Read by everything.
    Snappy,
    /// Smaller.
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
    /// What is not as it was in the store's source, and why.
    pub notes: Vec<Note>,
}

/// Opens the store that a caller has open: another one at its path is an error.
pub fn open_store(path: &Path, id: Option<&str>) -> Result<Store> {
    let store = Store::open(path, false)?;
    match id {
        Some(id) if id != store.manifest().id => {
            let message = format!("was replaced: it is {} now and was {id}. Open it again.", store.manifest().id);
            Err(Error::at(Code::StoreReplaced, path, message))
        }
        _ => Ok(store),
    }
}

/// What is written inside a store, or in its place, would be no part of it.
pub fn outside(store: &Path, out: &Path) -> Result<()> {
    let whole = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf());
    let (from, to) = (whole(store), std::path::absolute(out).unwrap_or_else(|_| out.to_path_buf()));
    if to.starts_with(&from) || from.starts_with(&to) || whole(out) == from {
        let message = "this is the store, or lies in it, or holds it. Choose another path.";
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
        if site.standing()?.is_some() {
            return Err(Error::at(
                Code::StoreExists,
                &options.out,
                "a store is there, which an export does not replace. Choose another path.",
            ));
        }
        let export = Export::open(&store, options)?;
        let work = site.work();
        make(&work.join("data"))?;
        make(&work.join("metadata"))?;
        let rows = store.manifest().counts.events;
        progress.enter_cells(Phase::Write, rows, export.fields.len() as u64, 0);
        export.data(&work.join("data"), progress)?;
        let mut notes = export.notes();
        metadata(&export.cut.source, &store, &work.join("metadata"), &mut notes)?;
        progress.enter(Phase::Finish, 0, 0);
        let bytes =
            walkdir::WalkDir::new(&work).into_iter().flatten().filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file);
        let bytes = bytes.map(|about| about.len()).sum();
        site.finish()?;
        Ok(ExportSummary {
            out: options.out.clone(),
            patients: store.manifest().counts.patients,
            events: rows,
            files: export.cut.source.files.len().max(1) as u64,
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
    cut: Cut,
    /// `subject_id`, then the columns'.
    fields: Vec<FieldRef>,
    properties: WriterProperties,
    /// Values that float32 does not hold.
    rounded: AtomicU64,
}

impl Export {
    fn open(store: &Store, options: &ExportOptions) -> Result<Self> {
        let cut = Cut::open(store, None)?;
        let field = |column: &Column| {
            let data_type = match (column.role, column.name.as_str(), &column.wide) {
                (Role::Numeric, _, DataType::Float64) if options.float32 => DataType::Float32,
                // MEDS wants it so: notes of a file can be more than 2 GiB.
                (_, "text_value", DataType::Utf8) => DataType::LargeUtf8,
                (_, _, wide) => wide.clone(),
            };
            Arc::new(Field::new(&column.name, data_type, column.role != Role::Code))
        };
        let mut fields = vec![Arc::new(Field::new("subject_id", DataType::Int64, false))];
        fields.extend(cut.columns.list.iter().map(field));
        let compression = match options.compression {
            Packing::Snappy => Compression::SNAPPY,
            Packing::Zstd => Compression::ZSTD(ZstdLevel::default()),
        };
        // Whoever looks for some rows looks by these.
        let sought = ["subject_id", "time", "code"].map(ColumnPath::from);
        let plain = WriterProperties::builder().set_compression(compression).set_statistics_enabled(EnabledStatistics::None);
        let properties = sought.into_iter().fold(plain, |all, of| all.set_column_statistics_enabled(of, EnabledStatistics::Chunk)).build();
        Ok(Self { cut, fields, properties, rounded: AtomicU64::new(0) })
    }

    /// A file a shard; one without rows where there is no shard, because a dataset has files.
    fn data(&self, folder: &Path, progress: &Progress) -> Result<()> {
        let schema: SchemaRef = Arc::new(Schema::new(self.fields.clone()));
        let create = |index: usize| -> Result<_> {
            let path = folder.join(format!("{index:05}.parquet"));
            let file = File::create(&path).map_err(|e| Error::io(&path, "write the dataset", &e))?;
            let writer = ArrowWriter::try_new(BufWriter::with_capacity(1 << 20, file), schema.clone(), Some(self.properties.clone()));
            let parts = writer.and_then(ArrowWriter::into_serialized_writer).map_err(|e| failed(&path, e))?;
            Ok((path, parts))
        };
        if self.cut.source.files.is_empty() {
            let (path, (writer, _)) = create(0)?;
            plain_orders(&path, &writer.close().map_err(|e| failed(&path, e))?)?;
        }
        // As many row groups at once as keep all threads busy: their columns are held, packed, until they are written in order.
        let wave = rayon::current_num_threads().div_ceil(self.fields.len()).max(1);
        for (index, file) in self.cut.source.files.iter().enumerate() {
            let (path, (mut writer, factory)) = create(index)?;
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

    /// The packed columns of a row group, leaf by leaf.
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

    /// Hands out a field's values, batch by batch.
    fn each(&self, file: usize, group: usize, at: usize, progress: &Progress, mut write: impl FnMut(ArrayRef) -> Result<()>) -> Result<()> {
        let about = &self.cut.source.files[file];
        let Some(column) = at.checked_sub(1).map(|at| &self.cut.columns.list[at]) else {
            if let Content::Kept(kept) = &about.content {
                let ids: Vec<i64> = kept.subjects(kept.groups()[group].clone()).collect();
                progress.advance(ids.len() as u64, 0)?;
                write(Arc::new(Int64Array::from(ids)))?;
            }
            return Ok(());
        };
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

    fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut note = |kind: &str, message: String, count| notes.push(Note { kind: kind.into(), message, count });
        for (column, field) in self.cut.columns.list.iter().zip(&self.fields[1..]) {
            let refused = |wanted: &str, remedy: &str| {
                let (name, found) = (&column.name, type_name(field.data_type()));
                format!("{name} is {found} where MEDS 0.4 has {wanted}, and its validation refuses it: {remedy}")
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
        notes
    }
}

/// Columns of Parquet that a type takes.
pub fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::List(item) | DataType::Map(item, _) => leaves(item.data_type()),
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        _ => 1,
    }
}

/// What went wrong while Parquet was written.
pub fn failed(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(io) => Error::io(path, "write the dataset", &io),
            Err(cause) => Error::at(Code::Io, path, format!("cannot write the dataset: {cause}.")),
        },
        other => Error::at(Code::Io, path, format!("cannot write the dataset: {other}.")),
    }
}

/// Writes a small table as Parquet.
pub fn write_table(path: &Path, table: &RecordBatch) -> Result<()> {
    let file = File::create(path).map_err(|e| Error::io(path, "write the metadata", &e))?;
    let write = || {
        let plain = WriterProperties::builder().set_statistics_enabled(EnabledStatistics::None).build();
        let mut writer = ArrowWriter::try_new(file, table.schema(), Some(plain))?;
        writer.write(table)?;
        writer.close()
    };
    plain_orders(path, &write().map_err(|e| failed(path, e))?)
}

/// The metadata folder: each file as it is, but for those that MEDS 0.4 wants otherwise, and those that it wants and that are missing.
fn metadata(source: &Source, store: &Store, folder: &Path, notes: &mut Vec<Note>) -> Result<()> {
    let mut converted = |message: String, count: u64| notes.push(Note { kind: "converted".into(), message, count });
    let mended = |name: &str, mend: fn(&Path, RecordBatch) -> Result<RecordBatch>| -> Result<Option<RecordBatch>> {
        let Some(path) = find(source, name) else { return Ok(None) };
        let (given, plain) = (table(path)?, SourceSchema::of(path)?);
        let mended = mend(path, given.clone())?;
        Ok((!plain.is(&mended) || mended.num_rows() != given.num_rows()).then_some(mended))
    };
    let splits_name = ["subject_splits.parquet", "patient_splits.parquet"].into_iter().find(|name| find(source, name).is_some());
    let rewritten = [
        (splits_name.unwrap_or_default(), "subject_splits.parquet", mended(splits_name.unwrap_or_default(), split_table)?),
        ("codes.parquet", "codes.parquet", mended("codes.parquet", code_table)?),
    ];
    // What is wrong with the splits is told as a conversion tells it.
    splits(source)?;
    for (name, path) in &source.metadata {
        let found = rewritten.iter().find(|(from, _, table)| from == name && table.is_some());
        match found {
            Some((from, to, Some(table))) => {
                write_table(&folder.join(to), table)?;
                converted(
                    format!("metadata/{from} was written anew as metadata/{to}, with the columns and types of MEDS 0.4"),
                    table.num_rows() as u64,
                );
            }
            _ => {
                let to = folder.join(name);
                to.parent().map_or(Ok(()), make)?;
                fs::copy(path, &to).map_err(|e| Error::io(&to, "copy the metadata", &e))?;
            }
        }
        if name == "dataset.json" {
            let bytes = fs::read(path).map_err(|e| Error::io(path, "read the metadata", &e))?;
            if let Some(bare) = bytes.strip_prefix(BOM) {
                let to = folder.join(name);
                fs::write(&to, bare).map_err(|e| Error::io(&to, "write the metadata", &e))?;
                converted("metadata/dataset.json was written without its byte order mark, which Python refuses in JSON".into(), 1);
            }
        }
    }
    if find(source, "codes.parquet").is_none() {
        let codes = store.codes().array("code").ok_or_else(|| store.codes().corrupt("has no codes"))?;
        let text = |at| codes.slice(at).and_then(|code| std::str::from_utf8(code).ok()).unwrap_or_default();
        let names: ArrayRef = Arc::new(StringArray::from_iter_values((1..codes.len()).map(text)));
        let schema = Schema::new(vec![Field::new("code", DataType::Utf8, false)]);
        let table = RecordBatch::try_new(Arc::new(schema), vec![names]).map_err(|e| Error::new(Code::Internal, e.to_string()))?;
        write_table(&folder.join("codes.parquet"), &table)?;
        converted("metadata/codes.parquet was made: MEDS 0.4 has one, and the store's source had none".into(), table.num_rows() as u64);
    }
    if find(source, "dataset.json").is_none() {
        let path = folder.join("dataset.json");
        fs::write(&path, "{\"meds_version\": \"0.4.1\"}\n").map_err(|e| Error::io(&path, "write the metadata", &e))?;
        converted("metadata/dataset.json was made: MEDS 0.4 has one, and the store's source had none".into(), 1);
    }
    Ok(())
}

/// The columns of a metadata file as another reader finds them.
struct SourceSchema(SchemaRef);

impl SourceSchema {
    fn of(path: &Path) -> Result<Self> {
        Ok(Self(crate::source::SourceFile::open(String::new(), path.to_path_buf())?.schema))
    }

    /// Has the file these columns, of these types, in whatever order?
    fn is(&self, table: &RecordBatch) -> bool {
        let same =
            |field: &FieldRef| self.0.field_with_name(field.name()).is_ok_and(|held| held.data_type().equals_datatype(field.data_type()));
        self.0.fields().len() == table.num_columns() && table.schema().fields().iter().all(same)
    }
}

/// `subject_id` and `split`, none of them null.
fn split_table(path: &Path, given: RecordBatch) -> Result<RecordBatch> {
    let id = ["subject_id", "patient_id"].into_iter().find_map(|name| given.column_by_name(name));
    let id = id.ok_or_else(|| broken(path, "has no column \"subject_id\""))?;
    let split = given.column_by_name("split").ok_or_else(|| broken(path, "has no column \"split\""))?;
    typed(path, &[("subject_id", id, DataType::Int64), ("split", split, DataType::Utf8)], 2)
}

/// `code`, `description` and `parent_codes` of MEDS's types, and what else there is.
fn code_table(path: &Path, given: RecordBatch) -> Result<RecordBatch> {
    let schema = given.schema();
    let mut columns = Vec::new();
    for (field, column) in schema.fields().iter().zip(given.columns()) {
        let (to, column) = match field.name().as_str() {
            "code" => (DataType::Utf8, column.clone()),
            "description" | "parent_codes" => match codes::target(field, column) {
                Some(target) => target,
                // As a conversion leaves it out, and says so.
                None => continue,
            },
            _ => (column.data_type().clone(), column.clone()),
        };
        columns.push((field.name().as_str(), column, to));
    }
    columns.sort_by_key(|(name, ..)| *name != "code");
    let columns: Vec<_> = columns.iter().map(|(name, column, to)| (*name, column, to.clone())).collect();
    typed(path, &columns, 1)
}

/// A table of these columns, brought to these types; rows in which one of the first `required` ones is null are left out.
fn typed(path: &Path, columns: &[(&str, &ArrayRef, DataType)], required: usize) -> Result<RecordBatch> {
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (name, column, to) in columns {
        let array = conform(column, to).map_err(|e| broken(path, format!("column {name:?}: {e}")))?;
        fields.push(Field::new(*name, to.clone(), true));
        arrays.push(array);
    }
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| broken(path, e))?;
    let whole = (0..table.num_rows()).map(|row| table.columns()[..required].iter().all(|column| column.is_valid(row)));
    filter_record_batch(&table, &whole.collect::<Vec<bool>>().into()).map_err(|e| broken(path, e))
}
