//! What a conversion is asked for, and what it says it did.

use meds_store::manifest::Note;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::PathBuf;

/// The options of a conversion; only `source` and `store` are required.
#[derive(Clone, Debug, Deserialize)]
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
    /// Merge subjects that are scattered, and sort times that are out of order, instead of refusing them.
    pub repair: bool,
    /// Replace an existing store.
    pub force: bool,
    /// Return the existing store where it was made from this very source with these options; replace it where it was not.
    pub reuse: bool,
    /// Threads; 0 = one a core.
    pub threads: usize,
    /// Bytes of memory that the conversion aims to stay under.
    pub memory: u64,
    /// Bytes of a shard, about.
    pub shard_bytes: u64,
    /// Write an inverted index too: of each code the patients that have it, and their rows.
    pub index: bool,
    /// Where `repair` spills; the target's folder by default.
    pub temp: Option<PathBuf>,
    /// Where the hashes of files are remembered, so that unchanged ones are not read again; nowhere by default.
    pub hashes: Option<PathBuf>,
    /// Take a standing store for the source's where the files' names, sizes and times of modification say so, and keep a digest of these in the manifest.
    pub trust_times: bool,
    /// That digest, where an importer made the source: of what it read.
    pub times: Option<String>,
    /// What was skipped or changed before: where an importer made the source, it says so here, and the store keeps it with its own.
    pub notes: Vec<Note>,
    /// The store that the source was made of: its patients who are no longer there were left out on purpose, and leave the splits too.
    pub narrow: Option<PathBuf>,
    /// What the types of columns are called, where the source was made of a store: it has them in a form of its own.
    pub types: HashMap<String, String>,
    /// What was done before, for the manifest's options: of what, and how, the source was made.
    pub made: serde_json::Map<String, serde_json::Value>,
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
            times: None,
            notes: Vec::new(),
            narrow: None,
            types: HashMap::new(),
            made: serde_json::Map::new(),
        }
    }
}

/// What a conversion did.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The store.
    pub store: PathBuf,
    /// True where an existing store was current and nothing was written.
    pub reused: bool,
    /// Subjects with rows.
    pub patients: u64,
    /// Rows.
    pub events: u64,
    /// Distinct codes.
    pub codes: u64,
    /// Columns, subject_id left out.
    pub columns: u64,
    /// Shards.
    pub shards: u64,
    /// Source files.
    pub files: u64,
    /// Bytes of the source's Parquet files.
    pub source_bytes: u64,
    /// Bytes of the store, metadata included.
    pub store_bytes: u64,
    /// Bytes of the inverted index among them; 0 where there is none.
    pub index_bytes: u64,
    /// Wall time, fsync left out.
    pub seconds: f64,
    /// Wall time of fsync and rename.
    pub fsync_seconds: f64,
    /// What was skipped, converted or repaired.
    pub notes: Vec<Note>,
}
