//! Whether an existing store is current, that is, what a conversion of its source would make now; and digests
//! of files.

use crate::options::Options;
use crate::source::files::Source;
use crate::source::fingerprint::{Input, Inputs};
use crate::threads::pool;
use meds_store::progress::Phase;
use meds_store::{Progress, Result};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The manifest's statements about the source of an existing store, and the conversion that would make it.
#[derive(Debug, Deserialize)]
pub struct ExistingStore {
    /// The conversion.
    pub plan: Options,
    /// The fingerprint in the manifest.
    pub fingerprint: String,
    /// The digest of times in the manifest, if it has one.
    pub times: Option<String>,
}

/// Whether an existing store is what its conversion would make now.
pub fn is_current(ExistingStore { plan, fingerprint, times }: &ExistingStore, progress: &Progress) -> Result<bool> {
    plan.check()?;
    pool(plan.threads, || {
        progress.enter(Phase::Plan, 0, 0);
        let inputs = Source::open(&plan.source)?.inputs(&plan.source)?;
        is_made_from(&inputs, plan, fingerprint, times.as_deref(), progress)
    })
}

/// Files to compute digests of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DigestOptions {
    /// The path that their hashes are remembered by.
    pub root: PathBuf,
    /// Their names, which are part of the digests, and their paths.
    pub files: Vec<(String, PathBuf)>,
    /// Other facts that the result depends on.
    pub options: String,
    /// [`Options::hashes`].
    pub hashes: Option<PathBuf>,
    /// Also compute the fingerprint of their contents.
    pub contents: bool,
    /// Threads; 0 = one per core.
    pub threads: usize,
}

/// Digests of files.
#[derive(Debug, Serialize)]
pub struct Digests {
    /// Of names, sizes and contents; `None` if contents were not requested.
    pub fingerprint: Option<String>,
    /// Of names, sizes and modification times.
    pub times: String,
}

/// Computes digests of files in the same way as those of a source.
pub fn digest(options: &DigestOptions, progress: &Progress) -> Result<Digests> {
    pool(options.threads, || {
        let files: Result<Vec<_>> = options.files.iter().map(|(name, path)| Input::at(name, path)).collect();
        let inputs = Inputs::new(&options.root, files?);
        progress.enter(Phase::Plan, 0, inputs.bytes());
        let contents = || inputs.fingerprint(&options.options, options.hashes.as_deref(), &|bytes| progress.advance(0, bytes));
        Ok(Digests { fingerprint: options.contents.then(contents).transpose()?, times: inputs.times(&options.options) })
    })
}

/// Whether a store with this fingerprint and digest of times was made from these files with these options. If times are trusted, they are compared first.
pub fn is_made_from(inputs: &Inputs, options: &Options, fingerprint: &str, times: Option<&str>, progress: &Progress) -> Result<bool> {
    let own = options.for_fingerprint().to_string();
    if options.trust_times && times.is_some_and(|times| times == inputs.times(&own)) {
        return Ok(true);
    }
    progress.enter(Phase::Plan, 0, inputs.bytes());
    let on_bytes = |bytes| progress.advance(0, bytes);
    Ok(inputs.fingerprint(&own, options.hashes.as_deref(), &on_bytes)? == fingerprint)
}
