//! The splits of a store that has only some of the source's subjects. Its metadata must not contain the ids
//! of the others.

use crate::source::common_type::conform;
use crate::source::dataset::broken;
use crate::source::files::Source;
use crate::source::metadata::{Splits, splits_file, subject_ids, table};
use crate::write::parquet::write_table;
use arrow_array::BooleanArray;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::DataType;
use arrow_select::filter::filter_record_batch;
use meds_store::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The splits of some subjects, and their file for the new store's metadata folder.
pub struct SomeSplits {
    /// The splits.
    pub splits: Option<Splits>,
    /// The file. It is removed when the metadata folder has its copy.
    path: Option<PathBuf>,
}

impl SomeSplits {
    /// Removes the subjects from a source's splits for which `stays` is false.
    pub fn new(source: &mut Source, splits: Option<Splits>, work: &Path, stays: impl Fn(i64) -> bool) -> Result<Self> {
        let splits = splits.map(|splits| splits.into_iter().filter(|(id, _)| stays(*id)).collect());
        let Some((name, path)) = splits_file(source).map(|(name, path)| (name, path.to_path_buf())) else {
            return Ok(Self::none(splits));
        };
        let (given, _) = table(&path)?;
        let id = subject_ids(&given, &path)?;
        let id = conform(id, &DataType::Int64).map_err(|e| broken(&path, e))?;
        let keep: BooleanArray = id.as_primitive::<Int64Type>().iter().map(|id| Some(id.is_some_and(&stays))).collect();
        // If all subjects stay, the file is copied byte for byte.
        if keep.false_count() == 0 {
            return Ok(Self::none(splits));
        }
        let kept = filter_record_batch(&given, &keep).map_err(|e| broken(&path, e))?;
        let to = work.join("splits.parquet");
        write_table(&to, &kept)?;
        if let Some(entry) = source.metadata.iter_mut().find(|(known, _)| known == name) {
            entry.1 = to.clone();
        }
        Ok(Self { splits, path: Some(to) })
    }

    /// The source's splits, unchanged.
    pub fn none(splits: Option<Splits>) -> Self {
        Self { splits, path: None }
    }

    /// Removes the file.
    pub fn finish(self) -> Result<()> {
        match self.path {
            Some(path) => fs::remove_file(&path).map_err(|e| Error::io(&path, "write the metadata", &e)),
            None => Ok(()),
        }
    }
}
