//! A store, opened.

use super::file::{File, corrupt, path_of};
use super::index::Index;
use super::inverted::Inverted;
use super::map::{Access, Scan};
use super::{REMEDY, arrow, check, shape};
use crate::error::{Code, Error, Result};
use crate::manifest::{self, ANCESTORS, CODES, MANIFEST, Manifest, ManifestError, PATIENTS, index_name};
use arrow_data::ArrayData;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A store whose files are all mapped: a replacement of the folder cannot reach it any more.
#[derive(Debug)]
pub struct Store {
    pub(super) root: PathBuf,
    pub(super) manifest: Manifest,
    text: String,
    pub(super) patients: File,
    pub(super) codes: File,
    /// Of stores that have one.
    ancestors: Option<File>,
    pub(super) shards: Vec<File>,
    pub(super) index: Index,
    /// The inverted index of each shard; none where the store has none.
    pub(super) inverted: Vec<File>,
    /// Shards that have passed the checks of their first touch.
    touched: Vec<AtomicBool>,
    /// The same of their inverted indexes.
    inverted_touched: Vec<AtomicBool>,
}

/// A store that is replaced while it is being opened is opened anew, this often. The gap between the two renames of a replacement is far shorter.
const ATTEMPTS: usize = 10;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

/// Patients of a scan are at least one of so many in their stretch of a shard, and have so many rows, where they are not half of the shard.
const SPARSE: u64 = 8;
const MANY: u64 = 1 << 16;

impl Store {
    /// Opens the store in a folder: checks the manifest, the index of patients and the table of codes wholly, and the shards' lengths, footers and
    /// store ids. With `verify` it checks every byte ([`Store::verify`]) and fails on the first problem.
    pub fn open(path: impl AsRef<Path>, verify: bool) -> Result<Self> {
        let root = path.as_ref();
        let store = Self::open_settled(root)?;
        if verify && let Some(problem) = store.verify(1, &crate::Progress::default())?.into_iter().next() {
            return Err(problem.into_error(root));
        }
        Ok(store)
    }

    fn open_settled(root: &Path) -> Result<Self> {
        let mut attempt = 1;
        loop {
            let seen = read_manifest(root);
            let error = match &seen {
                Ok(bytes) => match Self::map(root, bytes) {
                    Ok(store) => return Ok(store),
                    Err(error) => error,
                },
                Err(e) => no_manifest(root, e),
            };
            let (seen, now) = (seen.ok(), read_manifest(root).ok());
            let moving = seen != now || (now.is_none() && aside(root).is_some_and(|old| old.exists()));
            if !moving || attempt == ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
            std::thread::sleep(PAUSE);
        }
    }

