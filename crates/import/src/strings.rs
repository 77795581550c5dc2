//! The `dictionary` of a column: strings that several subjects share.

use crate::data::{damaged, inflate, io};
use crate::properties::word;
use meds_store::{Code, Error, Result};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zstd::bulk::Decompressor;

/// Most bytes of a dictionary, because it is kept in memory.
const MOST: u64 = 1 << 30;

/// The strings, by their number.
#[derive(Default)]
pub struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// Reads a whole dictionary. It consists of frames, each preceded by its length; a frame has rows of
    /// (count, length, bytes).
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(io(path))?;
        let mut left = file.metadata().map_err(io(path))?.len();
        let mut file = BufReader::new(file);
        let mut zstd = Decompressor::new().map_err(io(path))?;
        let mut strings = Self::default();
        let (mut inflated, mut rows) = (0, Vec::new());
        while left > 0 {
            let mut length = [0; 8];
            let room = left.checked_sub(8).ok_or_else(|| damaged(path, "the dictionary is cut short"))?;
            file.read_exact(&mut length).map_err(io(path))?;
            let length = u64::from_le_bytes(length);
            let large = || {
                let message = "its strings take more than 1 GiB, the limit in memory. Leave the column out with `exclude` (--exclude).";
                Error::at(Code::SourceDamaged, path, message)
            };
            left = room
                .checked_sub(length)
                .ok_or_else(|| damaged(path, format!("a part of {length} bytes goes beyond the end of the file")))?;
            if length > MOST {
                return Err(large());
            }
            let mut frame = vec![0; length as usize];
            file.read_exact(&mut frame).map_err(io(path))?;
            let done = inflate(&mut zstd, &frame, MOST, &mut rows);
            done.map_err(|what| damaged(path, format!("a part of the dictionary is damaged: {what}")))?;
            inflated += rows.len() as u64;
            if inflated > MOST {
                return Err(large());
            }
            strings.add(&rows).map_err(|what| damaged(path, format!("string {} of the dictionary {what}", strings.len())))?;
        }
        Ok(strings)
    }

    fn add(&mut self, mut rows: &[u8]) -> Result<(), &'static str> {
        while !rows.is_empty() {
            // The number of rows with this string is not used.
            word(&mut rows).ok_or("is cut short")?;
            let length = word(&mut rows).and_then(|length| usize::try_from(length).ok());
            let (text, rest) = length.and_then(|length| rows.split_at_checked(length)).ok_or("is cut short")?;
            self.text.push_str(std::str::from_utf8(text).map_err(|_| "is not UTF-8")?);
            self.ends.push(self.text.len() as u32);
            rows = rest;
        }
        Ok(())
    }

    /// Number of strings.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A string by its number.
    pub fn get(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[number] as usize]
    }
}
