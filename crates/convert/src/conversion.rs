//! A conversion from start to end.

use crate::current::compared;
use crate::options::{Options, Summary};
use crate::plan::layout::{Cut, Layout, plan};
use crate::plan::measure::measure;
use crate::plan::pieces::{Piece, pieces, segments};
use crate::plan::shard::{NodeBuffers, Shard};
use crate::plan::storage::{Entries, Stored, decide};
use crate::plan::survey::{Group, Patient, Survey, file_start, groups, moved_note, survey, truncated, truncated_note};
use crate::plan::traits::Traits;
use crate::source::files::{Source, hex};
use crate::source::fingerprint::{Heard, Inputs};
use crate::source::metadata::{self, check_dataset, split_notes, splits};
use crate::source::schema::{Column, Columns, Role, check_names};
use crate::source::spill::Spill;
use crate::write::codes::{self, Codes};
use crate::write::file::SharedFile;
use crate::write::index::{self, InvertedIndex};
use crate::write::pass::Pass;
use crate::write::site::{Site, store_exists};
use crate::write::sort;
use crate::write::splits::SomeSplits;
use crate::write::tables;
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

/// Runs work on threads of its own; 0 = one a core.
pub fn pool<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    // Memory for as many stacks: a slip of the hand must not take the machine down.
    if threads > MOST_THREADS {
        return Err(Error::new(Code::InvalidArgument, format!("{threads} threads: {MOST_THREADS} are the most.")));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| Error::new(Code::Internal, format!("cannot start threads: {e}")))?.install(work)
}

/// A task holds a window of its file, a batch and what it is about to write: more threads than memory would hold more than was allowed.
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
        return invalid(format!("shards of {} bytes: 1 KiB to 2 GiB are possible.", options.shard_bytes));
    }
    if options.memory < 64 << 20 {
        return invalid(format!("{} bytes of memory are not enough. Use 64 MiB or more.", options.memory));
    }
    if options.threads > MOST_THREADS {
        return invalid(format!("{} threads: {MOST_THREADS} are the most.", options.threads));
    }
    Ok(())
}

/// The options that the manifest keeps. The index is derived from what they give: with it or without, content and fingerprint are the same.
fn relevant(options: &Options) -> serde_json::Value {
    let mut relevant = decisive(options);
    relevant["repair"] = options.repair.into();
    relevant
}

/// The options that decide what a store of a source holds, and so whether a standing store is that of the source. Not `repair`: without it a source
/// in disorder has no store at all, and one in order has the same.
pub fn decisive(options: &Options) -> serde_json::Value {
    let mut exclude = options.exclude.clone();
    exclude.sort();
    let mut columns = options.columns.clone();
    columns.iter_mut().for_each(|columns| columns.sort());
    serde_json::json!({
        "columns": columns, "exclude": exclude, "shardBytes": options.shard_bytes, "version": VERSION,
    })
}

/// [`relevant`], whether there is an index, and what was done before, for whoever reads the manifest.
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

