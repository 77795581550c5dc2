//! How much space does each column take, and which values has it?

use crate::cluster::step::{Step, StepOptions, step};
use crate::cluster::survey::Patients;
use crate::first_pass::{Cuts, FirstPass, planned};
use crate::order::Ordered;
use crate::plan::measure::{self, Measuring};
use meds_store::progress::Phase;
use meds_store::{Code, Error, Progress, Result};
use serde::Serialize;
use std::time::Instant;

/// The result of `measure`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// The part.
    pub part: usize,
    /// The part was measured before.
    pub reused: bool,
    /// Wall time.
    pub seconds: f64,
}

/// Measures the columns of a part.
pub fn measure(given: &StepOptions, progress: &Progress) -> Result<Measured> {
    let start = Instant::now();
    step(given, progress, |step| {
        let part = step.part(given)?;
        let patients = Patients::read(&step)?;
        let id = patients.id();
        let stage = step.measured(part, &id);
        let reused = patients.alone || stage.find::<Vec<Measuring>>()?.is_some();
        if !reused {
            let (source, columns, groups) = (&step.conversion.source, &step.columns.list, &step.groups);
            let cuts = Cuts::new(groups, &patients.patients, step.conversion.options.shard_bytes);
            let range = step.groups_of(part);
            let rows = groups[range.clone()].iter().map(|group| group.end - group.start).sum();
            progress.enter_cells(Phase::Measure, rows, columns.len() as u64, 0);
            stage.write(&measure::measure(source, columns, groups, range, &cuts.pieces, &patients.patients, progress)?)?;
        }
        Ok(Measured { part, reused, seconds: start.elapsed().as_secs_f64() })
    })
}

/// The result of `settle`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    /// Number of shards.
    pub shards: usize,
    /// Bytes of the shards.
    pub bytes: u64,
    /// The parts that have shards. The others need not take `write`.
    pub parts: Vec<usize>,
    /// The shards cannot be planned in parts: only `finish` remains, which converts the source by itself.
    pub alone: bool,
    /// Wall time.
    pub seconds: f64,
}

/// Joins the measurements of all parts, and plans the shards.
pub fn settle(given: &StepOptions, progress: &Progress) -> Result<Settled> {
    let start = Instant::now();
    step(given, progress, |mut step| {
        let patients = Patients::read(&step)?;
        let (id, mut alone) = (patients.id(), patients.alone);
        let (mut shards, mut bytes, mut parts) = (0, 0, Vec::new());
        if !alone {
            let mut measured = (0..step.parts).map(|part| step.measured(part, &id).read::<Vec<Measuring>>());
            let mut joined = measured.next().transpose()?.unwrap_or_default();
            for part in measured {
                joined.iter_mut().zip(part?).for_each(|(all, some)| all.join(some));
            }
            let settled: Vec<measure::Measured> = joined.into_iter().map(Measuring::finish).collect();
            step.settled(&id).write(&settled)?;
            let ordered = patients.ordered(&mut step);
            match pass(&step, &ordered, id)? {
                Some(pass) => {
                    shards = pass.layout.shards.len();
                    parts = (0..step.parts).filter(|&part| !step.shards_of(part, shards).is_empty()).collect();
                    bytes = pass.layout.shards.iter().map(|shard| shard.file.bytes).sum();
                }
                None => alone = true,
            }
        }
        Ok(Settled { shards, bytes, parts, alone, seconds: start.elapsed().as_secs_f64() })
    })
}

/// The first pass, from the settled measurements. `None` where a segment is too large for a shard: the source must
/// be measured again in finer pieces, which one machine does.
pub fn pass(step: &Step, ordered: &Ordered, id: String) -> Result<Option<FirstPass>> {
    let measured = step.settled(&id).read()?;
    let shard_bytes = step.conversion.options.shard_bytes;
    let cuts = Cuts::new(&ordered.groups, &ordered.survey.patients, shard_bytes);
    let (source, columns, groups) = (&step.conversion.source, &ordered.columns, &ordered.groups);
    if columns.list.is_empty() {
        return Err(Error::new(Code::Internal, "the columns were lost"));
    }
    Ok(planned(source, columns, groups, &ordered.survey, cuts, measured, shard_bytes, id)?.ok())
}
