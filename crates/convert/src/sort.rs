//! placeholder
use crate::options::Options;
use crate::schema::Columns;
use crate::source::Source;
use crate::survey::Group;
use meds_store::manifest::Note;
use meds_store::{Code, Error, Progress, Result};
use std::path::Path;

/// Sorts.
pub fn sort(_: &Source, _: &Columns, _: &[Group], _: &Path, _: &Options, _: &Progress, _: &mut Vec<Note>) -> Result<(Source, Columns)> {
    Err(Error::new(Code::Internal, "not yet"))
}

/// Clears.
pub fn clear(_: &Path, _: &Options) -> Result<()> {
    Ok(())
}
