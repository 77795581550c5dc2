//! A conversion from start to end.

use crate::current::compared;
use crate::options::{Options, Summary};
use crate::plan::layout::{Cut, Layout, Node, Slots, Stored, decide, plan};
use crate::plan::measure::{Traits, measure};
use crate::plan::pieces::{Piece, pieces, segments};
use crate::plan::survey::{Group, Patient, Survey, file_start, groups, moved_note, survey, truncated, truncated_note};
use crate::source::files::{Source, hex};
use crate::source::fingerprint::{Heard, Inputs};
use crate::source::metadata::{self, check_dataset, split_notes, splits};
use crate::source::schema::{Column, Columns, Role, check_names};
use crate::source::spill::Spill;
use crate::write::codes::{self, Codes};
use crate::write::emit::Emit;
use crate::write::inverted::{self, Inverted};
use crate::write::narrowed::Narrowed;
use crate::write::positioned::Target;
use crate::write::sort;
use crate::write::tables;
use crate::write::target::{Site, taken};
use arrow_array::cast::AsArray;
use meds_store::manifest::{self, ANCESTORS, CODES, Counts, FORMAT, MANIFEST, Manifest, Note, PATIENTS, Storage, VERSION, index_name};
use meds_store::progress::Phase;
use meds_store::read::Patients;
use meds_store::types::type_name;
use meds_store::write::FilePlan;
use meds_store::{Code, Error, Progress, Result, Store};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Converts a source to a store.
pub fn convert(options: &Options, progress: &Progress) -> Result<Summary> {
    let start = Instant::now();
    check(options)?;
    pool(threads(options), || Conversion::open(options, progress)?.run(start))
}

const MOST_THREADS: usize = 1024;

/// Runs work on its own threads; 0 = one per core.
pub fn pool<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    // Every thread needs memory for its stack: a typing error must not exhaust the machine.
    if threads > MOST_THREADS {
        return Err(Error::new(Code::InvalidArgument, format!("{threads} threads are too many. The maximum is {MOST_THREADS}.")));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| Error::new(Code::Internal, format!("cannot start threads: {e}")))?.install(work)
}

/// A task needs a window of its file, a batch, and the bytes that it is about to write. More threads than the
/// memory allows would exceed the limit.
pub fn threads(options: &Options) -> usize {
    const TASK: u64 = 24 << 20;
    let wanted = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    wanted.min((options.memory / TASK).max(1) as usize)
}

/// Refuses options that cannot be met.
pub fn check(options: &Options) -> Result<()> {
    let invalid = |message: String| Err(Error::new(Code::InvalidArgument, message));
    if !(1 << 10..=2 << 30).contains(&options.shard_bytes) {
        return invalid(format!("shards of {} bytes are not possible. Use 1 KiB to 2 GiB.", options.shard_bytes));
    }
    if options.memory < 64 << 20 {
        return invalid(format!("{} bytes of memory are not enough. Use 64 MiB or more.", options.memory));
    }
    if options.threads > MOST_THREADS {
        return invalid(format!("{} threads are too many. The maximum is {MOST_THREADS}.", options.threads));
    }
    Ok(())
}

/// The options that the manifest keeps, without the index. The index is derived data: content and fingerprint
/// are the same with or without it.
fn relevant(options: &Options) -> serde_json::Value {
    let mut relevant = decisive(options);
    relevant["repair"] = options.repair.into();
    relevant
}

/// The options that decide the content of a source's store, and therefore whether an existing store is
/// current. `repair` is not one of them: without it, a source that is out of order has no store, and a source
/// in order has the same one.
pub fn decisive(options: &Options) -> serde_json::Value {
    let mut exclude = options.exclude.clone();
    exclude.sort();
    let mut columns = options.columns.clone();
    columns.iter_mut().for_each(|columns| columns.sort());
    serde_json::json!({
        "columns": columns, "exclude": exclude, "shardBytes": options.shard_bytes, "version": VERSION,
    })
}

/// The options in the manifest, with the index and with the provenance of the source.
fn told(options: &Options) -> serde_json::Value {
    let mut told = relevant(options);
    if options.index {
        told["index"] = true.into();
    }
    for (name, value) in &options.made {
        told[name] = value.clone();
    }
    told
}

