//! A query over many patients, which runs off the JavaScript thread.

use crate::error::{caught, guard, thrown};
use crate::store::NativeStore;
use meds_query::{End, Query, Request, Windows};
use meds_store::{Code, Error, Progress, Result, Store};
use napi::bindgen_prelude::{AsyncTask, BigInt64Array, Either4, Float64Array, Int32Array, Uint32Array};
use napi::{Env, Task};
use napi_derive::napi;
use std::sync::{Arc, Mutex, PoisonError};

/// An array of a result. It takes over the memory that the query filled, without a copy.
type Column = Either4<Float64Array, Uint32Array, Int32Array, BigInt64Array>;

/// The parameters of a query.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct Question {
    /// The cohort's slots, ascending; null for all patients.
    pub slots: Option<Uint32Array>,
    /// Ranges of code ids: begin, end, begin, end, … Null for all codes.
    pub codes: Option<Uint32Array>,
    /// The subject of each window. Null where groups are patients.
    pub subjects: Option<BigInt64Array>,
    /// The start of each window. Null: from the beginning.
    pub start: Option<BigInt64Array>,
    /// The end of each window. Null: to the end.
    pub end: Option<BigInt64Array>,
    /// Whether windows exclude rows exactly at the start.
    pub after_start: bool,
    /// Whether windows exclude rows exactly at the end.
    pub before_end: bool,
    /// Whether windows exclude static rows.
    pub timed_only: bool,
    /// Windows contain at most this number of rows: the last ones.
    pub last: Option<f64>,
    /// Number of threads; 0 for all cores.
    pub threads: u32,
}

impl From<Question> for Request {
    fn from(question: Question) -> Self {
        // Copied, because JavaScript can write to its arrays while the query runs.
        let times = |array: Option<BigInt64Array>| array.map(|array| array.to_vec());
        let windows = question.subjects.map(|subjects| Windows {
            subjects: subjects.to_vec(),
            start: times(question.start),
            end: times(question.end),
            after_start: question.after_start,
            before_end: question.before_end,
            timed_only: question.timed_only,
            // Casting a float saturates.
            last: question.last.map(|last| last as usize),
        });
        let ids = |array: Option<Uint32Array>| array.map(|array| array.to_vec());
        Self { slots: ids(question.slots), windows, codes: ids(question.codes), threads: question.threads as usize }
    }
}

/// The operation of a query.
#[derive(Clone, Copy)]
enum Kind {
    CountCodes,
    CountCodesEach,
    Occurrence(End),
    Aggregate,
    RowsWithCode,
}

/// The memory of a result that is passed to JavaScript.
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

/// A query over a store. It keeps a share of the store's files, so it also runs after the store is closed.
#[napi]
pub struct Asked {
    /// In a lock, as the work of a job is.
    work: Mutex<Option<(Arc<Store>, Kind, Request)>>,
    progress: Arc<Progress>,
}

#[napi]
impl Asked {
    /// Reads the parameters. Does not start the query.
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
                other => return Err(Error::new(Code::InvalidArgument, format!("The query \"{other}\" does not exist."))),
            };
            Ok(Self { work: Mutex::new(Some((Arc::clone(store.share()?), kind, question.into()))), progress: Arc::default() })
        })
    }

    /// Runs the query, once. Returns the arrays of the result in the order of its members. A worker thread
    /// that is terminated meanwhile ends only when the query ends.
    #[napi(ts_return_type = "Promise<(Float64Array | Uint32Array | Int32Array | BigInt64Array)[]>")]
    pub fn run(&self, env: Env) -> napi::Result<AsyncTask<Answering>> {
        guard(&env, || {
            let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
            let work = work.ok_or_else(|| Error::new(Code::InvalidArgument, "A query runs only once. Create a new one."))?;
            Ok(AsyncTask::new(Answering { work: Some(work), progress: Arc::clone(&self.progress) }))
        })
    }

    /// Stops the query. Its promise then fails with `MEDS_CANCELLED`.
    #[napi]
    pub fn cancel(&self) {
        self.progress.cancel();
    }
}

/// A query on a thread of libuv's pool. This thread works too.
pub struct Answering {
    work: Option<(Arc<Store>, Kind, Request)>,
    progress: Arc<Progress>,
}

impl Task for Answering {
    /// Our error. Only the JavaScript thread can turn it into a JavaScript error.
    type Output = Result<Vec<Filled>>;
    type JsValue = Vec<Column>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = self.work.take();
        Ok(caught(|| {
            let (store, kind, request) = work.ok_or_else(|| Error::new(Code::Internal, "A query was started twice."))?;
            let query = Query::new(&store, &request, &self.progress)?;
            kind.answer(&if matches!(kind, Kind::Aggregate) { query.with_values() } else { query })
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
