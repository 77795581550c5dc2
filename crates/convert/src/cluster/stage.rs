//! The files that steps leave for other steps. Each appears complete or not at all, and says of which conversion it
//! is.

use meds_store::{Code, Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const MAGIC: &[u8] = b"meds-reader step 1\n";

/// A file of a step: its path, and the digest of what it was made from.
pub struct Stage<'a> {
    /// Its path.
    pub path: PathBuf,
    /// The digest of its plan; after the survey, that of the bytes of the source too.
    pub of: &'a str,
    /// The step that makes it, for errors.
    pub step: &'static str,
}

impl Stage<'_> {
    /// Writes the file.
    pub fn write(&self, content: &impl Serialize) -> Result<()> {
        let head = [MAGIC, self.of.as_bytes(), b"\n"].concat();
        let broken = |e| Error::at(Code::Internal, &self.path, format!("cannot be written ({e})"));
        let mut bytes = postcard::to_extend(content, head).map_err(broken)?;
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        publish(&self.path, &bytes)
    }

    /// Reads the file; `None` where it does not exist.
    pub fn find<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(&self.path, "read the result of a step", &e)),
        };
        let again = |what: &str| {
            let message = format!("{what}. Remove the file, and run `cluster {}` again.", self.step);
            Error::at(Code::Step, &self.path, message)
        };
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or_else(|| again("this file is cut"))?;
        if crc32c::crc32c(body) != u32::from_le_bytes(*sum) {
            return Err(again("this file is damaged"));
        }
        let body = body.strip_prefix(MAGIC).ok_or_else(|| again("this file is not from this version"))?;
        let body = body.strip_prefix(self.of.as_bytes()).and_then(|body| body.strip_prefix(b"\n"));
        let body = body.ok_or_else(|| again("this file is from another conversion, or from a source that has changed since"))?;
        postcard::from_bytes(body).map(Some).map_err(|e| again(&format!("this file cannot be read ({e})")))
    }

    /// Reads the file, which must exist.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        self.find()?.ok_or_else(|| self.missing())
    }

    /// The error where the file does not exist.
    pub fn missing(&self) -> Error {
        Error::at(Code::Step, &self.path, format!("this file is missing. Run `cluster {}` first.", self.step))
    }
}

/// Writes a file under another name, and renames it.
pub fn publish(path: &Path, bytes: &[u8]) -> Result<()> {
    let aside = aside(path);
    let made = fs::write(&aside, bytes).and_then(|()| fs::rename(&aside, path));
    made.map_err(|e| {
        // The first error is the one to report.
        let _ = fs::remove_file(&aside);
        Error::io(path, "write the result of a step", &e)
    })
}

/// A path beside another that no other process on any machine uses.
pub fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // The keys of `RandomState` are random.
    path.with_file_name(format!(".{name}.{:016x}", RandomState::new().hash_one(std::process::id())))
}
