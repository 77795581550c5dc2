//! Our errors as JavaScript errors: `code` is the stable code, `path` the file that the error is about.

use meds_store::{Code, Error, Result};
use napi::bindgen_prelude::{JsObjectValue, JsValue};
use napi::{Env, Status};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a function of the binding. A panic must not cross into C, so it becomes `MEDS_INTERNAL`.
pub fn guard<T>(env: &Env, entry: impl FnOnce() -> Result<T>) -> napi::Result<T> {
    caught(entry).map_err(|error| thrown(env, &error))
}

/// Runs `work` and turns a panic into an error.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // Data that a panic left incomplete are not used again: stores are read-only, and jobs are dropped.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
        let text = text.unwrap_or_else(|| "a panic without a message".into());
        Err(Error::new(Code::Internal, format!("Internal error in meds-reader: {text}. Please report it with the stack trace on stderr.")))
    })
}

/// Makes the JavaScript error for one of our errors.
pub fn thrown(env: &Env, error: &Error) -> napi::Error {
    let plain = || napi::Error::new(Status::GenericFailure, error.to_string());
    let built = env.create_error(plain()).and_then(|mut object| {
        object.set_named_property("code", error.code.as_str())?;
        if let Some(path) = &error.path {
            object.set_named_property("path", path.display().to_string())?;
        }
        Ok(napi::Error::from(object.to_unknown()))
    });
    // This fails only in an environment that is shutting down.
    built.unwrap_or_else(|_| plain())
}
