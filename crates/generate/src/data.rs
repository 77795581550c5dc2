//! The data files. Each thread takes the next free row group, generates and encodes it, and appends it when
//! all row groups before it are written. So memory contains at most one row group per thread, and the bytes
//! do not depend on the threads.

use crate::fault::fault;
use crate::labels::Labels;
use crate::options::{Compression, Options};
use crate::patient::{Timeline, note_seed, simulate};
use crate::plan::{Group, Plan};
use crate::table::{Columns, Tables, schema};
use crate::vocabulary::Vocabulary;
use arrow_schema::SchemaRef;
use meds_convert::plain_orders;
use meds_store::{Error, Progress, Result};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::SchemaDescriptor;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Writes all data files below `folder`. Returns the labels, which follow from the generated patients.
pub(crate) fn write(options: &Options, plan: &Plan, vocabulary: &Vocabulary, folder: &Path, progress: &Progress) -> Result<Labels> {
    let format = Format::new(options.compression)?;
    let tables = Tables::new(vocabulary);
    let next = AtomicUsize::new(0);
    let turn = Turn {
        state: Mutex::new(State { next: 0, stopped: None, files: Files::new(plan, folder, &format), labels: Labels::default() }),
        moved: Condvar::new(),
    };
    std::thread::scope(|scope| {
        for _ in 0..options.workers().min(plan.groups.len()) {
            scope.spawn(|| {
                let mut maker = Maker {
                    plan,
                    vocabulary,
                    tables: &tables,
                    format: &format,
                    timeline: Timeline::default(),
                    columns: Columns::default(),
                };
                loop {
                    let index = next.fetch_add(1, Relaxed);
                    let Some(group) = plan.groups.get(index) else { return };
                    let made = progress.check().and_then(|()| maker.make(group));
                    if !turn.take(index, made, progress) {
                        return;
                    }
                }
            });
        }
    });
    let mut state = turn.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.stopped {
        Some(error) => Err(error),
        None => state.files.close().map(|()| state.labels),
    }
}

/// The turns of the threads that append row groups to the files.
struct Turn<'a> {
    state: Mutex<State<'a>>,
    moved: Condvar,
}

struct State<'a> {
    /// The next group to append.
    next: usize,
    /// The first error. All threads stop when there is one.
    stopped: Option<Error>,
    files: Files<'a>,
    labels: Labels,
}

impl<'a> Turn<'a> {
    /// Waits until all groups before this one are written, and appends it. Returns false if any thread
    /// failed.
    fn take(&self, index: usize, made: Result<Made>, progress: &Progress) -> bool {
        let mut state = self.lock();
        while state.next != index && state.stopped.is_none() {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.stopped.is_none() {
            let done = made.and_then(|made| {
                state.labels.extend(made.labels);
                let bytes = state.files.append(made.file, made.chunks)?;
                progress.advance(made.rows, bytes)
            });
            match done {
                Ok(()) => state.next += 1,
                Err(error) => state.stopped = Some(error),
            }
            self.moved.notify_all();
        }
        state.stopped.is_none()
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An encoded row group.
struct Made {
    file: usize,
    rows: u64,
    chunks: Vec<ArrowColumnChunk>,
    labels: Labels,
}

/// Generates row groups. Each thread has one.
struct Maker<'a> {
    plan: &'a Plan,
    vocabulary: &'a Vocabulary,
    tables: &'a Tables<'a>,
    format: &'a Format,
    timeline: Timeline,
    columns: Columns,
}

impl Maker<'_> {
    fn make(&mut self, group: &Group) -> Result<Made> {
        let file = &self.plan.files[group.file];
        let mut labels = Labels::default();
        // The patients with rows in the group. A patient that continues in the next group is generated again
        // there, which is cheaper than to pass it on.
        let first = file.starts.partition_point(|&start| start <= group.begin) - 1;
        for (&patient, start) in file.patients[first..].iter().zip(&file.starts[first..]).take_while(|(_, start)| **start < group.end) {
            simulate(self.plan, self.vocabulary, patient, &mut self.timeline);
            let subject = self.plan.ids[patient as usize];
            if *start >= group.begin {
                labels.add(subject, &self.timeline.stays);
            }
            let from = group.begin.saturating_sub(*start);
            let to = (group.end - start).min(self.timeline.rows.len() as u64);
            let rows = &self.timeline.rows[from as usize..to as usize];
            self.tables.push(&mut self.columns, subject, note_seed(self.plan, patient), from, rows);
        }
        let chunks = self.format.encode(self.tables.schema(), &self.tables.finish(&mut self.columns)?)?;
        Ok(Made { file: group.file, rows: group.end - group.begin, chunks, labels })
    }
}

/// The Parquet schema, and the properties of the files.
struct Format {
    schema: SchemaDescriptor,
    properties: WriterPropertiesPtr,
}

impl Format {
    fn new(compression: Compression) -> Result<Self> {
        let level = || ZstdLevel::try_new(3).map(Codec::ZSTD);
        let codec = match compression {
            Compression::Snappy => Codec::SNAPPY,
            Compression::Zstd => level().map_err(|error| fault(Path::new("zstd"), error))?,
        };
        let mut properties = WriterProperties::builder().set_compression(codec).build();
        // Readers see plain strings, although the writer receives dictionaries.
        add_encoded_arrow_schema_to_metadata(&schema(), &mut properties);
        let schema = ArrowSchemaConverter::new().convert(&schema()).map_err(|error| fault(Path::new("schema"), error))?;
        Ok(Self { schema, properties: Arc::new(properties) })
    }

