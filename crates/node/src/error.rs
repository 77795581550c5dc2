//! Our errors as JavaScript errors: `code` is the stable code, `path` the file it is about.

use meds_store::{Code, Error, Result};
use napi::bindgen_prelude::{JsObjectValue, JsValue};
use napi::{Env, Status};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs an entry of the binding. A panic must not cross into C: it becomes `MEDS_INTERNAL`.
pub fn guard<T>(env: &Env, entry: impl FnOnce() -> Result<T>) -> napi::Result<T> {
    caught(entry).map_err(|error| thrown(env, &error))
}

/// What `work` gives, a panic of it as an error.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing that a panic may have left half done is used again: stores are read-only, jobs are dropped.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
        let text = text.unwrap_or_else(|| "it gave no reason".into());
        Err(Error::new(Code::Internal, format!("A defect of meds-reader: {text}. Please report it with the stack that stands on stderr.")))
    })
}

/// The JavaScript error for one of ours.
pub fn thrown(env: &Env, error: &Error) -> napi::Error {
    let plain = || napi::Error::new(Status::GenericFailure, error.to_string());
    let built = env.create_error(plain()).and_then(|mut object| {
        object.set_named_property("code", error.code.as_str())?;
        if let Some(path) = &error.path {
            object.set_named_property("path", path.display().to_string())?;
        }
        Ok(napi::Error::from(object.to_unknown()))
    });
    // Only an environment that is being torn down cannot make an object.
    built.unwrap_or_else(|_| plain())
}
