//! An open store.

use super::file::{File, corrupt, path_of};
use super::index::InvertedIndex;
use super::map::{Access, Mapping, Scan};
use super::patients::StorageOrder;
use super::{REMEDY, arrow, check, shape};
use crate::error::{Code, Error, Result};
use crate::manifest::{self, ANCESTORS, CODES, MANIFEST, Manifest, ManifestError, PATIENTS, index_name};
use arrow_data::ArrayData;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A store whose files are all mapped, so it stays the same when the folder is replaced.
#[derive(Debug)]
pub struct Store {
    pub(super) root: PathBuf,
    pub(super) manifest: Manifest,
    text: String,
    pub(super) patients: File,
    pub(super) codes: File,
    /// `None` where the store does not have the file.
    pub(super) ancestors: Option<File>,
    pub(super) shards: Vec<File>,
    pub(super) order: StorageOrder,
    /// The inverted index of each shard. Empty where the store was made without it.
    pub(super) inverted: Vec<File>,
    /// Whether each shard has passed its checks.
    touched: Vec<AtomicBool>,
    /// Whether the inverted index of each shard has passed its checks.
    inverted_touched: Vec<AtomicBool>,
}

/// How often a store is opened again that is replaced while it is opened. The time between the two renames of
/// a replacement is far shorter than all these attempts.
const ATTEMPTS: usize = 10;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

/// Patients are worth a scan if they are at least one in `SPARSE` of their range of a shard, and have at
/// least `MANY` rows or are at least half of the shard.
const SPARSE: u64 = 8;
const MANY: u64 = 1 << 16;

