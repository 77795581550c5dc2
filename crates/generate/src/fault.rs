//! Errors of the Parquet writer.

use meds_store::{Code, Error};
use parquet::errors::ParquetError;
use std::path::Path;

/// An error of the Parquet writer: of the disk, or an internal one.
pub(crate) fn fault(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(error) => Error::io(path, "write", &error),
            Err(inner) => Error::at(Code::Io, path, format!("Parquet cannot be written: {inner}. Check the path and the disk.")),
        },
        other => Error::at(Code::Io, path, format!("Parquet cannot be written: {other}. Check the path and the disk.")),
    }
}
