//! The memory of a result array, which is written once and passed on without a copy.

use meds_store::{Code, Error, Result};
use memmap2::{MmapMut, MmapOptions};

/// Smaller arrays come from the heap.
const MAPPED: usize = 1 << 22;

enum Memory {
    Heap(Vec<[u8; 8]>),
    /// Pages that the system provides when they are written, so that the space can be as large as the result
    /// can be at most. Not in pages of 2 MB: on virtual machines that return free memory to their host, the
    /// system needed five times as long for them.
    Map(MmapMut),
}

/// A result array, as bytes in the order of the machine.
pub struct Column {
    memory: Memory,
    /// Bytes that belong to the result.
    used: usize,
}

impl Column {
    /// Memory for at most this number of bytes, all 0.
    pub(crate) fn of(bytes: usize) -> Result<Self> {
        if bytes < MAPPED {
            return Ok(Self { memory: Memory::Heap(vec![[0; 8]; bytes.div_ceil(8).max(1)]), used: bytes });
        }
        let map = MmapOptions::new().len(bytes).no_reserve_swap().map_anon();
        let full = |e| Error::new(Code::Internal, format!("The result of a query needs up to {bytes} bytes of memory ({e})."));
        let map = map.map_err(full)?;
        Ok(Self { memory: Memory::Map(map), used: bytes })
    }

    /// Limits the result to the first bytes.
    pub(crate) fn cut(&mut self, bytes: usize) {
        self.used = self.used.min(bytes);
    }

    /// The bytes of the result. At least 8 bytes of memory begin there.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.memory {
            Memory::Heap(words) => &mut words.as_flattened_mut()[..self.used],
            Memory::Map(map) => &mut map[..self.used],
        }
    }

    /// Number of bytes of the result.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether the result is empty.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }
}
