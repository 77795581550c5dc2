//! Files mapped copy-on-write. This is the only file of this crate with unsafe code.
//!
//! A file with random access (windows, look-ups) is mapped with advice against read-ahead. Otherwise the
//! system reads as many bytes as the block device is set to (megabytes on cloud disks) around every page, and
//! evicts pages that are needed soon. Code that reads in order withdraws the advice ([`Mapping::scan`]) or
//! announces its bytes ([`Mapping::ahead`]).

use super::advice::*;
use crate::error::{Code, Error, Result};
use arrow_buffer::Buffer;
use memmap2::{Mmap, MmapOptions, MmapRaw};
use std::fs::{self, File, Metadata};
use std::ops::Range;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Bytes per request to read ahead. The system cuts a longer request to the device's read-ahead, which can be
/// as small as this.
const REQUEST: usize = 128 << 10;
/// Number of bytes for which requests are sent. Below it, pages are read one by one. Above it, a scan is
/// cheaper than requests, and cannot evict the pages that it requested.
const AHEAD: Range<usize> = 64 << 10..8 << 20;
/// Pages that [`Mapping::is_cold`] looks at.
const SAMPLE: usize = 32;
/// Pages whose state is requested at a time.
const PAGES: usize = 1 << 14;

/// How the file is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Access {
    /// From its beginning to its end.
    Whole,
    /// At random, except for scans.
    Places,
}

/// A whole file in memory, mapped twice over the same pages of the system. One mapping is for JavaScript,
/// which can write to it by mistake. The other is for Rust, whose threads (queries) read while JavaScript
/// runs and must never see such a write.
#[derive(Debug)]
pub struct Mapping {
    /// `None` for an empty file, which cannot be mapped.
    maps: Option<Maps>,
    access: Access,
    /// Whether the system says which pages are in memory.
    visible: bool,
    /// Number of active scans.
    scans: Mutex<usize>,
}

#[derive(Debug)]
struct Maps {
    /// Private and writable, for JavaScript: a write stays in this mapping and never reaches the file. Raw,
    /// because Rust does not read through it.
    lent: MmapRaw,
    /// Private and read-only, for Rust.
    own: Mmap,
}