/// A store in the making.
pub struct Conversion<'a> {
    /// Where it goes, and how it is made.
    pub options: &'a Options,
    /// Who watches.
    pub progress: &'a Progress,
    /// What it is made of.
    pub source: Source,
    /// The files that it is made of.
    inputs: Inputs,
    /// Of these and the options; it is there when the files were hashed.
    fingerprint: OnceLock<String>,
    /// What the manifest tells of the options.
    pub told: serde_json::Value,
    /// What is to be noted.
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

    /// One whose fingerprint is not made of files.
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
        // What was unpacked lies in the work folder: it is no part of the store.
        let manifest = self.make(&work).map_err(|error| match &unpacked {
            // A file that is written to looks damaged, or as if it were in disorder.
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
        // Of what is made on the way the first source has said so.
        if self.options.made.is_empty() {
            self.notes.extend(metadata::missing(&self.source));
        }
        check_dataset(&self.source)?;
        let splits = splits(&self.source)?;
        check_names(self.options, &self.source)?;
        let columns = Columns::unify(&self.source, self.options, &mut self.notes)?;
        // A sorted copy lies in the work folder, too, and goes with this.
        let ordered = self.ordered(work, columns)?;
        let narrowed = match &self.options.narrow {
            Some(store) => {
                let mut gone = subjects(store)?;
                for patient in &ordered.survey.patients {
                    gone.remove(&patient.id);
                }
                SomeSplits::new(&mut self.source, splits, work, |id| !gone.contains(&id))?
            }
            None => SomeSplits::none(splits),
        };
        let manifest = self.write(work, &ordered, narrowed.splits.as_ref())?;
        narrowed.finish()?;
        Ok(manifest)
    }

    /// The store that stands at the target and may be taken as it is; an error where it may not be replaced either.
    pub fn standing(&self, site: &Site) -> Result<Option<Manifest>> {
        let Some(standing) = site.existing()? else { return Ok(None) };
        // An index that nobody asked for is in nobody's way.
        let indexed = standing.has_index() || !self.options.index;
        let compared = || compared(self.options, &self.inputs, &standing.fingerprint, standing.times.as_deref(), self.progress);
        if self.options.reuse && indexed && compared()? {
            return Ok(Some(standing));
        }
        if !self.options.force && !self.options.reuse {
            return Err(store_exists(&self.options.store));
        }
        Ok(None)
    }

    /// Gives what was written its place.
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
        let pass = Pass { source, columns: &columns.list, groups, pieces, patients: &survey.patients, layout, targets: &targets };
        pass.run(self.progress)?;

        let at = code_column(columns);
        let memory = self.options.memory;
        let inverted = InvertedIndex { work, layout, column: at, patients: &survey.patients, id, memory };
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
            tables::checksum(work, &index_name(at), &frames(plan), &index::offset_sections(plan), self.progress)
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
            // In the source's order, and not the shards' (dense, then sparse): what is sparse among some patients only would else stand elsewhere in the
            // store that is made of theirs.
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

    /// The source in the store's order: as it is, or sorted into the work folder.
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
        // What the source's types and times were is told of the source, not of its sorted copy.
        let survey = Survey { truncated, ..survey };
        let list = sorted.columns.list.into_iter().zip(columns.list).map(|(s, c)| Column { source_type: c.source_type, ..s }).collect();
        let columns = Columns { list, subjects: sorted.columns.subjects };
        Ok(Ordered { sorted: Some((sorted.source, sorted.spill)), columns, groups, survey })
    }

    /// The source's files are still what was opened.
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

/// What the first pass over the values gives: where everything goes, and what is known of it.
pub struct LaidOut {
    /// The content id of the store.
    id: String,
    layout: Layout,
    pieces: Vec<Vec<Piece>>,
    /// Of each column events and patients by value, where they were counted.
    counts: Vec<Vec<(u64, u64)>>,
    /// Of each column.
    traits: Vec<Traits>,
}

impl LaidOut {
    /// The tables of codes, and the notes about them.
    pub fn codes(&self, source: &Source, columns: &Columns, notes: &mut Vec<Note>) -> Result<Codes> {
        let at = code_column(columns);
        let dictionary = self.layout.stored[at].dictionary.as_ref();
        let dictionary = dictionary.ok_or_else(|| Error::new(Code::Internal, "the codes have no dictionary"))?;
        codes::tables(source, dictionary.values.as_string(), &by_slot(&dictionary.entries, &self.counts[at]), notes)
    }
}

/// Measures every column, and says where everything goes: after this nothing in the source can stand against a conversion.
/// `id` makes the store's content id, beside the measuring: it hashes the source.
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
    // Segments are a small part of a shard, so that shards come out about as large as asked.
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
        // Where measuring failed, hashing stops: the error of the measuring is reported.
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
                        "subject {} has too much for one shard in column {:?}: 2^31-1 rows, elements or bytes of text and 3 GiB in all are the most. Leave the column out (--exclude {}).",
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
    // Rare and final: look for the first one only now.
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

