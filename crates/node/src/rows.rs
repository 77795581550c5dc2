//! Rows as a table: in memory, or as the bytes of a file.

use crate::error::{caught, guard, thrown};
use crate::query::Question;
use crate::store::NativeStore;
use meds_convert::{Sheet, SheetForm, arrow_file};
use meds_query::{Query, Request, Wanted};
use meds_store::{Code, Error, Progress, Result, Store};
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use std::sync::{Arc, Mutex, PoisonError};

/// The file that rows are written to.
enum Form {
    /// An Arrow file for each call, with the places of its buffers.
    Memory,
    File(Box<Sheet>),
}

/// Rows of a call.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct TableBytes {
    /// The next bytes of the file; in memory, all of it.
    pub bytes: Uint8Array,
    /// Number of rows.
    pub rows: f64,
    /// In memory: where the buffers of the fields are, as JSON.
    pub layout: Option<String>,
}

/// A table of rows that queries find.
#[napi]
pub struct RowTable {
    form: Arc<Mutex<Form>>,
}

#[napi]
impl RowTable {
    /// A table without rows.
    #[napi(constructor)]
    pub fn new(env: Env, #[napi(ts_arg_type = "'memory' | 'arrow' | 'parquet' | 'csv'")] form: String) -> napi::Result<Self> {
        guard(&env, || {
            let form = match form.as_str() {
                "memory" => Form::Memory,
                "arrow" => Form::File(Box::new(Sheet::new(SheetForm::Arrow))),
                "parquet" => Form::File(Box::new(Sheet::new(SheetForm::Parquet))),
                "csv" => Form::File(Box::new(Sheet::new(SheetForm::Csv))),
                other => return Err(Error::new(Code::InvalidArgument, format!("The format \"{other}\" does not exist."))),
            };
            Ok(Self { form: Arc::new(Mutex::new(form)) })
        })
    }

    /// The last bytes of the file.
    #[napi]
    pub fn finish(&self, env: Env) -> napi::Result<Uint8Array> {
        guard(&env, || match &mut *self.form.lock().unwrap_or_else(PoisonError::into_inner) {
            Form::Memory => Ok(Uint8Array::new(vec![])),
            Form::File(sheet) => sheet.finish().map(Uint8Array::new),
        })
    }
}

/// Rows that are added to a table. A class of its own: napi-rs keeps the borrow of a store whose method, or
/// argument, belongs to a promise until that settles, and then the store cannot be closed.
#[napi]
pub struct RowPart {
    work: Mutex<Option<Work>>,
    form: Arc<Mutex<Form>>,
    progress: Arc<Progress>,
}

#[napi]
impl RowPart {
    /// Reads the parameters: the rows of a query, at most `most`. `window`: the number of its first window.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        table: &RowTable,
        store: &NativeStore,
        question: Question,
        columns: Vec<String>,
        window: u32,
        most: f64,
    ) -> napi::Result<Self> {
        guard(&env, || {
            let windows = question.has_windows();
            let column = |name: String| match name.as_str() {
                "subject_id" => Wanted::Subject,
                "window" if windows => Wanted::Window(window),
                _ => Wanted::Column(name),
            };
            let columns = columns.into_iter().map(column).collect();
            let work = Work { store: Arc::clone(store.share()?), request: question.into(), columns, most: most as usize };
            Ok(Self { work: Mutex::new(Some(work)), form: Arc::clone(&table.form), progress: Arc::default() })
        })
    }

    /// Adds the rows, once.
    #[napi(ts_return_type = "Promise<TableBytes>")]
    pub fn run(&self) -> AsyncTask<Adding> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        AsyncTask::new(Adding { work, form: Arc::clone(&self.form), progress: Arc::clone(&self.progress) })
    }

    /// Stops the query. Its promise then fails with `MEDS_CANCELLED`.
    #[napi]
    pub fn cancel(&self) {
        self.progress.cancel();
    }
}

struct Work {
    store: Arc<Store>,
    request: Request,
    columns: Vec<Wanted>,
    most: usize,
}

/// A query on a thread of libuv's pool. This thread works too.
pub struct Adding {
    work: Option<Work>,
    form: Arc<Mutex<Form>>,
    progress: Arc<Progress>,
}

impl Task for Adding {
    /// Our error. Only the JavaScript thread can turn it into a JavaScript error.
    type Output = Result<(Vec<u8>, usize, Option<String>)>;
    type JsValue = TableBytes;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = self.work.take();
        Ok(caught(|| {
            let Work { store, request, columns, most } = work.ok_or_else(|| Error::new(Code::Internal, "A query was started twice."))?;
            let mut form = self.form.lock().unwrap_or_else(PoisonError::into_inner);
            let in_memory = matches!(*form, Form::Memory);
            let rows = Query::new(&store, &request, &self.progress)?.select(&columns, most, in_memory)?;
            let count = rows.num_rows();
            match &mut *form {
                Form::File(sheet) => Ok((sheet.add(&rows)?, count, None)),
                Form::Memory => {
                    let bytes = arrow_file(&rows)?;
                    drop(rows);
                    let layout =
                        meds_store::read::parse(&bytes).map_err(|clause| Error::new(Code::Internal, format!("The table {clause}.")))?;
                    let layout = serde_json::to_string(&layout.fields).map_err(|e| Error::new(Code::Internal, e.to_string()))?;
                    Ok((bytes, count, Some(layout)))
                }
            }
        }))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        let (bytes, rows, layout) = output.map_err(|error| thrown(&env, &error))?;
        Ok(TableBytes { bytes: Uint8Array::new(bytes), rows: rows as f64, layout })
    }
}