/// A read of a mapping in order. The system reads ahead until the last scan ends. A scan does not keep the
/// file mapped.
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
    /// Maps a file that must be `expected` bytes long. The length is compared first, because a read of
    /// missing pages ends the process (SIGBUS). Later the file keeps its length: a store's files are replaced
    /// but never modified, and a mapping remains valid after its file is replaced.
    pub fn open(path: &Path, expected: u64, access: Access) -> Result<Self> {
        let corrupt = |found: &str| Error::at(Code::Corrupt, path, format!("{found}. {}", super::REMEDY));
        // Checked before opening, because opening a pipe waits for its writer.
        match fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(corrupt("is not a regular file")),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(corrupt("is listed in the store's manifest, but it is missing"));
            }
            Err(e) => return Err(Error::io(path, "read the size of a file of the store", &e)),
        }
        let file = File::open(path).map_err(|e| Error::io(path, "open a file of the store", &e))?;
        let about = file.metadata().map_err(|e| Error::io(path, "read the size of a file of the store", &e))?;
        let found = about.len();
        if found != expected {
            return Err(corrupt(&format!("has {found} bytes, but the store's manifest says {expected}")));
        }
        if expected == 0 {
            return Ok(Self { maps: None, access, visible: false, scans: Mutex::default() });
        }
        if usize::try_from(expected).is_err() {
            return Err(Error::at(Code::UnsupportedRuntime, path, "is larger than this process can address. Use a 64-bit build of Node."));
        }
        let failed = |e| Error::io(path, "map a file of the store", &e);
        // SAFETY: both mappings are private, so a write by JavaScript, or by another process through its own
        // mapping, does not change memory that a slice of ours borrows. The file is written once and only
        // replaced by rename. A program that truncates or edits a store's file in place while it is open
        // breaks this documented contract: it gets a bus error or other values, as with every mapped file.
        let own = unsafe { MmapOptions::new().map_copy_read_only(&file) }.map_err(failed)?;
        // SAFETY: as above. In addition, Rust never reads through this mapping.
        let lent = unsafe { MmapOptions::new().no_reserve_swap().map_copy(&file) }.map_err(failed)?.into();
        let visible = is_visible(path, &about);
        let mapping = Self { maps: Some(Maps { lent, own }), access, visible, scans: Mutex::default() };
        mapping.advise(Advice::Random);
        Ok(mapping)
    }

    /// Announces that the mapping is read in order until the scan is dropped. This applies to both maps:
    /// JavaScript scans one, and queries scan the other.
    pub fn scan(self: &Arc<Self>) -> Scan {
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        if *scans == 0 {
            self.advise(Advice::Normal);
        }
        *scans += 1;
        Scan(Arc::downgrade(self))
    }

    /// Advises the system how the pages are read. A file that is read whole needs no advice. The caller has
    /// locked `scans`, unless scans are not possible yet.
    fn advise(&self, advice: Advice) {
        if let Some(Maps { lent, own }) = self.maps.as_ref().filter(|_| self.access == Access::Places) {
            // A system that ignores the advice reads the same bytes in other portions, so errors do not
            // matter.
            let _ = (lent.advise(advice), own.advise(advice));
        }
    }

    /// Announces that all these bytes are read now, in order, so that the system can read ahead. For many
    /// bytes this starts a scan, which the caller must keep until the read ends.
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

    /// Requests bytes that are read soon, in any order, and returns before they are in memory.
    pub fn request(&self, range: Range<usize>) {
        let Some(Maps { own, .. }) = self.maps.as_ref() else { return };
        let range = range.start..range.end.min(own.len());
        // As above.
        range.clone().step_by(REQUEST).for_each(|at| drop(own.advise_range(Advice::WillNeed, at, REQUEST.min(range.end - at))));
    }

    /// Marks bytes as read for the last time: if memory is short, the system takes their pages first.
    pub fn release(&self, range: Range<usize>) {
        #[cfg(target_os = "linux")]
        if let Some(Maps { own, lent }) = self.maps.as_ref() {
            let end = range.end.min(own.len());
            let begin = range.start.next_multiple_of(page_size()).min(end);
            for start in [own.as_ptr(), lent.as_ptr()] {
                // SAFETY: the bytes are inside a mapping of ours. The advice changes when the system evicts
                // pages, and never what they contain. A system that does not know it evicts by its own rules.
                let _ = unsafe { libc::madvise(start.add(begin).cast_mut().cast(), end - begin, libc::MADV_COLD) };
            }
        }
        #[cfg(not(target_os = "linux"))]
        drop(range);
    }

    /// Takes the file out of this process's memory. It stays in the system's cache, from where later reads take it.
    pub fn forget(&self) {
        #[cfg(target_os = "linux")]
        if let Some(Maps { own, .. }) = self.maps.as_ref() {
            // SAFETY: this mapping is ours, private and never written, so later reads find the same bytes in the file.
            let _ = unsafe { libc::madvise(own.as_ptr().cast_mut().cast(), own.len(), libc::MADV_DONTNEED) };
        }
    }

    /// Bytes of a range that are in memory, counted by whole pages. `None` where the system does not say.
    pub fn resident(&self, range: Range<usize>) -> Option<usize> {
        let Some(Maps { own, .. }) = self.maps.as_ref() else { return Some(0) };
        if !self.visible {
            return None;
        }
        let range = range.start..range.end.min(own.len());
        if range.is_empty() {
            return Some(0);
        }
        let page = page_size();
        let mut pages = [0u8; PAGES];
        let mut found = 0;
        for at in (range.start / page * page..range.end).step_by(PAGES * page) {
            let end = range.end.min(at + PAGES * page);
            let states = &mut pages[..(end - at).div_ceil(page)];
            states_of(&own[at..end], states)?;
            let whole = states.iter().filter(|state| **state & 1 == 1).count() * page;
            // The first and the last page count only with the part that is in the range.
            let before = range.start.saturating_sub(at);
            let after = (end - at).next_multiple_of(page) - (end - at);
            let of = |edge: usize, part: usize| if edge & 1 == 1 { part } else { 0 };
            found += whole - of(states[0].into(), before) - of(states[states.len() - 1].into(), after);
        }
        Some(found)
    }

    /// Whether more than a quarter of these bytes are not in memory, as far as a sample of pages shows. False
    /// where the system does not say. A program that reads one split only leaves the rest on the disk for ever,
    /// and requests for pages in memory cost as much as reading them.
    pub fn is_cold(&self, ranges: &[Range<usize>]) -> bool {
        let bytes = self.bytes();
        // `mincore` fails for a byte that is not the first of its page.
        let page = page_size();
        let step = (ranges.iter().map(ExactSizeIterator::len).sum::<usize>() / SAMPLE).max(page);
        let (mut pages, mut missing, mut state) = (0, 0, [0]);
        for at in ranges.iter().flat_map(|range| (range.start..range.end.min(bytes.len())).step_by(step)).filter(|_| self.visible) {
            let first = at / page * page;
            pages += 1;
            missing += usize::from(states_of(&bytes[first..=at], &mut state).is_some() && state[0] & 1 == 0);
        }
        4 * missing > pages
    }

    /// The file's bytes, unaffected by writes of JavaScript.
    pub fn bytes(&self) -> &[u8] {
        self.maps.as_ref().map_or(&[], |maps| &maps.own)
    }

    /// All bytes as an Arrow buffer, which keeps a share of the mapping: it and its slices stay valid after
    /// the store is closed. These are the bytes that Rust reads, which JavaScript cannot write to, because an
    /// importer relies on the checked bytes. The buffer is also a scan, because arrays are read in order.
    pub fn buffer(self: &Arc<Self>) -> Buffer {
        let Some(start) = self.maps.as_ref().and_then(|maps| NonNull::new(maps.own.as_ptr().cast_mut())) else {
            return Buffer::default();
        };
        // SAFETY: the bytes belong to a mapping that the share keeps alive, and an Arrow buffer is never
        // written to.
        unsafe { Buffer::from_custom_allocation(start, self.bytes().len(), Arc::new((Arc::clone(self), self.scan()))) }
    }

    /// The start of the bytes that JavaScript can write to, for the binding; `None` for an empty file.
    pub fn as_mut_ptr(&self) -> Option<*mut u8> {
        self.maps.as_ref().map(|maps| maps.lent.as_mut_ptr())
    }
}

