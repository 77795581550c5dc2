//! What every step after the plan begins with.

use crate::cluster::plan::Plan;
use crate::cluster::stage::Stage;
use crate::conversion::Conversion;
use crate::options::Options;
use crate::source::column::Columns;
use crate::source::group::{Group, groups, total_rows};
use crate::source::metadata::Splits;
use crate::threads::pool;
use meds_store::{Code, Error, Progress, Result};
use serde::Deserialize;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The options of a step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StepOptions {
    /// The work folder, which `plan` returned.
    pub work: PathBuf,
    /// The part, for steps that have parts.
    pub part: Option<usize>,
    /// Threads; 0 = one per core.
    pub threads: usize,
    /// Bytes of memory that the step should not exceed; those of the plan by default.
    pub memory: Option<u64>,
}

/// A step that has begun.
pub struct Step<'a> {
    /// The conversion, whose source is open.
    pub conversion: Conversion<'a>,
    /// The columns of the source.
    pub columns: Columns,
    /// Its splits.
    pub splits: Option<Splits>,
    /// Its row groups.
    pub groups: Vec<Group>,
    /// The work folder.
    pub work: &'a Path,
    /// Number of parts.
    pub parts: usize,
    plan: &'a str,
}

/// Runs a step: reads the plan, and opens the source, which must be the one that was planned.
pub fn step<T: Send>(given: &StepOptions, progress: &Progress, run: impl FnOnce(Step) -> Result<T> + Send) -> Result<T> {
    let (plan, id) = Plan::read(&given.work)?;
    let memory = given.memory.unwrap_or(plan.options.memory);
    let options = Options { threads: given.threads, memory, ..plan.options };
    options.check()?;
    pool(options.threads(), || {
        let mut conversion = Conversion::open(&options, progress)?;
        let (now, before) = (conversion.inputs.seen(), &plan.inputs);
        if let Some(at) = (0..now.len().max(before.len())).find(|&at| now.get(at) != before.get(at)) {
            let name = before.get(at).or(now.get(at)).map(|(name, ..)| name.as_str()).unwrap_or_default();
            let message = "this file was added, removed or written since the conversion was planned. Remove the plan with `cluster cancel`, and plan the conversion again when nothing is writing to the source.";
            return Err(Error::at(Code::SourceChanged, options.source.join(name), message));
        }
        let (splits, columns) = conversion.look()?;
        let groups = groups(&conversion.source);
        run(Step { conversion, columns, splits, groups, work: &given.work, parts: plan.parts, plan: &id })
    })
}

impl Step<'_> {
    /// The part that the options name.
    pub fn part(&self, given: &StepOptions) -> Result<usize> {
        let parts = self.parts;
        let part = given
            .part
            .ok_or_else(|| Error::new(Code::InvalidArgument, format!("This step requires a part (`part`, --part): 0 to {}.", parts - 1)))?;
        if part >= parts {
            let message = format!("The plan has {parts} parts, so there is no part {part} (`part`, --part). Use 0 to {}.", parts - 1);
            return Err(Error::new(Code::InvalidArgument, message));
        }
        Ok(part)
    }

    /// The row groups of a part: those whose first row is in its share of all rows.
    pub fn groups_of(&self, part: usize) -> Range<usize> {
        let rows = u128::from(total_rows(&self.groups));
        let from = |part: usize| self.groups.partition_point(|group| u128::from(group.start) * (self.parts as u128) < rows * part as u128);
        from(part)..if part + 1 == self.parts { self.groups.len() } else { from(part + 1) }
    }

    /// The shards of a part, of so many.
    pub fn shards_of(&self, part: usize, shards: usize) -> Range<usize> {
        part * shards / self.parts..(part + 1) * shards / self.parts
    }

    /// The file of a part's survey.
    pub fn survey(&self, part: usize) -> Stage<'_> {
        Stage { path: self.work.join(format!("survey-{part}")), of: self.plan, step: "survey" }
    }

    /// The file of the patients.
    pub fn patients(&self) -> Stage<'_> {
        Stage { path: self.work.join("patients"), of: self.plan, step: "join" }
    }

    /// The file of a part's measurements.
    pub fn measured<'b>(&self, part: usize, store: &'b str) -> Stage<'b> {
        Stage { path: self.work.join(format!("measure-{part}")), of: store, step: "measure" }
    }

    /// The file of all measurements.
    pub fn settled<'b>(&self, store: &'b str) -> Stage<'b> {
        Stage { path: self.work.join("settled"), of: store, step: "settle" }
    }

    /// The file of the entries of the shards of a part.
    pub fn written<'b>(&self, part: usize, store: &'b str) -> Stage<'b> {
        Stage { path: self.work.join(format!("write-{part}")), of: store, step: "write" }
    }
}