    fn writer<W: std::io::Write + Send>(&self, out: W) -> Result<SerializedFileWriter<W>, ParquetError> {
        SerializedFileWriter::new(out, self.schema.root_schema_ptr(), self.properties.clone())
    }

    fn encode(&self, schema: SchemaRef, arrays: &[arrow_array::ArrayRef]) -> Result<Vec<ArrowColumnChunk>> {
        let encode = || {
            // Column writers come from the writer of a file. The file itself is not used.
            let nowhere = self.writer(std::io::sink())?;
            let writers = ArrowRowGroupWriterFactory::new(&nowhere, schema.clone()).create_column_writers(0)?;
            let mut chunks = Vec::with_capacity(writers.len());
            for ((mut writer, field), array) in writers.into_iter().zip(schema.fields()).zip(arrays) {
                for leaf in compute_leaves(field, array)? {
                    writer.write(&leaf)?;
                }
                chunks.push(writer.close()?);
            }
            Ok(chunks)
        };
        encode().map_err(|error| fault(Path::new("row group"), error))
    }
}

/// The data files, written one by one.
struct Files<'a> {
    plan: &'a Plan,
    folder: &'a Path,
    format: &'a Format,
    open: Option<(usize, PathBuf, SerializedFileWriter<BufWriter<File>>)>,
}

impl<'a> Files<'a> {
    fn new(plan: &'a Plan, folder: &'a Path, format: &'a Format) -> Self {
        Self { plan, folder, format, open: None }
    }

    /// Appends a row group to its file, which is opened for its first row group. Returns the bytes written.
    fn append(&mut self, file: usize, chunks: Vec<ArrowColumnChunk>) -> Result<u64> {
        if self.open.as_ref().is_none_or(|(open, _, _)| *open != file) {
            self.close()?;
            self.open = Some(self.create(file)?);
        }
        let Some((_, path, writer)) = &mut self.open else { return Ok(0) };
        let before = writer.bytes_written();
        let append = || {
            let mut group = writer.next_row_group()?;
            for chunk in chunks {
                chunk.append_to_row_group(&mut group)?;
            }
            group.close().map(|_| ())
        };
        append().map_err(|error| fault(path, error))?;
        Ok((writer.bytes_written() - before) as u64)
    }

    fn create(&self, file: usize) -> Result<(usize, PathBuf, SerializedFileWriter<BufWriter<File>>)> {
        let path = self.folder.join(&self.plan.files[file].path);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| File::create(&path));
        let out = made.map_err(|error| Error::io(&path, "create a file", &error))?;
        let writer = self.format.writer(BufWriter::with_capacity(1 << 18, out)).map_err(|error| fault(&path, error))?;
        Ok((file, path, writer))
    }

    fn close(&mut self) -> Result<()> {
        match self.open.take() {
            Some((_, path, writer)) => plain_orders(&path, &writer.close().map_err(|error| fault(&path, error))?),
            None => Ok(()),
        }
    }
}
