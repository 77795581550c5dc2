//! The options of a conversion, and its summary.

use crate::source::column::Wanted;
use crate::threads;
use meds_store::manifest::{Note, VERSION};
use meds_store::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::PathBuf;

/// The options of a conversion. Only `source` and `store` are required.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Options {
    /// A MEDS folder (`data/**/*.parquet`, `metadata/`) or a single Parquet file.
    pub source: PathBuf,
    /// The folder to write.
    pub store: PathBuf,
    /// Keep only these columns (subject_id, time and code are always kept).
    pub columns: Option<Vec<String>>,
    /// Leave these columns out.
    pub exclude: Vec<String>,
    /// Merge the rows of scattered subjects, and sort times that are out of order, instead of refusing them.
    pub repair: bool,
    /// Replace an existing store.
    pub force: bool,
    /// Return the existing store if it was made from exactly this source with these options. Otherwise
    /// replace it.
    pub reuse: bool,
    /// Threads; 0 = one per core.
    pub threads: usize,
    /// Bytes of memory that the conversion should not exceed.
    pub memory: u64,
    /// Approximate bytes of a shard.
    pub shard_bytes: u64,
    /// Also write an inverted index: for each code, the patients that have it, and their rows.
    pub index: bool,
    /// Where `repair` writes temporary files; the folder of the target by default.
    pub temp: Option<PathBuf>,
    /// Where hashes of files are remembered, so that unchanged files are not read again; nowhere by default.
    pub hashes: Option<PathBuf>,
    /// Accept an existing store if the names, sizes and modification times of the source's files match, and
    /// keep a digest of these in the manifest.
    pub trust_times: bool,
    /// Where the source comes from, if another program or operation made it.
    pub provenance: Provenance,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source: PathBuf::new(),
            store: PathBuf::new(),
            columns: None,
            exclude: Vec::new(),
            repair: false,
            force: false,
            reuse: false,
            threads: 0,
            memory: 512 << 20,
            shard_bytes: 512 << 20,
            index: false,
            temp: None,
            hashes: None,
            trust_times: false,
            provenance: Provenance::default(),
        }
    }
}

/// Where a source comes from, if an importer or a transform made it for this conversion.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Provenance {
    /// The digest of names, sizes and modification times of the files that an importer read.
    pub times: Option<String>,
    /// What was skipped or changed when the source was made. The store keeps these notes with its own.
    pub notes: Vec<Note>,
    /// The store that the source was made from. Patients of it that are missing now were left out on purpose,
    /// and are removed from the splits too.
    pub narrow: Option<PathBuf>,
    /// Names of the columns' original types, if the source was made from a store, which has types of its own.
    pub types: HashMap<String, String>,
    /// How, and from what, the source was made: entries for the manifest's options.
    pub made: serde_json::Map<String, serde_json::Value>,
}

impl Options {
    /// Refuses values that are out of range.
    pub fn check(&self) -> Result<()> {
        let invalid = |message: String| Err(Error::new(Code::InvalidArgument, message));
        if !(1 << 10..=2 << 30).contains(&self.shard_bytes) {
            return invalid(format!(
                "{} bytes are not a possible size of a shard (`shardBytes`, --shard-bytes). Use 1 KiB to 2 GiB.",
                self.shard_bytes
            ));
        }
        if self.memory < 64 << 20 {
            return invalid(format!("`memory` (--memory) is {} (bytes). It must be 64 MiB or more.", self.memory));
        }
        threads::check(self.threads)
    }

    /// The threads that the memory allows.
    pub fn threads(&self) -> usize {
        threads::within(self.memory, self.threads)
    }

    /// The requested columns.
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted { columns: self.columns.as_deref(), exclude: &self.exclude }
    }

    /// The options that decide the content of a source's store, and therefore whether an existing store is
    /// current. `repair` is not one of them: without it, a source that is out of order has no store, and a
    /// source in order has the same one. Nor is `index`, which is derived from the content.
    pub fn for_fingerprint(&self) -> serde_json::Value {
        let mut exclude = self.exclude.clone();
        exclude.sort();
        let mut columns = self.columns.clone();
        columns.iter_mut().for_each(|columns| columns.sort());
        serde_json::json!({
            "columns": columns, "exclude": exclude, "shardBytes": self.shard_bytes, "version": VERSION,
        })
    }

    /// The options in the manifest, with the provenance of the source.
    pub fn for_manifest(&self) -> serde_json::Value {
        let mut options = self.for_fingerprint();
        options["repair"] = self.repair.into();
        if self.index {
            options["index"] = true.into();
        }
        for (name, value) in &self.provenance.made {
            options[name] = value.clone();
        }
        options
    }
}

/// The result of a conversion.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The store.
    pub store: PathBuf,
    /// True if an existing store was current and nothing was written.
    pub reused: bool,
    /// Subjects with rows.
    pub patients: u64,
    /// Rows.
    pub events: u64,
    /// Distinct codes.
    pub codes: u64,
    /// Columns, without subject_id.
    pub columns: u64,
    /// Shards.
    pub shards: u64,
    /// Source files.
    pub files: u64,
    /// Bytes of the source's Parquet files.
    pub source_bytes: u64,
    /// Bytes of the store, metadata included.
    pub store_bytes: u64,
    /// Bytes of the inverted index, which `store_bytes` includes; 0 without an index.
    pub index_bytes: u64,
    /// Wall time without fsync.
    pub seconds: f64,
    /// Wall time of fsync and rename.
    pub fsync_seconds: f64,
    /// What was skipped, converted or repaired.
    pub notes: Vec<Note>,
}
