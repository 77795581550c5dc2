//! A file that many tasks write at once, each at its own offsets.

use meds_store::{Error, Positioned, Result};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A file that several tasks write to, each at its own offsets. Two tasks can share one byte of a bitmap:
/// such bytes are collected and written at the end.
#[derive(Debug)]
pub struct SharedFile {
    path: PathBuf,
    edges: Mutex<HashMap<u64, u8>>,
}

impl SharedFile {
    /// The file must exist.
    pub fn new(path: PathBuf) -> Self {
        Self { path, edges: Mutex::default() }
    }

    /// Opens the file for one task.
    pub fn open(self: &Arc<Self>) -> Result<Handle> {
        let file = OpenOptions::new().write(true).open(&self.path).map_err(|e| Error::io(&self.path, "write the store", &e))?;
        Ok(Handle { file: Arc::new(file), shared: self.clone() })
    }

    /// Writes the bytes that tasks share.
    pub fn write_edges(self: &Arc<Self>) -> Result<()> {
        let handle = self.open()?;
        let edges = std::mem::take(&mut *self.edges.lock().unwrap_or_else(PoisonError::into_inner));
        edges.into_iter().try_for_each(|(at, byte)| handle.write(at, &[byte]))
    }
}

/// An open [`SharedFile`].
#[derive(Clone, Debug)]
pub struct Handle {
    file: Arc<File>,
    shared: Arc<SharedFile>,
}

impl Handle {
    /// Writes bytes at an offset.
    pub fn write(&self, at: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, at).map_err(|e| Error::io(&self.shared.path, "write the store", &e))
    }

    /// Collects a byte that tasks share.
    pub(super) fn edge(&self, at: u64, byte: u8) {
        *self.shared.edges.lock().unwrap_or_else(PoisonError::into_inner).entry(at).or_default() |= byte;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file of zeros, and its folder.
    pub fn target(bytes: u64) -> std::result::Result<(tempfile::TempDir, Arc<SharedFile>), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        File::create(&path)?.set_len(bytes)?;
        Ok((folder, Arc::new(SharedFile::new(path))))
    }

    /// The bytes of the file in a folder of [`target`].
    pub fn content(folder: &tempfile::TempDir) -> std::io::Result<Vec<u8>> {
        std::fs::read(folder.path().join("file"))
    }
}
