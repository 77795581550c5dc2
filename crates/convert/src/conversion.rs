//! A conversion from start to end.

use crate::current::is_made_from;
use crate::first_pass::{FirstPass, code_column, first_pass};
use crate::manifest;
use crate::options::{Options, Summary};
use crate::order::Ordered;
use crate::plan::layout::Layout;
use crate::plan::survey::truncated_note;
use crate::source::column::Columns;
use crate::source::digest::hex;
use crate::source::files::Source;
use crate::source::fingerprint::{Inputs, OnBytes};
use crate::source::metadata::{self, Splits, check_dataset, split_notes};
use crate::source::schema::check_names;
use crate::threads::pool;
use crate::write::codes::Codes;
use crate::write::file::SharedFile;
use crate::write::index::InvertedIndex;
use crate::write::pass::Pass;
use crate::write::site::{Site, store_exists};
use crate::write::splits::SomeSplits;
use crate::write::tables;
use meds_store::manifest::{ANCESTORS, CODES, FORMAT, MANIFEST, Manifest, Note, PATIENTS, VERSION, shard_name};
use meds_store::progress::Phase;
use meds_store::read::Patients;
use meds_store::write::FilePlan;
use meds_store::{Code, Error, Progress, Result, Store};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Converts a source to a store.
pub fn convert(options: &Options, progress: &Progress) -> Result<Summary> {
    let start = Instant::now();
    options.check()?;
    pool(options.threads(), || Conversion::open(options, progress)?.run(start))
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
    pub inputs: Inputs,
    /// The fingerprint of these files and the options; set once the files are hashed.
    fingerprint: OnceLock<String>,
    /// The options in the manifest.
    manifest_options: serde_json::Value,
    /// The notes so far.
    notes: Vec<Note>,
}

impl<'a> Conversion<'a> {
    pub fn open(options: &'a Options, progress: &'a Progress) -> Result<Self> {
        progress.enter(Phase::Plan, 0, 0);
        apart(options)?;
        let mut source = Source::open(&options.source)?;
        let inputs = source.inputs(&options.source)?;
        let mut notes = options.provenance.notes.clone();
        notes.append(&mut source.notes);
        let manifest_options = options.for_manifest();
        Ok(Self { options, progress, source, inputs, fingerprint: OnceLock::new(), manifest_options, notes })
    }

    /// A conversion whose fingerprint does not come from files.
    pub fn with_fingerprint(
        options: &'a Options,
        progress: &'a Progress,
        source: Source,
        fingerprint: String,
        manifest_options: serde_json::Value,
        notes: Vec<Note>,
    ) -> Self {
        Self { options, progress, source, inputs: Inputs::default(), fingerprint: fingerprint.into(), manifest_options, notes }
    }

    /// Takes the fingerprint that another process has made.
    pub fn set_fingerprint(&self, fingerprint: &str) {
        let _ = self.fingerprint.set(fingerprint.to_string());
    }

    /// The fingerprint of the files and the options.
    pub fn fingerprint(&self, on_bytes: OnBytes) -> Result<&str> {
        if self.fingerprint.get().is_none() {
            let options = self.options.for_fingerprint().to_string();
            let made = self.inputs.fingerprint(&options, self.options.hashes.as_deref(), on_bytes)?;
            return Ok(self.fingerprint.get_or_init(|| made));
        }
        Ok(self.fingerprint.get().map_or("", String::as_str))
    }