    fn map(root: &Path, bytes: &[u8]) -> Result<Self> {
        let manifest = Manifest::from_bytes(bytes).map_err(|e| refused(root, e))?;
        let id = &manifest.id;
        let entry = |name: &str| {
            let found = manifest.files.iter().find(|file| file.path == name);
            found.ok_or_else(|| corrupt(&root.join(MANIFEST), &format!("does not list {name}")))
        };
        let patients = File::open(root, entry(PATIENTS)?, id, Access::Whole)?;
        let codes = File::open(root, entry(CODES)?, id, Access::Whole)?;
        let ancestors = manifest.files.iter().find(|file| file.path == ANCESTORS);
        let ancestors = ancestors.map(|entry| File::open(root, entry, id, Access::Whole)).transpose()?;
        let shards = manifest.shards.iter().map(|shard| File::open(root, &shard.file, id, Access::Places)).collect::<Result<Vec<_>>>()?;
        let index = |shard: usize| {
            let entry = manifest.index(shard);
            let entry = entry.ok_or_else(|| corrupt(&root.join(MANIFEST), &format!("lists an index, but not {}", index_name(shard))))?;
            File::open(root, entry, id, Access::Places)
        };
        let indexed = if manifest.has_index() { shards.len() } else { 0 };
        let inverted = (0..indexed).map(index).collect::<Result<Vec<_>>>()?;
        for other in manifest.files.iter().filter(|file| file.path != PATIENTS && file.path != CODES) {
            check_length(&path_of(root, other)?, other)?;
        }
        for file in [&patients, &codes] {
            file.check_crc()?;
            file.arrays().try_for_each(check::all_offsets).map_err(|found| file.corrupt(&found))?;
        }
        shape::codes(&codes.layout, &manifest).map_err(|found| codes.corrupt(&found))?;
        if let Some(file) = &ancestors {
            shape::ancestors(&file.layout).map_err(|found| file.corrupt(&found))?;
        }
        shape::patients(&patients.layout).map_err(|found| patients.corrupt(&found))?;
        for (i, shard) in shards.iter().enumerate() {
            shape::shard(&shard.layout, &manifest, i).map_err(|found| shard.corrupt(&found))?;
        }
        for (i, file) in inverted.iter().enumerate() {
            shape::inverted(&file.layout, &manifest, i).map_err(|found| file.corrupt(&found))?;
        }
        let index = Index::new(&patients, &manifest).map_err(|found| patients.corrupt(&found))?;
        let untouched = |files: &[File]| files.iter().map(|_| AtomicBool::new(false)).collect();
        let (touched, inverted_touched) = (untouched(&shards), untouched(&inverted));
        // The manifest has been read as JSON, which is text.
        let text = String::from_utf8_lossy(bytes).into_owned();
        Ok(Self {
            root: root.to_path_buf(),
            manifest,
            text,
            patients,
            codes,
            ancestors,
            shards,
            index,
            inverted,
            touched,
            inverted_touched,
        })
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The manifest's bytes: JSON.
    pub fn manifest_text(&self) -> &str {
        &self.text
    }

    /// patients.arrow, wholly checked.
    pub fn patients(&self) -> &File {
        &self.patients
    }

    /// The row of patients.arrow of each patient of a shard (of which there must be so many), in storage order.
    pub fn patient_rows(&self, shard: usize) -> &[u32] {
        self.index.rows(shard)
    }

    /// codes.arrow, wholly checked.
    pub fn codes(&self) -> &File {
        &self.codes
    }

    /// The codes above those of events that no event has, wholly checked by each call; `None` where the store has none.
    pub fn ancestors(&self) -> Result<Option<&File>> {
        let Some(file) = &self.ancestors else { return Ok(None) };
        file.check_crc()?;
        file.arrays().try_for_each(check::all_offsets).map_err(|found| file.corrupt(&found))?;
        Ok(Some(file))
    }

    /// A shard. The first call checks its subject ids and the offsets of its events and sparse columns, so that no read can reach another patient;
    /// a column's own offsets (of text, lists) want [`Store::check_offsets`], its values are as they are.
    pub fn shard(&self, shard: usize) -> Result<&File> {
        let file = self.shard_file(shard)?;
        // Two threads may both check: the result is the same.
        if !self.touched[shard].load(Relaxed) {
            check::shard(file, &self.patients, &self.index, shard).map_err(|found| file.corrupt(&found))?;
            self.touched[shard].store(true, Relaxed);
        }
        Ok(file)
    }

    /// The inverted index of a shard; `None` where the store was made without. The first call checks its offsets, and the shard as [`Store::shard`]
    /// does; patients and rows are checked as they are read.
    pub fn index(&self, shard: usize) -> Result<Option<Inverted<'_>>> {
        let events = self.shard(shard)?.array("events");
        let Some(file) = self.inverted.get(shard) else { return Ok(None) };
        let of = || Inverted::new(file, events.ok_or("has no events to belong to")?);
        let inverted = of().map_err(|found| file.corrupt(&found))?;
        if !self.inverted_touched[shard].load(Relaxed) {
            inverted.check().map_err(|found| file.corrupt(&found))?;
            self.inverted_touched[shard].store(true, Relaxed);
        }
        Ok(Some(inverted))
    }

    /// Checks the buffer of offsets that starts at this byte of a shard: its checksum, that it starts at 0, never falls, and ends inside what it cuts.
    pub fn check_offsets(&self, shard: usize, offset: u64) -> Result<()> {
        let file = self.shard_file(shard)?;
        let array = file.arrays().find_map(|array| check::find_offsets(array, offset));
        let array = array.ok_or_else(|| Error::at(Code::InvalidArgument, &file.path, format!("has no offsets at byte {offset}.")))?;
        check::section(file, array).map_err(|found| file.corrupt(&found))
    }

    /// A shard's record batch as a struct array over the mapping, for other native code: nothing is copied, and the array holds the mapping. As that
    /// code may rely on all that Arrow promises, everything but plain values is checked first: offsets, dictionary indexes, text, bitmaps.
    pub fn arrow(&self, shard: usize) -> Result<ArrayData> {
        let file = self.shard(shard)?;
        check::sections(file).and_then(|()| arrow::batch(file)).map_err(|found| file.corrupt(&found))
    }

    /// The shards whose patients at some slots (ascending; all slots where there are none) are worth a scan: they lie close together, and are many or
    /// most of the shard's. Single pages are read about eight times as slowly as a file in order.
    pub fn dense(&self, slots: Option<&[u32]>) -> Vec<usize> {
        let mut base = 0;
        let shards = self.manifest.shards.iter().enumerate().filter(|(_, about)| {
            let range = base..base + about.patients;
            base = range.end;
            let Some(slots) = slots else { return true };
            let below = |end: u64| slots.partition_point(|slot| u64::from(*slot) < end);
            let own = &slots[below(range.start)..below(range.end)];
            let (Some(first), Some(last)) = (own.first(), own.last()) else { return false };
            let span = u64::from(last - first) + 1;
            let rows = about.events.saturating_mul(own.len() as u64) / about.patients.max(1);
            own.len() as u64 * SPARSE >= span && (rows >= MANY || 2 * span >= about.patients)
        });
        shards.map(|(shard, _)| shard).collect()
    }

