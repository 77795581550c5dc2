//! Synthetic MEDS datasets from a seed, with a realistic shape: skewed timelines, Zipf codes, repeated times,
//! static rows, text, splits, labels.
//!
//! A dataset depends only on its [`Options`]: equal options produce equal bytes, for any number of threads.

#![forbid(unsafe_code)]

mod data;
mod fault;
mod labels;
mod metadata;
mod options;
mod output;
mod patient;
mod plan;
mod table;
mod text;
mod vocabulary;

pub use options::{Compression, Ids, Options, Preset, Summary};

use meds_store::{Progress, Result, progress::Phase};
use std::time::Instant;

/// Writes the dataset into `options.out`, completely or not at all. `options.out` must not exist, or must be
/// an empty folder.
pub fn generate(options: &Options, progress: &Progress) -> Result<Summary> {
    let began = Instant::now();
    let plan = plan::Plan::new(options)?;
    let vocabulary = vocabulary::Vocabulary::new(plan.codes);
    let output = output::Output::create(&options.out)?;
    progress.enter(Phase::Write, plan.events, 0);
    let labels = data::write(options, &plan, &vocabulary, output.folder(), progress)?;
    progress.enter(Phase::Finish, 0, 0);
    metadata::write(output.folder(), &plan, &vocabulary, &labels)?;
    let bytes = output.finish()?;
    Ok(Summary {
        out: options.out.clone(),
        patients: plan.patients() as u64,
        events: plan.events,
        codes: vocabulary.codes.len() as u64,
        files: plan.files.len() as u64,
        labels: labels.counts(),
        bytes,
        seconds: began.elapsed().as_secs_f64(),
    })
}