    fn run(mut self, start: Instant) -> Result<Summary> {
        let site = Site::lock(&self.options.store, self.progress)?;
        if let Some(existing) = self.existing(&site)? {
            return Ok(self.summary(&existing, true, start, 0.0));
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
        self.check_unchanged()?;
        self.publish(&site, &manifest, start)
    }

    /// Makes the store in the work folder.
    fn make(&mut self, work: &Path) -> Result<Manifest> {
        let (splits, columns) = self.look()?;
        // A sorted copy is also in the work folder, and is removed with this value.
        let ordered = Ordered::open(&self.source, columns, self.options, work, &mut self.notes, self.progress)?;
        let narrowed = match &self.options.provenance.narrow {
            Some(store) => {
                let mut left_out = subjects(store)?;
                for patient in &ordered.survey.patients {
                    left_out.remove(&patient.id);
                }
                SomeSplits::new(&mut self.source, splits, work, |id| !left_out.contains(&id))?
            }
            None => SomeSplits::none(splits),
        };
        let manifest = self.write(work, &ordered, narrowed.splits.as_ref())?;
        narrowed.finish()?;
        Ok(manifest)
    }

    /// Reads the metadata and the schemas.
    pub fn look(&mut self) -> Result<(Option<Splits>, Columns)> {
        self.notes.append(&mut self.source.notes);
        // For a source that an importer made, the notes of the original source already say this.
        if self.options.provenance.made.is_empty() {
            self.notes.extend(metadata::missing(&self.source));
        }
        check_dataset(&self.source)?;
        let splits = metadata::splits(&self.source)?;
        check_names(self.options.wanted(), &self.source)?;
        let columns = Columns::unify(&self.source, self.options.wanted(), &mut self.notes)?;
        Ok((splits, columns))
    }

    /// The existing store at the target, if it can be reused. An error if it can neither be reused nor
    /// replaced.
    pub fn existing(&self, site: &Site) -> Result<Option<Manifest>> {
        let Some(existing) = site.existing()? else { return Ok(None) };
        // An index that was not requested does no harm.
        let indexed = existing.has_index() || !self.options.index;
        let times = existing.times.as_deref();
        let current = || is_made_from(&self.inputs, self.options, &existing.fingerprint, times, self.progress);
        if self.options.reuse && indexed && current()? {
            return Ok(Some(existing));
        }
        if !self.options.force && !self.options.reuse {
            return Err(store_exists(&self.options.store));
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
    pub fn write(&mut self, work: &Path, ordered: &Ordered, splits: Option<&Splits>) -> Result<Manifest> {
        let pass = self.first_pass(ordered)?;
        let written = self.write_shards(work, ordered, &pass, 0..pass.layout.shards.len())?;
        self.complete(work, ordered, &pass, written, splits)
    }

    fn first_pass(&self, ordered: &Ordered) -> Result<FirstPass> {
        let Ordered { columns, groups, survey, .. } = ordered;
        let id = |on_bytes: OnBytes| Ok(content_id(self.fingerprint(on_bytes)?));
        first_pass(ordered.source(&self.source), columns, groups, survey, self.options.shard_bytes, &id, self.progress)
    }

    /// Writes some shards and their indexes, and reads them back for their checksums.
    pub fn write_shards(&self, work: &Path, ordered: &Ordered, pass: &FirstPass, shards: Range<usize>) -> Result<Written> {
        let source = ordered.source(&self.source);
        let (columns, layout) = (&ordered.columns.list, &pass.layout);
        let targets = create(work, layout, shards.clone())?;
        // The index counts as one more column.
        let written = columns.len() + usize::from(self.options.index);
        self.progress.enter_cells(Phase::Write, ordered.rows(), written as u64, source.bytes());
        let (groups, pieces, patients) = (&ordered.groups, &pass.pieces, &ordered.survey.patients);
        Pass { source, columns, groups, pieces, patients, layout, shards: shards.clone(), targets: &targets }.run(self.progress)?;
        let plans = self.write_indexes(work, ordered, pass, shards.clone())?;
        let bytes = layout.shards[shards.clone()].iter().map(|s| s.file.bytes).chain(plans.iter().map(|plan| plan.bytes)).sum();
        self.progress.enter(Phase::Check, 0, bytes);
        let entries = manifest::shards(work, layout, shards.clone(), self.progress)?;
        Ok(Written { shards: entries, indexes: manifest::indexes(work, shards, &plans, self.progress)? })
    }

    /// Writes the inverted indexes, if they are requested. They are made from the written shards.
    fn write_indexes(&self, work: &Path, ordered: &Ordered, pass: &FirstPass, shards: Range<usize>) -> Result<Vec<FilePlan>> {
        if !self.options.index {
            return Ok(Vec::new());
        }
        let (column, patients) = (code_column(&ordered.columns), &ordered.survey.patients);
        let index = InvertedIndex { work, layout: &pass.layout, column, patients, id: &pass.id, memory: self.options.memory };
        index.write(shards, self.progress)
    }

    /// Writes what is beside the shards: the tables, the metadata and the manifest.
    pub fn complete(
        &mut self,
        work: &Path,
        ordered: &Ordered,
        pass: &FirstPass,
        written: Written,
        splits: Option<&Splits>,
    ) -> Result<Manifest> {
        self.notes.extend(truncated_note(ordered.survey.truncated));
        let codes = pass.codes(&self.source, &ordered.columns, &mut self.notes)?;
        self.write_tables(work, ordered, pass, &codes, splits)?;
        metadata::copy(&self.source, work)?;
        if let Some(splits) = splits {
            split_notes(splits, &ordered.ids(), &mut self.notes);
        }
        let manifest = self.manifest(work, ordered, pass, written, &codes, splits)?;
        let path = work.join(MANIFEST);
        fs::write(&path, manifest.to_bytes()).map_err(|e| Error::io(&path, "write the store", &e))?;
        Ok(manifest)
    }

    fn write_tables(&self, work: &Path, ordered: &Ordered, pass: &FirstPass, codes: &Codes, splits: Option<&Splits>) -> Result<()> {
        tables::write(&work.join(CODES), &codes.used, &pass.id)?;
        if let Some(ancestors) = &codes.ancestors {
            tables::write(&work.join(ANCESTORS), ancestors, &pass.id)?;
        }
        let patients = tables::patients(&ordered.survey.patients, &pass.layout, splits)?;
        tables::write(&work.join(PATIENTS), &patients, &pass.id)
    }

    fn manifest(
        &self,
        work: &Path,
        ordered: &Ordered,
        pass: &FirstPass,
        Written { shards, indexes }: Written,
        codes: &Codes,
        splits: Option<&Splits>,
    ) -> Result<Manifest> {
        let (layout, columns) = (&pass.layout, &ordered.columns.list);
        let mut names = vec![CODES.to_string(), PATIENTS.to_string()];
        names.extend(codes.ancestors.iter().map(|_| ANCESTORS.to_string()));
        names.extend(self.source.metadata.iter().map(|(name, _)| format!("metadata/{name}")));
        let mut files = manifest::files(work, &names, self.progress)?;
        files.extend(indexes);
        let types = &self.options.provenance.types;
        Ok(Manifest {
            format: FORMAT.into(),
            version: VERSION,
            id: pass.id.clone(),
            fingerprint: self.fingerprint(&|_| Ok(()))?.to_string(),
            times: self.times(),
            options: self.manifest_options.clone(),
            // In the order of the source, not of the shards (dense, then sparse). Otherwise a column that is
            // sparse only among some patients would have another position in a store of these patients.
            columns: (0..columns.len()).map(|at| manifest::column(&columns[at], &layout.stored[at], pass.facts[at], types)).collect(),
            counts: manifest::counts(ordered, layout, codes.used.num_rows() as u64 - 1),
            splits: manifest::split_counts(splits, &ordered.ids()),
            notes: self.notes.clone(),
            shards,
            files,
        })
    }

    /// Fails if the files of the source are not those that were opened.
    fn check_unchanged(&self) -> Result<()> {
        let source = &self.options.source;
        let now = Source::open(source)?.inputs(source)?;
        match self.inputs.unchanged(&now, self.options.hashes.as_deref(), &|_| self.progress.check())? {
            true => Ok(()),
            false => Err(self.changed()),
        }
    }

    fn changed(&self) -> Error {
        let message = "The source changed during the conversion. Retry when nothing is writing to it.";
        Error::at(Code::SourceChanged, &self.options.source, message)
    }

    /// The digest of times that the manifest keeps.
    fn times(&self) -> Option<String> {
        let own = || self.options.trust_times.then(|| self.inputs.times(&self.options.for_fingerprint().to_string()));
        self.options.provenance.times.clone().or_else(own)
    }

    pub fn summary(&self, manifest: &Manifest, reused: bool, start: Instant, fsync: f64) -> Summary {
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

/// The content id of a store.
pub fn content_id(fingerprint: &str) -> String {
    hex(&Sha256::digest(format!("{FORMAT} {VERSION} {fingerprint}")))
}

/// Shards that were written: their entries in the manifest.
#[derive(Deserialize, Serialize)]
pub struct Written {
    /// Those of the shards.
    pub shards: Vec<meds_store::manifest::Shard>,
    /// Those of their indexes.
    pub indexes: Vec<meds_store::manifest::File>,
}

impl Written {
    /// The entries of all files.
    pub fn files(&self) -> impl Iterator<Item = &meds_store::manifest::File> {
        self.shards.iter().map(|shard| &shard.file).chain(&self.indexes)
    }
}

/// Creates the files of some shards with their full length and without content.
fn create(work: &Path, layout: &Layout, shards: Range<usize>) -> Result<Vec<Arc<SharedFile>>> {
    let folder = work.join("shards");
    fs::create_dir(&folder).map_err(|e| Error::io(&folder, "write the store", &e))?;
    let create = |at: usize| {
        let path: PathBuf = work.join(shard_name(at));
        let made = File::create(&path).and_then(|file| file.set_len(layout.shards[at].file.bytes));
        made.map_err(|e| Error::io(&path, "write the store", &e))?;
        Ok(Arc::new(SharedFile::new(path)))
    };
    shards.map(create).collect()
}

/// The subject ids of a store.
fn subjects(store: &Path) -> Result<HashSet<i64>> {
    let store = Store::open(store, false)?;
    let patients = Patients::of(store.patients()).map_err(|found| store.patients().corrupt(&found))?;
    Ok((0..store.manifest().counts.patients as usize).map(|row| patients.ids.i64(row)).collect())
}