/// A conversion in progress.
pub struct Conversion<'a> {
    /// Its options.
    pub options: &'a Options,
    /// Its progress.
    pub progress: &'a Progress,
    /// Its source.
    pub source: Source,
    /// The files of the source.
    inputs: Inputs,
    /// The fingerprint of these files and the options; set once the files are hashed.
    fingerprint: OnceLock<String>,
    /// The options in the manifest.
    pub told: serde_json::Value,
    /// The notes so far.
    pub notes: Vec<Note>,
}

impl<'a> Conversion<'a> {
    fn open(options: &'a Options, progress: &'a Progress) -> Result<Self> {
        progress.enter(Phase::Plan, 0, 0);
        apart(options)?;
        let mut source = Source::open(&options.source)?;
        let inputs = source.inputs(&options.source)?;
        let mut notes = options.notes.clone();
        notes.append(&mut source.notes);
        Ok(Self { options, progress, source, inputs, fingerprint: OnceLock::new(), told: told(options), notes })
    }

    /// A conversion whose fingerprint does not come from files.
    pub fn known(
        options: &'a Options,
        progress: &'a Progress,
        source: Source,
        fingerprint: String,
        told: serde_json::Value,
        notes: Vec<Note>,
    ) -> Self {
        Self { options, progress, source, inputs: Inputs::default(), fingerprint: fingerprint.into(), told, notes }
    }

    fn fingerprint(&self, heard: Heard) -> Result<&str> {
        if self.fingerprint.get().is_none() {
            let made = self.inputs.fingerprint(&decisive(self.options).to_string(), self.options.hashes.as_deref(), heard)?;
            return Ok(self.fingerprint.get_or_init(|| made));
        }
        Ok(self.fingerprint.get().map_or("", String::as_str))
    }

    fn run(mut self, start: Instant) -> Result<Summary> {
        let site = Site::lock(&self.options.store, self.progress)?;
        if let Some(standing) = self.standing(&site)? {
            return Ok(self.summary(&standing, true, start, 0.0));
        }
        let work = site.work();
        fs::create_dir(&work).map_err(|e| Error::io(&work, "write the store", &e))?;
        let unpacked = self.source.unpack(self.options.temp.as_deref(), &work, self.progress)?;
        // The unpacked files are in the work folder, but are not part of the store.
        let manifest = self.make(&work).map_err(|error| match &unpacked {
            // A file that is being written to looks damaged or out of order.
            _ if error.code != Code::Cancelled && self.inputs.are_rewritten() => self.changed(),
            Some(unpacked) => unpacked.error(error),
            None => error,
        })?;
        drop(unpacked);
        self.unchanged()?;
        self.publish(&site, &manifest, start)
    }

    /// Makes the store in the work folder.
    fn make(&mut self, work: &Path) -> Result<Manifest> {
        self.notes.append(&mut self.source.notes);
        // For a source that an importer made, the notes of the original source already say this.
        if self.options.made.is_empty() {
            self.notes.extend(metadata::missing(&self.source));
        }
        check_dataset(&self.source)?;
        let splits = splits(&self.source)?;
        check_names(self.options, &self.source)?;
        let columns = Columns::unify(&self.source, self.options, &mut self.notes)?;
        // A sorted copy is also in the work folder, and is removed with this value.
        let ordered = self.ordered(work, columns)?;
        let narrowed = match &self.options.narrow {
            Some(store) => {
                let mut gone = subjects(store)?;
                for patient in &ordered.survey.patients {
                    gone.remove(&patient.id);
                }
                Narrowed::new(&mut self.source, splits, work, |id| !gone.contains(&id))?
            }
            None => Narrowed::none(splits),
        };
        let manifest = self.write(work, &ordered, narrowed.splits.as_ref())?;
        narrowed.finish()?;
        Ok(manifest)
    }

    /// The existing store at the target, if it can be reused. An error if it can neither be reused nor
    /// replaced.
    pub fn standing(&self, site: &Site) -> Result<Option<Manifest>> {
        let Some(standing) = site.standing()? else { return Ok(None) };
        // An index that was not requested does no harm.
        let indexed = standing.has_index() || !self.options.index;
        let compared = || compared(self.options, &self.inputs, &standing.fingerprint, standing.times.as_deref(), self.progress);
        if self.options.reuse && indexed && compared()? {
            return Ok(Some(standing));
        }
        if !self.options.force && !self.options.reuse {
            return Err(taken(&self.options.store));
        }
        Ok(None)
    }

    /// Moves the finished store to its path.
    pub fn publish(&self, site: &Site, manifest: &Manifest, start: Instant) -> Result<Summary> {
        self.progress.enter(Phase::Finish, 0, 0);
        let written = Instant::now();
        site.finish(self.options.force || self.options.reuse)?;
        let fsync = written.elapsed().as_secs_f64();
        Ok(self.summary(manifest, false, start, fsync))
    }

