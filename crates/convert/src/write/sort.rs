//! Sorts rows that are not in the store's order, on disk. They are scattered into buckets of whole subjects.
//! Each bucket is sorted in memory and written as a Parquet file. The conversion then reads these files
//! instead of the source.
//!
//! Subjects are ordered by their first row in the source. Within a subject, rows without a time come first,
//! then rows by time. Rows of equal time keep their order.

use crate::arrays::cast::cast;
use crate::plan::survey::{Rows, null_id};
use crate::source::column::{Column, Columns, Wanted, subject_column, time_column};
use crate::source::content::Batch;
use crate::source::files::Source;
use crate::source::group::{Group, file_start, total_rows};
use crate::source::read::Reader;
use crate::source::spill::Spill;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, UInt32Array, UInt64Array, new_null_array};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use arrow_select::concat::{concat, concat_batches};
use arrow_select::take::take_record_batch;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use meds_store::manifest::Note;
use meds_store::progress::Phase;
use meds_store::{Code, Error, Progress, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Most buckets. Each is an open file while rows are scattered.
const BUCKETS: usize = 400;
/// Most rows per row group of the sorted files, so that several row groups are read in parallel.
const ROW_GROUP: usize = 1 << 18;

/// A sorted source.
pub struct SortedSource {
    /// The sorted files.
    pub source: Source,
    /// Their columns.
    pub columns: Columns,
    /// The folder of these files. Dropping it removes them.
    pub spill: Spill,
}

type Ids<T> = HashMap<i64, T, FixedState>;

/// A subject's rows so far.
#[derive(Clone, Copy)]
struct Seen {
    file: usize,
    first: u64,
    /// The row after its last row. If its next row is another one, the subject is scattered.
    next: u64,
    rows: u64,
    last: Option<i64>,
    scattered: bool,
    unordered: bool,
}

/// A source to sort.
pub struct Sorter<'a> {
    /// The source.
    pub source: &'a Source,
    /// Its columns.
    pub columns: &'a Columns,
    /// Its row groups.
    pub groups: &'a [Group],
    /// Bytes of memory for the whole conversion.
    pub memory: u64,
    /// The folder for temporary files, if there is one.
    pub temp: Option<&'a Path>,
    /// The progress of the conversion.
    pub progress: &'a Progress,
}

impl Sorter<'_> {
    /// Sorts the source into the temporary folder, or into `work`. `repair`: the source is in wrong order,
    /// and notes say how much of it.
    pub fn sort(&self, work: &Path, repair: bool, notes: &mut Vec<Note>) -> Result<SortedSource> {
        let Self { source, columns, groups, memory, temp, progress } = *self;
        let spill = Spill::new(temp, work, "sorted")?;

        let rows = total_rows(groups);
        progress.enter(Phase::Measure, rows, source.bytes());
        let seen = census(source, columns, groups, progress)?;
        let mut order: Vec<(i64, Seen)> = seen.into_iter().collect();
        order.sort_unstable_by_key(|(_, seen)| seen.first);
        if repair {
            note_repairs(&order, notes);
        }

        let threads = rayon::current_num_threads() as u64;
        // For a bucket a thread has the rows, their joined copy, the sorted copy and the writer's data in
        // memory.
        let share = (memory / (6 * threads)).max(4 << 20);
        let width = row_bytes(source, columns, groups)?;
        let most = (share / width).max(1).max(rows.div_ceil(BUCKETS as u64));
        let mut slots: Ids<(u32, u32)> = Ids::default();
        let (mut bucket, mut held) = (0u32, 0);
        for (slot, (id, seen)) in (0u32..).zip(&order) {
            if held > 0 && held + seen.rows > most {
                bucket += 1;
                held = 0;
            }
            held += seen.rows;
            slots.insert(*id, (slot, bucket));
        }
        drop(order);

        progress.enter(Phase::Sort, 2 * rows, 0);
        let schema = schema(columns);
        let buckets: Result<Vec<_>> = (0..=bucket).map(|at| Bucket::create(spill.path(), at, &schema)).collect();
        let buckets = buckets?;
        let scatter = Scatter {
            source,
            columns,
            schema: &schema,
            slots: &slots,
            buckets: &buckets,
            rows: (share / 2 / width).clamp(1, 1 << 20) as usize,
        };
        groups.par_iter().try_for_each(|group| scatter.group(*group, progress))?;
        drop(slots);
        let names: Result<Vec<_>> =
            buckets.into_par_iter().enumerate().map(|(at, bucket)| bucket.sorted(spill.path(), at, progress)).collect();

        let sorted = Source::of_files(names?)?;
        let columns = Columns::unify(&sorted, Wanted::default(), &mut Vec::new())?;
        Ok(SortedSource { source: sorted, columns, spill })
    }
}

