//! Folders of temporary files.

use meds_store::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A temporary folder, removed when this value is dropped.
#[derive(Debug)]
pub struct Spill(PathBuf);

impl Spill {
    /// Makes the folder `name` in `work`, or one with a unique name in the folder for temporary files, if
    /// there is one.
    pub fn new(temp: Option<&Path>, work: &Path, name: &str) -> Result<Self> {
        let folder = match temp {
            Some(temp) => temp.join(format!(".meds-reader-{name}-{}-{:?}", std::process::id(), std::thread::current().id())),
            None => work.join(name),
        };
        fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, "make the temporary folder", &e))?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        // If this fails, the folder is removed with the work folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}
