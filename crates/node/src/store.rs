//! An open store as JavaScript sees it.

use crate::buffer;
use crate::error::{caught, guard, thrown};
use crate::export::NativeExport;
use meds_query::prefetch::{self, Wanted};
use meds_store::read::{File, Scan};
use meds_store::{Code, Error, Result, Store};
use napi::bindgen_prelude::{ArrayBuffer, AsyncTask, BigInt64ArraySlice, Float64ArraySlice, Uint32ArraySlice, Unknown};
use napi::{Env, Task};
use napi_derive::napi;
use std::sync::{Arc, Mutex, PoisonError};

/// A mapped Arrow file.
#[napi(object, object_from_js = false)]
pub struct Mapped<'env> {
    /// The file's bytes, mapped privately: a write changes neither the file nor what other readers see.
    #[napi(ts_type = "ArrayBuffer")]
    pub buffer: Unknown<'env>,
    /// JSON: the top-level fields and where their buffers are.
    pub layout: String,
}

/// Rows that are read soon.
#[napi(object, object_to_js = false)]
pub struct WantedRows<'env> {
    /// Five numbers per entry: shard, row of the patient in the shard, first row, first row with a time, end.
    pub spans: Uint32ArraySlice<'env>,
    /// Only rows at or after these times, one per entry.
    pub starts: Option<BigInt64ArraySlice<'env>>,
    /// Only rows at or before these times, one per entry.
    pub ends: Option<BigInt64ArraySlice<'env>>,
    /// Whether rows exactly at the start, and exactly at the end, are wanted.
    pub at_start: bool,
    pub at_end: bool,
    /// At most this number of rows per entry: the last ones.
    pub last: Option<f64>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// At most this number of bytes.
    pub most: f64,
}

/// How much of a file, or of a column of a shard, is in memory.
#[napi(object, object_from_js = false)]
pub struct ResidentBytes {
    /// Path of the file in the store.
    pub file: String,
    /// The column; null for the file.
    pub column: Option<String>,
    /// Number of bytes.
    pub bytes: f64,
    /// Bytes in memory; null where the system does not say.
    pub resident: Option<f64>,
}

/// A store whose files are mapped.
#[napi]
pub struct NativeStore {
    /// Shared with running queries: the files stay mapped until the last query ends.
    store: Option<Arc<Store>>,
}

#[napi]
impl NativeStore {
    /// Maps and checks the store in a folder. With `verify` it checks every byte.
    #[napi(constructor)]
    pub fn new(env: Env, path: String, verify: bool) -> napi::Result<Self> {
        guard(&env, || Ok(Self { store: Some(Arc::new(Store::open(path, verify)?)) }))
    }

    /// The text of manifest.json.
    #[napi]
    pub fn manifest(&self, env: Env) -> napi::Result<String> {
        guard(&env, || Ok(self.open()?.manifest_text().to_string()))
    }

    /// patients.arrow.
    #[napi]
    pub fn patients<'env>(&self, env: &'env Env) -> napi::Result<Mapped<'env>> {
        guard(env, || mapped(env, self.open()?.patients()))
    }

    /// codes.arrow.
    #[napi]
    pub fn codes<'env>(&self, env: &'env Env) -> napi::Result<Mapped<'env>> {
        guard(env, || mapped(env, self.open()?.codes()))
    }

    /// ancestors.arrow; null where the store does not have the file.
    #[napi(ts_return_type = "Mapped | null")]
    pub fn ancestors<'env>(&self, env: &'env Env) -> napi::Result<Option<Mapped<'env>>> {
        guard(env, || self.open()?.ancestors()?.map(|file| mapped(env, file)).transpose())
    }

    /// A shard. The first call checks its subject ids, event offsets and sparse offsets.
    #[napi]
    pub fn shard<'env>(&self, env: &'env Env, index: u32) -> napi::Result<Mapped<'env>> {
        guard(env, || mapped(env, self.open()?.shard(index as usize)?))
    }

    /// Checks the offsets that start at this byte of a shard. Required before the first read of their column.
    #[napi]
    pub fn check_offsets(&self, env: Env, shard: u32, offset: f64) -> napi::Result<()> {
        // Casting a float saturates, and a wrong offset is not found in the layout.
        guard(&env, || self.open()?.check_offsets(shard as usize, offset as u64))
    }

    /// Exports a shard to other native code by the Arrow C Data Interface. Its whole structure is checked
    /// first.
    #[napi]
    pub fn export(&self, env: Env, shard: u32) -> napi::Result<NativeExport> {
        guard(&env, || NativeExport::new(&self.open()?.arrow(shard as usize)?))
    }

    /// The shards that are worth a scan if the patients at these slots (ascending; null for all) are read in
    /// storage order.
    #[napi]
    pub fn dense(&self, env: Env, slots: Option<Uint32ArraySlice>) -> napi::Result<Vec<u32>> {
        guard(&env, || Ok(self.open()?.dense(slots.as_deref()).into_iter().map(|shard| shard as u32).collect()))
    }

    /// Announces that these shards are read in order from now on.
    #[napi]
    pub fn scan(&self, env: Env, shards: Vec<u32>) -> napi::Result<NativeScan> {
        guard(&env, || Ok(NativeScan { scans: self.open()?.scan(shards.into_iter().map(|shard| shard as usize)) }))
    }

    /// Requests ranges of bytes of a shard (offset and length, in turn) from the disk, and does not wait.
    /// Returns whether some were not in memory.
    #[napi]
    pub fn request(&self, env: Env, shard: u32, ranges: Float64ArraySlice) -> napi::Result<bool> {
        guard(&env, || {
            let map = self.open()?.shard(shard as usize).map(|file| &file.map)?;
            let mut missing = false;
            for range in ranges.chunks_exact(2) {
                let range = range[0] as usize..(range[0] + range[1]) as usize;
                let length = range.end.min(map.bytes().len()).saturating_sub(range.start);
                if map.resident(range.clone()).is_none_or(|found| found < length) {
                    missing = true;
                    map.request(range);
                }
            }
            Ok(missing)
        })
    }

    /// Marks ranges of bytes of a shard as read for the last time.
    #[napi]
    pub fn release(&self, env: Env, shard: u32, ranges: Float64ArraySlice) -> napi::Result<()> {
        guard(&env, || {
            let map = self.open()?.shard(shard as usize).map(|file| &file.map)?;
            ranges.chunks_exact(2).for_each(|range| map.release(range[0] as usize..(range[0] + range[1]) as usize));
            Ok(())
        })
    }

    /// Whether a part of some rows of a shard (absent: of all) is not in memory, as far as a sample shows.
    #[napi]
    pub fn is_cold(&self, env: Env, shard: u32, from: Option<u32>, to: Option<u32>) -> napi::Result<bool> {
        let rows = from.zip(to).map(|(from, to)| from as usize..to as usize);
        guard(&env, || Ok(self.open()?.is_cold(shard as usize, rows)))
    }

    /// How much of each file and column is in memory.
    #[napi]
    pub fn residency(&self, env: Env) -> napi::Result<Vec<ResidentBytes>> {
        guard(&env, || {
            let parts = self.open()?.residency().into_iter().map(|part| ResidentBytes {
                file: part.file,
                column: part.column,
                bytes: part.bytes as f64,
                resident: part.resident.map(|bytes| bytes as f64),
            });
            Ok(parts.collect())
        })
    }

    /// Unmaps the files that are not in use elsewhere (by JavaScript, a query or an export).
    #[napi]
    pub fn close(&mut self) {
        self.store = None;
    }

    fn open(&self) -> Result<&Store> {
        self.share().map(AsRef::as_ref)
    }

    /// The store itself.
    pub(crate) fn share(&self) -> Result<&Arc<Store>> {
        self.store.as_ref().ok_or_else(|| Error::new(Code::Closed, "The store is closed. Open it again to read from it."))
    }
}

