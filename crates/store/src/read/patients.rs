//! patients.arrow, checked, and its inverse: from a row of a shard to the patient.

use super::Found;
use super::array::Array;
use super::file::File;
use crate::manifest::Manifest;

/// Storage order: the row of patients.arrow for every slot.
#[derive(Debug)]
pub struct StorageOrder {
    slots: Vec<u32>,
    /// The first slot of each shard, then the number of slots.
    base: Vec<usize>,
}

/// The columns of patients.arrow.
pub struct Patients<'a> {
    /// Subject ids, ascending.
    pub ids: Array<'a>,
    /// The shard that contains the patient.
    pub shard: Array<'a>,
    /// The patient's row in the shard.
    pub row: Array<'a>,
    /// Number of rows.
    pub events: Array<'a>,
    /// Number of rows without a time. They come first.
    pub static_events: Array<'a>,
    /// First time, microseconds since 1970-01-01. Null where no row has a time.
    pub first_time: Array<'a>,
    /// Last time, like `first_time`.
    pub last_time: Array<'a>,
    /// The split. Absent where the source does not have splits.
    pub split: Option<Array<'a>>,
}

impl<'a> Patients<'a> {
    /// Reads the columns of patients.arrow, which `shape` has checked.
    pub fn of(file: &'a File) -> Found<Self> {
        let column = |name| file.array(name).ok_or_else(|| format!("does not have column \"{name}\""));
        Ok(Self {
            ids: column("subject_id")?,
            shard: column("shard")?,
            row: column("row")?,
            events: column("events")?,
            static_events: column("static_events")?,
            first_time: column("first_time")?,
            last_time: column("last_time")?,
            split: file.array("split"),
        })
    }
}

impl StorageOrder {
    /// Checks patients.arrow (whose columns have the right names and types) against itself and the manifest.
    pub fn new(file: &File, manifest: &Manifest) -> Found<Self> {
        let patients = Patients::of(file)?;
        let n = patients.ids.len();
        let base = first_slots(manifest, n)?;
        const NONE: u32 = u32::MAX;
        let mut slots = vec![NONE; n];
        let mut totals = Totals::new(manifest.shards.len());
        for i in 0..n {
            let id = patients.ids.i64(i);
            let wrong = |what: &str| format!("{what} (subject {id}, row {i})");
            if i > 0 && patients.ids.i64(i - 1) >= id {
                return Err(wrong("has subject ids that are not ascending"));
            }
            let (shard, row) = (patients.shard.u32(i) as usize, patients.row.u32(i) as usize);
            if shard >= manifest.shards.len() || row >= base[shard + 1] - base[shard] {
                return Err(wrong("points outside the shards"));
            }
            if std::mem::replace(&mut slots[base[shard] + row], i as u32) != NONE {
                return Err(wrong("has two patients in one row of a shard"));
            }
            totals.add(&patients, i, shard).map_err(wrong)?;
        }
        totals.compare(manifest)?;
        splits(&patients, manifest)?;
        Ok(Self { slots, base })
    }

    /// The row of patients.arrow for each row of a shard.
    pub fn rows(&self, shard: usize) -> &[u32] {
        &self.slots[self.base[shard]..self.base[shard + 1]]
    }
}

/// The first slot of each shard, then the number of slots, which must be the number of patients.
fn first_slots(manifest: &Manifest, patients: usize) -> Found<Vec<usize>> {
    let mut base = vec![0usize];
    for shard in &manifest.shards {
        let next = usize::try_from(shard.patients).ok().and_then(|more| base[base.len() - 1].checked_add(more));
        base.push(next.filter(|next| *next <= patients).ok_or("has fewer patients than the shards have")?);
    }
    let (slots, count) = (base[base.len() - 1], manifest.counts.patients);
    if slots != patients || count != patients as u64 {
        return Err(format!("has {patients} patients, but the shards have {slots} and the manifest says {count}"));
    }
    Ok(base)
}

/// Totals over the rows of patients.arrow.
struct Totals {
    /// Events of each shard.
    events: Vec<u64>,
    static_events: u64,
    longest: u64,
    first_time: Option<i64>,
    last_time: Option<i64>,
}

impl Totals {
    fn new(shards: usize) -> Self {
        Self { events: vec![0; shards], static_events: 0, longest: 0, first_time: None, last_time: None }
    }

    /// Checks and adds a patient. The error says what is wrong with it.
    fn add(&mut self, patients: &Patients, i: usize, shard: usize) -> Result<(), &'static str> {
        let (events, still) = (u64::from(patients.events.u32(i)), u64::from(patients.static_events.u32(i)));
        if events == 0 || still > events {
            return Err("has an impossible number of events");
        }
        self.events[shard] += events;
        self.static_events += still;
        self.longest = self.longest.max(events);
        let times = (patients.first_time.valid(i), patients.last_time.valid(i));
        if times != (still < events, still < events) {
            return Err("has times for a patient with static rows only, or lacks times for another patient");
        }
        if still < events {
            let (first, last) = (patients.first_time.i64(i), patients.last_time.i64(i));
            if first > last {
                return Err("has a last time before the first time");
            }
            self.first_time = Some(self.first_time.map_or(first, |t| t.min(first)));
            self.last_time = Some(self.last_time.map_or(last, |t| t.max(last)));
        }
        Ok(())
    }

    fn compare(&self, manifest: &Manifest) -> Found<()> {
        let counts = &manifest.counts;
        let found = (self.events.iter().sum::<u64>(), self.static_events, self.longest, self.first_time, self.last_time);
        let expected = (counts.events, counts.static_events, counts.longest, counts.first_time, counts.last_time);
        if found != expected {
            return Err(format!(
                "has totals {found:?} (events, static events, longest, first and last time), but the manifest says {expected:?}"
            ));
        }
        match self.events.iter().zip(&manifest.shards).find(|(events, shard)| **events != shard.events) {
            Some((events, shard)) => Err(format!("has {events} events in {}, but the manifest says {}", shard.file.path, shard.events)),
            None => Ok(()),
        }
    }
}

/// Checks the number of patients in each split.
fn splits(patients: &Patients, manifest: &Manifest) -> Found<()> {
    let mut found = std::collections::BTreeMap::new();
    if let Some(split) = patients.split {
        let names = split.dictionary().ok_or("has splits without names")?;
        let mut counts = vec![0u64; names.len()];
        for i in (0..split.len()).filter(|i| split.valid(*i)) {
            let index = split.index(i) as usize;
            *counts.get_mut(index).ok_or("has splits outside their dictionary")? += 1;
        }
        for (i, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            let name = names.slice(i).and_then(|name| std::str::from_utf8(name).ok()).ok_or("has damaged names of splits")?;
            found.insert(name.to_string(), count);
        }
    }
    let expected = manifest.splits.iter().filter(|(_, count)| **count > 0).map(|(name, count)| (name.clone(), *count)).collect();
    if found == expected { Ok(()) } else { Err(format!("has splits {found:?}, but the manifest says {expected:?}")) }
}
