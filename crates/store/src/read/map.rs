//! Files mapped copy-on-write: the one file of this crate with unsafe code.

use crate::error::{Code, Error, Result};
use arrow_buffer::Buffer;
use memmap2::{Mmap, MmapOptions, MmapRaw};
use std::fs::{self, File};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

/// A whole file in memory, mapped twice over the same pages of the system: for JavaScript, which can write by mistake, and for Rust, whose threads
/// (queries) read while JavaScript runs and must never see such a write.
#[derive(Debug)]
pub struct Mapping {
    /// `None` for a file of no bytes, which no system maps.
    maps: Option<Maps>,
}

#[derive(Debug)]
struct Maps {
    /// Private and writable: a write stays in this mapping and never reaches the file. Held raw: Rust reads nothing through it.
    lent: MmapRaw,
    /// Private and read-only.
    own: Mmap,
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
            return Ok(Self { maps: None });
        }
        if usize::try_from(expected).is_err() {
            return Err(Error::at(Code::UnsupportedRuntime, path, "is larger than this process can address. Use a 64-bit build of Node."));
        }
        let failed = |e| Error::io(path, "map a file of the store", &e);
        // SAFETY: both mappings are private, so no write of JavaScript, or of another process through a mapping of its own, changes memory that a slice
        // of ours borrows; the file itself is written once and only ever replaced by rename. Whoever truncates or edits a store's file in place
        // while it is open breaks this contract (documented), and gets a bus error or other values, as with every mapped file.
        let own = unsafe { MmapOptions::new().map_copy_read_only(&file) }.map_err(failed)?;
        // SAFETY: as above; and it is never read through.
        let lent = unsafe { MmapOptions::new().no_reserve_swap().map_copy(&file) }.map_err(failed)?.into();
        Ok(Self { maps: Some(Maps { lent, own }) })
    }

    /// The file's bytes, as they are in the file.
    pub fn bytes(&self) -> &[u8] {
        self.maps.as_ref().map_or(&[], |maps| &maps.own)
    }

    /// All bytes as an Arrow buffer, which holds a share of the mapping: it and its slices stay valid after the store is closed. The bytes that Rust
    /// reads, not those that JavaScript may write to: an importer relies on what was checked.
    pub fn buffer(self: &Arc<Self>) -> Buffer {
        let Some(start) = self.maps.as_ref().and_then(|maps| NonNull::new(maps.own.as_ptr().cast_mut())) else {
            return Buffer::default();
        };
        // SAFETY: the bytes are those of a mapping that the share keeps; nobody writes through an Arrow buffer.
        unsafe { Buffer::from_custom_allocation(start, self.bytes().len(), Arc::clone(self) as _) }
    }

    /// Where the bytes start that JavaScript may write to, for the binding; `None` when there are none.
    pub fn as_mut_ptr(&self) -> Option<*mut u8> {
        self.maps.as_ref().map(|maps| maps.lent.as_mut_ptr())
    }
}
