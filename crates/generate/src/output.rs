//! The folder of the dataset. It is created under a temporary name beside its path, renamed when it is
//! complete, and deleted on failure.

use meds_store::{Code, Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Output {
    out: PathBuf,
    folder: PathBuf,
    finished: bool,
}

impl Output {
    /// Refuses a folder that is not empty.
    pub(crate) fn create(out: &Path) -> Result<Self> {
        match fs::read_dir(out) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(Error::at(
                        Code::InvalidArgument,
                        out,
                        "this folder is not empty, and it is never overwritten. Choose another path, or delete the folder first.",
                    ));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io(out, "use this as the dataset's folder", &error)),
        }
        let Some(name) = out.file_name() else {
            return Err(Error::at(Code::InvalidArgument, out, "a new folder cannot have this name. Use a path that ends with a name."));
        };
        let folder = out.with_file_name(format!(".{}.tmp-{}", name.to_string_lossy(), std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, "create a folder", &error))?;
        Ok(Self { out: out.to_path_buf(), folder, finished: false })
    }

    /// The folder to write into.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Renames the folder to its final path. Returns the bytes of its files.
    pub(crate) fn finish(mut self) -> Result<u64> {
        let bytes = size(&self.folder).map_err(|error| Error::io(&self.folder, "list the folder", &error))?;
        // Removes an empty folder only. If anything else was created there meanwhile, the rename fails and
        // nothing is lost.
        let _ = fs::remove_dir(&self.out);
        fs::rename(&self.folder, &self.out).map_err(|error| Error::io(&self.out, "move the finished dataset into place", &error))?;
        self.finished = true;
        Ok(bytes)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.finished {
            // The original error matters more than an error of the clean-up.
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
