//! Training batches: where samples end, and their rows into the arrays of a batch. Both calls are synchronous and move a batch as a whole.

use crate::buffer::cells;
use crate::error::guard;
use crate::store::NativeStore;
use meds_query::batch::{self, Batch, CodeCells, Rows, Tokens};
use napi::Env;
use napi::bindgen_prelude::{
    BigInt64ArraySlice, Either, Float32ArraySlice, Float64ArraySlice, Int32ArraySlice, Uint8ArraySlice, Uint32ArraySlice,
};
use napi_derive::napi;

/// Rows that go into a batch.
#[napi(object, object_to_js = false)]
pub struct BatchRows<'env> {
    /// Nine numbers a run of rows: see `crates/query/src/batch.rs`.
    pub runs: Int32ArraySlice<'env>,
    /// Numbers of rows, where a run is a list of them.
    pub list: Uint32ArraySlice<'env>,
    /// Of each sample the cut-off.
    pub cutoffs: BigInt64ArraySlice<'env>,
    /// Rows at the very cut-off are known.
    pub inclusive: bool,
}

/// By code id what a vocabulary makes of it; empty where it leaves things as they are.
#[napi(object, object_to_js = false)]
pub struct BatchTokens<'env> {
    /// Tokens.
    pub ids: Int32ArraySlice<'env>,
    /// Of the values of each code.
    pub mean: Float64ArraySlice<'env>,
    /// Of the values of each code.
    pub std: Float64ArraySlice<'env>,
}

/// The arrays of a batch; empty where they are not asked for.
#[napi(object, object_to_js = false)]
pub struct BatchArrays<'env> {
    /// Codes.
    pub code: Either<Int32ArraySlice<'env>, BigInt64ArraySlice<'env>>,
    /// Values.
    pub value: Float32ArraySlice<'env>,
    /// 1 where there is a value.
    pub mask: Uint8ArraySlice<'env>,
    /// Days since the row before.
    pub days: Float32ArraySlice<'env>,
    /// Times.
    pub time: BigInt64ArraySlice<'env>,
}

#[napi]
impl NativeStore {
    /// Writes into `ends` where the rows end that are known at each sample's cut-off. `spans` has three numbers a sample: shard, first row with a time,
    /// end of the patient's rows. `window` rows before each end are brought near.
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

    /// Moves rows into the arrays of a batch. Where a row must not be known to its sample: the sample's number and the row, and the batch is spoilt.
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
