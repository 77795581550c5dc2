//! Files mapped copy-on-write: the one file of this crate with unsafe code.
//!
//! A file that is read in places (a window here, a look-up there) is mapped with advice against read-ahead: the system would read as much as the block
//! device is set to (megabytes on cloud disks) around every page, and evict what is about to be used. Reading in order takes the advice back
//! ([`Mapping::scan`]), or names its bytes ahead ([`Mapping::ahead`]).

use crate::error::{Code, Error, Result};
use arrow_buffer::Buffer;
use memmap2::{Advice, Mmap, MmapOptions, MmapRaw};
use std::fs::{self, File};
use std::ops::Range;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Bytes of one request to read ahead. The system cuts a longer one down to the device's read-ahead, which may be as small as this.
const REQUEST: usize = 128 << 10;
/// Bytes below which pages are left to be read one by one, and above which a scan is cheaper than requests and cannot evict what it has asked for.
const AHEAD: Range<usize> = 64 << 10..8 << 20;

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Access {
    /// From its beginning to its end.
    Whole,
    /// In places, but for scans.
    Places,
}

/// A whole file in memory, mapped twice over the same pages of the system: for JavaScript, which can write by mistake, and for Rust, whose threads
/// (queries) read while JavaScript runs and must never see such a write.
#[derive(Debug)]
pub struct Mapping {
    /// `None` for a file of no bytes, which no system maps.
    maps: Option<Maps>,
    access: Access,
    /// Scans under way.
    scans: Mutex<usize>,
}

#[derive(Debug)]
struct Maps {
    /// Private and writable: a write stays in this mapping and never reaches the file. Held raw: Rust reads nothing through it.
    lent: MmapRaw,
    /// Private and read-only.
    own: Mmap,
}

/// Someone reads a mapping in order: the system reads ahead until the last scan has ended. A scan alone keeps no file mapped.
#[derive(Debug)]
pub struct Scan(Weak<Mapping>);

impl Drop for Scan {
    fn drop(&mut self) {
        let Some(mapping) = self.0.upgrade() else { return };
        let mut scans = mapping.scans.lock().unwrap_or_else(PoisonError::into_inner);
        *scans = scans.saturating_sub(1);
        if *scans == 0 {
            mapping.advise(Advice::Random);
        }
    }
}

impl Mapping {
    /// Maps a file that must be `expected` bytes long. A shorter file would end the process (SIGBUS) at the first touch of its missing pages, so
    /// the length is compared first; a store's files are never modified, only replaced, and a mapping outlives its file's name.
    pub fn open(path: &Path, expected: u64, access: Access) -> Result<Self> {
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
            return Ok(Self { maps: None, access, scans: Mutex::default() });
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
        let mapping = Self { maps: Some(Maps { lent, own }), access, scans: Mutex::default() };
        mapping.advise(Advice::Random);
        Ok(mapping)
    }

    /// The mapping is read in order, by whoever, until the scan is dropped. Both of its maps are meant: a scan of JavaScript's reads the one, a query the other.
    pub fn scan(self: &Arc<Self>) -> Scan {
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        if *scans == 0 {
            self.advise(Advice::Normal);
        }
        *scans += 1;
        Scan(Arc::downgrade(self))
    }

    /// Says how the pages are read; of a file that is read whole the system's own guess is right. Called with `scans` locked, or before there can be any.
    fn advise(&self, advice: Advice) {
        if let Some(Maps { lent, own }) = self.maps.as_ref().filter(|_| self.access == Access::Places) {
            // Advice is no promise: a system that refuses it reads the same bytes, in other portions.
            let _ = (lent.advise(advice), own.advise(advice));
        }
    }

    /// These bytes are about to be read, all of them and in order: the system may begin. Many of them make a scan, which the caller holds meanwhile.
    pub fn ahead(self: &Arc<Self>, range: Range<usize>) -> Option<Scan> {
        let own = self.maps.as_ref().filter(|_| self.access == Access::Places).map(|maps| &maps.own)?;
        let range = range.start..range.end.min(own.len());
        if range.len() >= AHEAD.end {
            return Some(self.scan());
        }
        if range.len() >= AHEAD.start {
            // As above.
            range.clone().step_by(REQUEST).for_each(|at| drop(own.advise_range(Advice::WillNeed, at, REQUEST.min(range.end - at))));
        }
        None
    }

    /// The file's bytes, as they are in the file.
    pub fn bytes(&self) -> &[u8] {
        self.maps.as_ref().map_or(&[], |maps| &maps.own)
    }

    /// All bytes as an Arrow buffer, which holds a share of the mapping: it and its slices stay valid after the store is closed. The bytes that Rust
    /// reads, not those that JavaScript may write to: an importer relies on what was checked. Arrays are read in order: the buffer is a scan.
    pub fn buffer(self: &Arc<Self>) -> Buffer {
        let Some(start) = self.maps.as_ref().and_then(|maps| NonNull::new(maps.own.as_ptr().cast_mut())) else {
            return Buffer::default();
        };
        // SAFETY: the bytes are those of a mapping that the share keeps; nobody writes through an Arrow buffer.
        unsafe { Buffer::from_custom_allocation(start, self.bytes().len(), Arc::new((Arc::clone(self), self.scan()))) }
    }

    /// Where the bytes start that JavaScript may write to, for the binding; `None` when there are none.
    pub fn as_mut_ptr(&self) -> Option<*mut u8> {
        self.maps.as_ref().map(|maps| maps.lent.as_mut_ptr())
    }
}
