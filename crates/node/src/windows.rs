//! The rows of many windows, in arrays. All calls are synchronous.

use crate::buffer::{Raw, column};
use crate::error::guard;
use crate::query::Question;
use crate::store::NativeStore;
use meds_query::{Column, WindowRows};
use meds_store::{Result, Store};
use napi::Env;
use napi_derive::napi;
use std::sync::Arc;

/// Windows whose rows are found. It keeps a share of the store's files. The memory of a column is that of the
/// ArrayBuffer.
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

    /// float64: the first row of each window in the columns, then the number of rows.
    #[napi(ts_return_type = "ArrayBuffer")]
    pub fn offsets(&self, env: Env) -> napi::Result<Raw> {
        moved(&env, || self.rows.offsets())
    }

    /// uint32: code ids.
    #[napi(ts_return_type = "ArrayBuffer")]
    pub fn codes(&self, env: Env) -> napi::Result<Raw> {
        moved(&env, || self.rows.codes(&self.store))
    }

    /// int64: times.
    #[napi(ts_return_type = "ArrayBuffer")]
    pub fn times(&self, env: Env) -> napi::Result<Raw> {
        moved(&env, || self.rows.times(&self.store))
    }

    /// Numeric values: float64 where `double`, else float32.
    #[napi(ts_return_type = "ArrayBuffer")]
    pub fn values(&self, env: Env, double: bool) -> napi::Result<Raw> {
        moved(&env, || self.rows.values(&self.store, double))
    }
}

fn moved(env: &Env, make: impl FnOnce() -> Result<Column>) -> napi::Result<Raw> {
    guard(env, || column(env, make()?))
}
