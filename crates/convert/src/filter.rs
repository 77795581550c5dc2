//! Copies some patients of a store to a new store. The layout is that of a conversion of these patients
//! alone.

use crate::conversion::Conversion;
use crate::export::{open_store, outside};
use crate::options::{Options, Summary};
use crate::order::Ordered;
use crate::plan::survey::Survey;
use crate::source::digest::hex;
use crate::source::metadata;
use crate::source::store::StoreSource;
use crate::threads::pool;
use crate::write::site::Site;
use crate::write::splits::SomeSplits;
use meds_store::manifest::{Note, VERSION};
use meds_store::progress::Phase;
use meds_store::{Code, Error, Progress, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

/// What to keep. `store`, `out` and `slots` are required.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FilterOptions {
    /// The store.
    pub store: PathBuf,
    /// The store to write.
    pub out: PathBuf,
    /// The slots of the patients to keep, ascending.
    pub slots: Vec<u32>,
    /// How they were chosen; recorded in the manifest.
    pub selection: serde_json::Value,
    /// The content id of the store from which the caller chose them. Another store at that path is refused.
    pub id: Option<String>,
    /// Replace an existing store.
    pub force: bool,
    /// Threads; 0 = one per core.
    pub threads: usize,
    /// Bytes of memory that the operation should not exceed.
    pub memory: Option<u64>,
    /// Bytes of a shard; the store's own setting by default.
    pub shard_bytes: Option<u64>,
    /// Also write an inverted index; by default if the store has one.
    pub index: Option<bool>,
}

/// Writes some patients of a store to a new store.
pub fn filter(options: &FilterOptions, progress: &Progress) -> Result<Summary> {
    let start = Instant::now();
    progress.enter(Phase::Plan, 0, 0);
    outside(&options.store, &options.out)?;
    let store = open_store(&options.store, options.id.as_deref())?;
    let manifest = store.manifest();
    let usual = Options::default();
    let shard_bytes = manifest.options.get("shardBytes").and_then(serde_json::Value::as_u64);
    let plain = Options {
        source: options.store.clone(),
        store: options.out.clone(),
        force: options.force,
        threads: options.threads,
        memory: options.memory.unwrap_or(usual.memory),
        shard_bytes: options.shard_bytes.or(shard_bytes).unwrap_or(usual.shard_bytes),
        index: options.index.unwrap_or(manifest.has_index()),
        ..usual
    };
    plain.check()?;
    let slots = &options.slots;
    if !slots.is_sorted_by(|a, b| a < b) || slots.last().is_some_and(|last| u64::from(*last) >= manifest.counts.patients) {
        return Err(Error::at(Code::InvalidArgument, &options.store, "slots must ascend and be in the store."));
    }
    pool(plain.threads(), || {
        let StoreSource { source, columns, patients } = StoreSource::open(&store, Some(slots))?;
        let ids: HashSet<i64> = patients.iter().map(|patient| patient.id).collect();
        // A selection from a selection refers to the first store: the same patients make the same store.
        let origin = manifest.options.pointer("/filter/from").and_then(serde_json::Value::as_str).unwrap_or(&manifest.fingerprint);
        let mut manifest_options = if manifest.options.is_object() { manifest.options.clone() } else { serde_json::json!({}) };
        manifest_options["shardBytes"] = plain.shard_bytes.into();
        manifest_options["filter"] = serde_json::json!({ "from": origin, "selection": options.selection, "patients": ids.len() });
        match (manifest_options.as_object_mut(), plain.index) {
            (Some(manifest_options), false) => drop(manifest_options.remove("index")),
            (Some(manifest_options), true) => drop(manifest_options.insert("index".into(), true.into())),
            _ => {}
        }
        let mut notes: Vec<Note> = manifest.notes.iter().filter(|note| note.kind != "warning").cloned().collect();
        let left = manifest.counts.patients - ids.len() as u64;
        let message = format!("patients that the filter left out, of the store with fingerprint {}", manifest.fingerprint);
        notes.push(Note { kind: "skipped".into(), message, count: left });
        let fingerprint = fingerprint(origin, &plain, patients.iter().map(|patient| patient.id));
        let mut making = Conversion::with_fingerprint(&plain, progress, source, fingerprint, manifest_options, notes);

        let site = Site::lock(&options.out, progress)?;
        making.existing(&site)?;
        let work = site.work();
        fs::create_dir(&work).map_err(|e| Error::io(&work, "write the store", &e))?;
        let splits = metadata::splits(&making.source)?;
        let narrowed = SomeSplits::new(&mut making.source, splits, &work, |id| ids.contains(&id))?;
        let ordered = Ordered::known(&making.source, columns, Survey { patients, late_statics: 0, truncated: 0 });
        let written = making.write(&work, &ordered, narrowed.splits.as_ref())?;
        narrowed.finish()?;
        making.publish(&site, &written, start)
    })
}

/// The fingerprint of the first store, of the kept patients and of their layout.
fn fingerprint(origin: &str, options: &Options, ids: impl Iterator<Item = i64>) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("filter\0{VERSION}\0{origin}\0{}\0", options.shard_bytes));
    ids.for_each(|id| hash.update(id.to_le_bytes()));
    hex(&hash.finalize())
}
