//! Compares a store with its source: every value of every column, row by row.
//!
//! The store is read with the Arrow library's own reader, not with ours, so that the result is what any other
//! program would find.

mod arrow;

use self::arrow::{Location, Shard, internal, shard_of};
use crate::arrays::cast::cast;
use crate::arrays::text::text_of;
use crate::plan::survey::{Rows, null_id};
use crate::source::column::{Column, Columns, Role, Wanted, subject_column, time_column};
use crate::source::common_type::conform;
use crate::source::content::Batch;
use crate::source::files::Source;
use crate::source::group::{Group, file_start, groups, total_rows};
use crate::source::metadata;
use crate::source::read::Reader;
use crate::threads::pool;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, new_null_array};
use meds_store::manifest::{PATIENTS, Storage};
use meds_store::progress::Phase;
use meds_store::read::Problem;
use meds_store::{Code, Error, Progress, Result, Store};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// What to verify.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct VerifyOptions {
    /// The store.
    pub store: PathBuf,
    /// Its source; `None` only checks the store itself.
    pub source: Option<PathBuf>,
    /// Most differences to report.
    pub limit: usize,
    /// Threads; 0 = one per core.
    pub threads: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { store: PathBuf::new(), source: None, limit: 100, threads: 0 }
    }
}

/// The result.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifySummary {
    /// True if no difference was found.
    pub ok: bool,
    /// The differences, up to the limit.
    pub differences: Vec<Problem>,
    /// The limit was reached: there may be more differences.
    pub truncated: bool,
    /// Events of the source that were compared.
    pub events: u64,
    /// Values that were compared, nulls included.
    pub values: u64,
}

/// Checks a store, and compares it with its source if one is given.
pub fn verify(options: &VerifyOptions, progress: &Progress) -> Result<VerifySummary> {
    let limit = options.limit.max(1);
    pool(options.threads, || {
        let (differences, events, values) = match Store::open(&options.store, false) {
            Ok(store) => {
                let mut found = store.verify(limit, progress)?;
                let (mut events, mut values) = (0, 0);
                // A comparison of a damaged store would be meaningless.
                if let Some(source) = options.source.as_ref().filter(|_| found.is_empty()) {
                    (found, events, values) = compare(&store, source, options.store.parent().unwrap_or(Path::new("")), limit, progress)?;
                }
                (found, events, values)
            }
            Err(e) if matches!(e.code, Code::Corrupt | Code::StoreReplaced) => {
                let path = e.path.unwrap_or_default().strip_prefix(&options.store).map(|p| p.display().to_string()).unwrap_or_default();
                (vec![Problem { path, message: e.message, ..Problem::default() }], 0, 0)
            }
            Err(e) => return Err(e),
        };
        let truncated = differences.len() >= limit;
        Ok(VerifySummary { ok: differences.is_empty(), differences, truncated, events, values })
    })
}

/// The differences between a store and its source, and the number of events and values compared.
fn compare(store: &Store, source: &Path, beside: &Path, limit: usize, progress: &Progress) -> Result<(Vec<Problem>, u64, u64)> {
    let mut source = Source::open(source)?;
    let unpacked = source.unpack(Some(beside), beside, progress)?;
    let compared = Comparison::open(store, source, limit).and_then(|comparison| {
        let (events, values) = comparison.run(progress)?;
        Ok((comparison.found.into_inner().unwrap_or_else(PoisonError::into_inner), events, values))
    });
    let Some(unpacked) = unpacked else { return compared };
    let (mut found, events, values) = compared.map_err(|error| unpacked.error(error))?;
    found.iter_mut().for_each(|problem| problem.message = unpacked.in_archive(&problem.message));
    Ok((found, events, values))
}

struct Comparison<'a> {
    store: &'a Store,
    source: Source,
    columns: Columns,
    limit: usize,
    found: Mutex<Vec<Problem>>,
}

impl<'a> Comparison<'a> {
    fn open(store: &'a Store, source: Source, limit: usize) -> Result<Self> {
        let of = |name: &str| store.manifest().options.get(name).cloned().unwrap_or_default();
        let columns: Option<Vec<String>> = serde_json::from_value(of("columns")).unwrap_or_default();
        let exclude: Vec<String> = serde_json::from_value(of("exclude")).unwrap_or_default();
        let columns = Columns::unify(&source, Wanted { columns: columns.as_deref(), exclude: &exclude }, &mut Vec::new())?;
        Ok(Self { store, source, columns, limit, found: Mutex::default() })
    }