/// Shards that are read in order. The system reads ahead in them until this ends or is collected.
#[napi]
pub struct NativeScan {
    scans: Vec<Scan>,
}

#[napi]
impl NativeScan {
    /// Ends the scan. Can be called more than once.
    #[napi]
    pub fn end(&mut self) {
        self.scans.clear();
    }
}

/// A request for rows from the disk. A class of its own: napi-rs keeps the borrow of a store whose method
/// returns a promise until that settles, and then the store cannot be closed.
#[napi]
pub struct NativePrefetch {
    work: Mutex<Option<(Arc<Store>, Wanted)>>,
}

#[napi]
impl NativePrefetch {
    /// Reads the parameters. Does not start the work.
    #[napi(constructor)]
    pub fn new(env: Env, store: &NativeStore, wanted: WantedRows) -> napi::Result<Self> {
        guard(&env, || {
            let rows = Wanted {
                spans: wanted.spans.to_vec(),
                starts: wanted.starts.map(|starts| starts.to_vec()),
                ends: wanted.ends.map(|ends| ends.to_vec()),
                inclusive: [wanted.at_start, wanted.at_end],
                // A cast of a float saturates.
                last: wanted.last.map(|last| last as usize),
                columns: wanted.columns,
                most: wanted.most as usize,
            };
            Ok(Self { work: Mutex::new(Some((Arc::clone(store.share()?), rows))) })
        })
    }

    /// Requests the rows. The promise resolves with the number of bytes when they are in memory.
    #[napi(ts_return_type = "Promise<number>")]
    pub fn run(&self) -> AsyncTask<Prefetching> {
        AsyncTask::new(Prefetching { work: self.work.lock().unwrap_or_else(PoisonError::into_inner).take() })
    }

    /// The same, on this thread: the rows are in memory when it returns.
    #[napi]
    pub fn wait(&self, env: Env) -> napi::Result<f64> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        guard(&env, || Ok(fetch(work)? as f64))
    }
}

/// A request for rows on a thread of libuv's pool.
pub struct Prefetching {
    work: Option<(Arc<Store>, Wanted)>,
}

impl Task for Prefetching {
    /// Our error. Only the JavaScript thread can turn it into a JavaScript error.
    type Output = Result<usize>;
    type JsValue = f64;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = self.work.take();
        Ok(caught(|| fetch(work)))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        output.map(|bytes| bytes as f64).map_err(|error| thrown(&env, &error))
    }
}

fn fetch(work: Option<(Arc<Store>, Wanted)>) -> Result<usize> {
    let (store, wanted) = work.ok_or_else(|| Error::new(Code::Internal, "A prefetch was started twice."))?;
    prefetch::prefetch(&store, wanted)
}

/// Detaches an ArrayBuffer. Its views have length 0 from now on, and its memory is freed on the next turn of
/// the event loop.
#[napi]
pub fn detach(buffer: ArrayBuffer) -> napi::Result<()> {
    buffer.detach()
}

fn mapped<'env>(env: &'env Env, file: &File) -> Result<Mapped<'env>> {
    let layout = serde_json::to_string(&file.layout.fields);
    let layout = layout.map_err(|e| Error::at(Code::Internal, &file.path, format!("The layout cannot be written as JSON ({e}).")))?;
    Ok(Mapped { buffer: buffer::mapping(env, Arc::clone(&file.map))?, layout })
}
