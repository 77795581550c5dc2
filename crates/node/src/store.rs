//! An open store, as JavaScript sees it.

use crate::buffer;
use crate::error::guard;
use crate::export::NativeExport;
use meds_store::read::{File, Scan};
use meds_store::{Code, Error, Result, Store};
use napi::Env;
use napi::bindgen_prelude::{ArrayBuffer, Uint32ArraySlice, Unknown};
use napi_derive::napi;
use std::sync::Arc;

/// A mapped Arrow file.
#[napi(object, object_from_js = false)]
pub struct Mapped<'env> {
    /// The file's bytes, mapped privately: a write reaches no file and no other reader.
    #[napi(ts_type = "ArrayBuffer")]
    pub buffer: Unknown<'env>,
    /// JSON: the top-level fields and where their buffers lie.
    pub layout: String,
}

/// A store whose files are mapped.
#[napi]
pub struct NativeStore {
    /// Shared with the queries under way: the files stay mapped until the last of them has ended.
    store: Option<Arc<Store>>,
}

#[napi]
impl NativeStore {
    /// Maps and checks the store in a folder; with `verify` every byte of it.
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

    /// ancestors.arrow; null where the store has none.
    #[napi(ts_return_type = "Mapped | null")]
    pub fn ancestors<'env>(&self, env: &'env Env) -> napi::Result<Option<Mapped<'env>>> {
        guard(env, || self.open()?.ancestors()?.map(|file| mapped(env, file)).transpose())
    }

    /// A shard, whose subject ids, event offsets and sparse offsets are checked first.
    #[napi]
    pub fn shard<'env>(&self, env: &'env Env, index: u32) -> napi::Result<Mapped<'env>> {
        guard(env, || mapped(env, self.open()?.shard(index as usize)?))
    }

    /// Checks the offsets that start at this byte of a shard, before the first read of the column that they belong to.
    #[napi]
    pub fn check_offsets(&self, env: Env, shard: u32, offset: f64) -> napi::Result<()> {
        // A float cast saturates: what is no offset is found in no layout.
        guard(&env, || self.open()?.check_offsets(shard as usize, offset as u64))
    }

    /// A shard for other native code, by the Arrow C Data Interface; all of its structure is checked first.
    #[napi]
    pub fn export(&self, env: Env, shard: u32) -> napi::Result<NativeExport> {
        guard(&env, || NativeExport::new(&self.open()?.arrow(shard as usize)?))
    }

    /// The shards that are worth a scan where the patients at some slots (ascending; all of them where there are none) are read in storage order.
    #[napi]
    pub fn dense(&self, env: Env, slots: Option<Uint32ArraySlice>) -> napi::Result<Vec<u32>> {
        guard(&env, || Ok(self.open()?.dense(slots.as_deref()).into_iter().map(|shard| shard as u32).collect()))
    }

    /// Says that some shards are read in order from now on.
    #[napi]
    pub fn scan(&self, env: Env, shards: Vec<u32>) -> napi::Result<NativeScan> {
        guard(&env, || Ok(NativeScan { scans: self.open()?.scan(shards.into_iter().map(|shard| shard as usize)) }))
    }

    /// Drops the mappings that nobody else (JavaScript, a query, an export) holds.
    #[napi]
    pub fn close(&mut self) {
        self.store = None;
    }

    fn open(&self) -> Result<&Store> {
        self.share().map(AsRef::as_ref)
    }

    /// The store itself.
    pub(crate) fn share(&self) -> Result<&Arc<Store>> {
        self.store.as_ref().ok_or_else(|| Error::new(Code::Closed, "The store was closed. Open it again to read on."))
    }
}

/// Shards that are read in order: the system reads ahead there until this ends, or has been collected.
#[napi]
pub struct NativeScan {
    scans: Vec<Scan>,
}

#[napi]
impl NativeScan {
    /// Ends it; may be called twice.
    #[napi]
    pub fn end(&mut self) {
        self.scans.clear();
    }
}

/// Detaches an ArrayBuffer: its views have length 0 from now on, its memory is given back on the next turn of the event loop.
#[napi]
pub fn detach(buffer: ArrayBuffer) -> napi::Result<()> {
    buffer.detach()
}

fn mapped<'env>(env: &'env Env, file: &File) -> Result<Mapped<'env>> {
    let layout = serde_json::to_string(&file.layout.fields);
    let layout = layout.map_err(|e| Error::at(Code::Internal, &file.path, format!("its layout cannot be written as JSON ({e}).")))?;
    Ok(Mapped { buffer: buffer::mapping(env, Arc::clone(&file.map))?, layout })
}