/// Adds notes that say how many subjects are repaired.
fn note_repairs(order: &[(i64, Seen)], notes: &mut Vec<Note>) {
    let mut note = |message: &str, found: fn(&Seen) -> bool| {
        let count = order.iter().filter(|(_, seen)| found(seen)).count() as u64;
        if count > 0 {
            notes.push(Note { kind: "repaired".into(), message: message.into(), count });
        }
    };
    note("subjects with scattered rows: their rows were merged", |seen| seen.scattered);
    note("subjects with times out of order: their rows were sorted by time; rows of equal time keep their order", |seen| seen.unordered);
}

/// Reads how each subject's rows are spread over the source.
fn census(source: &Source, columns: &Columns, groups: &[Group], progress: &Progress) -> Result<Ids<Seen>> {
    let subjects = subject_column(columns);
    let time = time_column(columns)?;
    let of_group = |group: &Group| -> Result<Ids<Seen>> {
        let mut seen: Ids<Seen> = Ids::default();
        let mut at = group.start;
        let mut reader = Rows::open(source, *group, &subjects, time)?;
        while let Some((ids, times)) = reader.next()? {
            for (id, time) in ids.iter().zip(times.iter()) {
                let id = id.ok_or_else(|| null_id(&source.files[group.file], at - file_start(groups, group.file)))?;
                let new = Seen { file: group.file, first: at, next: at + 1, rows: 1, last: time, scattered: false, unordered: false };
                seen.entry(id).and_modify(|seen| seen.add(&new, time)).or_insert(new);
                at += 1;
            }
            progress.advance(ids.len() as u64, 0)?;
        }
        Ok(seen)
    };
    // The first time of a subject in a later row group is not kept, so the order across row groups is not
    // checked here.
    let found: Vec<Result<Ids<Seen>>> = groups.par_iter().map(of_group).collect();
    let mut all: Ids<Seen> = Ids::default();
    for found in found {
        for (id, new) in found? {
            all.entry(id).and_modify(|seen| seen.add(&new, None)).or_insert(new);
        }
    }
    Ok(all)
}

impl Seen {
    fn add(&mut self, later: &Seen, time: Option<i64>) {
        self.scattered |= later.scattered || later.first != self.next || later.file != self.file;
        self.unordered |= later.unordered || time.zip(self.last).is_some_and(|(time, last)| time < last);
        (self.file, self.next) = (later.file, later.next);
        self.rows += later.rows;
        self.last = later.last.or(self.last);
    }
}

/// The columns of the buckets: the row's number in the source, its subject's place in the order, then the
/// values.
fn schema(columns: &Columns) -> SchemaRef {
    let mut fields = vec![
        Field::new("\0row", DataType::UInt64, false),
        Field::new("\0slot", DataType::UInt32, false),
        Field::new("subject_id", DataType::Int64, false),
    ];
    fields.extend(columns.list.iter().map(|column| Field::new(&column.name, column.wide.clone(), true)));
    Arc::new(Schema::new(fields))
}