    /// Writes everything into the work folder.
    pub fn write(&mut self, work: &Path, ordered: &Ordered, splits: Option<&metadata::Splits>) -> Result<Manifest> {
        let Ordered { sorted, columns, groups, survey } = ordered;
        let source = sorted.as_ref().map_or(&self.source, |(source, _)| source);
        self.notes.extend(truncated_note(survey.truncated));
        let rows = groups.last().map_or(0, |group| group.end);
        let id = |heard: Heard| Ok(hex(&Sha256::digest(format!("{FORMAT} {VERSION} {}", self.fingerprint(heard)?))));
        let laid = lay_out(source, columns, groups, survey, self.options.shard_bytes, &id, self.progress)?;
        let LaidOut { id, layout, pieces, counts: _, traits } = &laid;

        let targets = create(work, layout)?;
        // The index counts as one more column.
        let written = columns.list.len() + usize::from(self.options.index);
        self.progress.enter_cells(Phase::Write, rows, written as u64, source.bytes());
        let emit = Emit { source, columns: &columns.list, groups, pieces, patients: &survey.patients, layout, targets: &targets };
        emit.run(self.progress)?;

        let at = code_column(columns);
        let memory = self.options.memory;
        let inverted = Inverted { work, layout, column: at, patients: &survey.patients, id, memory };
        let indexes = if self.options.index { inverted.write(self.progress)? } else { Vec::new() };
        let codes = laid.codes(&self.source, columns, &mut self.notes)?;
        tables::write(&work.join(CODES), &codes.used, id)?;
        if let Some(ancestors) = &codes.ancestors {
            tables::write(&work.join(ANCESTORS), ancestors, id)?;
        }
        tables::write(&work.join(PATIENTS), &tables::patients(&survey.patients, layout, splits)?, id)?;
        metadata::copy(&self.source, work)?;
        let ids: Vec<i64> = survey.patients.iter().map(|p| p.id).collect();
        if let Some(splits) = splits {
            split_notes(splits, &ids, &mut self.notes);
        }

        let bytes = layout.shards.iter().map(|s| s.file.bytes).chain(indexes.iter().map(|index| index.bytes)).sum();
        self.progress.enter(Phase::Check, 0, bytes);
        let shards: Result<Vec<_>> = (0..)
            .zip(&layout.shards)
            .map(|(index, shard)| {
                let file = tables::checksum(work, &shard_name(index), &frames(&shard.file), &offset_sections(shard), self.progress)?;
                Ok(manifest::Shard { file, patients: shard.patients.len() as u64, events: shard.rows.end - shard.rows.start })
            })
            .collect();
        let mut files = vec![CODES.to_string(), PATIENTS.to_string()];
        files.extend(codes.ancestors.iter().map(|_| ANCESTORS.to_string()));
        files.extend(self.source.metadata.iter().map(|(name, _)| format!("metadata/{name}")));
        let plain = files.iter().map(|name| tables::checksum(work, name, &[], &[], self.progress));
        let index = |(at, plan): (usize, &FilePlan)| {
            tables::checksum(work, &index_name(at), &frames(plan), &inverted::offset_sections(plan), self.progress)
        };
        let files: Result<Vec<_>> = plain.chain(indexes.iter().enumerate().map(index)).collect();
        let times = survey.patients.iter().filter_map(|p| p.times);
        let manifest = Manifest {
            format: FORMAT.into(),
            version: VERSION,
            id: id.clone(),
            fingerprint: self.fingerprint(&|_| Ok(()))?.to_string(),
            times: self.times(),
            options: self.told.clone(),
            // In the order of the source, not of the shards (dense, then sparse). Otherwise a column that is
            // sparse only among some patients would have another position in a store of these patients.
            columns: (0..columns.list.len())
                .map(|at| describe(&columns.list[at], &layout.stored[at], traits[at], &self.options.types))
                .collect(),
            counts: Counts {
                patients: survey.patients.len() as u64,
                events: rows,
                static_events: survey.patients.iter().map(|p| p.statics).sum(),
                numeric_values: columns
                    .list
                    .iter()
                    .zip(&layout.stored)
                    .find(|(c, _)| c.role == Role::Numeric)
                    .map_or(0, |(_, s)| rows - s.nulls),
                codes: codes.used.num_rows() as u64 - 1,
                longest: survey.patients.iter().map(|p| p.rows).max().unwrap_or(0),
                first_time: times.clone().map(|(first, _)| first).min(),
                last_time: times.map(|(_, last)| last).max(),
            },
            splits: split_counts(splits, &ids),
            notes: self.notes.clone(),
            shards: shards?,
            files: files?,
        };
        let path = work.join(MANIFEST);
        fs::write(&path, manifest.to_bytes()).map_err(|e| Error::io(&path, "write the store", &e))?;
        Ok(manifest)
    }

