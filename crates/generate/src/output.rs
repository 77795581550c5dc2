//! The dataset's folder: made under a temporary name beside its place, renamed when it is whole, deleted when it is not.

use meds_store::{Code, Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Output {
    out: PathBuf,
    folder: PathBuf,
    finished: bool,
}

impl Output {
    /// Refuses a folder that holds something.
    pub(crate) fn create(out: &Path) -> Result<Self> {
        match fs::read_dir(out) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(Error::at(
                        Code::InvalidArgument,
                        out,
                        "the folder is not empty, and nothing is overwritten. Choose a free name, or delete the folder first.",
                    ));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io(out, "use this as the dataset's folder", &error)),
        }
        let Some(name) = out.file_name() else {
            return Err(Error::at(Code::InvalidArgument, out, "this is no name for a new folder. Give a path that ends with a name."));
        };
        let folder = out.with_file_name(format!(".{}.tmp-{}", name.to_string_lossy(), std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, "make a folder", &error))?;
        Ok(Self { out: out.to_path_buf(), folder, finished: false })
    }

    /// Where to write.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Moves the folder to its place; returns the bytes of its files.
    pub(crate) fn finish(mut self) -> Result<u64> {
        let bytes = size(&self.folder).map_err(|error| Error::io(&self.folder, "list the folder", &error))?;
        // Removes an empty folder only; the rename then fails where something stands: what came into being meanwhile is never lost.
        let _ = fs::remove_dir(&self.out);
        fs::rename(&self.folder, &self.out).map_err(|error| Error::io(&self.out, "move the finished dataset into place", &error))?;
        self.finished = true;
        Ok(bytes)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.finished {
            // The error that brought us here matters more than one of cleaning up.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn size(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
