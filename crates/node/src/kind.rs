//! What a path is.

use crate::error::guard;
use napi::Env;
use napi_derive::napi;
use std::path::Path;

/// A source in a folder.
#[napi(object, object_from_js = false)]
pub struct FoundSource {
    /// Where it is.
    pub path: String,
    /// Its kind, as [`kind`] returns it.
    pub kind: String,
}

/// What a path is. Throws where it is nothing that can be read.
#[napi(ts_return_type = "'store' | 'meds' | 'meds_reader' | 'omop' | 'parquet' | 'archive' | 'duckdb'")]
pub fn kind(env: Env, path: String) -> napi::Result<String> {
    guard(&env, || Ok(meds_convert::kind(Path::new(&path))?.name().into()))
}

/// What a file is by its first bytes; null where they show no kind.
#[napi(ts_return_type = "'parquet' | 'archive' | 'duckdb' | null")]
pub fn kind_of_file(env: Env, path: String) -> napi::Result<Option<String>> {
    guard(&env, || Ok(meds_convert::kind_of_file(Path::new(&path))?.map(|kind| kind.name().into())))
}

/// The sources in a folder, at any depth; what is in a source is part of it.
#[napi]
pub fn sources_in(env: Env, folder: String) -> napi::Result<Vec<FoundSource>> {
    guard(&env, || {
        let found = meds_convert::sources_in(Path::new(&folder))?;
        Ok(found
            .into_iter()
            .map(|(path, kind)| FoundSource { path: path.to_string_lossy().into_owned(), kind: kind.name().into() })
            .collect())
    })
}
