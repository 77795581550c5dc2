//! The layout of a dataset before any row is generated: rows per patient, file and split of each patient, and
//! the row groups.

use crate::options::{Ids, Options, SHORTEST};
use meds_store::Result;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus, seq::SliceRandom};
use rand_distr::{Distribution, LogNormal};

/// Spread of the lengths: the longest of 6,739 patients has about forty times the mean length.
const SIGMA: f64 = 1.2;
/// Rows of a row group in a large dataset.
const GROUP_ROWS: u64 = 131_072;
/// Names of the splits, and the percentage of patients in each.
pub(crate) const SPLITS: [(&str, usize); 3] = [("train", 80), ("tuning", 10), ("held_out", 10)];

/// The layout of a dataset. Patients are named by their index, 0..N-1.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) events: u64,
    pub(crate) codes: usize,
    /// Number of rows per patient.
    pub(crate) lengths: Vec<u64>,
    /// subject_id per patient.
    pub(crate) ids: Vec<i64>,
    /// Index into [`SPLITS`] per patient.
    pub(crate) splits: Vec<u8>,
    pub(crate) files: Vec<File>,
    /// In the order of the files.
    pub(crate) groups: Vec<Group>,
}

/// A Parquet file.
pub(crate) struct File {
    /// Path relative to the dataset.
    pub(crate) path: String,
    /// The patients in it, in order.
    pub(crate) patients: Vec<u32>,
    /// First row of each patient, then the number of all rows.
    pub(crate) starts: Vec<u64>,
}

/// Rows `[begin, end)` of a file.
pub(crate) struct Group {
    pub(crate) file: usize,
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

/// Mixes two numbers into one that looks random (the finalizer of SplitMix64), for seeds of patients and for
/// ids.
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(b).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Plan {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let (patients, events, codes) = options.sizes()?;
        let seed = options.seed;
        let mut random = Xoshiro256PlusPlus::seed_from_u64(mix(seed, u64::MAX));
        let lengths = lengths(patients, events, &mut random);
        let splits = splits(patients as usize, &mut random);
        let files = files(options.files as usize, &lengths, &splits);
        // Small datasets have several row groups too, so that at every size some patients span two groups.
        let rows = (events / (files.len() as u64 * 8)).clamp(4_096, GROUP_ROWS);
        let groups = files.iter().enumerate().flat_map(|(file, content)| cut(file, content, rows)).collect();
        Ok(Self { seed, events, codes: codes as usize, lengths, ids: ids(options.ids, seed, patients), splits, files, groups })
    }

    pub(crate) fn patients(&self) -> usize {
        self.lengths.len()
    }
}

/// Log-normal lengths that sum to `events` exactly.
fn lengths(patients: u64, events: u64, random: &mut Xoshiro256PlusPlus) -> Vec<u64> {
    // The parameters are constants, so this cannot fail.
    let weights: Vec<f64> = match LogNormal::new(0.0, SIGMA) {
        Ok(normal) => (0..patients).map(|_| normal.sample(random)).collect(),
        Err(_) => vec![1.0; patients as usize],
    };
    let scale = events as f64 / weights.iter().sum::<f64>();
    let mut lengths: Vec<u64> = weights.iter().map(|weight| ((weight * scale) as u64).max(SHORTEST)).collect();
    let sum: u64 = lengths.iter().sum();
    if sum <= events {
        // Rounding down left a few rows over.
        let (each, rest) = ((events - sum) / patients, (events - sum) % patients);
        for (index, length) in lengths.iter_mut().enumerate() {
            *length += each + u64::from((index as u64) < rest);
        }
    } else {
        // The minimum length added rows. Remove as many from the longest patients.
        let mut excess = sum - events;
        let mut longest: Vec<usize> = (0..lengths.len()).collect();
        longest.sort_by_key(|&index| (std::cmp::Reverse(lengths[index]), index));
        for index in longest {
            let removed = excess.min(lengths[index] - SHORTEST);
            lengths[index] -= removed;
            excess -= removed;
        }
    }
    lengths
}

/// Assigns each patient to a split, at random and by the shares of the splits.
fn splits(patients: usize, random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    // At least one patient each, so that the smallest dataset has all splits.
    let share = |split: usize| (patients * SPLITS[split].1 / 100).max(usize::from(patients >= 3));
    let (tuning, held_out) = (share(1), share(2));
    let mut splits: Vec<u8> = (0..patients).map(|index| if index < held_out { 2 } else { u8::from(index < held_out + tuning) }).collect();
    splits.shuffle(random);
    splits
}

/// One file with all patients, or several files per split, in proportion to the sizes of the splits.
fn files(count: usize, lengths: &[u64], splits: &[u8]) -> Vec<File> {
    let make = |path: String, patients: Vec<u32>| {
        let mut starts = vec![0];
        let mut rows = 0;
        for &patient in &patients {
            rows += lengths[patient as usize];
            starts.push(rows);
        }
        File { path, patients, starts }
    };
    if count == 1 {
        return vec![make("data/data.parquet".into(), (0..lengths.len() as u32).collect())];
    }
    let members: Vec<Vec<u32>> = (0..SPLITS.len())
        .map(|split| (0..lengths.len() as u32).filter(|&patient| splits[patient as usize] == split as u8).collect())
        .collect();
    // At least one file per split, and at most one per patient. The remaining files go to train, the largest
    // split.
    let mut shares: Vec<usize> = members.iter().map(|patients| (count * patients.len() / lengths.len()).clamp(1, patients.len())).collect();
    while shares.iter().sum::<usize>() > count {
        let most = (0..shares.len()).max_by_key(|&split| shares[split]).unwrap_or(0);
        shares[most] -= 1;
    }
    while shares.iter().sum::<usize>() < count {
        match (0..shares.len()).find(|&split| shares[split] < members[split].len()) {
            Some(split) => shares[split] += 1,
            None => break,
        }
    }
    let mut files = Vec::with_capacity(count);
    for (split, patients) in members.iter().enumerate() {
        for index in 0..shares[split] {
            let (begin, end) = (index * patients.len() / shares[split], (index + 1) * patients.len() / shares[split]);
            files.push(make(format!("data/{}/{index}.parquet", SPLITS[split].0), patients[begin..end].to_vec()));
        }
    }
    files
}

fn cut(file: usize, content: &File, rows: u64) -> Vec<Group> {
    let total = content.starts.last().copied().unwrap_or(0);
    (0..total.div_ceil(rows)).map(|index| Group { file, begin: index * rows, end: ((index + 1) * rows).min(total) }).collect()
}

fn ids(kind: Ids, seed: u64, patients: u64) -> Vec<i64> {
    match kind {
        // With gaps, so that an id cannot be mistaken for an index.
        Ids::Sequential => (0..patients).map(|patient| (10_000_000 + patient * 7 + mix(seed ^ 0x1D, patient) % 7) as i64).collect(),
        // The finalizer is a bijection of its second argument: no two patients share an id.
        Ids::Hashed => (0..patients).map(|patient| mix(seed ^ 0x1D, patient) as i64).collect(),
    }
}
