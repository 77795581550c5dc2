//! A query over many patients, which runs off the JavaScript thread.

use crate::buffer::{self, Raw};
use crate::error::{caught, guard, thrown};
use crate::store::NativeStore;
use meds_query::{Bins, End, ExactSums, Notes, Query, Ragged, Request, Windows};
use meds_store::{Code, Error, Progress, Result, Store};
use napi::bindgen_prelude::{AsyncTask, BigInt64Array, Either5, Float64Array, Int32Array, Uint8Array, Uint32Array};
use napi::{Env, Task};
use napi_derive::napi;
use std::sync::{Arc, Mutex, PoisonError};

/// An array of a result. It takes over the memory that the query filled, without a copy.
type Column = Either5<Float64Array, Uint32Array, Int32Array, BigInt64Array, Raw>;

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
    /// 1 for each window without rows; null where no window is without.
    pub absent: Option<Uint8Array>,
    /// Number of threads; 0 for all cores.
    pub threads: u32,
}

/// The parameters of some kinds of query.
#[derive(Default)]
#[napi(object, object_to_js = false)]
pub struct Details {
    /// `days`: the number of days of a bin.
    pub days: Option<u32>,
    /// `asOf`: ranges of code ids, each with the number of its set: begin, end, set, begin, end, set, …
    pub sets: Option<Uint32Array>,
    /// `asOf`: the number of sets.
    pub set_count: Option<u32>,
    /// `asOf`: only rows with a value.
    pub with_value: Option<bool>,
    /// Of notes: which rows they are.
    pub notes: Option<NoteRows>,
    /// `searchNotes`: the regular expression, in the syntax of the crate regex.
    pub pattern: Option<String>,
    /// `searchNotes`: the most matches that are returned.
    pub most: Option<f64>,
}

/// Which rows are notes.
#[derive(Default)]
#[napi(object, object_to_js = false)]
pub struct NoteRows {
    /// The column with the text.
    pub text: String,
    /// The column of kinds, and the kind of notes.
    pub kind_column: Option<String>,
    pub kind: Option<String>,
    /// Codes of notes, as ranges of ids, for rows without a kind. Absent: every row with a text is a note.
    pub codes: Option<Uint32Array>,
}

impl From<NoteRows> for Notes {
    fn from(NoteRows { text, kind_column, kind, codes }: NoteRows) -> Self {
        Self { text, kind: kind_column.zip(kind), codes: codes.map(|codes| codes.to_vec()) }
    }
}

impl Question {
    /// Whether groups are windows.
    pub fn has_windows(&self) -> bool {
        self.subjects.is_some()
    }
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
            absent: question.absent.map(|absent| absent.to_vec()),
        });
        let ids = |array: Option<Uint32Array>| array.map(|array| array.to_vec());
        Self { slots: ids(question.slots), windows, codes: ids(question.codes), threads: question.threads as usize }
    }
}

/// The operation of a query.
#[derive(Clone)]
enum Kind {
    CountCodes,
    CountBy(Bins),
    /// Ranges of code ids, each with the number of its set; the number of sets; whether rows must have a
    /// value.
    AsOf(Vec<(u32, u32, u32)>, usize, bool),
    CountCodesEach,
    Occurrence(End),
    Aggregate,
    AggregateCodes,
    RowsWithCode,
    CountNotes(Notes),
    /// The notes, the regular expression, and the most matches that are returned.
    SearchNotes(Notes, String, usize),
}

/// The memory of a result that is passed to JavaScript.
pub enum Filled {
    Floats(Vec<f64>),
    Words(Vec<u32>),
    Rows(Vec<i32>),
    Times(Vec<i64>),
    /// The memory alone: the caller makes the array.
    Bytes(meds_query::Column),
}
use Filled::{Bytes, Floats, Rows, Times, Words};

/// The subjects of a ragged result, its offsets, and its columns.
fn ragged(found: Ragged, query: &Query) -> Result<Vec<Filled>> {
    let columns = std::iter::once(found.offsets).chain(found.columns).map(Bytes);
    Ok(std::iter::once(Times(query.subjects()?)).chain(columns).collect())
}