/// About how many bytes a row takes in memory, measured on the first rows of some row groups.
fn row_bytes(source: &Source, columns: &Columns, groups: &[Group]) -> Result<u64> {
    let some = groups.iter().filter(|g| g.end > g.start).step_by(groups.len().div_ceil(8).max(1));
    let mut most = 64;
    for group in some {
        let file = &source.files[group.file];
        let mut bytes = 24;
        for column in &columns.list {
            if let Some(Batch::Array(array)) = Reader::open(file, group.file, group.group, column)?.next()? {
                let array = plain(&array, column)?;
                bytes += (array.get_array_memory_size() / array.len().max(1)) as u64 + 1;
            }
        }
        most = most.max(bytes);
    }
    Ok(most)
}

/// Text without page dictionaries, because a stream of batches would have to replace them in each batch.
fn plain(array: &ArrayRef, column: &Column) -> Result<ArrayRef> {
    cast(array, &column.wide).map_err(|e| spilled(&e))
}

fn spilled(error: &ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, io) => Error::io("the temporary folder", "sort the rows", io),
        ArrowError::OffsetOverflowError(_) => Error::new(
            Code::PatientTooLarge,
            "A subject has 2 GiB of text or more in one column. Leave that column out with `exclude` (--exclude).",
        ),
        other => Error::new(Code::Internal, format!("The rows cannot be sorted: {other}")),
    }
}

struct Scatter<'a> {
    source: &'a Source,
    columns: &'a Columns,
    schema: &'a SchemaRef,
    slots: &'a Ids<(u32, u32)>,
    buckets: &'a [Bucket],
    /// Number of rows to collect before they are scattered.
    rows: usize,
}

impl Scatter<'_> {
    fn group(&self, group: Group, progress: &Progress) -> Result<()> {
        let file = &self.source.files[group.file];
        let subjects = subject_column(self.columns);
        let open = |column| Reader::open(file, group.file, group.group, column);
        let mut readers = vec![(&subjects, open(&subjects)?, Vec::new(), 0)];
        for column in &self.columns.list {
            readers.push((column, open(column)?, Vec::new(), 0));
        }
        let mut at = group.start;
        while at < group.end {
            let want = self.rows.min((group.end - at) as usize);
            let mut columns = Vec::with_capacity(readers.len());
            for (column, reader, held, count) in &mut readers {
                // Each column has batches of its own sizes. Rows beyond `want` are kept for the next turn.
                while *count < want {
                    let batch = reader.next()?.ok_or_else(|| {
                        Error::at(Code::SourceChanged, &file.path, "changed during the conversion. Retry when nothing is writing to it.")
                    })?;
                    *count += batch.len();
                    held.push(match batch {
                        Batch::Array(array) => plain(&array, column)?,
                        Batch::Nulls(rows) => new_null_array(&column.wide, rows),
                    });
                }
                let parts: Vec<&dyn Array> = held.iter().map(AsRef::as_ref).collect();
                let whole = concat(&parts).map_err(|e| spilled(&e))?;
                columns.push(whole.slice(0, want));
                *held = vec![whole.slice(want, *count - want)];
                *count -= want;
            }
            self.scatter(columns, at)?;
            at += want as u64;
            progress.advance(want as u64, 0)?;
        }
        Ok(())
    }

    fn scatter(&self, columns: Vec<ArrayRef>, start: u64) -> Result<()> {
        let ids: &Int64Array = columns[0].as_primitive::<Int64Type>();
        let places: Vec<(u32, u32)> = ids.values().iter().map(|id| self.slots.get(id).copied().unwrap_or_default()).collect();
        let mut order: Vec<u32> = (0..places.len() as u32).collect();
        order.sort_by_key(|row| places[*row as usize].1);
        let rows: ArrayRef = Arc::new(UInt64Array::from_iter_values((start..).take(places.len())));
        let slots: ArrayRef = Arc::new(UInt32Array::from_iter_values(places.iter().map(|place| place.0)));
        let batch =
            RecordBatch::try_new(self.schema.clone(), [rows, slots].into_iter().chain(columns).collect()).map_err(|e| spilled(&e))?;
        let batch = take_record_batch(&batch, &UInt32Array::from(order.clone())).map_err(|e| spilled(&e))?;
        let mut begin = 0;
        for same in order.chunk_by(|a, b| places[*a as usize].1 == places[*b as usize].1) {
            self.buckets[places[same[0] as usize].1 as usize].push(&batch.slice(begin, same.len()))?;
            begin += same.len();
        }
        Ok(())
    }
}