impl Store {
    /// Opens the store in a folder. This checks all of the manifest, patients.arrow and codes.arrow, and the
    /// shards' lengths, footers and content ids. With `verify` it also checks every byte ([`Store::verify`])
    /// and fails on the first problem.
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
            found.ok_or_else(|| corrupt(&root.join(MANIFEST), &format!("does not list the file {name}")))
        };
        let patients = File::open(root, entry(PATIENTS)?, id, Access::Whole)?;
        let codes = File::open(root, entry(CODES)?, id, Access::Whole)?;
        let ancestors = manifest.files.iter().find(|file| file.path == ANCESTORS);
        let ancestors = ancestors.map(|entry| File::open(root, entry, id, Access::Whole)).transpose()?;
        let shards = manifest.shards.iter().map(|shard| File::open(root, &shard.file, id, Access::Places)).collect::<Result<Vec<_>>>()?;
        let index = |shard: usize| {
            let entry = manifest.index(shard);
            let entry = entry.ok_or_else(|| {
                corrupt(&root.join(MANIFEST), &format!("lists an inverted index, but not its file {}", index_name(shard)))
            })?;
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
            shape::index(&file.layout, &manifest, i).map_err(|found| file.corrupt(&found))?;
        }
        let order = StorageOrder::new(&patients, &manifest).map_err(|found| patients.corrupt(&found))?;
        // All of it was read for the checks. With millions of patients, few rows are read again soon.
        patients.map.forget();
        let untouched = |files: &[File]| files.iter().map(|_| AtomicBool::new(false)).collect();
        let (touched, inverted_touched) = (untouched(&shards), untouched(&inverted));
        // The manifest was read as JSON, so it is UTF-8 text.
        let text = String::from_utf8_lossy(bytes).into_owned();
        Ok(Self {
            root: root.to_path_buf(),
            manifest,
            text,
            patients,
            codes,
            ancestors,
            shards,
            order,
            inverted,
            touched,
            inverted_touched,
        })
    }

    /// The store's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The manifest as JSON.
    pub fn manifest_text(&self) -> &str {
        &self.text
    }

    /// patients.arrow. All of it is checked.
    pub fn patients(&self) -> &File {
        &self.patients
    }

    /// The row of patients.arrow for each patient of a shard, in storage order. Panics for a shard that does
    /// not exist.
    pub fn patient_rows(&self, shard: usize) -> &[u32] {
        self.order.rows(shard)
    }

    /// codes.arrow. All of it is checked.
    pub fn codes(&self) -> &File {
        &self.codes
    }

    /// ancestors.arrow: the codes without events that are ancestors of codes with events. Every call checks
    /// all of it. `None` where the store does not have the file.
    pub fn ancestors(&self) -> Result<Option<&File>> {
        let Some(file) = &self.ancestors else { return Ok(None) };
        file.check_crc()?;
        file.arrays().try_for_each(check::all_offsets).map_err(|found| file.corrupt(&found))?;
        Ok(Some(file))
    }

    /// A shard. The first call checks its subject ids and the offsets of its events and sparse columns, so
    /// that no read can reach another patient. A column's own offsets (of text, lists) require
    /// [`Store::check_offsets`]. Values are not checked.
    pub fn shard(&self, shard: usize) -> Result<&File> {
        let file = self.shard_file(shard)?;
        // Two threads may both run the check. The result is the same.
        if !self.touched[shard].load(Relaxed) {
            check::shard(file, &self.patients, &self.order, shard).map_err(|found| file.corrupt(&found))?;
            self.touched[shard].store(true, Relaxed);
        }
        Ok(file)
    }

    /// The inverted index of a shard; `None` where the store was made without it. The first call checks its
    /// offsets, and the shard as [`Store::shard`] does. Patients and rows are checked by each read.
    pub fn index(&self, shard: usize) -> Result<Option<InvertedIndex<'_>>> {
        let events = self.shard(shard)?.array("events");
        let Some(file) = self.inverted.get(shard) else { return Ok(None) };
        let of = || InvertedIndex::new(file, events.ok_or("belongs to a shard without column \"events\"")?);
        let inverted = of().map_err(|found| file.corrupt(&found))?;
        if !self.inverted_touched[shard].load(Relaxed) {
            inverted.check().map_err(|found| file.corrupt(&found))?;
            self.inverted_touched[shard].store(true, Relaxed);
        }
        Ok(Some(inverted))
    }

    /// Checks the buffer of offsets that starts at this byte of a shard: its checksum, and that the offsets
    /// start at 0, never decrease, and end inside the values that they cut.
    pub fn check_offsets(&self, shard: usize, offset: u64) -> Result<()> {
        let file = self.shard_file(shard)?;
        let array = file.arrays().find_map(|array| check::find_offsets(array, offset));
        let array = array
            .ok_or_else(|| Error::at(Code::InvalidArgument, &file.path, format!("does not have a buffer of offsets at byte {offset}.")))?;
        check::section(file, array).map_err(|found| file.corrupt(&found))
    }

    /// A shard's record batch as a struct array over the mapping, for other native code. Nothing is copied,
    /// and the array keeps the mapping alive. Because that code can rely on everything that Arrow guarantees,
    /// this first checks everything except plain values: offsets, dictionary indexes, text and bitmaps.
    pub fn arrow(&self, shard: usize) -> Result<ArrayData> {
        let file = self.shard(shard)?;
        check::sections(file).and_then(|()| arrow::batch(file)).map_err(|found| file.corrupt(&found))
    }

    /// The shards that are worth a scan for the patients at these slots (ascending; `None` means all slots):
    /// the patients are close together, and they are many or most of the shard's. Reading single pages is
    /// about eight times as slow as reading a file in order.
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

    /// Starts scans of shards, which last until they are dropped. Shards that do not exist are ignored.
    pub fn scan(&self, shards: impl IntoIterator<Item = usize>) -> Vec<Scan> {
        shards.into_iter().filter_map(|shard| self.shards.get(shard)).map(|file| file.map.scan()).collect()
    }

    /// Whether times, codes and values of some rows of a shard (`None`: all) are not in memory, as far as a
    /// sample shows: the columns that every program reads. False where the system does not say, and for a shard
    /// that does not exist.
    pub fn is_cold(&self, shard: usize, rows: Option<Range<usize>>) -> bool {
        let Some(file) = self.shards.get(shard) else { return false };
        let events = file.array("events").map(|events| events.child(0));
        let column = |name| {
            let array = events.as_ref()?.named(name)?;
            let (span, count) = (array.node.data?, array.len().max(1));
            let rows = rows.clone().unwrap_or(0..count);
            let byte = |row: usize| (span.offset + span.bytes * row.min(count) as u64 / count as u64) as usize;
            Some(byte(rows.start)..byte(rows.end))
        };
        file.map.is_cold(&["time", "code", "numeric_value"].into_iter().filter_map(column).collect::<Vec<_>>())
    }

    /// The mapping of a shard. Panics for a shard that does not exist.
    pub fn map_of(&self, shard: usize) -> &Mapping {
        &self.shards[shard].map
    }

    fn shard_file(&self, shard: usize) -> Result<&File> {
        let missing =
            || Error::at(Code::InvalidArgument, &self.root, format!("has {} shards. Shard {shard} does not exist.", self.shards.len()));
        self.shards.get(shard).ok_or_else(missing)
    }
}

