//! The interface of the decoders of columns.

use arrow_array::ArrayRef;

/// Decodes records into rows. Errors describe what is wrong with the record.
pub trait Decode {
    /// Most bytes of a record with this number of rows.
    fn most(&self, rows: u64) -> u64;
    /// Starts the record of a subject with this number of rows.
    fn open(&mut self, payload: &[u8], rows: usize) -> Result<(), String>;
    /// Appends the next rows of the record; `rows` is at most the number of remaining rows. Returns the
    /// number of appended rows. It is smaller where the batch is full, but never 0 for an empty batch.
    fn take(&mut self, payload: &[u8], rows: usize) -> Result<usize, String>;
    /// The appended rows, as an array.
    fn finish(&mut self) -> Result<ArrayRef, String>;
}
