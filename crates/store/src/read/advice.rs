//! Advice to the system about how the pages of a mapping are read. Windows takes none.

#[cfg(unix)]
pub use memmap2::Advice;

/// What callers use of memmap2's enum, which exists on Unix only.
#[cfg(windows)]
#[derive(Clone, Copy)]
pub enum Advice {
    Normal,
    Random,
    WillNeed,
}

#[cfg(windows)]
pub trait Advised {
    fn advise(&self, _: Advice) -> std::io::Result<()> {
        Ok(())
    }

    fn advise_range(&self, _: Advice, _at: usize, _bytes: usize) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(windows)]
impl Advised for memmap2::Mmap {}

#[cfg(windows)]
impl Advised for memmap2::MmapRaw {}
