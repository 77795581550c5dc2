//! Long work off the JavaScript thread: it is watched by asking and stopped by a flag, so nothing calls back into JavaScript.

use crate::error::{caught, guard, thrown};
use meds_store::{Code, Error, Progress, Result};
use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

type Work = Box<dyn FnOnce(&Progress) -> Result<String> + Send>;

/// One piece of long work: options in as JSON, a summary out as JSON.
#[napi]
pub struct Job {
    /// Behind a lock, not `&mut self`: napi-rs keeps that borrowed until the promise settles, and `cancel` could not be called.
    work: Mutex<Option<Work>>,
    progress: Arc<Progress>,
}

#[napi]
impl Job {
    /// Reads the options; starts nothing.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        #[napi(
            ts_arg_type = "'convert' | 'verify' | 'generate' | 'export' | 'filter' | 'inspect' | 'unpack' | 'holdsTables' | 'csv' | 'same' | 'current' | 'digest'"
        )]
        kind: String,
        options: String,
    ) -> napi::Result<Self> {
        guard(&env, || {
            let work = match kind.as_str() {
                "convert" => work(&options, meds_convert::convert)?,
                "verify" => work(&options, meds_convert::verify)?,
                "export" => work(&options, meds_convert::export)?,
                "filter" => work(&options, meds_convert::filter)?,
                "inspect" => work(&options, meds_convert::inspect)?,
                "unpack" => work(&options, meds_convert::unpack)?,
                "holdsTables" => work(&options, meds_convert::holds_tables)?,
                "csv" => work(&options, meds_convert::csv)?,
                "same" => work(&options, meds_convert::same)?,
                "current" => work(&options, meds_convert::is_current)?,
                "digest" => work(&options, meds_convert::digest)?,
                "generate" => work(&options, meds_generate::generate)?,
                other => return Err(Error::new(Code::InvalidArgument, format!("There is no job \"{other}\"."))),
            };
            Ok(Self { work: Mutex::new(Some(work)), progress: Arc::default() })
        })
    }

    /// Does the work, once; gives its summary. A worker that is terminated meanwhile ends when the work does: cancel it first.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn run(&self, env: Env) -> napi::Result<AsyncTask<Running>> {
        guard(&env, || {
            let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
            let work = work.ok_or_else(|| Error::new(Code::InvalidArgument, "A job runs once. Make another one."))?;
            Ok(AsyncTask::new(Running { work: Some(work), progress: Arc::clone(&self.progress) }))
        })
    }

    /// `[phase, units done, units in all, bytes done, bytes in all]`.
    #[napi]
    pub fn progress(&self) -> Vec<f64> {
        self.progress.snapshot().to_vec()
    }

    /// Asks the work to stop; its promise then fails with `MEDS_CANCELLED`.
    #[napi]
    pub fn cancel(&self) {
        self.progress.cancel();
    }
}

/// A job on a thread of libuv's pool.
pub struct Running {
    work: Option<Work>,
    progress: Arc<Progress>,
}

impl Task for Running {
    /// An error of ours becomes a JavaScript error on the JavaScript thread only.
    type Output = Result<String>;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = self.work.take();
        Ok(caught(|| work.ok_or_else(|| Error::new(Code::Internal, "A job was started twice."))?(&self.progress)))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<String> {
        output.map_err(|error| thrown(&env, &error))
    }
}

/// Refuses a path where no store may be written, before any work is done for one.
#[napi]
pub fn refuse_taken(env: Env, path: String, force: bool) -> napi::Result<()> {
    guard(&env, || meds_convert::refuse_taken(Path::new(&path), force))
}

/// Refuses a file or folder, or files below it, of a table whose log says which of its files are rows.
#[napi]
pub fn refuse_tables(env: Env, root: String, files: Vec<String>) -> napi::Result<()> {
    guard(&env, || meds_convert::refuse_tables(Path::new(&root), files.iter().map(Path::new)))
}

fn work<O, S>(options: &str, run: impl FnOnce(&O, &Progress) -> Result<S> + Send + 'static) -> Result<Work>
where
    O: DeserializeOwned + Send + 'static,
    S: Serialize,
{
    let options: O =
        serde_json::from_str(options).map_err(|e| Error::new(Code::InvalidArgument, format!("The options are wrong: {e}.")))?;
    Ok(Box::new(move |progress| {
        let summary = run(&options, progress)?;
        serde_json::to_string(&summary).map_err(|e| Error::new(Code::Internal, format!("The summary cannot be written as JSON ({e}).")))
    }))
}