    /// Scans of some shards, until they are dropped; a shard that is none is left out.
    pub fn scan(&self, shards: impl IntoIterator<Item = usize>) -> Vec<Scan> {
        shards.into_iter().filter_map(|shard| self.shards.get(shard)).map(|file| file.map.scan()).collect()
    }

    fn shard_file(&self, shard: usize) -> Result<&File> {
        let missing =
            || Error::at(Code::InvalidArgument, &self.root, format!("has {} shards; shard {shard} was asked for.", self.shards.len()));
        self.shards.get(shard).ok_or_else(missing)
    }
}

fn read_manifest(root: &Path) -> io::Result<Vec<u8>> {
    let path = root.join(MANIFEST);
    // Asked before opening: opening a pipe would wait for its writer.
    if !std::fs::metadata(&path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    std::fs::read(path)
}

/// Where a replacement of the store puts the old one before it renames the new one into its place.
fn aside(root: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(root).ok()?;
    // A replacement happens beside what a link leads to.
    let whole = std::fs::read_link(&whole).map_or(whole.clone(), |to| whole.with_file_name("").join(to));
    let name = whole.file_name()?.to_str()?;
    Some(whole.with_file_name(format!(".{name}.old")))
}

/// Why there is no manifest to read.
fn no_manifest(root: &Path, error: &io::Error) -> Error {
    let manifest = root.join(MANIFEST);
    match std::fs::metadata(root) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let old = aside(root).filter(|old| old.exists());
            let remedy = match old {
                Some(old) => format!(
                    "a replacement was interrupted: the whole old store is {}. Rename it back, or convert the source again",
                    old.display()
                ),
                None => "check the path, or convert a source to it first (meds-reader convert SOURCE STORE)".into(),
            };
            Error::at(Code::NotFound, root, format!("there is no such folder; {remedy}."))
        }
        Err(e) => Error::io(root, "look at the store's folder", &e),
        Ok(found) if !found.is_dir() => {
            Error::at(Code::NotAStore, root, "is a file; a store is a folder. Convert a source first (meds-reader convert SOURCE STORE).")
        }
        Ok(_) if error.kind() != io::ErrorKind::NotFound => Error::io(manifest, "read the store's manifest", error),
        Ok(_) if is_source(root) => Error::at(
            Code::NotAStore,
            root,
            "is a MEDS source, not a store: convert it first (meds-reader convert SOURCE STORE, or PatientDatabase.from(SOURCE)).",
        ),
        Ok(_) => Error::at(
            Code::NotAStore,
            root,
            format!(
                "has no {MANIFEST}: it is no store, or its conversion was interrupted. Convert a source first (meds-reader convert SOURCE STORE)."
            ),
        ),
    }
}

/// Does the folder look like MEDS data that nobody has converted?
fn is_source(root: &Path) -> bool {
    let parquet = |entry: std::fs::DirEntry| entry.path().extension().is_some_and(|ext| ext == "parquet");
    root.join("data").is_dir()
        || root.join("metadata").join("dataset.json").exists()
        || std::fs::read_dir(root).is_ok_and(|entries| entries.flatten().any(parquet))
}

/// Why a manifest was refused.
fn refused(root: &Path, error: ManifestError) -> Error {
    let path = root.join(MANIFEST);
    match error {
        ManifestError::Foreign => Error::at(
            Code::NotAStore,
            path,
            "is not the manifest of a store. Give the path of a store, or convert a source first (meds-reader convert SOURCE STORE).",
        ),
        ManifestError::Newer(version) => Error::at(
            Code::StoreVersion,
            path,
            format!(
                "has format version {version}; this build reads up to {}. Update meds-reader, or convert the source again with this version (--force).",
                manifest::VERSION
            ),
        ),
        ManifestError::Damaged(what) => Error::at(Code::Corrupt, path, format!("the manifest {what}. {REMEDY}")),
    }
}

/// Files that are not mapped must at least be there.
fn check_length(path: &Path, entry: &manifest::File) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() == entry.bytes => Ok(()),
        Ok(found) => Err(corrupt(path, &format!("has {} bytes where the store's manifest says {}", found.len(), entry.bytes))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(corrupt(path, "is listed in the store's manifest but missing")),
        Err(e) => Err(Error::io(path, "look at a file of the store", &e)),
    }
}
