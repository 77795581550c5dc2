//! Writes shards.

use crate::cluster::measure::pass;
use crate::cluster::stage::{Stage, aside};
use crate::cluster::step::{StepOptions, step};
use crate::cluster::survey::Patients;
use crate::conversion::Written;
use meds_store::{Code, Error, Progress, Result};
use serde::Serialize;
use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

/// The result of `write`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wrote {
    /// The part.
    pub part: usize,
    /// Its shards.
    pub shards: Range<usize>,
    /// Bytes of the shards and their indexes.
    pub bytes: u64,
    /// They were written before.
    pub reused: bool,
    /// Wall time.
    pub seconds: f64,
}

/// Writes the shards of a part. A part can have none.
pub fn write(given: &StepOptions, progress: &Progress) -> Result<Wrote> {
    let start = Instant::now();
    step(given, progress, |mut step| {
        let part = step.part(given)?;
        let patients = Patients::read(&step)?;
        let (id, alone) = (patients.id(), patients.alone);
        let mut wrote = Wrote { part, shards: 0..0, bytes: 0, reused: true, seconds: 0.0 };
        let known = entries(&step.written(part, &id))?;
        let ordered = patients.ordered(&mut step);
        if !alone && let Some(pass) = pass(&step, &ordered, id.clone())? {
            wrote.shards = step.shards_of(part, pass.layout.shards.len());
            wrote.reused = known.is_some();
            let written = match known {
                Some(written) => written,
                None => {
                    let made = Aside::new(&step.work.join("written"))?;
                    let written = step.conversion.write_shards(&made.0, &ordered, &pass, wrote.shards.clone())?;
                    made.publish(step.work)?;
                    step.written(part, &id).write(&text(&written)?)?;
                    written
                }
            };
            wrote.bytes = written.files().map(|file| file.bytes).sum();
        }
        Ok(Wrote { seconds: start.elapsed().as_secs_f64(), ..wrote })
    })
}

/// The entries of the shards of a part; `None` where they are not written yet.
pub fn entries(stage: &Stage) -> Result<Option<Written>> {
    // JSON, because that is the form of these entries in a manifest.
    let broken = |e| Error::at(Code::Internal, &stage.path, format!("this is not JSON ({e})"));
    stage.find::<String>()?.map(|text| serde_json::from_str(&text).map_err(broken)).transpose()
}

fn text(written: &Written) -> Result<String> {
    serde_json::to_string(written).map_err(|e| Error::new(Code::Internal, format!("the entries cannot be written as JSON ({e})")))
}

/// A folder of a step that has not ended. It is removed in any case.
struct Aside(std::path::PathBuf);

impl Aside {
    fn new(path: &Path) -> Result<Self> {
        let path = aside(path);
        fs::create_dir(&path).map_err(|e| Error::io(&path, "write the shards", &e))?;
        Ok(Self(path))
    }

    /// Moves the files to their places in the work folder, where another machine may have put the same ones.
    fn publish(&self, work: &Path) -> Result<()> {
        for folder in ["shards", "index"] {
            let (from, to) = (self.0.join(folder), work.join(folder));
            let Ok(entries) = fs::read_dir(&from) else { continue };
            match fs::create_dir(&to) {
                Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(Error::io(&to, "write the shards", &e)),
                _ => {}
            }
            for entry in entries {
                let moved = entry.and_then(|entry| fs::rename(entry.path(), to.join(entry.file_name())));
                moved.map_err(|e| Error::io(&to, "write the shards", &e))?;
            }
        }
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // What cannot be removed is removed with the work folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}
