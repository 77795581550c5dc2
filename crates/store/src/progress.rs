//! The progress of long work, and the flag that stops it. The thread that works and the one that watches
//! share it.

use crate::error::{Code, Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

/// The phases, in the order of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Phase {
    /// Nothing has started.
    Start = 0,
    /// Waiting for another process's conversion of the same store.
    Wait = 1,
    /// Reading footers and schemas.
    Plan = 2,
    /// First pass: subjects, order, dictionaries, sizes.
    Measure = 3,
    /// `--repair`: merging and sorting.
    Sort = 4,
    /// Second pass: writing the shards.
    Write = 5,
    /// Checksums.
    Check = 6,
    /// fsync and rename.
    Finish = 7,
}

/// Atomic counters: reading them is cheap and does not block.
#[derive(Debug, Default)]
pub struct Progress {
    phase: AtomicU32,
    done: AtomicU64,
    total: AtomicU64,
    bytes: AtomicU64,
    bytes_total: AtomicU64,
    cells: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// Starts a phase of `total` units of work (rows) and `bytes_total` bytes.
    pub fn enter(&self, phase: Phase, total: u64, bytes_total: u64) {
        self.enter_cells(phase, total, 1, bytes_total);
    }

    /// Starts a phase that processes `rows` rows column by column: `advance` counts cells, and
    /// [`Progress::snapshot`] returns rows.
    pub fn enter_cells(&self, phase: Phase, rows: u64, cells_per_row: u64, bytes_total: u64) {
        self.done.store(0, Relaxed);
        self.bytes.store(0, Relaxed);
        self.total.store(rows, Relaxed);
        self.cells.store(cells_per_row.max(1), Relaxed);
        self.bytes_total.store(bytes_total, Relaxed);
        self.phase.store(phase as u32, Relaxed);
    }

    /// Counts finished work. Fails when the caller has cancelled, so that every loop that reports progress
    /// can stop.
    pub fn advance(&self, units: u64, bytes: u64) -> Result<()> {
        self.done.fetch_add(units, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        self.check()
    }

    /// Fails when the caller has cancelled.
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Relaxed) {
            return Err(Error::new(Code::Cancelled, "The work was cancelled. It left no files behind."));
        }
        Ok(())
    }

    /// Asks the work to stop.
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// `[phase, done, total, bytes, bytes_total]`, as numbers for a progress bar.
    pub fn snapshot(&self) -> [f64; 5] {
        let read = |n: &AtomicU64| n.load(Relaxed) as f64;
        [
            f64::from(self.phase.load(Relaxed)),
            read(&self.done) / read(&self.cells).max(1.0),
            read(&self.total),
            read(&self.bytes),
            read(&self.bytes_total),
        ]
    }
}
