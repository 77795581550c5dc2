//! Training batches: finds the ends of samples, and moves their rows into the arrays of a batch. Both calls
//! are synchronous and process a whole batch.

use crate::buffer::{Element, Lent, Memory, cells, filled};
use crate::error::guard;
use crate::store::NativeStore;
use meds_query::batch::{self, Arrays, CodeCells, Rows, Tokens};
use meds_store::{Code, Error, Result};
use napi::Env;
use napi::bindgen_prelude::{
    BigInt64ArraySlice, Either, Float32ArraySlice, Float64ArraySlice, Int32ArraySlice, JsValue, Uint8ArraySlice, Uint32ArraySlice,
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
    /// Number of threads; 0 for all cores. Absent: 1.
    pub threads: Option<u32>,
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

/// Copies elements that were written aside to their array.
fn copied<'env, T: Element>(env: &Env, array: &impl JsValue<'env>, aside: Option<Vec<T>>) -> Result<()> {
    let Some(aside) = aside else { return Ok(()) };
    cells(env, array)?.iter().zip(aside).for_each(|(cell, element)| cell.set(element));
    Ok(())
}

#[napi]
impl NativeStore {
    /// Writes to `ends`, for each sample, the end of the rows that are known at its cut-off. `spans` contains
    /// three numbers per sample: shard, first row with a time, end of the patient's rows.
    #[napi]
    pub fn known_ends(
        &self,
        env: Env,
        spans: Uint32ArraySlice,
        cutoffs: BigInt64ArraySlice,
        inclusive: bool,
        threads: u32,
        ends: Uint32ArraySlice,
    ) -> napi::Result<()> {
        guard(&env, || {
            let found = batch::known_ends(self.share()?, &spans, &cutoffs, inclusive, threads as usize)?;
            let ends = cells(&env, &ends)?;
            if ends.len() != found.len() {
                return Err(Error::new(Code::Internal, "The ends of a batch do not match."));
            }
            ends.iter().zip(found).for_each(|(cell, end)| cell.set(end));
            Ok(())
        })
    }

    /// Moves rows into the arrays of a batch, and writes 0 where no row goes. Returns null, or, for a row
    /// after its sample's cut-off, the sample's index and the row. The batch must not be used then.
    #[napi]
    pub fn fill(&self, env: Env, rows: BatchRows, tokens: BatchTokens, arrays: BatchArrays) -> napi::Result<Option<Vec<u32>>> {
        let threads = rows.threads.unwrap_or(1) as usize;
        let rows = Rows { runs: &rows.runs, list: &rows.list, cutoffs: &rows.cutoffs, inclusive: rows.inclusive };
        let tokens = Tokens { ids: &tokens.ids, mean: &tokens.mean, std: &tokens.std };
        guard(&env, || {
            let mut lent = Lent::default();
            let (mut narrow, mut wide) = (Memory::None, Memory::None);
            match &arrays.code {
                Either::A(array) => narrow = lent.memory(&env, array)?,
                Either::B(array) => wide = lent.memory(&env, array)?,
            }
            let is_wide = matches!(arrays.code, Either::B(_));
            let (mut value, mut mask) = (lent.memory(&env, &arrays.value)?, lent.memory(&env, &arrays.mask)?);
            let (mut days, mut time) = (lent.memory(&env, &arrays.days)?, lent.memory(&env, &arrays.time)?);
            let own = Arrays {
                code: if is_wide { CodeCells::Wide(wide.elements()) } else { CodeCells::Narrow(narrow.elements()) },
                value: value.elements(),
                mask: mask.elements(),
                days: days.elements(),
                time: time.elements(),
            };
            let late = batch::fill(self.share()?, &rows, &tokens, own, threads, filled)?;
            // All loans end before anything is copied to memory that two arrays share.
            let (narrow, wide, value, mask, days, time) = (narrow.end(), wide.end(), value.end(), mask.end(), days.end(), time.end());
            match &arrays.code {
                Either::A(array) => copied(&env, array, narrow)?,
                Either::B(array) => copied(&env, array, wide)?,
            }
            copied(&env, &arrays.value, value)?;
            copied(&env, &arrays.mask, mask)?;
            copied(&env, &arrays.days, days)?;
            copied(&env, &arrays.time, time)?;
            Ok(late.map(|late| vec![late.sample as u32, late.row as u32]))
        })
    }
}
