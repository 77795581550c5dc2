//! Files mapped copy-on-write: the one file of this crate with unsafe code.

use crate::error::{Code, Error, Result};
use arrow_buffer::Buffer;
use memmap2::{MmapOptions, MmapRaw};
use std::fs::{self, File};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

/// A whole file in memory. Writes (JavaScript can make them by mistake) stay private to this mapping and never reach the file.
/// It is held raw because JavaScript may write between two of our reads: a slice lives only as long as the call that made it.
#[derive(Debug)]
pub struct Mapping {
    /// `None` for a file of no bytes, which no system maps.
    raw: Option<MmapRaw>,
}

impl Mapping {
    /// Maps a file that must be `expected` bytes long. A shorter file would end the process (SIGBUS) at the first touch of its missing pages, so
    /// the length is compared first; a store's files are never modified, only replaced, and a mapping outlives its file's name.
    pub fn open(path: &Path, expected: u64) -> Result<Self> {
        let corrupt = |found: &str| Error::at(Code::Corrupt, path, format!("{found}. {}", super::REMEDY));
        // Asked before opening: opening a pipe would wait for its writer.
        match fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(corrupt("is no regular file")),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(corrupt("is listed in the store's manifest but missing")),
            Err(e) => return Err(Error::io(path, "look at a file of the store", &e)),
        }
        let file = File::open(path).map_err(|e| Error::io(path, "open a file of the store", &e))?;
        let found = file.metadata().map_err(|e| Error::io(path, "look at a file of the store", &e))?.len();
        if found != expected {
            return Err(corrupt(&format!("has {found} bytes where the store's manifest says {expected}")));
        }
        if expected == 0 {
            return Ok(Self { raw: None });
        }
        if usize::try_from(expected).is_err() {
            return Err(Error::at(Code::UnsupportedRuntime, path, "is larger than this process can address. Use a 64-bit build of Node."));
        }
        // SAFETY: the mapping is private, so no write of another process through a mapping of its own changes memory that a slice of ours
        // borrows once the page is ours; the file itself is written once and only ever replaced by rename. Whoever truncates or edits a store's file in place
        // while it is open breaks this contract (documented), and gets a bus error or other values, as with every mapped file.
        let map = unsafe { MmapOptions::new().no_reserve_swap().map_copy(&file) };
        map.map(|map| Self { raw: Some(map.into()) }).map_err(|e| Error::io(path, "map a file of the store", &e))
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.raw {
            // SAFETY: pointer and length are those of a live mapping that `self` owns. JavaScript writes to it only on the thread that opened the store,
            // and never while that thread is inside a call of ours; work on other threads maps the files anew.
            Some(raw) => unsafe { std::slice::from_raw_parts(raw.as_ptr(), raw.len()) },
            None => &[],
        }
    }

    /// All bytes as an Arrow buffer, which holds a share of the mapping: it and its slices stay valid after the store is closed.
    pub fn buffer(self: &Arc<Self>) -> Buffer {
        let Some((start, raw)) = self.raw.as_ref().and_then(|raw| Some((NonNull::new(raw.as_mut_ptr())?, raw))) else {
            return Buffer::default();
        };
        let share = Arc::clone(self);
        // SAFETY: the bytes are those of a mapping that the share keeps, and Rust reads them under the terms of `bytes`.
        unsafe { Buffer::from_custom_allocation(start, raw.len(), share) }
    }

    /// Where the bytes start, for the binding; `None` when there are none.
    pub fn as_mut_ptr(&self) -> Option<*mut u8> {
        self.raw.as_ref().map(MmapRaw::as_mut_ptr)
    }
}
