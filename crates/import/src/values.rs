//! Columns of numbers, and of times other than `time`: one bit per row for whether it has a value, then the
//! values, packed.

use crate::decode::Decode;
use arrow_array::{ArrayRef, make_array};
use arrow_buffer::{BooleanBufferBuilder, MutableBuffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;

/// The rows of a record that have a value.
#[derive(Default)]
pub struct Present {
    /// Bytes of the bits: a whole number of words.
    pub bytes: usize,
    /// Rows with a value.
    pub count: usize,
}

impl Present {
    /// Reads the bits at the start of a record.
    pub fn of(payload: &[u8], rows: usize) -> Result<Self, String> {
        let bytes = 8 * rows.div_ceil(64);
        let bits = payload.get(..bytes).ok_or("it is too short")?;
        let words = bits.as_chunks::<8>().0;
        let beyond = rows % 64;
        if beyond > 0 && words.last().is_some_and(|last| u64::from_le_bytes(*last) >> beyond != 0) {
            return Err("it has values after the last row of the subject".into());
        }
        Ok(Self { bytes, count: words.iter().map(|word| u64::from_le_bytes(*word).count_ones() as usize).sum() })
    }
}

/// Rows of one type of fixed width.
pub struct Values {
    data_type: DataType,
    width: usize,
    values: MutableBuffer,
    valid: BooleanBufferBuilder,
    /// The current record, and its next row and value.
    present: Present,
    row: usize,
    value: usize,
}

impl Values {
    /// Without rows; `None` for a type that has no width in bytes.
    pub fn new(data_type: &DataType) -> Option<Self> {
        let (width, data_type) = (data_type.primitive_width()?, data_type.clone());
        let (values, valid) = (MutableBuffer::new(0), BooleanBufferBuilder::new(0));
        Some(Self { data_type, width, values, valid, present: Present::default(), row: 0, value: 0 })
    }
}

impl Decode for Values {
    fn most(&self, rows: u64) -> u64 {
        8 * rows.div_ceil(64) + self.width as u64 * rows
    }

    fn open(&mut self, payload: &[u8], rows: usize) -> Result<(), String> {
        self.present = Present::of(payload, rows)?;
        let expected = self.present.bytes + self.width * self.present.count;
        if payload.len() != expected {
            return Err(format!("it has {} bytes instead of {expected}", payload.len()));
        }
        (self.row, self.value) = (0, 0);
        Ok(())
    }

    fn take(&mut self, payload: &[u8], rows: usize) -> Result<usize, String> {
        let (bits, values) = payload.split_at(self.present.bytes);
        self.valid.append_packed_range(self.row..self.row + rows, bits);
        let start = self.values.len();
        self.values.resize(start + rows * self.width, 0);
        let (out, values) = (&mut self.values.as_slice_mut()[start..], &values[self.value * self.width..]);
        self.value += match self.width {
            1 => spread::<1>(bits, self.row, values, out),
            2 => spread::<2>(bits, self.row, values, out),
            4 => spread::<4>(bits, self.row, values, out),
            _ => spread::<8>(bits, self.row, values, out),
        };
        self.row += rows;
        Ok(rows)
    }

    fn finish(&mut self) -> Result<ArrayRef, String> {
        let valid = NullBuffer::new(self.valid.finish());
        let values = std::mem::replace(&mut self.values, MutableBuffer::new(0));
        let data = ArrayData::builder(self.data_type.clone()).len(valid.len()).add_buffer(values.into()).nulls(Some(valid));
        Ok(make_array(data.build().map_err(|e| e.to_string())?))
    }
}

/// Copies packed values to the rows that have one, from row `row` on. Returns the number of values.
fn spread<const N: usize>(bits: &[u8], row: usize, values: &[u8], out: &mut [u8]) -> usize {
    let (values, out) = (values.as_chunks::<N>().0, out.as_chunks_mut::<N>().0);
    let mut used = 0;
    for (row, out) in (row..).zip(out) {
        if bits[row / 8] >> (row % 8) & 1 == 1 {
            *out = values[used];
            used += 1;
        }
    }
    used
}