/// A source whose rows stand in the store's order.
pub struct Ordered {
    /// A sorted copy, on disk as long as this lives; `None` where the source itself is in order.
    pub sorted: Option<(Source, Spill)>,
    /// Its columns.
    pub columns: Columns,
    /// Its row groups.
    pub groups: Vec<Group>,
    /// Its patients.
    pub survey: Survey,
}

/// A store inside the folders that are read would be read.
fn apart(options: &Options) -> Result<()> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let store = absolute(&options.store);
    let source = absolute(&options.source);
    if ["data", "metadata"].iter().any(|folder| store.starts_with(source.join(folder))) || source == store || source.starts_with(&store) {
        let message = "the store cannot be the source, hold it, or lie in its data or metadata folder. Choose another path.";
        return Err(Error::at(Code::InvalidArgument, &options.store, message));
    }
    Ok(())
}

/// A shard's file.
pub fn shard_name(index: usize) -> String {
    format!("shards/{index:05}.arrow")
}

/// Makes the shards' files, at their full length and empty.
fn create(work: &Path, layout: &Layout) -> Result<Vec<Arc<SharedFile>>> {
    let folder = work.join("shards");
    fs::create_dir(&folder).map_err(|e| Error::io(&folder, "write the store", &e))?;
    let create = |(index, shard): (usize, &Shard)| {
        let path: PathBuf = work.join(shard_name(index));
        let made = File::create(&path).and_then(|file| file.set_len(shard.file.bytes));
        made.map_err(|e| Error::io(&path, "write the store", &e))?;
        Ok(Arc::new(SharedFile::new(path)))
    };
    layout.shards.iter().enumerate().map(create).collect()
}

/// The patients of a store.
fn subjects(store: &Path) -> Result<HashSet<i64>> {
    let store = Store::open(store, false)?;
    let patients = Patients::of(store.patients()).map_err(|found| store.patients().corrupt(&found))?;
    Ok((0..store.manifest().counts.patients as usize).map(|row| patients.ids.i64(row)).collect())
}

/// Counts of codes by slot, from counts by the interner's number.
fn by_slot(entries: &Entries, counts: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let Entries::Texts(_, slots) = entries else { return Vec::new() };
    let mut sorted = vec![(0, 0); slots.len()];
    for (slot, count) in slots.iter().zip(counts) {
        sorted[*slot as usize - 1] = *count;
    }
    sorted
}

/// The parts of a file that say where everything is.
fn frames(file: &FilePlan) -> Vec<(u64, u64)> {
    file.frames.iter().map(|span| (span.offset, span.bytes)).collect()
}

/// Every buffer of offsets of a shard.
fn offset_sections(shard: &Shard) -> Vec<(u64, u64)> {
    fn below(node: &NodeBuffers, found: &mut Vec<(u64, u64)>) {
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
        coded: stored.dictionary.is_some(),
        dictionary: stored.dictionary.as_ref().map_or(0, |dictionary| arrow_array::Array::len(&dictionary.values) as u64),
        nulls: stored.nulls,
        nan: traits.nan,
        sentinel: traits.sentinel && words && stored.dictionary.is_none(),
        ascii: matches!(stored.data_type, D::Utf8) && traits.ascii,
    }
}

fn split_counts(splits: Option<&metadata::Splits>, ids: &[i64]) -> std::collections::BTreeMap<String, u64> {
    // A split whose subjects have no events is a split all the same.
    let mut counts: std::collections::BTreeMap<String, u64> =
        splits.iter().flat_map(|splits| splits.values()).map(|name| (name.clone(), 0)).collect();
    for split in ids.iter().filter_map(|id| splits?.get(id)) {
        *counts.entry(split.clone()).or_insert(0) += 1;
    }
    counts
}
