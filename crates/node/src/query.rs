//! A question to many patients, answered off the JavaScript thread.

use crate::error::{caught, guard, thrown};
use crate::store::NativeStore;
use meds_query::{End, Query, Request, Windows};
use meds_store::{Code, Error, Progress, Result, Store};
use napi::bindgen_prelude::{AsyncTask, BigInt64Array, Either4, Float64Array, Int32Array, Uint32Array};
use napi::{Env, Task};
use napi_derive::napi;
use std::sync::{Arc, Mutex, PoisonError};

/// An array of a result. It takes over the memory that the query has filled: nothing is copied.
type Column = Either4<Float64Array, Uint32Array, Int32Array, BigInt64Array>;

/// What is asked.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct Question {
    /// The cohort's slots, ascending; null for all patients.
    pub slots: Option<Uint32Array>,
    /// Ranges of code ids: begin, end, begin, end, …; null for all codes.
    pub codes: Option<Uint32Array>,
    /// Of each window the subject; null where groups are patients.
    pub subjects: Option<BigInt64Array>,
    /// Of each window the bounds.
    pub start: Option<BigInt64Array>,
    /// See `start`.
    pub end: Option<BigInt64Array>,
    /// Rows at the very start, at the very end, do not belong; nor do static ones.
    pub after_start: bool,
    /// See `after_start`.
    pub before_end: bool,
    /// See `after_start`.
    pub timed_only: bool,
    /// Only so many of the last rows of each window.
    pub last: Option<f64>,
    /// 0 for all cores.
    pub threads: u32,
}

impl From<Question> for Request {
    fn from(question: Question) -> Self {
        // Copied: JavaScript may write to its arrays while the query runs.
        let times = |array: Option<BigInt64Array>| array.map(|array| array.to_vec());
        let windows = question.subjects.map(|subjects| Windows {
            subjects: subjects.to_vec(),
            start: times(question.start),
            end: times(question.end),
            after_start: question.after_start,
            before_end: question.before_end,
            timed_only: question.timed_only,
            // A cast of a float saturates.
            last: question.last.map(|last| last as usize),
        });
        let ids = |array: Option<Uint32Array>| array.map(|array| array.to_vec());
        Self { slots: ids(question.slots), windows, codes: ids(question.codes), threads: question.threads as usize }
    }
}

/// What a query gives.
#[derive(Clone, Copy)]
enum Kind {
    CountCodes,
    CountCodesEach,
    Occurrence(End),
    Aggregate,
    RowsWithCode,
}

/// The memory of a result, on its way to JavaScript.
pub enum Filled {
    Floats(Vec<f64>),
    Words(Vec<u32>),
    Rows(Vec<i32>),
    Times(Vec<i64>),
}
use Filled::{Floats, Rows, Times, Words};

impl Kind {
    fn answer(self, query: &Query) -> Result<Vec<Filled>> {
        Ok(match self {
            Kind::CountCodes => {
                let found = query.count_codes()?;
                vec![Floats(found.events), Words(found.patients)]
            }
            Kind::CountCodesEach => {
                let found = query.count_codes_each()?;
                vec![Floats(found.offsets), Words(found.codes), Words(found.counts)]
            }
            Kind::Occurrence(end) => {
                let found = query.occurrence(end)?;
                vec![Rows(found.rows), Times(found.times), Words(found.codes)]
            }
            Kind::Aggregate => {
                let found = query.aggregate()?;
                let numbers = [found.sum, found.mean, found.min, found.max, found.last];
                let mut all = vec![Floats(found.offsets), Words(found.codes), Words(found.count), Words(found.value_count)];
                all.extend(numbers.into_iter().map(Floats));
                all
            }
            Kind::RowsWithCode => {
                let found = query.rows_with_code()?;
                vec![Words(found.slots), Floats(found.offsets), Words(found.rows)]
            }
        })
    }
}

/// A question to a store. It holds a share of the store's files: closing the store does not disturb it.
#[napi]
pub struct Asked {
    /// Behind a lock, as a job's work is.
    work: Mutex<Option<(Arc<Store>, Kind, Request)>>,
    progress: Arc<Progress>,
}

#[napi]
impl Asked {
    /// Reads the question; starts nothing.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        store: &NativeStore,
        #[napi(ts_arg_type = "'countCodes' | 'countCodesEach' | 'firstOf' | 'lastOf' | 'aggregate' | 'rowsWithCode'")] kind: String,
        question: Question,
    ) -> napi::Result<Self> {
        guard(&env, || {
            let kind = match kind.as_str() {
                "countCodes" => Kind::CountCodes,
                "countCodesEach" => Kind::CountCodesEach,
                "firstOf" => Kind::Occurrence(End::First),
                "lastOf" => Kind::Occurrence(End::Last),
                "aggregate" => Kind::Aggregate,
                "rowsWithCode" => Kind::RowsWithCode,
                other => return Err(Error::new(Code::InvalidArgument, format!("There is no query \"{other}\"."))),
            };
            Ok(Self { work: Mutex::new(Some((Arc::clone(store.share()?), kind, question.into()))), progress: Arc::default() })
        })
    }

    /// Answers, once: the arrays of the result in the order of its members. A worker that is terminated meanwhile ends when the query does.
    #[napi(ts_return_type = "Promise<(Float64Array | Uint32Array | Int32Array | BigInt64Array)[]>")]
    pub fn run(&self, env: Env) -> napi::Result<AsyncTask<Answering>> {
        guard(&env, || {
            let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
            let work = work.ok_or_else(|| Error::new(Code::InvalidArgument, "A question is asked once. Make another one."))?;
            Ok(AsyncTask::new(Answering { work: Some(work), progress: Arc::clone(&self.progress) }))
        })
    }

    /// Asks the query to stop; its promise then fails with `MEDS_CANCELLED`.
    #[napi]
    pub fn cancel(&self) {
        self.progress.cancel();
    }
}

/// A query on a thread of libuv's pool, which takes part in the work.
pub struct Answering {
    work: Option<(Arc<Store>, Kind, Request)>,
    progress: Arc<Progress>,
}

impl Task for Answering {
    /// An error of ours becomes a JavaScript error on the JavaScript thread only.
    type Output = Result<Vec<Filled>>;
    type JsValue = Vec<Column>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = self.work.take();
        Ok(caught(|| {
            let (store, kind, request) = work.ok_or_else(|| Error::new(Code::Internal, "A question was asked twice."))?;
            kind.answer(&Query::new(&store, &request, &self.progress)?)
        }))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        let column = |filled| match filled {
            Floats(all) => Column::A(all.into()),
            Words(all) => Column::B(all.into()),
            Rows(all) => Column::C(all.into()),
            Times(all) => Column::D(all.into()),
        };
        Ok(output.map_err(|error| thrown(&env, &error))?.into_iter().map(column).collect())
    }
}
