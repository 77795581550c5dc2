//! Which patients are in which row groups, and is their order right?

use crate::cluster::step::{Step, StepOptions, step};
use crate::conversion::content_id;
use crate::order::Ordered;
use crate::plan::survey::{self, Runs, Survey};
use crate::source::patient::Patient;
use meds_store::progress::Phase;
use meds_store::{Code, Error, Progress, Result};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// The file of a part's survey.
#[derive(Deserialize, Serialize)]
struct Found {
    /// The row groups; `None` where the order in one of them is wrong.
    runs: Option<Vec<Runs>>,
    /// The hashes of the part's share of the source.
    hashes: Vec<u128>,
}

/// The result of `survey`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Surveyed {
    /// The part.
    pub part: usize,
    /// Number of its row groups.
    pub groups: usize,
    /// Number of their rows.
    pub rows: u64,
    /// The part was surveyed before.
    pub reused: bool,
    /// Wall time.
    pub seconds: f64,
}

/// Surveys a part, and hashes its share of the source.
pub fn survey(given: &StepOptions, progress: &Progress) -> Result<Surveyed> {
    let start = Instant::now();
    step(given, progress, |step| {
        let part = step.part(given)?;
        let groups = &step.groups[step.groups_of(part)];
        let rows = groups.iter().map(|group| group.end - group.start).sum();
        let reused = step.survey(part).find::<Found>()?.is_some();
        if !reused {
            progress.enter(Phase::Measure, rows, 0);
            let looking = || survey::look(&step.conversion.source, &step.columns, groups, progress);
            let hashing = || step.conversion.inputs.hash_part(part, step.parts, &|_| progress.check());
            let (found, hashes) = rayon::join(looking, hashing);
            // A disorder is found again when the parts are joined, where it can be compared with others.
            let runs: Result<Option<Vec<Runs>>> = found?.into_iter().map(|found| Ok(found?.ok())).collect();
            step.survey(part).write(&Found { runs: runs?, hashes: hashes? })?;
        }
        Ok(Surveyed { part, groups: groups.len(), rows, reused, seconds: start.elapsed().as_secs_f64() })
    })
}

/// The file of the patients.
#[derive(Deserialize, Serialize)]
pub struct Patients {
    /// The patients.
    pub patients: Vec<Patient>,
    truncated: u64,
    fingerprint: String,
    /// The rows are not in order, and are to be repaired: `finish` converts the source by itself.
    pub alone: bool,
}

/// The result of `join`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    /// Number of patients.
    pub patients: usize,
    /// Number of rows.
    pub events: u64,
    /// The content id of the store.
    pub id: String,
    /// The rows are not in order, and are to be repaired. Only `finish` remains, which converts the source by itself.
    pub alone: bool,
    /// Wall time.
    pub seconds: f64,
}

/// Joins the surveys of all parts. Fails for a source that one machine refuses, too.
pub fn join(given: &StepOptions, progress: &Progress) -> Result<Joined> {
    let start = Instant::now();
    step(given, progress, |step| {
        let found: Result<Vec<Found>> = (0..step.parts).map(|part| step.survey(part).read()).collect();
        let (runs, hashes): (Vec<_>, Vec<_>) = found?.into_iter().map(|found| (found.runs, found.hashes)).unzip();
        step.conversion.inputs.join_hashes(&hashes.concat())?;
        let fingerprint = step.conversion.fingerprint(&|_| progress.check())?.to_string();
        let runs: Option<Vec<Vec<Runs>>> = runs.into_iter().collect();
        let (source, groups) = (&step.conversion.source, &step.groups);
        let survey = runs.map(|runs| survey::join(source, groups, runs.into_iter().flatten().map(|runs| Ok(Ok(runs))))).transpose()?;
        let survey = match survey {
            Some(Ok(survey)) if survey.late_statics == 0 => Some(survey),
            // Sorts the rows of one patient each, or fails as on one machine.
            Some(Ok(_)) => None,
            _ if step.conversion.options.repair => None,
            _ => {
                let again = survey::survey(source, &step.columns, groups, progress)?;
                return Err(again.err().map_or_else(|| Error::new(Code::Internal, "the parts of a survey contradict each other"), |d| d.0));
            }
        };
        let alone = survey.is_none();
        let Survey { patients, truncated, .. } = survey.unwrap_or(Survey { patients: Vec::new(), late_statics: 0, truncated: 0 });
        let id = content_id(&fingerprint);
        let joined = Joined { patients: patients.len(), events: patients.iter().map(|p| p.rows).sum(), id, alone, seconds: 0.0 };
        step.patients().write(&Patients { patients, truncated, fingerprint, alone })?;
        Ok(Joined { seconds: start.elapsed().as_secs_f64(), ..joined })
    })
}

impl Patients {
    /// Reads the file.
    pub fn read(step: &Step) -> Result<Self> {
        let found: Self = step.patients().read()?;
        step.conversion.set_fingerprint(&found.fingerprint);
        Ok(found)
    }

    /// The content id of the store.
    pub fn id(&self) -> String {
        content_id(&self.fingerprint)
    }

    /// The source in order.
    pub fn ordered(self, step: &mut Step) -> Ordered {
        let columns = std::mem::take(&mut step.columns);
        let survey = Survey { patients: self.patients, late_statics: 0, truncated: self.truncated };
        Ordered::known(&step.conversion.source, columns, survey)
    }
}