    /// The source in the order of the store: unchanged, or sorted into the work folder.
    fn ordered(&mut self, work: &Path, columns: Columns) -> Result<Ordered> {
        let groups = groups(&self.source);
        let rows = groups.last().map_or(0, |group| group.end);
        self.progress.enter(Phase::Measure, rows, self.source.bytes());
        match survey(&self.source, &columns, &groups, self.progress)? {
            Ok(survey) if survey.late_statics == 0 => Ok(Ordered { sorted: None, columns, groups, survey }),
            Ok(survey) => {
                self.notes.extend(moved_note(survey.late_statics));
                self.sorted(work, columns, &groups, false)
            }
            Err(_) if self.options.repair => self.sorted(work, columns, &groups, true),
            Err(disorder) => Err(disorder.0),
        }
    }

    fn sorted(&mut self, work: &Path, columns: Columns, groups: &[Group], repair: bool) -> Result<Ordered> {
        let truncated = truncated(&self.source, &columns, groups)?;
        let sorter = sort::Sorter { source: &self.source, columns: &columns, groups, options: self.options, progress: self.progress };
        let mut sorted = sorter.sort(work, repair, &mut self.notes)?;
        sorted.source.copy_of = Some(self.options.source.clone());
        let groups = self::groups(&sorted.source);
        let survey = survey(&sorted.source, &sorted.columns, &groups, self.progress)?;
        let survey = survey.map_err(|d| Error::new(Code::Internal, format!("the sorted rows are not sorted: {}", d.0)))?;
        // Types and truncated times describe the source, not its sorted copy.
        let survey = Survey { truncated, ..survey };
        let list = sorted.columns.list.into_iter().zip(columns.list).map(|(s, c)| Column { source_type: c.source_type, ..s }).collect();
        let columns = Columns { list, subjects: sorted.columns.subjects };
        Ok(Ordered { sorted: Some((sorted.source, sorted.spill)), columns, groups, survey })
    }

    /// Fails if the files of the source are not those that were opened.
    fn unchanged(&self) -> Result<()> {
        let source = &self.options.source;
        let now = Source::open(source)?.inputs(source)?;
        match self.inputs.unchanged(&now, self.options.hashes.as_deref(), &|_| self.progress.check())? {
            true => Ok(()),
            false => Err(self.changed()),
        }
    }

    fn changed(&self) -> Error {
        let message = "The source changed during the conversion. Retry once nothing is writing to it.";
        Error::at(Code::SourceChanged, &self.options.source, message)
    }

    /// The digest of times that the manifest keeps.
    fn times(&self) -> Option<String> {
        let own = || self.options.trust_times.then(|| self.inputs.times(&decisive(self.options).to_string()));
        self.options.times.clone().or_else(own)
    }

    fn summary(&self, manifest: &Manifest, reused: bool, start: Instant, fsync: f64) -> Summary {
        let files = manifest.files.iter().chain(manifest.shards.iter().map(|s| &s.file));
        Summary {
            store: self.options.store.clone(),
            reused,
            patients: manifest.counts.patients,
            events: manifest.counts.events,
            codes: manifest.counts.codes,
            columns: manifest.columns.len() as u64,
            shards: manifest.shards.len() as u64,
            files: self.source.files.len() as u64,
            source_bytes: self.source.bytes(),
            store_bytes: files.map(|f| f.bytes).sum(),
            index_bytes: manifest.index_bytes(),
            seconds: start.elapsed().as_secs_f64() - fsync,
            fsync_seconds: fsync,
            notes: manifest.notes.clone(),
        }
    }
}

/// The result of the first pass over the values: the layout, and facts about the columns.
pub struct LaidOut {
    /// The content id of the store.
    id: String,
    layout: Layout,
    pieces: Vec<Vec<Piece>>,
    /// For each column, the events and patients per value, if they were counted.
    counts: Vec<Vec<(u64, u64)>>,
    /// One per column.
    traits: Vec<Traits>,
}