/// Bytes of a page.
pub fn page_size() -> usize {
    #[cfg(unix)]
    {
        // SAFETY: the call reads a constant of the system.
        let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        usize::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(4096)
    }
    #[cfg(not(unix))]
    4096
}

/// Whether the system says which pages of a file are in memory. Linux says so only to those who may write the
/// file; to others it says that every page is in memory.
fn is_visible(path: &Path, about: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // SAFETY: the call reads a number of the process.
        let user = unsafe { libc::geteuid() };
        // Opening a file for writing does not change it.
        cfg!(not(target_os = "linux")) || user == 0 || about.uid() == user || File::options().write(true).open(path).is_ok()
    }
    #[cfg(not(unix))]
    {
        let _ = (path, about);
        false
    }
}

/// Writes for each page of `bytes`, which start at a page, whether it is in memory (lowest bit).
fn states_of(bytes: &[u8], states: &mut [u8]) -> Option<()> {
    #[cfg(unix)]
    {
        debug_assert!(states.len() == bytes.len().div_ceil(page_size()));
        // SAFETY: the bytes are mapped for as long as they are borrowed, and the call writes one byte per page
        // of them into `states`, which has that many.
        let done = unsafe { libc::mincore(bytes.as_ptr().cast_mut().cast(), bytes.len(), states.as_mut_ptr().cast()) };
        (done == 0).then_some(())
    }
    #[cfg(not(unix))]
    {
        let _ = (bytes, states);
        None
    }
}
