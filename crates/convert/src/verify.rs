//! Compares a store with its source: every value of every column, row by row.
//!
//! The store is read with the Arrow library's own reader, not with ours, so that the result is what any other
//! program would find.

use crate::options::Options;
use crate::plan::survey::{Group, Rows, file_start, groups, null_id, subject_column, time_column};
use crate::source::files::Source;
use crate::source::lattice::conform;
use crate::source::metadata;
use crate::source::read::{Batch, Reader, guarded};
use crate::source::schema::{Column, Columns, Role};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, StructArray, TimestampMicrosecondArray, UInt64Array, new_null_array};
use arrow_cast::cast;
use arrow_cast::display::array_value_to_string;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::root_as_footer;
use arrow_schema::ArrowError;
use arrow_select::take::take;
use meds_store::manifest::{PATIENTS, Storage};
use meds_store::progress::Phase;
use meds_store::read::{Mapping, Problem};
use meds_store::{Code, Error, Progress, Result, Store};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

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
    crate::conversion::pool(options.threads, || {
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
    found.iter_mut().for_each(|problem| problem.message = unpacked.told(&problem.message));
    Ok((found, events, values))
}

/// Where the rows of a patient are.
struct Place {
    shard: usize,
    /// Row number of the patient in the shard.
    row: usize,
    first: usize,
    statics: usize,
    events: usize,
}

/// A shard as the Arrow library reads it.
struct Shard {
    events: StructArray,
    sparse: Option<StructArray>,
    times: TimestampMicrosecondArray,
    /// For each run of equal times, at its first row: how many rows of the source were matched to it.
    taken: Vec<u32>,
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
        let columns = Columns::unify(&source, &Options { columns, exclude, ..Options::default() }, &mut Vec::new())?;
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
        let (ids, places) = self.places()?;
        let mut shards = (0..self.store.manifest().shards.len()).map(|at| self.shard(at)).collect::<Result<Vec<_>>>()?;
        self.same_columns();
        self.same_metadata()?;
        let groups = groups(&self.source);
        let rows = groups.last().map_or(0, |group| group.end);
        progress.enter(Phase::Check, rows, self.source.bytes());
        let by_id: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
        let mut strangers = HashSet::new();
        let values = AtomicU64::new(0);
        for group in &groups {
            if self.full() {
                break;
            }
            let positions = self.locate(*group, &groups, &by_id, &places, &mut shards, &mut strangers)?;
            let shards = &shards;
            self.columns.list.par_iter().filter(|c| c.role != Role::Time).try_for_each(|column| {
                self.column(*group, column, &positions, &ids, &places, shards)?;
                values.fetch_add(positions.len() as u64, Relaxed);
                progress.check()
            })?;
            progress.advance(positions.len() as u64, 0)?;
        }
        for (id, place) in ids.iter().zip(&places) {
            let brought: u64 = shards[place.shard].taken[place.first..place.first + place.events].iter().map(|n| u64::from(*n)).sum();
            if brought != place.events as u64 && !self.full() {
                let message = format!("has {} rows in the store, but only {brought} of them are in the source", place.events);
                self.report(Problem { path: PATIENTS.into(), message, subject: Some(*id), ..Problem::default() });
            }
        }
        Ok((rows, values.into_inner()))
    }

    /// The ids in the order of patients.arrow, and where each patient is.
    fn places(&self) -> Result<(Vec<i64>, Vec<Place>)> {
        let index = decode(&self.store.patients().map, &self.store.patients().path)?;
        let number = |name: &str| index.column_by_name(name).map(|c| c.as_primitive::<UInt32Type>().values().to_vec()).unwrap_or_default();
        let ids = index.column(0).as_primitive::<Int64Type>().values().to_vec();
        let (shard, row, events, statics) = (number("shard"), number("row"), number("events"), number("static_events"));
        let mut firsts = Vec::new();
        for at in 0..self.store.manifest().shards.len() {
            let batch = self.batch(at)?;
            firsts.push(batch.column(1).as_list::<i32>().value_offsets().to_vec());
        }
        let place = |at: usize| Place {
            shard: shard[at] as usize,
            row: row[at] as usize,
            first: firsts[shard[at] as usize][row[at] as usize].unsigned_abs() as usize,
            statics: statics[at] as usize,
            events: events[at] as usize,
        };
        let places = (0..ids.len()).map(place).collect();
        Ok((ids, places))
    }

    fn batch(&self, at: usize) -> Result<RecordBatch> {
        let file = self.store.shard(at)?;
        decode(&file.map, &file.path)
    }

    fn shard(&self, at: usize) -> Result<Shard> {
        let batch = self.batch(at)?;
        let events: StructArray = batch.column(1).as_list::<i32>().values().as_struct().clone();
        let times = events.column_by_name("time").map(|c| c.as_primitive::<TimestampMicrosecondType>().clone());
        let times = times.ok_or_else(|| Error::new(Code::Corrupt, "a shard has no times."))?;
        let sparse = batch.column_by_name("sparse").map(|c| c.as_struct().clone());
        Ok(Shard { taken: vec![0; times.len()], events, sparse, times })
    }

    fn same_columns(&self) {
        let stored: HashSet<&str> = self.store.manifest().columns.iter().map(|c| c.name.as_str()).collect();
        let given: HashSet<&str> = self.columns.list.iter().map(|c| c.name.as_str()).collect();
        for (name, message) in stored
            .difference(&given)
            .map(|n| (n, "is in the store, but not in the source"))
            .chain(given.difference(&stored).map(|n| (n, "is in the source, but not in the store")))
        {
            self.report(Problem { message: message.into(), column: Some(name.to_string()), ..Problem::default() });
        }
    }

    fn same_metadata(&self) -> Result<()> {
        let given: HashMap<String, &PathBuf> = self.source.metadata.iter().map(|(name, path)| (format!("metadata/{name}"), path)).collect();
        let stored = self.store.manifest().files.iter().filter(|f| f.path.starts_with("metadata/"));
        let mut known = HashSet::new();
        for file in stored {
            known.insert(&file.path);
            let same = match given.get(&file.path) {
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
        for name in given.keys().filter(|name| !known.contains(name)) {
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
        places: &[Place],
        shards: &mut [Shard],
        strangers: &mut HashSet<i64>,
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
                    if strangers.insert(id) {
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
                let place = &places[patient];
                let shard = &mut shards[place.shard];
                let timed = place.first + place.statics..place.first + place.events;
                let (run, end) = match time {
                    None => (place.first, timed.start),
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
        places: &[Place],
        shards: &[Shard],
    ) -> Result<()> {
        let Some(stored) = self.store.manifest().columns.iter().find(|c| c.name == column.name) else { return Ok(()) };
        let file = &self.source.files[group.file];
        let mut reader = Reader::open(file, group.file, group.group, column)?;
        let mut at = 0;
        while let Some(batch) = reader.next()? {
            let rows = batch.len();
            let given = match batch {
                Batch::Array(array) => conform(&array, &column.wide).map_err(|e| internal(&e))?,
                Batch::Nulls(rows) => new_null_array(&column.wide, rows),
            };
            let mut begin = 0;
            for part in positions[at..at + rows].chunk_by(|a, b| shard_of(a, places) == shard_of(b, places)) {
                if let Some(shard) = shard_of(&part[0], places) {
                    let shard = &shards[shard];
                    let held = match stored.storage {
                        Storage::Dense => dense(shard, &column.name, part),
                        Storage::Sparse => sparse(shard, &column.name, part, places),
                    };
                    let held = held.and_then(|held| match held.data_type() {
                        arrow_schema::DataType::Dictionary(_, value) => cast(&held, value),
                        _ => Ok(held),
                    });
                    let held = held.and_then(|held| conform(&held, &column.wide)).map_err(|e| internal(&e))?;
                    let given = given.slice(begin, part.len());
                    if held.to_data() != given.to_data() {
                        self.differ(column, part, &held, &given, ids, places);
                    }
                }
                begin += part.len();
            }
            at += rows;
        }
        Ok(())
    }

    /// Reports the rows in which two arrays differ.
    fn differ(&self, column: &Column, part: &[Option<(usize, usize)>], held: &ArrayRef, given: &ArrayRef, ids: &[i64], places: &[Place]) {
        let text = |array: &ArrayRef, row: usize| match array.is_null(row) {
            true => "null".to_string(),
            false => array_value_to_string(array, row).unwrap_or_default().chars().take(80).collect(),
        };
        for (row, position) in part.iter().enumerate() {
            if held.slice(row, 1).to_data() == given.slice(row, 1).to_data() {
                continue;
            }
            let Some((patient, at)) = position else { continue };
            let place = &places[*patient];
            self.report(Problem {
                path: self.store.manifest().shards[place.shard].file.path.clone(),
                message: format!("contains {}, but the source contains {}", text(held, row), text(given, row)),
                subject: Some(ids[*patient]),
                column: Some(column.name.clone()),
                row: Some((at - place.first) as u64),
            });
            if self.full() {
                return;
            }
        }
    }
}

impl Shard {
    /// First row of the run of `time` among the timed rows of a patient, or where it would be. `near`: the
    /// run of the row before.
    fn run(&self, timed: std::ops::Range<usize>, time: i64, near: Option<usize>) -> usize {
        let values = self.times.values();
        if let Some(near) = near.filter(|near| timed.contains(near)) {
            if values[near] == time {
                return near;
            }
            let next = near + self.taken[near] as usize;
            if timed.contains(&next) && values[next] == time && values[next - 1] < time {
                return next;
            }
        }
        timed.start + values[timed].partition_point(|t| *t < time)
    }
}

fn shard_of(position: &Option<(usize, usize)>, places: &[Place]) -> Option<usize> {
    position.map(|(patient, _)| places[patient].shard)
}

fn missing() -> ArrowError {
    ArrowError::SchemaError("the shard does not have the column".into())
}

fn dense(shard: &Shard, name: &str, part: &[Option<(usize, usize)>]) -> Result<ArrayRef, ArrowError> {
    let rows: UInt64Array = part.iter().map(|position| position.map(|(_, at)| at as u64)).collect();
    take(shard.events.column_by_name(name).ok_or_else(missing)?, &rows, None)
}

fn sparse(shard: &Shard, name: &str, part: &[Option<(usize, usize)>], places: &[Place]) -> Result<ArrayRef, ArrowError> {
    let lists: &ListArray = shard.sparse.as_ref().and_then(|s| s.column_by_name(name)).ok_or_else(missing)?.as_list();
    let pairs = lists.values().as_struct();
    let rows = cast(pairs.column(0), &arrow_schema::DataType::UInt32)?;
    let rows = rows.as_primitive::<UInt32Type>().values();
    let find = |&(patient, at): &(usize, usize)| {
        let place: &Place = &places[patient];
        let offsets = lists.value_offsets();
        let (begin, end) = (offsets[place.row].unsigned_abs() as usize, offsets[place.row + 1].unsigned_abs() as usize);
        rows[begin..end].binary_search(&((at - place.first) as u32)).ok().map(|found| (begin + found) as u64)
    };
    let indexes: UInt64Array = part.iter().map(|position| position.as_ref().and_then(find)).collect();
    take(pairs.column(1), &indexes, None)
}

fn internal(error: &ArrowError) -> Error {
    Error::new(Code::Internal, format!("cannot compare: {error}"))
}

/// The one record batch of a file, read by the Arrow library without a copy.
fn decode(map: &Arc<Mapping>, path: &Path) -> Result<RecordBatch> {
    let read = || -> parquet::errors::Result<RecordBatch> {
        let buffer = map.buffer();
        let bytes = buffer.as_slice();
        let broken = |what: &str| ArrowError::IpcError(what.to_string());
        let end = bytes.len().checked_sub(10).ok_or_else(|| broken("too short"))?;
        let length = bytes[end..].first_chunk::<4>().map_or(0, |n| u32::from_le_bytes(*n)) as usize;
        let start = end.checked_sub(length).ok_or_else(|| broken("footer too long"))?;
        let footer = root_as_footer(&bytes[start..end]).map_err(|e| broken(&e.to_string()))?;
        let schema = try_fb_to_schema(footer.schema().ok_or_else(|| broken("no schema"))?)?;
        let mut decoder = FileDecoder::new(Arc::new(schema), footer.version()).with_require_alignment(true);
        let cut = |block: &arrow_ipc::Block| {
            buffer.slice_with_length(block.offset() as usize, block.metaDataLength() as usize + block.bodyLength() as usize)
        };
        for block in footer.dictionaries().into_iter().flatten() {
            decoder.read_dictionary(block, &cut(block))?;
        }
        let block = footer.recordBatches().and_then(|blocks| blocks.iter().next()).ok_or_else(|| broken("no batch"))?;
        let batch = decoder.read_record_batch(block, &cut(block))?;
        Ok(batch.ok_or_else(|| broken("no batch"))?)
    };
    guarded(read).map_err(|e| Error::at(Code::Corrupt, path, format!("the Arrow library cannot read it: {e}. Convert the source again.")))
}
