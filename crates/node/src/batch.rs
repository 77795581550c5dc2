//! Training batches: finds the ends of samples, and moves their rows into the arrays of a batch. Both calls
//! are synchronous and process a whole batch.

use crate::buffer::cells;
use crate::error::guard;
use crate::store::NativeStore;
use meds_query::batch::{self, Batch, CodeCells, Rows, Tokens};
use napi::Env;
use napi::bindgen_prelude::{
    BigInt64ArraySlice, Either, Float32ArraySlice, Float64ArraySlice, Int32ArraySlice, Uint8ArraySlice, Uint32ArraySlice,
};
use napi_derive::napi;

/// The rows of a batch.
#[napi(object, object_to_js = false)]
pub struct BatchRows<'env> {
    /// Words per run of rows: see `batch_run`.
    pub runs: Int32ArraySlice<'env>,
    /// Row numbers of the runs whose rows are not consecutive.
    pub list: Uint32ArraySlice<'env>,
    /// Cut-off of each sample.
    pub cutoffs: BigInt64ArraySlice<'env>,
    /// Whether rows at the time of the cut-off are known.
    pub inclusive: bool,
}

/// A vocabulary's arrays by code id; empty where it changes nothing.
#[napi(object, object_to_js = false)]
pub struct BatchTokens<'env> {
    /// Tokens.
    pub ids: Int32ArraySlice<'env>,
    /// Mean of the values of each code.
    pub mean: Float64ArraySlice<'env>,
    /// Standard deviation of the values of each code.
    pub std: Float64ArraySlice<'env>,
}

/// The arrays of a batch; empty where they are not requested.
#[napi(object, object_to_js = false)]
pub struct BatchArrays<'env> {
    /// Codes.
    pub code: Either<Int32ArraySlice<'env>, BigInt64ArraySlice<'env>>,
    /// Values.
    pub value: Float32ArraySlice<'env>,
    /// 1 where there is a value.
    pub mask: Uint8ArraySlice<'env>,
    /// Days since the previous row.
    pub days: Float32ArraySlice<'env>,
    /// Times in microseconds since 1970-01-01.
    pub time: BigInt64ArraySlice<'env>,
}

/// The layout of a run in [`BatchRows::runs`].
#[napi(object, object_from_js = false)]
pub struct BatchRun {
    /// Names of the words of a run, in order.
    pub words: Vec<&'static str>,
    /// The last word of a run whose rows are in the list.
    pub list: i32,
    /// The last word of a run of static rows.
    pub statics: i32,
}

/// The layout of a run, so that a test can compare it with the JavaScript side.
#[napi]
pub fn batch_run() -> BatchRun {
    BatchRun { words: batch::RUN_WORDS.to_vec(), list: batch::LIST, statics: batch::STATICS }
}

#[napi]
impl NativeStore {
    /// Writes to `ends`, for each sample, the end of the rows that are known at its cut-off. `spans` contains
    /// three numbers per sample: shard, first row with a time, end of the patient's rows. Loads `window` rows
    /// before each end into the cache.
    #[napi]
    pub fn known_ends(
        &self,
        env: Env,
        spans: Uint32ArraySlice,
        cutoffs: BigInt64ArraySlice,
        inclusive: bool,
        window: f64,
        ends: Uint32ArraySlice,
    ) -> napi::Result<()> {
        // A cast of a float saturates.
        guard(&env, || batch::known_ends(self.share()?, &spans, &cutoffs, inclusive, window as usize, cells(&env, &ends)?))
    }

    /// Moves rows into the arrays of a batch. Returns null, or, for a row after its sample's cut-off, the
    /// sample's index and the row. The batch must not be used then.
    #[napi]
    pub fn fill(&self, env: Env, rows: BatchRows, tokens: BatchTokens, arrays: BatchArrays) -> napi::Result<Option<Vec<u32>>> {
        let rows = Rows { runs: &rows.runs, list: &rows.list, cutoffs: &rows.cutoffs, inclusive: rows.inclusive };
        let tokens = Tokens { ids: &tokens.ids, mean: &tokens.mean, std: &tokens.std };
        guard(&env, || {
            let batch = Batch {
                code: match &arrays.code {
                    Either::A(narrow) => CodeCells::Narrow(cells(&env, narrow)?),
                    Either::B(wide) => CodeCells::Wide(cells(&env, wide)?),
                },
                value: cells(&env, &arrays.value)?,
                mask: cells(&env, &arrays.mask)?,
                days: cells(&env, &arrays.days)?,
                time: cells(&env, &arrays.time)?,
            };
            let late = batch::fill(self.share()?, &rows, &tokens, &batch)?;
            Ok(late.map(|late| vec![late.sample as u32, late.row as u32]))
        })
    }
}
