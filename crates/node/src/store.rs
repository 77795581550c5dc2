//! An open store as JavaScript sees it.

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
    /// The file's bytes, mapped privately: a write changes neither the file nor what other readers see.
    #[napi(ts_type = "ArrayBuffer")]
    pub buffer: Unknown<'env>,
    /// JSON: the top-level fields and where their buffers are.
    pub layout: String,
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