impl Kind {
    fn answer(self, query: &Query) -> Result<Vec<Filled>> {
        Ok(match self {
            Kind::CountCodes => {
                let found = query.count_codes()?;
                vec![Floats(found.events), Words(found.patients)]
            }
            Kind::CountCodesEach => ragged(query.count_codes_each()?, query)?,
            Kind::CountBy(bins) => {
                let found = query.count_by(bins)?;
                let numbers = || found.bins.iter();
                let bins = match bins {
                    // The years of int64 have 32 bits.
                    Bins::Years => Rows(numbers().map(|year| *year as i32).collect()),
                    _ => Times(numbers().map(|number| bins.start(*number)).collect()),
                };
                vec![Words(found.codes), bins, Floats(found.counts), Floats(vec![found.without_time])]
            }
            Kind::AsOf(sets, count, with_value) => {
                let mut all = vec![Times(query.subjects()?)];
                for set in query.as_of(&sets, count, with_value)? {
                    all.extend([Rows(set.rows), Times(set.times), Words(set.codes), Floats(set.values)]);
                }
                all
            }
            Kind::Occurrence(end) => {
                let found = query.occurrence(end)?;
                vec![Rows(found.rows), Times(found.times), Words(found.codes), Times(query.subjects()?)]
            }
            Kind::Aggregate => ragged(query.aggregate()?, query)?,
            Kind::AggregateCodes => {
                let found = query.code_values()?;
                let exact = |sums: ExactSums| [Words(sums.offsets), Rows(sums.exponents), Words(sums.words)];
                let columns = [Floats(found.events), Words(found.patients), Floats(found.values), Floats(found.min), Floats(found.max)];
                columns.into_iter().chain(exact(found.sums)).chain(exact(found.squares)).collect()
            }
            Kind::RowsWithCode => {
                let found = query.rows_with_code()?;
                vec![Words(found.slots), Floats(found.offsets), Words(found.rows)]
            }
            Kind::CountNotes(notes) => {
                let found = query.count_notes(&notes)?;
                vec![Words(found.codes), Words(found.notes), Words(found.groups), Floats(found.length), Words(found.longest)]
            }
            Kind::SearchNotes(notes, pattern, most) => {
                let found = query.search_notes(&notes, &pattern, most)?;
                let columns = [found.groups, found.rows, found.codes, found.starts, found.ends].map(Words);
                let rest = [Times(query.subjects()?), Floats(found.counts.to_vec())];
                columns.into_iter().chain(rest).collect()
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
        #[napi(
            ts_arg_type = "'countCodes' | 'countCodesEach' | 'firstOf' | 'lastOf' | 'aggregate' | 'aggregateCodes' | 'rowsWithCode' | 'years' | 'months' | 'days' | 'asOf' | 'countNotes' | 'searchNotes'"
        )]
        kind: String,
        question: Question,
        details: Option<Details>,
    ) -> napi::Result<Self> {
        guard(&env, || {
            let Details { days, sets, set_count, with_value, notes, pattern, most } = details.unwrap_or_default();
            let notes = || notes.unwrap_or_default().into();
            let kind = match kind.as_str() {
                "countCodes" => Kind::CountCodes,
                "years" => Kind::CountBy(Bins::Years),
                "months" => Kind::CountBy(Bins::Months),
                "days" => Kind::CountBy(Bins::Days(i64::from(days.unwrap_or(1).max(1)))),
                "asOf" => {
                    let sets = sets.map(|sets| sets.to_vec()).unwrap_or_default();
                    let sets = sets.as_chunks::<3>().0.iter().map(|&[begin, end, set]| (begin, end, set)).collect();
                    Kind::AsOf(sets, set_count.unwrap_or_default() as usize, with_value.unwrap_or_default())
                }
                "countCodesEach" => Kind::CountCodesEach,
                "firstOf" => Kind::Occurrence(End::First),
                "lastOf" => Kind::Occurrence(End::Last),
                "aggregate" => Kind::Aggregate,
                "aggregateCodes" => Kind::AggregateCodes,
                "rowsWithCode" => Kind::RowsWithCode,
                "countNotes" => Kind::CountNotes(notes()),
                // Casting a float saturates.
                "searchNotes" => Kind::SearchNotes(notes(), pattern.unwrap_or_default(), most.unwrap_or(f64::MAX) as usize),
                other => return Err(Error::new(Code::InvalidArgument, format!("The query \"{other}\" does not exist."))),
            };
            Ok(Self { work: Mutex::new(Some((Arc::clone(store.share()?), kind, question.into()))), progress: Arc::default() })
        })
    }

    /// Runs the query, once. Returns the arrays of the result in the order of its members. A worker thread
    /// that is terminated meanwhile ends only when the query ends.
    #[napi(ts_return_type = "Promise<(Float64Array | Uint32Array | Int32Array | BigInt64Array | ArrayBuffer)[]>")]
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
            let reads_values = matches!(kind, Kind::Aggregate | Kind::AggregateCodes | Kind::AsOf(..));
            kind.answer(&if reads_values { query.with_values() } else { query })
        }))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        let column = |filled| {
            Ok(match filled {
                Floats(all) => Column::A(all.into()),
                Words(all) => Column::B(all.into()),
                Rows(all) => Column::C(all.into()),
                Times(all) => Column::D(all.into()),
                Bytes(all) => Column::E(buffer::column(&env, all)?),
            })
        };
        let output = output.and_then(|all| all.into_iter().map(column).collect::<Result<Vec<_>>>());
        output.map_err(|error| thrown(&env, &error))
    }
}
