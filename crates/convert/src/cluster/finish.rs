//! Puts the store together, and publishes it.

use crate::cluster::measure::pass;
use crate::cluster::plan::Plan;
use crate::cluster::step::{Step, StepOptions, step};
use crate::cluster::survey::Patients;
use crate::cluster::write::entries;
use crate::conversion::{Written, convert};
use crate::options::{Options, Summary};
use crate::write::site::Site;
use meds_store::{Code, Error, Manifest, Progress, Result};
use serde::Serialize;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Publishes the store, and removes the work folder.
pub fn finish(given: &StepOptions, progress: &Progress) -> Result<Summary> {
    let start = Instant::now();
    let summary = step(given, progress, |mut step| {
        let patients = Patients::read(&step)?;
        let id = patients.id();
        let alone = patients.alone;
        let ordered = patients.ordered(&mut step);
        let pass = if alone { None } else { pass(&step, &ordered, id.clone())? };
        let Some(pass) = pass else { return Ok(None) };
        let shards = pass.layout.shards.len();
        let parts = (0..step.parts).filter(|&part| !step.shards_of(part, shards).is_empty());
        let of = |part| {
            let stage = step.written(part, &id);
            entries(&stage)?.ok_or_else(|| stage.missing())
        };
        let parts: Vec<Written> = parts.map(of).collect::<Result<_>>()?;
        let Step { mut conversion, splits, work, .. } = step;
        let site = Site::lock(&conversion.options.store, progress)?;
        // A step that ended between the two last lines of this function is taken again.
        if let Some(existing) = site.existing()?.filter(|existing| existing.id == id && existing.has_index() == conversion.options.index) {
            return Ok(Some(conversion.summary(&existing, true, start, 0.0)));
        }
        conversion.existing(&site)?;
        let target = site.work();
        fs::create_dir(&target).map_err(|e| Error::io(&target, "write the store", &e))?;
        let (mut shards, mut indexes) = (Vec::new(), Vec::new());
        for written in parts {
            written.files().try_for_each(|file| place(work, &target, &file.path, file.bytes))?;
            shards.extend(written.shards);
            indexes.extend(written.indexes);
        }
        let manifest: Manifest = conversion.complete(&target, &ordered, &pass, Written { shards, indexes }, splits.as_ref())?;
        conversion.publish(&site, &manifest, start).map(Some)
    })?;
    let summary = match summary {
        Some(summary) => summary,
        None => {
            let (plan, _) = Plan::read(&given.work)?;
            let memory = given.memory.unwrap_or(plan.options.memory);
            convert(&Options { threads: given.threads, memory, ..plan.options }, progress)?
        }
    };
    remove(&given.work)?;
    Ok(summary)
}

/// Puts a file into the store, as a link, so that this step can be taken again.
fn place(work: &Path, target: &Path, name: &str, bytes: u64) -> Result<()> {
    let (from, to) = (work.join(name), target.join(name));
    let lost = |what: String| {
        Error::at(Code::Step, &from, format!("{what}. Remove the files `write-…` beside it, and run `cluster write` again."))
    };
    let found = fs::metadata(&from).map_err(|e| lost(format!("this shard cannot be read ({e})")))?.len();
    if found != bytes {
        return Err(lost(format!("this shard has {found} bytes instead of {bytes}")));
    }
    let folder = to.parent().unwrap_or(target);
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, "write the store", &e))?;
    // A file system without links, or another one.
    fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(|_| ())).map_err(|e| Error::io(&to, "write the store", &e))
}

/// The result of `cancel`.
#[derive(Debug, Serialize)]
pub struct Cancelled {
    /// The folder that was removed.
    pub work: PathBuf,
}

/// Removes a work folder. Steps that are running fail.
pub fn cancel(given: &StepOptions, _: &Progress) -> Result<Cancelled> {
    Plan::read(&given.work)?;
    remove(&given.work)?;
    Ok(Cancelled { work: given.work.clone() })
}

fn remove(work: &Path) -> Result<()> {
    // A step that is running can put a file into a folder that was just emptied.
    let mut tries = 0;
    loop {
        match fs::remove_dir_all(work) {
            Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty && tries < 10 => tries += 1,
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(Error::io(work, "remove the work folder", &e)),
            _ => return Ok(()),
        }
    }
}