impl LaidOut {
    /// The tables of codes. Adds the notes about them.
    pub fn codes(&self, source: &Source, columns: &Columns, notes: &mut Vec<Note>) -> Result<Codes> {
        let at = code_column(columns);
        let book = self.layout.stored[at].book.as_ref();
        let book = book.ok_or_else(|| Error::new(Code::Internal, "the codes have no dictionary"))?;
        codes::tables(source, book.values.as_string(), &by_slot(&book.slots, &self.counts[at]), notes)
    }
}

/// Measures every column and plans the layout. After this step, the data cannot make a conversion fail. `id`
/// makes the store's content id at the same time, because it hashes the source.
pub fn lay_out(
    source: &Source,
    columns: &Columns,
    groups: &[Group],
    survey: &Survey,
    shard_bytes: u64,
    id: &(dyn Fn(Heard) -> Result<String> + Sync),
    progress: &Progress,
) -> Result<LaidOut> {
    let rows = groups.last().map_or(0, |group| group.end);
    // Segments are a small part of a shard, so that shards have about the requested size.
    let mut segment_rows = (shard_bytes / 512).clamp(16, 1 << 16);
    loop {
        let segments = segments(&survey.patients, segment_rows);
        let pieces = pieces(groups, &survey.patients, &segments);
        progress.enter_cells(Phase::Measure, rows, columns.list.len() as u64, source.bytes());
        let failed = AtomicBool::new(false);
        let measuring = || {
            let measured = measure(source, &columns.list, groups, &pieces, &survey.patients, progress);
            measured.inspect_err(|_| failed.store(true, Relaxed))
        };
        // If measuring fails, hashing stops, and the error of the measuring is reported.
        let hashing = || id(&|_| if failed.load(Relaxed) { Err(Error::new(Code::Cancelled, "")) } else { progress.check() });
        let (measured, id) = rayon::join(measuring, hashing);
        let (mut measured, id) = (measured?, id?);
        no_null_codes(source, columns, groups, measured[code_column(columns)].present, &survey.patients)?;
        let copies = 1 + rows.saturating_mul(24) / shard_bytes;
        let stored: Result<Vec<Stored>> = columns.list.iter().zip(&mut measured).map(|(c, m)| decide(c, m, rows, copies)).collect();
        let cut = Cut { patients: &survey.patients, segments: &segments, pieces: &pieces };
        match plan(&columns.list, stored?, &mut measured, cut, shard_bytes, &id)? {
            Ok(layout) => {
                let counts = measured.iter_mut().map(|m| std::mem::take(&mut m.counts)).collect();
                let traits = measured.iter().map(|m| m.traits).collect();
                return Ok(LaidOut { id, layout, pieces, counts, traits });
            }
            Err(large) => {
                let range = segments[large.segment]..segments[large.segment + 1];
                if range.len() == 1 {
                    let message = format!(
                        "subject {} is too large for one shard in column {:?}. A shard can hold 2^31-1 rows, elements or bytes of text per column, and 3 GiB in all. Leave the column out (--exclude {}).",
                        survey.patients[range.start].id, columns.list[large.column].name, columns.list[large.column].name
                    );
                    return Err(Error::new(Code::PatientTooLarge, message));
                }
                segment_rows /= 8;
            }
        }
    }
}

fn code_column(columns: &Columns) -> usize {
    columns.list.iter().position(|c| c.role == Role::Code).unwrap_or(0)
}

