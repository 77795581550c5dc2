//! Long work off the JavaScript thread. JavaScript polls its progress and stops it by a flag, so it never
//! calls back into JavaScript.

use crate::error::{caught, guard, thrown};
use meds_convert::cluster;
use meds_store::{Code, Error, Progress, Result};
use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

type Work = Box<dyn FnOnce(&Progress) -> Result<String> + Send>;

/// Long work. Its options and its summary are JSON.
#[napi]
pub struct Job {
    /// In a lock, so that `run` does not take `&mut self`: napi-rs keeps that borrow until the promise
    /// settles, and then `cancel` cannot be called.
    work: Mutex<Option<Work>>,
    progress: Arc<Progress>,
}

#[napi]
impl Job {
    /// Reads the options. Does not start the work.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        #[napi(
            ts_arg_type = "'convert' | 'verify' | 'generate' | 'export' | 'filter' | 'inspect' | 'unpack' | 'holdsTables' | 'csv' | 'same' | 'current' | 'digest' | 'clusterPlan' | 'clusterSurvey' | 'clusterJoin' | 'clusterMeasure' | 'clusterSettle' | 'clusterWrite' | 'clusterFinish' | 'clusterCancel'"
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
                "clusterPlan" => work(&options, cluster::plan)?,
                "clusterSurvey" => work(&options, cluster::survey)?,
                "clusterJoin" => work(&options, cluster::join)?,
                "clusterMeasure" => work(&options, cluster::measure)?,
                "clusterSettle" => work(&options, cluster::settle)?,
                "clusterWrite" => work(&options, cluster::write)?,
                "clusterFinish" => work(&options, cluster::finish)?,
                "clusterCancel" => work(&options, cluster::cancel)?,
                "generate" => work(&options, meds_generate::generate)?,
                other => return Err(Error::new(Code::InvalidArgument, format!("The job \"{other}\" does not exist."))),
            };
            Ok(Self { work: Mutex::new(Some(work)), progress: Arc::default() })
        })
    }

    /// Runs the work, once, and returns its summary. A worker thread that is terminated meanwhile ends only
    /// when the work ends, so cancel it first.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn run(&self, env: Env) -> napi::Result<AsyncTask<Running>> {
        guard(&env, || {
            let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
            let work = work.ok_or_else(|| Error::new(Code::InvalidArgument, "A job runs only once. Create a new one."))?;
            Ok(AsyncTask::new(Running { work: Some(work), progress: Arc::clone(&self.progress) }))
        })
    }

    /// `[phase, units done, total units, bytes done, total bytes]`.
    #[napi]
    pub fn progress(&self) -> Vec<f64> {
        self.progress.snapshot().to_vec()
    }

    /// Stops the work. Its promise then fails with `MEDS_CANCELLED`.
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
    /// Our error. Only the JavaScript thread can turn it into a JavaScript error.
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

/// Fails for a path where a store must not be written, before any work is done.
#[napi]
pub fn refuse_taken(env: Env, path: String, force: bool) -> napi::Result<()> {
    guard(&env, || meds_convert::refuse_taken(Path::new(&path), force))
}

/// Fails if the file, the folder or files below it belong to a table format whose log says which files
/// contain its rows.
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
        serde_json::from_str(options).map_err(|e| Error::new(Code::InvalidArgument, format!("The options are not valid: {e}.")))?;
    Ok(Box::new(move |progress| {
        let summary = run(&options, progress)?;
        serde_json::to_string(&summary).map_err(|e| Error::new(Code::Internal, format!("The summary cannot be written as JSON ({e}).")))
    }))
}