fn read_manifest(root: &Path) -> io::Result<Vec<u8>> {
    let path = root.join(MANIFEST);
    // Checked before opening, because opening a pipe waits for its writer.
    if !std::fs::metadata(&path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    std::fs::read(path)
}

/// The path of the old store during a replacement: it is renamed to this path before the new store takes its
/// place.
fn aside(root: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(root).ok()?;
    // For a link, the replacement happens beside its target.
    let whole = std::fs::read_link(&whole).map_or(whole.clone(), |to| whole.with_file_name("").join(to));
    let name = whole.file_name()?.to_str()?;
    Some(whole.with_file_name(format!(".{name}.old")))
}

/// The error for a manifest that cannot be read.
fn no_manifest(root: &Path, error: &io::Error) -> Error {
    let manifest = root.join(MANIFEST);
    match std::fs::metadata(root) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let old = aside(root).filter(|old| old.exists());
            let remedy = match old {
                Some(old) => format!(
                    "A replacement of the store was interrupted: the complete old store is {}. Rename it back, or convert the source again",
                    old.display()
                ),
                None => "Check the path, or convert a source to it first (meds-reader convert SOURCE STORE)".into(),
            };
            Error::at(Code::NotFound, root, format!("the folder does not exist. {remedy}."))
        }
        Err(e) => Error::io(root, "open the store's folder", &e),
        Ok(found) if !found.is_dir() => Error::at(
            Code::NotAStore,
            root,
            "is a file, but a store is a folder. Check the path, or convert a source first (meds-reader convert SOURCE STORE).",
        ),
        Ok(_) if error.kind() != io::ErrorKind::NotFound => Error::io(manifest, "read the store's manifest", error),
        Ok(_) if is_source(root) => Error::at(
            Code::NotAStore,
            root,
            "is a MEDS source, not a store. To convert it first, use meds-reader convert SOURCE STORE or PatientDatabase.from(SOURCE).",
        ),
        Ok(_) => Error::at(
            Code::NotAStore,
            root,
            format!(
                "does not contain {MANIFEST}. It is not a store, or its conversion was interrupted. Convert a source first (meds-reader convert SOURCE STORE)."
            ),
        ),
    }
}

/// Whether the folder looks like MEDS data that are not converted.
fn is_source(root: &Path) -> bool {
    let parquet = |entry: std::fs::DirEntry| entry.path().extension().is_some_and(|ext| ext == "parquet");
    root.join("data").is_dir()
        || root.join("metadata").join("dataset.json").exists()
        || std::fs::read_dir(root).is_ok_and(|entries| entries.flatten().any(parquet))
}

/// The error for a manifest that was refused.
fn refused(root: &Path, error: ManifestError) -> Error {
    let path = root.join(MANIFEST);
    match error {
        ManifestError::Foreign => Error::at(
            Code::NotAStore,
            path,
            "is not the manifest of a store. Use the path of a store, or convert a source first (meds-reader convert SOURCE STORE).",
        ),
        ManifestError::Newer(version) => Error::at(
            Code::StoreVersion,
            path,
            format!(
                "has format version {version}, but this version of meds-reader reads versions up to {}. Update meds-reader, or convert the source again with this version and `force` (--force).",
                manifest::VERSION
            ),
        ),
        ManifestError::Damaged(what) => Error::at(Code::Corrupt, path, format!("the manifest {what}. {REMEDY}")),
    }
}

/// Checks the length of a file that is not mapped.
fn check_length(path: &Path, entry: &manifest::File) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() == entry.bytes => Ok(()),
        Ok(found) => Err(corrupt(path, &format!("has {} bytes, but the store's manifest says {}", found.len(), entry.bytes))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(corrupt(path, "is listed in the store's manifest, but it is missing")),
        Err(e) => Err(Error::io(path, "read the size of a file of the store", &e)),
    }
}
