//! Reads the bytes of a column chunk by position and in windows, so that a page does not cost a seek or a
//! small read.

use bytes::Bytes;
use meds_store::Positioned;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex};

/// Bytes to read ahead.
const WINDOW: u64 = 4 << 20;

struct Window {
    start: u64,
    bytes: Bytes,
}

struct Inner {
    file: File,
    len: u64,
    /// End of the column chunk, where reading ahead stops.
    end: u64,
    window: Mutex<Window>,
}

/// One column chunk of a Parquet file.
#[derive(Clone)]
pub struct Chunk(Arc<Inner>);

impl Chunk {
    /// A chunk that ends at `end` in a file of `len` bytes.
    pub fn new(file: File, len: u64, end: u64) -> Self {
        Self(Arc::new(Inner { file, len, end: end.min(len), window: Mutex::new(Window { start: 0, bytes: Bytes::new() }) }))
    }

    /// Bytes from `start`: at least one if the file has more, and at most `want`.
    fn some(&self, start: u64, want: usize) -> std::io::Result<Bytes> {
        let inner = &*self.0;
        let mut window = inner.window.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let skip = start.checked_sub(window.start).and_then(|n| usize::try_from(n).ok()).filter(|n| *n < window.bytes.len());
        let skip = match skip {
            Some(skip) => skip,
            None => {
                let size = WINDOW.min(inner.end.max(start.saturating_add(1)).saturating_sub(start)).min(inner.len.saturating_sub(start));
                let mut bytes = vec![0; usize::try_from(size).map_err(std::io::Error::other)?];
                inner.file.read_exact_at(&mut bytes, start)?;
                *window = Window { start, bytes: bytes.into() };
                0
            }
        };
        let end = skip.saturating_add(want).min(window.bytes.len());
        Ok(window.bytes.slice(skip..end))
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.0.len
    }
}

impl ChunkReader for Chunk {
    type T = Cursor;

    fn get_read(&self, start: u64) -> Result<Cursor> {
        Ok(Cursor { chunk: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let first = self.some(start, length)?;
        if first.len() == length {
            return Ok(first);
        }
        // The page is longer than the rest of the window: read it whole, without the window. Its length comes
        // from the file, so check it before allocating.
        if start.saturating_add(length as u64) > self.0.len {
            return Err(ParquetError::EOF(format!("{length} bytes from byte {start} reach past the end of the file")));
        }
        let mut bytes = vec![0; length];
        self.0.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// A reader from an offset in the chunk.
pub struct Cursor {
    chunk: Chunk,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let bytes = self.chunk.some(self.at, out.len())?;
        out[..bytes.len()].copy_from_slice(&bytes);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}
