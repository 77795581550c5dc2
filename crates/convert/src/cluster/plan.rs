//! The first step: what is converted, and in how many parts.

use crate::cluster::stage;
use crate::conversion::Conversion;
use crate::options::Options;
use crate::source::digest::hex;
use crate::source::group::{groups, total_rows};
use crate::write::site::{beside, refuse_taken};
use meds_store::{Code, Error, Progress, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

const FORMAT: &str = "meds-reader cluster plan 1";
const PLAN: &str = "plan.json";
/// More parts than this would have more files than rows are worth.
const MOST_PARTS: usize = 100_000;

/// The options of `plan`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PlanOptions {
    /// The options of the conversion.
    pub convert: Options,
    /// Number of parts.
    pub parts: usize,
    /// The folder for the files of the steps: beside the store by default.
    pub work: Option<PathBuf>,
}

/// A plan. Every step reads it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    format: String,
    /// The options of the conversion, with absolute paths.
    pub options: Options,
    /// Number of parts.
    pub parts: usize,
    /// The files of the source: name, bytes, and modification time in seconds and nanoseconds.
    pub inputs: Vec<(String, u64, (i64, i64))>,
}

/// The result of `plan`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// The folder of the steps.
    pub work: PathBuf,
    /// The digest of the plan.
    pub id: String,
    /// Number of parts.
    pub parts: usize,
    /// Number of files of events.
    pub files: usize,
    /// Number of row groups.
    pub groups: usize,
    /// Number of rows.
    pub rows: u64,
    /// Bytes of the files of events.
    pub source_bytes: u64,
    /// The work folder had this plan already.
    pub reused: bool,
}

/// Plans a conversion. Reads footers only. A work folder with the same plan stays as it is: steps that are done
/// need not be done again.
pub fn plan(given: &PlanOptions, progress: &Progress) -> Result<Planned> {
    let PlanOptions { convert, parts, work } = given;
    if !(1..=MOST_PARTS).contains(parts) {
        return Err(Error::new(
            Code::InvalidArgument,
            format!("{parts} parts are not possible (`parts`, --parts). Use 1 to {MOST_PARTS}."),
        ));
    }
    convert.check()?;
    let absolute = |path: &Path| std::path::absolute(path).map_err(|e| Error::io(path, "find the path", &e));
    let options = Options { source: absolute(&convert.source)?, store: absolute(&convert.store)?, ..convert.clone() };
    if options.provenance.narrow.is_some() {
        return Err(Error::new(Code::InvalidArgument, "A part of a store is not converted by a cluster. Use `filter`."));
    }
    refuse_taken(&options.store, options.force)?;
    let Conversion { source, inputs, .. } = Conversion::open(&options, progress)?;
    if source.files.is_empty() {
        let message = "an archive cannot be converted in parts. Unpack it first, and plan the conversion of the folder.";
        return Err(Error::at(Code::InvalidArgument, &options.source, message));
    }
    let work = work.as_deref().map_or_else(|| Ok(work_of(&options.store)), absolute)?;
    let made = Plan { format: FORMAT.into(), options: options.clone(), parts: *parts, inputs: inputs.seen() };
    let (text, id) = made.text()?;
    let path = work.join(PLAN);
    let reused = path.exists();
    if reused && fs::read(&path).map_err(|e| Error::io(&path, "read the plan", &e))? != text.as_bytes() {
        let message = "this folder has the plan of another conversion: of another source, of files that have changed since, or with other options or parts. Finish that one, or remove the folder with `cluster cancel`.";
        return Err(Error::at(Code::StoreExists, &work, message));
    }
    if !reused {
        fs::create_dir_all(&work).map_err(|e| Error::io(&work, "write the plan", &e))?;
        stage::publish(&path, text.as_bytes())?;
    }
    let all = groups(&source);
    let (files, rows) = (source.files.len(), total_rows(&all));
    Ok(Planned { work, id, parts: *parts, files, groups: all.len(), rows, source_bytes: source.bytes(), reused })
}

/// The work folder of a store, if none is named.
pub fn work_of(store: &Path) -> PathBuf {
    beside(store, "cluster")
}

impl Plan {
    /// Reads the plan in a work folder. Also returns its digest.
    pub fn read(work: &Path) -> Result<(Self, String)> {
        let path = work.join(PLAN);
        let text = fs::read_to_string(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                let message =
                    "this folder has no plan. Begin with `cluster plan`. A conversion that is finished has no such folder any more.";
                Error::at(Code::NotFound, work, message)
            }
            _ => Error::io(&path, "read the plan", &e),
        })?;
        let wrong =
            |why: String| Error::at(Code::Step, &path, format!("this is not a plan of this version ({why}). Plan the conversion again."));
        let plan: Self = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if plan.format != FORMAT {
            return Err(wrong(plan.format));
        }
        let id = hex(&Sha256::digest(&text));
        Ok((plan, id))
    }

    fn text(&self) -> Result<(String, String)> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::new(Code::Internal, format!("the plan cannot be written as JSON ({e})")))?;
        let id = hex(&Sha256::digest(&text));
        Ok((text, id))
    }
}
