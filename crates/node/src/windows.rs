//! The rows of many windows, in arrays of JavaScript: memory that it frees also where no turn of the event loop
//! comes. All calls are synchronous.

use crate::buffer::{Lent, cells};
use crate::error::guard;
use crate::query::Question;
use crate::store::NativeStore;
use meds_query::WindowRows;
use meds_store::Store;
use napi::Env;
use napi::bindgen_prelude::{BigInt64ArraySlice, Either, Float32ArraySlice, Float64ArraySlice, Uint32ArraySlice};
use napi_derive::napi;
use std::sync::Arc;

/// Windows whose rows are found. It keeps a share of the store's files.
#[napi]
pub struct NativeWindows {
    rows: WindowRows,
    store: Arc<Store>,
}

#[napi]
impl NativeWindows {
    /// Finds the rows. The question's codes are ignored.
    #[napi(constructor)]
    pub fn new(env: Env, store: &NativeStore, question: Question) -> napi::Result<Self> {
        guard(&env, || {
            let store = Arc::clone(store.share()?);
            Ok(Self { rows: WindowRows::of(&store, &question.into())?, store })
        })
    }

    /// Writes the first row of each window in the columns, then the number of rows.
    #[napi]
    pub fn offsets(&self, env: Env, out: Float64ArraySlice) -> napi::Result<()> {
        guard(&env, || {
            cells(&env, &out)?.iter().zip(self.rows.offsets()).for_each(|(cell, offset)| cell.set(offset));
            Ok(())
        })
    }

    /// Number of windows.
    #[napi]
    pub fn size(&self) -> u32 {
        self.rows.len() as u32
    }

    /// Writes code ids. Every element is written.
    #[napi]
    pub fn codes(&self, env: Env, out: Uint32ArraySlice) -> napi::Result<()> {
        guard(&env, || self.rows.codes(&self.store, Lent::default().memory(&env, &out)?.elements()))
    }

    /// Writes times.
    #[napi]
    pub fn times(&self, env: Env, out: BigInt64ArraySlice) -> napi::Result<()> {
        guard(&env, || self.rows.times(&self.store, Lent::default().memory(&env, &out)?.elements()))
    }

    /// Writes numeric values.
    #[napi]
    pub fn values(&self, env: Env, out: Either<Float32ArraySlice, Float64ArraySlice>) -> napi::Result<()> {
        guard(&env, || match &out {
            Either::A(out) => self.rows.singles(&self.store, Lent::default().memory(&env, out)?.elements()),
            Either::B(out) => self.rows.doubles(&self.store, Lent::default().memory(&env, out)?.elements()),
        })
    }
}
