//! The `data` file of a column: a table of offsets, then the compressed records, one per subject.

use meds_store::{Code, Error, Positioned, Result};
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use zstd::bulk::Decompressor;
use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::get_frame_content_size;

/// Bytes read ahead.
const WINDOW: u64 = 1 << 20;
/// A zstd block has at least four bytes and inflates to at most 128 KiB, so nothing inflates to more than
/// this times its size.
pub const INFLATION: u64 = 1 << 15;
/// Most bytes of one inflated record: the limit of a shard for one patient.
const MOST: u64 = (1 << 31) - 1;
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const TRAINED: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];

/// An error in a file of the database.
pub fn damaged(path: &Path, what: impl std::fmt::Display) -> Error {
    let message = format!("{what}. The meds_reader database is damaged or not complete. Replace it with a whole copy, or create it again.");
    Error::at(Code::SourceDamaged, path, message)
}

/// An error of the system.
pub fn io(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |error| match error.kind() {
        ErrorKind::IsADirectory | ErrorKind::NotADirectory => {
            damaged(path, "a file is where a folder must be, or a folder where a file must be")
        }
        _ => Error::io(path, "read the database", &error),
    }
}

/// A `data` file and its zstd dictionary.
pub struct Data {
    /// Its path.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    file: File,
    dictionary: Option<DecoderDictionary<'static>>,
    subjects: usize,
}

impl Data {
    /// Opens the file in the folder of a column, and checks the first and last entry of its table of offsets.
    pub fn open(folder: &Path, subjects: usize) -> Result<Self> {
        let (path, beside) = (folder.join("data"), folder.join("zdict"));
        let dictionary = match &small(&beside)?[..] {
            [] => None,
            bytes if bytes.starts_with(&TRAINED) => {
                Some(DecoderDictionary::try_copy(bytes).map_err(|_| damaged(&beside, "zstd cannot load this dictionary"))?)
            }
            _ => return Err(damaged(&beside, "this is not a zstd dictionary")),
        };
        let file = File::open(&path).map_err(io(&path))?;
        let bytes = file.metadata().map_err(io(&path))?.len();
        let data = Self { path, bytes, file, dictionary, subjects };
        let table = 8 * (subjects as u64 + 1);
        if bytes < table {
            return Err(damaged(&data.path, format!("{bytes} bytes are too few for {subjects} subjects")));
        }
        let ends = (data.offsets(0..0)?[0], data.offsets(subjects..subjects)?[0]);
        if ends != (table, bytes) {
            let message = format!("its records are at bytes {} to {}, instead of {table} to {bytes}", ends.0, ends.1);
            return Err(damaged(&data.path, message));
        }
        Ok(data)
    }

    /// The offsets of the records of some subjects, and the end of the last record.
    pub fn offsets(&self, subjects: Range<usize>) -> Result<Vec<u64>> {
        let mut table = vec![0; 8 * (subjects.len() + 1)];
        self.file.read_exact_at(&mut table, 8 * subjects.start as u64).map_err(io(&self.path))?;
        let offsets: Vec<u64> = table.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let first = 8 * (self.subjects as u64 + 1);
        if offsets[0] < first || offsets.last().is_some_and(|last| *last > self.bytes) || !offsets.is_sorted() {
            let message = format!("the table of offsets is wrong between subjects number {} and {}", subjects.start, subjects.end);
            return Err(damaged(&self.path, message));
        }
        Ok(offsets)
    }
}

/// Reads a whole file of a kind that is always small.
pub fn small(path: &Path) -> Result<Vec<u8>> {
    const LARGE: u64 = 16 << 20;
    match std::fs::metadata(path).map_err(io(path))?.len() {
        bytes if bytes > LARGE => Err(damaged(path, format!("{bytes} bytes are too many for this file"))),
        _ => std::fs::read(path).map_err(io(path)),
    }
}

/// Inflates one zstd frame into `out`. The error describes what is wrong with it.
pub fn inflate(zstd: &mut Decompressor, frame: &[u8], most: u64, out: &mut Vec<u8>) -> Result<(), String> {
    out.clear();
    // Other frames have no size, or are from a zstd before 1.0.
    let size = match get_frame_content_size(frame) {
        Ok(Some(size)) if frame.starts_with(&ZSTD) => size,
        _ => return Err("it is not a zstd frame with a size".into()),
    };
    if size > frame.len() as u64 * INFLATION {
        return Err(format!("its {} bytes cannot inflate to {size}", frame.len()));
    }
    if size > most {
        return Err(format!("it inflates to {size} bytes, more than the limit of {most}"));
    }
    out.try_reserve_exact(size as usize).map_err(|_| format!("its {size} bytes do not fit in memory"))?;
    let written = zstd.decompress_to_buffer(frame, out).map_err(|e| format!("zstd cannot inflate it ({e})"))?;
    if written as u64 != size {
        return Err(format!("it inflates to {written} bytes instead of {size}"));
    }
    Ok(())
}

/// The records of a run of subjects, one by one.
pub struct Records<'a> {
    data: &'a Data,
    offsets: Vec<u64>,
    next: usize,
    /// Bytes of the file, and their offset.
    window: Vec<u8>,
    start: u64,
    zstd: Decompressor<'a>,
    payload: Vec<u8>,
}

impl<'a> Records<'a> {
    /// The records of these subjects.
    pub fn open(data: &'a Data, subjects: Range<usize>) -> Result<Self> {
        let offsets = data.offsets(subjects)?;
        let zstd = match &data.dictionary {
            Some(dictionary) => Decompressor::with_prepared_dictionary(dictionary),
            None => Decompressor::new(),
        };
        let zstd = zstd.map_err(io(&data.path))?;
        Ok(Self { data, offsets, next: 0, window: Vec::new(), start: 0, zstd, payload: Vec::new() })
    }

    /// Bytes of all these records in the file.
    pub fn bytes(&self) -> u64 {
        self.offsets.last().zip(self.offsets.first()).map_or(0, |(end, start)| end - start)
    }

    /// Inflates the record of the next subject, to at most `most` bytes. The inner error describes what is
    /// wrong with it.
    pub fn advance(&mut self, most: u64) -> Result<Result<(), String>> {
        let (start, end) = (self.offsets[self.next], self.offsets[self.next + 1]);
        self.next += 1;
        let held = self.start..self.start + self.window.len() as u64;
        if start < held.start || end > held.end {
            // Do not read beyond the run: the following bytes belong to another reader.
            let ahead = self.offsets.last().map_or(end, |last| (*last).min(start.saturating_add(WINDOW)));
            let bytes = ahead.max(end) - start;
            self.window.clear();
            if bytes > MOST || self.window.try_reserve_exact(bytes as usize).is_err() {
                return Ok(Err(format!("its {bytes} bytes do not fit in memory")));
            }
            self.window.resize(bytes as usize, 0);
            self.start = start;
            self.data.file.read_exact_at(&mut self.window, start).map_err(io(&self.data.path))?;
        }
        let record = &self.window[(start - self.start) as usize..(end - self.start) as usize];
        let Some((length, frame)) = record.split_first_chunk::<4>() else {
            return Ok(Err(format!("{} bytes are too few for a record", record.len())));
        };
        let length = u32::from_le_bytes(*length) as usize;
        let inflated = inflate(&mut self.zstd, frame, most.min(MOST), &mut self.payload);
        Ok(inflated.and_then(|()| match self.payload.len() {
            size if size == length => Ok(()),
            size => Err(format!("it has {size} bytes instead of {length}")),
        }))
    }

    /// The last inflated record.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}