fn no_null_codes(source: &Source, columns: &Columns, groups: &[Group], present: u64, patients: &[Patient]) -> Result<()> {
    if present == groups.last().map_or(0, |group| group.end) {
        return Ok(());
    }
    // This is rare and ends the conversion, so only now is the first null searched for.
    let column = &columns.list[code_column(columns)];
    for group in groups {
        let file = &source.files[group.file];
        let mut reader = crate::source::read::Reader::open(file, group.file, group.group, column)?;
        let mut row = group.start;
        while let Some(batch) = reader.next()? {
            if let crate::source::read::Batch::Array(array) = &batch
                && let Some(texts) = crate::source::texts::Texts::of(array)
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
    Err(Error::new(Code::NullValue, "some events have no code."))
}

/// A source whose rows are in the order of the store.
pub struct Ordered {
    /// A sorted copy, on disk as long as this value lives; `None` if the source itself is in order.
    pub sorted: Option<(Source, Spill)>,
    /// Its columns.
    pub columns: Columns,
    /// Its row groups.
    pub groups: Vec<Group>,
    /// Its patients.
    pub survey: Survey,
}

/// Refuses a store inside the folders of the source, because it would be read as part of the source.
fn apart(options: &Options) -> Result<()> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let store = absolute(&options.store);
    let source = absolute(&options.source);
    if ["data", "metadata"].iter().any(|folder| store.starts_with(source.join(folder))) || source == store || source.starts_with(&store) {
        let message = "the store cannot be the source, contain it, or be in its data or metadata folder. Choose another path.";
        return Err(Error::at(Code::InvalidArgument, &options.store, message));
    }
    Ok(())
}

/// The name of a shard's file.
pub fn shard_name(index: usize) -> String {
    format!("shards/{index:05}.arrow")
}

/// Creates the files of the shards with their full length and without content.
fn create(work: &Path, layout: &Layout) -> Result<Vec<Arc<Target>>> {
    let folder = work.join("shards");
    fs::create_dir(&folder).map_err(|e| Error::io(&folder, "write the store", &e))?;
    let create = |(index, shard): (usize, &crate::plan::layout::Shard)| {
        let path: PathBuf = work.join(shard_name(index));
        let made = File::create(&path).and_then(|file| file.set_len(shard.file.bytes));
        made.map_err(|e| Error::io(&path, "write the store", &e))?;
        Ok(Arc::new(Target::new(path)))
    };
    layout.shards.iter().enumerate().map(create).collect()
}

/// The subject ids of a store.
fn subjects(store: &Path) -> Result<HashSet<i64>> {
    let store = Store::open(store, false)?;
    let patients = Patients::of(store.patients()).map_err(|found| store.patients().corrupt(&found))?;
    Ok((0..store.manifest().counts.patients as usize).map(|row| patients.ids.i64(row)).collect())
}

/// Counts of codes by their index in the dictionary, from counts by the interner's number.
fn by_slot(slots: &Slots, counts: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let Slots::Texts(_, slots) = slots else { return Vec::new() };
    let mut sorted = vec![(0, 0); slots.len()];
    for (slot, count) in slots.iter().zip(counts) {
        sorted[*slot as usize - 1] = *count;
    }
    sorted
}

/// The parts of a file that describe its structure.
fn frames(file: &FilePlan) -> Vec<(u64, u64)> {
    file.frames.iter().map(|span| (span.offset, span.bytes)).collect()
}

/// Every buffer of offsets in a shard.
fn offset_sections(shard: &crate::plan::layout::Shard) -> Vec<(u64, u64)> {
    fn below(node: &Node, found: &mut Vec<(u64, u64)>) {
        found.extend(node.offsets.map(|span| (span.offset, span.bytes)));
        node.children.iter().for_each(|child| below(child, found));
    }
    let mut found = vec![(shard.events.offset, shard.events.bytes)];
    for place in &shard.columns {
        found.extend(place.sparse.map(|(lists, _)| (lists.offset, lists.bytes)));
        below(&place.values, &mut found);
    }
    found
}

fn describe(column: &Column, stored: &Stored, traits: Traits, types: &HashMap<String, String>) -> manifest::Column {
    use arrow_schema::DataType as D;
    let words = matches!(stored.data_type, D::Int64 | D::UInt64 | D::Timestamp(..) | D::Time64(_) | D::Duration(_) | D::Date64);
    manifest::Column {
        name: column.name.clone(),
        source_type: types.get(&column.name).cloned().unwrap_or_else(|| type_name(&column.source_type)),
        stored: type_name(&stored.data_type),
        storage: match stored.storage {
            Storage::Dense => Storage::Dense,
            Storage::Sparse => Storage::Sparse,
        },
        coded: stored.book.is_some(),
        dictionary: stored.book.as_ref().map_or(0, |book| arrow_array::Array::len(&book.values) as u64),
        nulls: stored.nulls,
        nan: traits.nan,
        sentinel: traits.sentinel && words && stored.book.is_none(),
        ascii: matches!(stored.data_type, D::Utf8) && traits.ascii,
    }
}

fn split_counts(splits: Option<&metadata::Splits>, ids: &[i64]) -> std::collections::BTreeMap<String, u64> {
    // A split whose subjects have no events is still a split.
    let mut counts: std::collections::BTreeMap<String, u64> =
        splits.iter().flat_map(|splits| splits.values()).map(|name| (name.clone(), 0)).collect();
    for split in ids.iter().filter_map(|id| splits?.get(id)) {
        *counts.entry(split.clone()).or_insert(0) += 1;
    }
    counts
}