/// Rows of some subjects, in any order, on disk.
struct Bucket {
    path: PathBuf,
    writer: Mutex<StreamWriter<BufWriter<File>>>,
}

impl Bucket {
    fn create(folder: &Path, at: u32, schema: &SchemaRef) -> Result<Self> {
        let path = folder.join(format!("{at:05}.arrows"));
        let file = File::create(&path).map_err(|e| Error::io(&path, "sort the rows", &e))?;
        let writer = StreamWriter::try_new(BufWriter::new(file), schema).map_err(|e| spilled(&e))?;
        Ok(Self { path, writer: Mutex::new(writer) })
    }

    fn push(&self, batch: &RecordBatch) -> Result<()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).write(batch).map_err(|e| spilled(&e))
    }

    /// Sorts the bucket into a Parquet file.
    fn sorted(self, folder: &Path, at: usize, progress: &Progress) -> Result<(String, PathBuf)> {
        let name = format!("{at:05}.parquet");
        let path = folder.join(&name);
        let mut writer = self.writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        writer.finish().map_err(|e| spilled(&e))?;
        drop(writer);
        let batch = ordered(&self.path, progress)?;
        fs::remove_file(&self.path).map_err(|e| Error::io(&self.path, "sort the rows", &e))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let file = File::create(&path).map_err(|e| Error::io(&path, "sort the rows", &e))?;
        let write = || -> parquet::errors::Result<()> {
            let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
            writer.write(&batch)?;
            writer.close().map(drop)
        };
        write().map_err(|e| match e {
            parquet::errors::ParquetError::External(cause) if cause.is::<std::io::Error>() => {
                let io = cause.downcast::<std::io::Error>().map_or_else(|e| std::io::Error::other(e.to_string()), |e| *e);
                Error::io(&path, "sort the rows", &io)
            }
            other => Error::at(
                Code::Io,
                &path,
                format!("the sorted rows cannot be written: {other}. Check that the disk of the temporary folder is not full."),
            ),
        })?;
        Ok((name, path))
    }
}

/// A bucket's rows in order, without the columns that determine the order.
fn ordered(path: &Path, progress: &Progress) -> Result<RecordBatch> {
    let file = File::open(path).map_err(|e| Error::io(path, "sort the rows", &e))?;
    let read = || -> Result<RecordBatch, ArrowError> {
        let reader = StreamReader::try_new(BufReader::with_capacity(1 << 20, file), None)?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<_>, _>>()?;
        concat_batches(&schema, &batches)
    };
    let batch = read().map_err(|e| spilled(&e))?;
    let rows = batch.column(0).as_primitive::<UInt64Type>().values();
    let slots = batch.column(1).as_primitive::<UInt32Type>().values();
    let times = batch.column(3).as_primitive::<TimestampMicrosecondType>();
    // A row without a time is `None`, which sorts before every time.
    let mut order: Vec<(u32, Option<i64>, u64, u32)> =
        (0..batch.num_rows()).map(|at| (slots[at], times.is_valid(at).then(|| times.value(at)), rows[at], at as u32)).collect();
    order.sort_unstable();
    let indexes = UInt32Array::from_iter_values(order.iter().map(|key| key.3));
    drop(order);
    progress.advance(batch.num_rows() as u64, 0)?;
    let values: Vec<usize> = (2..batch.num_columns()).collect();
    let values = batch.project(&values).map_err(|e| spilled(&e))?;
    take_record_batch(&values, &indexes).map_err(|e| spilled(&e))
}
