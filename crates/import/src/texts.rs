//! Columns of text. Each row has the number of a string: of the dictionary, or, beyond its end, of the
//! subject's own strings.

use crate::decode::Decode;
use crate::strings::Strings;
use crate::values::Present;
use crate::vbyte;
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, DictionaryArray, Int32Array};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use std::sync::Arc;

/// Approximate bytes of text per batch, so that a batch has only a few notes of megabytes.
const BYTES: usize = 8 << 20;

/// Rows of text. Each batch has a dictionary of its own strings: each string is checked and copied once per
/// batch.
pub struct Texts {
    strings: Arc<Strings>,
    keys: Vec<i32>,
    valid: BooleanBufferBuilder,
    values: StringBuilder,
    bytes: usize,
    /// By string (of the dictionary, then of the subject), its key in the batch plus 1; 0 without a key.
    known: Vec<u32>,
    /// The strings that have a key.
    used: Vec<u32>,
    /// The integers of the current record, and the offsets of its own strings.
    numbers: Vec<u32>,
    bounds: Vec<usize>,
    present: Present,
    row: usize,
    /// Index in `numbers` of the next row that has a string.
    number: usize,
}

impl Texts {
    /// Without rows.
    pub fn new(strings: Arc<Strings>) -> Self {
        let known = vec![0; strings.len()];
        let (keys, valid, values) = (Vec::new(), BooleanBufferBuilder::new(0), StringBuilder::new());
        let (used, numbers, bounds, present) = (Vec::new(), Vec::new(), Vec::new(), Present::default());
        Self { strings, keys, valid, values, bytes: 0, known, used, numbers, bounds, present, row: 0, number: 0 }
    }

    /// The key of a string, a new one where it has none; `None` where the batch is full.
    #[inline]
    fn key(&mut self, string: u32, payload: &[u8]) -> Result<Option<i32>, String> {
        match self.known.get(string as usize) {
            Some(0) => self.new_key(string, payload),
            Some(key) => Ok(Some((key - 1) as i32)),
            None => Err(format!("it has string number {string}, but there are {}", self.known.len())),
        }
    }

    fn new_key(&mut self, string: u32, payload: &[u8]) -> Result<Option<i32>, String> {
        let number = string as usize;
        let text = match number.checked_sub(self.strings.len()) {
            None => self.strings.get(number),
            Some(own) => {
                let bytes = &payload[self.bounds[own]..self.bounds[own + 1]];
                std::str::from_utf8(bytes).map_err(|_| format!("its string number {own} is not UTF-8"))?
            }
        };
        if self.bytes > 0 && self.bytes + text.len() > BYTES {
            return Ok(None);
        }
        self.bytes += text.len();
        self.values.append_value(text);
        let key = self.used.len();
        self.used.push(string);
        self.known[number] = key as u32 + 1;
        Ok(Some(key as i32))
    }
}

impl Decode for Texts {
    fn most(&self, _: u64) -> u64 {
        u64::MAX
    }

    fn open(&mut self, payload: &[u8], rows: usize) -> Result<(), String> {
        self.present = Present::of(payload, rows)?;
        let (count, rest) = payload[self.present.bytes..].split_first_chunk::<4>().ok_or("it is too short")?;
        let count = u32::from_le_bytes(*count) as usize;
        let own = count.checked_sub(1 + self.present.count).ok_or("it has fewer strings than rows with a string")?;
        let used = vbyte::decode(vbyte::FROM_ONE, rest, count, &mut self.numbers).ok_or("its integers are cut short")?;
        if self.numbers[0] as usize != own {
            return Err(format!("it declares {} strings of its own, but has room for {own}", self.numbers[0]));
        }
        self.bounds.clear();
        let mut end = payload.len() - rest.len() + used;
        self.bounds.push(end);
        for length in &self.numbers[1..=own] {
            end = end.checked_add(*length as usize).ok_or("its strings are longer than the record")?;
            self.bounds.push(end);
        }
        if end != payload.len() {
            return Err(format!("its strings end at byte {end}, but the record ends at byte {}", payload.len()));
        }
        // The numbers of another subject's own strings are not valid here.
        self.known.truncate(self.strings.len());
        self.known.resize(self.strings.len() + own, 0);
        (self.row, self.number) = (0, 1 + own);
        Ok(())
    }

    fn take(&mut self, payload: &[u8], rows: usize) -> Result<usize, String> {
        let first = self.row;
        let bits = &payload[..self.present.bytes];
        while self.row < first + rows {
            let key = match bits[self.row / 8] >> (self.row % 8) & 1 {
                0 => 0,
                _ => match self.key(self.numbers[self.number], payload)? {
                    Some(key) => {
                        self.number += 1;
                        key
                    }
                    None => break,
                },
            };
            self.keys.push(key);
            self.row += 1;
        }
        self.valid.append_packed_range(first..self.row, bits);
        Ok(self.row - first)
    }

    fn finish(&mut self) -> Result<ArrayRef, String> {
        for string in self.used.drain(..) {
            // A string of an earlier subject is already removed.
            if let Some(known) = self.known.get_mut(string as usize) {
                *known = 0;
            }
        }
        self.bytes = 0;
        let valid = NullBuffer::new(self.valid.finish());
        let keys = Int32Array::new(std::mem::take(&mut self.keys).into(), Some(valid));
        let array = DictionaryArray::try_new(keys, Arc::new(self.values.finish()));
        Ok(Arc::new(array.map_err(|e| e.to_string())?))
    }
}
