//! The options, and the summary of a dataset.

use meds_store::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What to generate. Every member except `out` has a default. Explicit sizes override those of the preset.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// The folder of the dataset. This crate creates it.
    pub out: PathBuf,
    /// A named size. Default: `demo`.
    #[serde(default)]
    pub preset: Option<Preset>,
    /// Number of subjects.
    #[serde(default)]
    pub patients: Option<u64>,
    /// Number of rows, including static rows. Default: that of the preset, or 1,000 per subject if only
    /// `patients` is set.
    #[serde(default)]
    pub events: Option<u64>,
    /// Number of distinct codes to draw from. Default: depends on the number of rows.
    #[serde(default)]
    pub codes: Option<u64>,
    /// Equal seeds produce equal bytes.
    #[serde(default)]
    pub seed: u64,
    /// Number of Parquet files: 1 (`data/data.parquet`), or 3 and more (`data/train/0.parquet`, …).
    #[serde(default = "one")]
    pub files: u64,
    /// Ids in ascending order, or hashed ones over all of int64.
    #[serde(default)]
    pub ids: Ids,
    /// Compression of the Parquet pages.
    #[serde(default)]
    pub compression: Compression,
    /// Threads to use; 0 = as many as there are processors.
    #[serde(default)]
    pub threads: usize,
}

fn one() -> u64 {
    1
}

/// Named sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// 100 subjects, 100,000 rows.
    Demo,
    /// 1,000 subjects, 5.7 million rows.
    Medium,
    /// The size of EHRSHOT: 6,739 subjects, 42 million rows, 30,000 codes.
    Ehrshot,
}

/// The ids of subjects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ids {
    /// Eight digits, ascending.
    #[default]
    Sequential,
    /// Any int64, without an order, like hashes of strings.
    Hashed,
}

/// Compression of the Parquet pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Snappy, the default of most writers.
    #[default]
    Snappy,
    /// Zstandard, level 3.
    Zstd,
}

/// The smallest number of rows of a subject: sex, race, birth and one event.
pub(crate) const SHORTEST: u64 = 4;

impl Options {
    /// Subjects, rows and codes after presets and defaults.
    pub(crate) fn sizes(&self) -> Result<(u64, u64, u64)> {
        let (patients, events) = match (self.preset, self.patients) {
            (Some(Preset::Medium), _) => (1_000, 5_700_000),
            (Some(Preset::Ehrshot), _) => (6_739, 42_000_000),
            (Some(Preset::Demo), _) | (None, None) => (100, 100_000),
            (None, Some(patients)) => (patients, patients.saturating_mul(1_000)),
        };
        let (patients, events) = (self.patients.unwrap_or(patients), self.events.unwrap_or(events));
        let refuse = |message: String| Err(Error::new(Code::InvalidArgument, message));
        if patients == 0 || patients > 100_000_000 {
            return refuse(format!("`patients` is {patients}. It must be 1 to 100,000,000."));
        }
        if events < patients * SHORTEST || events > 1 << 40 {
            return refuse(format!(
                "`events` is {events}. For {patients} patients it must be at least {} ({SHORTEST} rows per patient) and at most 2^40.",
                patients * SHORTEST
            ));
        }
        if self.files == 0 || self.files == 2 || self.files > 100_000 {
            return refuse(format!("`files` is {}. It must be 1, or 3 (one per split) to 100,000.", self.files));
        }
        if self.files > 1 && self.files > patients {
            return refuse(format!(
                "`files` is {}. For {patients} patients it must be at most {patients}: one file per patient.",
                self.files
            ));
        }
        // 12,000 codes for six million rows, 30,000 for the 42 million rows of EHRSHOT.
        let usual = (events as f64).sqrt() * 5.0;
        let codes = self.codes.unwrap_or((usual as u64).clamp(300, 30_000));
        if !(100..=500_000).contains(&codes) {
            return refuse(format!("`codes` is {codes}. It must be 100 to 500,000."));
        }
        Ok((patients, events, codes))
    }

    /// Number of threads, never 0.
    pub(crate) fn workers(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n.min(256),
        }
    }
}

/// The result of [`crate::generate`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The folder of the dataset.
    pub out: PathBuf,
    /// Number of subjects.
    pub patients: u64,
    /// Number of rows, including static rows.
    pub events: u64,
    /// Number of codes that rows were drawn from. In a small dataset some rare codes have no row.
    pub codes: u64,
    /// Number of Parquet files below `data/`.
    pub files: u64,
    /// Number of rows by task below `labels/`.
    pub labels: BTreeMap<String, u64>,
    /// Bytes of all files.
    pub bytes: u64,
    /// Elapsed time in seconds.
    pub seconds: f64,
}
