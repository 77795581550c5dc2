//! Buffers that are appended at their final offsets in a file: bytes, bits and offsets.

use crate::write::file::Handle;
use arrow_buffer::{BooleanBuffer, NullBuffer};
use meds_store::{Code, Error, Result};

/// Bytes that are buffered before they are written.
const HELD: usize = 256 << 10;

/// Bytes that are appended from an offset on.
#[derive(Debug)]
pub struct Bytes {
    to: Handle,
    at: u64,
    held: Vec<u8>,
}

impl Bytes {
    /// Starts at an offset of the file.
    pub fn new(to: Handle, at: u64) -> Self {
        Self { to, at, held: Vec::new() }
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if self.held.len() + bytes.len() > HELD {
            self.flush()?;
            if bytes.len() > HELD {
                self.to.write(self.at, bytes)?;
                self.at += bytes.len() as u64;
                return Ok(());
            }
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends the bytes that `fill` adds to the buffered bytes.
    pub fn with(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        fill(&mut self.held);
        if self.held.len() > HELD { self.flush() } else { Ok(()) }
    }

    /// Writes the buffered bytes.
    pub fn flush(&mut self) -> Result<()> {
        self.to.write(self.at, &self.held)?;
        self.at += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }
}

/// Bits that are appended from a bit on.
#[derive(Debug)]
pub struct Bits {
    bytes: Bytes,
    /// The current byte, and how many of its bits are filled.
    byte: u8,
    filled: u32,
    /// The first byte is shared with the previous task.
    shared: bool,
}

impl Bits {
    /// Starts at bit `bit` of the buffer at `at`.
    pub fn new(to: Handle, at: u64, bit: u64) -> Self {
        let filled = (bit % 8) as u32;
        Self { bytes: Bytes::new(to, at + bit / 8), byte: 0, filled, shared: filled > 0 }
    }

    /// Appends a bit.
    #[inline]
    pub fn push(&mut self, bit: bool) -> Result<()> {
        self.byte |= u8::from(bit) << self.filled;
        self.filled += 1;
        if self.filled == 8 { self.next() } else { Ok(()) }
    }

    /// Appends `count` equal bits.
    pub fn repeat(&mut self, bit: bool, count: usize) -> Result<()> {
        let mut left = count;
        while left > 0 && self.filled > 0 {
            self.push(bit)?;
            left -= 1;
        }
        if left >= 8 {
            let whole = left / 8;
            self.bytes.with(|held| held.resize(held.len() + whole, if bit { 0xff } else { 0 }))?;
            self.shared = false;
            left %= 8;
        }
        for _ in 0..left {
            self.push(bit)?;
        }
        Ok(())
    }

    /// Appends the validity of `count` rows.
    pub fn validity(&mut self, nulls: Option<&NullBuffer>, count: usize) -> Result<()> {
        match nulls {
            None => self.repeat(true, count),
            Some(nulls) => self.append(nulls.inner()),
        }
    }

    /// Appends bits, eight at a time.
    pub fn append(&mut self, bits: &BooleanBuffer) -> Result<()> {
        let aligned = bits.sliced();
        let whole = bits.len() / 8;
        if self.filled > 0 {
            for byte in &aligned[..whole] {
                self.byte |= byte << self.filled;
                let carry = (u16::from(*byte) << self.filled >> 8) as u8;
                let filled = self.filled;
                self.next()?;
                (self.byte, self.filled) = (carry, filled);
            }
        } else {
            self.bytes.with(|held| held.extend_from_slice(&aligned[..whole]))?;
        }
        (whole * 8..bits.len()).try_for_each(|at| self.push(bits.value(at)))
    }

    fn next(&mut self) -> Result<()> {
        let byte = std::mem::take(&mut self.byte);
        self.filled = 0;
        if std::mem::take(&mut self.shared) {
            self.bytes.to.edge(self.bytes.at, byte);
            self.bytes.at += 1;
            return Ok(());
        }
        self.bytes.with(|held| held.push(byte))
    }

    /// Writes the buffered bits. The last byte is shared with the next task.
    pub fn flush(&mut self) -> Result<()> {
        self.bytes.flush()?;
        if self.filled > 0 {
            self.bytes.to.edge(self.bytes.at, self.byte);
        }
        Ok(())
    }
}

/// Offsets of a child: each slot appends the end of its elements. The caller writes the elements.
#[derive(Debug)]
pub struct Offsets {
    bytes: Bytes,
    end: i32,
}

impl Offsets {
    /// Starts at slot `slot` of the buffer at `at`, where the child has `end` elements. The first offset, 0,
    /// is not written: a new file contains zeros.
    pub fn new(to: Handle, at: u64, slot: u64, end: u64) -> Result<Self> {
        Ok(Self { bytes: Bytes::new(to, at + 4 * (slot + 1)), end: narrow(end)? })
    }

    /// Appends a slot of `length` elements.
    #[inline]
    pub fn push(&mut self, length: usize) -> Result<()> {
        self.grow(length)?;
        self.close()
    }

    /// Adds elements to the current slot.
    #[inline]
    pub fn grow(&mut self, length: usize) -> Result<()> {
        self.end = i32::try_from(length).ok().and_then(|n| self.end.checked_add(n)).ok_or_else(too_many)?;
        Ok(())
    }

    /// Ends the current slot.
    #[inline]
    pub fn close(&mut self) -> Result<()> {
        let end = self.end.to_le_bytes();
        self.bytes.with(|held| held.extend_from_slice(&end))
    }

    /// Writes the buffered bytes.
    pub fn flush(&mut self) -> Result<()> {
        self.bytes.flush()
    }
}

fn narrow(n: u64) -> Result<i32> {
    i32::try_from(n).map_err(|_| too_many())
}

fn too_many() -> Error {
    Error::new(Code::Internal, "a shard was planned with more than 2^31-1 elements or bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::file::tests::{content, target};
    use proptest::prelude::*;

    proptest! {
        /// Tasks that share a byte write the same bits as a single task, in any order.
        #[test]
        fn bits_of_many_tasks_are_the_bits_of_one(bits in prop::collection::vec(any::<bool>(), 0..300), cuts in prop::collection::vec(0usize..300, 0..6), chunk in 1usize..70) {
            let bytes = bits.len().div_ceil(8);
            let (folder, target) = target(5 + bytes as u64).expect("a file");
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < bits.len()).chain([0, bits.len()]).collect();
            cuts.sort_unstable();
            for pair in cuts.windows(2).rev() {
                let mut out = Bits::new(target.open().expect("open"), 5, pair[0] as u64);
                for part in bits[pair[0]..pair[1]].chunks(chunk) {
                    out.append(&BooleanBuffer::from(part)).expect("append");
                }
                out.flush().expect("flush");
            }
            target.write_edges().expect("edges");
            let found = content(&folder).expect("content");
            let expected = BooleanBuffer::from(&bits[..]);
            prop_assert_eq!(&found[5..], &expected.values()[..bytes]);
        }

        /// Runs of equal bits write the same as single bits.
        #[test]
        fn repeated_bits_are_bits(runs in prop::collection::vec((any::<bool>(), 0usize..40), 0..12), start in 0u64..8) {
            let count: usize = runs.iter().map(|run| run.1).sum();
            let (folder, target) = target((start as usize + count).div_ceil(8) as u64).expect("a file");
            let mut out = Bits::new(target.open().expect("open"), 0, start);
            for (bit, count) in &runs {
                out.repeat(*bit, *count).expect("repeat");
            }
            out.flush().expect("flush");
            target.write_edges().expect("edges");
            let found = content(&folder).expect("content");
            let expected = (0..start).map(|_| false).chain(runs.iter().flat_map(|(bit, count)| std::iter::repeat_n(*bit, *count)));
            for (at, bit) in expected.enumerate() {
                prop_assert_eq!(found[at / 8] >> (at % 8) & 1 == 1, bit, "bit {}", at);
            }
        }
    }
}