    fn report(&self, problem: Problem) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() < self.limit {
            found.push(problem);
        }
    }

    fn full(&self) -> bool {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).len() >= self.limit
    }

    fn run(&self, progress: &Progress) -> Result<(u64, u64)> {
        let (ids, locations) = self.locations()?;
        let mut shards = (0..self.store.manifest().shards.len()).map(|at| Shard::open(self.store, at)).collect::<Result<Vec<_>>>()?;
        self.same_columns();
        self.same_metadata()?;
        let groups = groups(&self.source);
        let rows = total_rows(&groups);
        progress.enter(Phase::Check, rows, self.source.bytes());
        let by_id: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
        let mut unknown = HashSet::new();
        let values = AtomicU64::new(0);
        for group in &groups {
            if self.full() {
                break;
            }
            let positions = self.locate(*group, &groups, &by_id, &locations, &mut shards, &mut unknown)?;
            let shards = &shards;
            self.columns.list.par_iter().filter(|c| c.role != Role::Time).try_for_each(|column| {
                self.column(*group, column, &positions, &ids, &locations, shards)?;
                values.fetch_add(positions.len() as u64, Relaxed);
                progress.check()
            })?;
            progress.advance(positions.len() as u64, 0)?;
        }
        for (id, location) in ids.iter().zip(&locations) {
            let brought: u64 =
                shards[location.shard].taken[location.first..location.first + location.events].iter().map(|n| u64::from(*n)).sum();
            if brought != location.events as u64 && !self.full() {
                let message = format!("has {} rows in the store, but only {brought} of them are in the source", location.events);
                self.report(Problem { path: PATIENTS.into(), message, subject: Some(*id), ..Problem::default() });
            }
        }
        Ok((rows, values.into_inner()))
    }

    /// The ids in the order of patients.arrow, and where each patient is.
    fn locations(&self) -> Result<(Vec<i64>, Vec<Location>)> {
        let index = arrow::patients(self.store)?;
        let number = |name: &str| index.column_by_name(name).map(|c| c.as_primitive::<UInt32Type>().values().to_vec()).unwrap_or_default();
        let ids = index.column(0).as_primitive::<Int64Type>().values().to_vec();
        let (shard, row, events, statics) = (number("shard"), number("row"), number("events"), number("static_events"));
        let mut firsts = Vec::new();
        for at in 0..self.store.manifest().shards.len() {
            let batch = arrow::shard(self.store, at)?;
            firsts.push(batch.column(1).as_list::<i32>().value_offsets().to_vec());
        }
        let location = |at: usize| Location {
            shard: shard[at] as usize,
            row: row[at] as usize,
            first: firsts[shard[at] as usize][row[at] as usize].unsigned_abs() as usize,
            statics: statics[at] as usize,
            events: events[at] as usize,
        };
        let locations = (0..ids.len()).map(location).collect();
        Ok((ids, locations))
    }

    fn same_columns(&self) {
        let stored: HashSet<&str> = self.store.manifest().columns.iter().map(|c| c.name.as_str()).collect();
        let in_source: HashSet<&str> = self.columns.list.iter().map(|c| c.name.as_str()).collect();
        for (name, message) in stored
            .difference(&in_source)
            .map(|n| (n, "is in the store, but not in the source"))
            .chain(in_source.difference(&stored).map(|n| (n, "is in the source, but not in the store")))
        {
            self.report(Problem { message: message.into(), column: Some(name.to_string()), ..Problem::default() });
        }
    }

    fn same_metadata(&self) -> Result<()> {
        let in_source: HashMap<String, &PathBuf> =
            self.source.metadata.iter().map(|(name, path)| (format!("metadata/{name}"), path)).collect();
        let stored = self.store.manifest().files.iter().filter(|f| f.path.starts_with("metadata/"));
        let mut known = HashSet::new();
        for file in stored {
            known.insert(&file.path);
            let same = match in_source.get(&file.path) {
                Some(path) => {
                    let bytes = std::fs::read(path).map_err(|e| Error::io(path, "read the metadata", &e))?;
                    meds_store::manifest::hex(crc32c::crc32c(&bytes)) == file.crc32c
                }
                None => false,
            };
            if !same {
                self.report(Problem {
                    path: file.path.clone(),
                    message: "differs from the file of that name in the source".into(),
                    ..Problem::default()
                });
            }
        }
        for name in in_source.keys().filter(|name| !known.contains(name)) {
            self.report(Problem { path: name.clone(), message: "is in the source, but not in the store".into(), ..Problem::default() });
        }
        // A conversion refused errors in the source's metadata, so they are refused here too.
        metadata::splits(&self.source).map(drop)
    }

    /// For each row of a row group, its (patient, row of the shard) in the store; `None` if it has none.
    fn locate(
        &self,
        group: Group,
        groups: &[Group],
        by_id: &HashMap<i64, usize>,
        locations: &[Location],
        shards: &mut [Shard],
        unknown: &mut HashSet<i64>,
    ) -> Result<Vec<Option<(usize, usize)>>> {
        let file = &self.source.files[group.file];
        let subjects = subject_column(&self.columns);
        let mut rows = Rows::open(&self.source, group, &subjects, time_column(&self.columns)?)?;
        let mut positions = Vec::with_capacity((group.end - group.start) as usize);
        let first = group.start - file_start(groups, group.file);
        // The run of equal times of the row before. Rows in order find their run next to it.
        let mut before = (usize::MAX, 0);
        while let Some((ids, times)) = rows.next()? {
            for (id, time) in ids.iter().zip(times.iter()) {
                let row = first + positions.len() as u64;
                let id = id.ok_or_else(|| null_id(file, row))?;
                let Some(&patient) = by_id.get(&id) else {
                    if unknown.insert(id) {
                        self.report(Problem {
                            path: PATIENTS.into(),
                            message: "is in the source, but not in the store".into(),
                            subject: Some(id),
                            ..Problem::default()
                        });
                    }
                    positions.push(None);
                    continue;
                };
                let location = &locations[patient];
                let shard = &mut shards[location.shard];
                let timed = location.first + location.statics..location.first + location.events;
                let (run, end) = match time {
                    None => (location.first, timed.start),
                    Some(time) => (shard.run(timed.clone(), time, (before.0 == patient).then_some(before.1)), timed.end),
                };
                before = (patient, run);
                let at = run + shard.taken.get(run).map_or(0, |n| *n as usize);
                let there = at < end && (time.is_none() || shard.times.value(at) == time.unwrap_or_default());
                if there {
                    shard.taken[run] += 1;
                } else {
                    let time = time.map_or("no time".into(), |time| format!("time {time}"));
                    let message = format!("row {row} of {} ({time}) is not in the store", file.path.display());
                    self.report(Problem { message, subject: Some(id), column: Some("time".into()), ..Problem::default() });
                }
                positions.push(there.then_some((patient, at)));
            }
        }
        Ok(positions)
    }

    fn column(
        &self,
        group: Group,
        column: &Column,
        positions: &[Option<(usize, usize)>],
        ids: &[i64],
        locations: &[Location],
        shards: &[Shard],
    ) -> Result<()> {
        let Some(stored) = self.store.manifest().columns.iter().find(|c| c.name == column.name) else { return Ok(()) };
        let file = &self.source.files[group.file];
        let mut reader = Reader::open(file, group.file, group.group, column)?;
        let mut at = 0;
        while let Some(batch) = reader.next()? {
            let rows = batch.len();
            let theirs = match batch {
                Batch::Array(array) => conform(&array, &column.wide).map_err(|e| internal(&e))?,
                Batch::Nulls(rows) => new_null_array(&column.wide, rows),
            };
            let mut begin = 0;
            for part in positions[at..at + rows].chunk_by(|a, b| shard_of(a, locations) == shard_of(b, locations)) {
                if let Some(shard) = shard_of(&part[0], locations) {
                    let shard = &shards[shard];
                    let ours = match stored.storage {
                        Storage::Dense => shard.dense(&column.name, part),
                        Storage::Sparse => shard.sparse(&column.name, part, locations),
                    };
                    let ours = ours.and_then(|ours| match ours.data_type() {
                        arrow_schema::DataType::Dictionary(_, value) => cast(&ours, value),
                        _ => Ok(ours),
                    });
                    let ours = ours.and_then(|ours| conform(&ours, &column.wide)).map_err(|e| internal(&e))?;
                    let theirs = theirs.slice(begin, part.len());
                    if ours.to_data() != theirs.to_data() {
                        self.differ(column, part, &ours, &theirs, ids, locations);
                    }
                }
                begin += part.len();
            }
            at += rows;
        }
        Ok(())
    }

    /// Reports the rows in which two arrays differ.
    fn differ(
        &self,
        column: &Column,
        part: &[Option<(usize, usize)>],
        ours: &ArrayRef,
        theirs: &ArrayRef,
        ids: &[i64],
        locations: &[Location],
    ) {
        let text = |array: &ArrayRef, row: usize| match array.is_null(row) {
            true => "null".to_string(),
            false => text_of(array, row).unwrap_or_default().chars().take(80).collect(),
        };
        for (row, position) in part.iter().enumerate() {
            if ours.slice(row, 1).to_data() == theirs.slice(row, 1).to_data() {
                continue;
            }
            let Some((patient, at)) = position else { continue };
            let location = &locations[*patient];
            self.report(Problem {
                path: self.store.manifest().shards[location.shard].file.path.clone(),
                message: format!("contains {}, but the source contains {}", text(ours, row), text(theirs, row)),
                subject: Some(ids[*patient]),
                column: Some(column.name.clone()),
                row: Some((at - location.first) as u64),
            });
            if self.full() {
                return;
            }
        }
    }
}
