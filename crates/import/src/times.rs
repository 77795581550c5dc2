//! The column `time`: leading nulls, then groups of equal times, each stored as its distance from the
//! previous group.

use crate::decode::Decode;
use crate::vbyte;
use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use arrow_buffer::NullBufferBuilder;
use std::sync::Arc;

/// Days, seconds, microseconds. A distance has the finer parts only where it needs them.
const UNITS: [i64; 3] = [86_400_000_000, 1_000_000, 1];
/// Most integers per group. A group has at least one row.
const INTEGERS: u64 = UNITS.len() as u64;

/// Rows of `time`.
pub struct Times {
    values: Vec<i64>,
    nulls: NullBufferBuilder,
    /// The integers of the current record, and the index of the next one.
    stream: Vec<u32>,
    at: usize,
    time: i64,
    /// The remaining rows of the record: all rows, static rows, rows of the current group.
    left: usize,
    static_rows: usize,
    same: usize,
}

impl Times {
    /// Without rows.
    pub fn new() -> Self {
        let (values, nulls, stream) = (Vec::new(), NullBufferBuilder::new(0), Vec::new());
        Self { values, nulls, stream, at: 0, time: 0, left: 0, static_rows: 0, same: 0 }
    }

    fn number(&mut self) -> Result<u32, String> {
        let number = *self.stream.get(self.at).ok_or("it has fewer times than the subject has rows")?;
        self.at += 1;
        Ok(number)
    }

    /// Moves to the next group.
    fn group(&mut self) -> Result<(), String> {
        for unit in UNITS {
            let number = self.number()?;
            let time = i64::from(number >> 4).checked_mul(unit).and_then(|gap| self.time.checked_add(gap));
            self.time = time.ok_or("a time is beyond 64 bits of microseconds")?;
            self.same = (number & 15) as usize;
            if self.same > 0 {
                return if self.same <= self.left { Ok(()) } else { Err("it has more times than the subject has rows".into()) };
            }
        }
        Err("a group of equal times has no rows".into())
    }
}

impl Decode for Times {
    fn most(&self, rows: u64) -> u64 {
        // Start and count; then per integer its width and its bytes.
        let integers = INTEGERS * rows + 1;
        12 + integers.div_ceil(4) + 4 * integers
    }

    fn open(&mut self, payload: &[u8], rows: usize) -> Result<(), String> {
        let head = payload.split_first_chunk::<8>().and_then(|(start, rest)| Some((start, rest.split_first_chunk::<4>()?)));
        let (start, (count, rest)) = head.ok_or("it is too short")?;
        let count = u32::from_le_bytes(*count) as usize;
        if count == 0 || count as u64 > 1 + INTEGERS * rows as u64 {
            return Err(format!("{count} integers cannot be {rows} times"));
        }
        if vbyte::decode(vbyte::FROM_ZERO, rest, count, &mut self.stream) != Some(rest.len()) {
            return Err(format!("its integers do not fill {} bytes", rest.len()));
        }
        (self.time, self.at, self.left, self.same) = (i64::from_le_bytes(*start), 1, rows, 0);
        self.static_rows = self.stream[0] as usize;
        if self.static_rows > rows {
            return Err(format!("{} of {rows} rows have no time", self.static_rows));
        }
        Ok(())
    }

    fn take(&mut self, _: &[u8], rows: usize) -> Result<usize, String> {
        let statics = self.static_rows.min(rows);
        self.values.resize(self.values.len() + statics, 0);
        self.nulls.append_n_nulls(statics);
        self.static_rows -= statics;
        self.left -= statics;
        let mut wanted = rows - statics;
        self.nulls.append_n_non_nulls(wanted);
        while wanted > 0 {
            if self.same == 0 {
                self.group()?;
            }
            let some = self.same.min(wanted);
            self.values.resize(self.values.len() + some, self.time);
            self.same -= some;
            self.left -= some;
            wanted -= some;
        }
        if self.left == 0 && self.at < self.stream.len() {
            return Err("it has more times than the subject has rows".into());
        }
        Ok(rows)
    }

    fn finish(&mut self) -> Result<ArrayRef, String> {
        let values = std::mem::take(&mut self.values).into();
        let array = TimestampMicrosecondArray::try_new(values, self.nulls.finish());
        Ok(Arc::new(array.map_err(|e| e.to_string())?))
    }
}
