//! Whether an existing store is what a conversion of its source would make now, and digests of files.

use crate::conversion::{check, decisive, pool};
use crate::options::Options;
use crate::source::files::Source;
use crate::source::fingerprint::{Input, Inputs};
use meds_store::progress::Phase;
use meds_store::{Progress, Result};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the manifest of an existing store says of its source, and the conversion that would make it.
#[derive(Debug, Deserialize)]
pub struct Standing {
    /// The conversion.
    pub plan: Options,
    /// The store's fingerprint.
    pub fingerprint: String,
    /// The store's digest of times, where it has one.
    pub times: Option<String>,
}

/// Is an existing store what its conversion would make now?
pub fn is_current(Standing { plan, fingerprint, times }: &Standing, progress: &Progress) -> Result<bool> {
    check(plan)?;
    pool(plan.threads, || {
        progress.enter(Phase::Plan, 0, 0);
        let inputs = Source::open(&plan.source)?.inputs(&plan.source)?;
        compared(plan, &inputs, fingerprint, times.as_deref(), progress)
    })
}

/// Files to make digests of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DigestOptions {
    /// What they are remembered by.
    pub root: PathBuf,
    /// Their names, which count, and their paths.
    pub files: Vec<(String, PathBuf)>,
    /// What else decides what is made of them.
    pub options: String,
    /// [`Options::hashes`].
    pub hashes: Option<PathBuf>,
    /// Their contents count too.
    pub contents: bool,
    /// Threads; 0 = one a core.
    pub threads: usize,
}

/// Digests of files.
#[derive(Debug, Serialize)]
pub struct Digests {
    /// Of names, sizes and contents, where contents were to count.
    pub fingerprint: Option<String>,
    /// Of names, sizes and times of modification.
    pub times: String,
}

/// Makes digests of files by the same means as a source's.
pub fn digest(options: &DigestOptions, progress: &Progress) -> Result<Digests> {
    pool(options.threads, || {
        let files: Result<Vec<_>> = options.files.iter().map(|(name, path)| Input::at(name, path)).collect();
        let inputs = Inputs::new(&options.root, files?);
        progress.enter(Phase::Plan, 0, inputs.bytes());
        let contents = || inputs.fingerprint(&options.options, options.hashes.as_deref(), &|bytes| progress.advance(0, bytes));
        Ok(Digests { fingerprint: options.contents.then(contents).transpose()?, times: inputs.times(&options.options) })
    })
}

/// Are the files those that a store was made of? Times are compared first, where they are to be trusted.
pub fn compared(options: &Options, inputs: &Inputs, fingerprint: &str, times: Option<&str>, progress: &Progress) -> Result<bool> {
    let decisive = decisive(options).to_string();
    if options.trust_times && times.is_some_and(|times| times == inputs.times(&decisive)) {
        return Ok(true);
    }
    progress.enter(Phase::Plan, 0, inputs.bytes());
    let heard = |bytes| progress.advance(0, bytes);
    Ok(inputs.fingerprint(&decisive, options.hashes.as_deref(), &heard)? == fingerprint)
}
