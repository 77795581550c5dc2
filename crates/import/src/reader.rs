//! The rows of one column of a run of subjects, batch by batch.

use crate::column::{Column, Kind};
use crate::data::{Records, damaged};
use crate::decode::Decode;
use crate::texts::Texts;
use crate::times::Times;
use crate::values::Values;
use arrow_array::{ArrayRef, Int64Array};
use meds_store::{Code, Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// Most rows of a batch.
const ROWS: usize = 1 << 16;
/// Most rows of a batch of text. In larger batches each string is handled fewer times.
const TEXT_ROWS: usize = 1 << 18;

/// Batches of one column.
pub struct Reader<'a> {
    /// Ids and numbers of rows of all subjects of the database.
    ids: &'a [i64],
    lengths: &'a [u32],
    /// The remaining subjects.
    subjects: Range<usize>,
    /// The remaining rows of the current subject, the one before these.
    left: usize,
    /// Most rows of a batch.
    most: usize,
    values: Option<Source<'a>>,
}

struct Source<'a> {
    column: &'a Column,
    records: Records<'a>,
    decoder: Box<dyn Decode + 'a>,
}

impl<'a> Reader<'a> {
    /// A column of these subjects; `None` for their ids.
    pub(crate) fn open(ids: &'a [i64], lengths: &'a [u32], subjects: Range<usize>, column: Option<&'a Column>) -> Result<Self> {
        let values = column.map(|column| {
            let decoder: Box<dyn Decode> = match &column.kind {
                Kind::Times => Box::new(Times::new()),
                Kind::Texts(_) => Box::new(Texts::new(column.strings()?)),
                Kind::Values => {
                    let values = Values::new(&column.data_type);
                    Box::new(values.ok_or_else(|| Error::new(Code::Internal, "a type without a width"))?)
                }
            };
            Ok(Source { column, records: Records::open(&column.data, subjects.clone())?, decoder })
        });
        let most = if matches!(column, Some(Column { kind: Kind::Texts(_), .. })) { TEXT_ROWS } else { ROWS };
        Ok(Self { ids, lengths, subjects, left: 0, most, values: values.transpose()? })
    }

    /// Bytes that the column takes in its file.
    pub fn bytes(&self) -> u64 {
        self.values.as_ref().map_or(0, |values| values.records.bytes())
    }

    /// The next batch; `None` at the end.
    pub fn batch(&mut self) -> Result<Option<ArrayRef>> {
        let Some(values) = &mut self.values else { return Ok(self.ids()) };
        let (mut rows, path) = (0, &values.column.data.path);
        while rows < self.most {
            let wrong =
                |slot: usize, what: String| damaged(path, format!("the record of subject {} cannot be read: {what}", self.ids[slot]));
            if self.left == 0 {
                let Some(slot) = self.subjects.next() else { break };
                self.left = self.lengths[slot] as usize;
                let opened = values.records.advance(values.decoder.most(self.left as u64))?;
                let opened = opened.and_then(|()| values.decoder.open(values.records.payload(), self.left));
                opened.map_err(|what| wrong(slot, what))?;
                continue;
            }
            let took = values.decoder.take(values.records.payload(), self.left.min(self.most - rows));
            let took = took.map_err(|what| wrong(self.subjects.start - 1, what))?;
            if took == 0 {
                break;
            }
            self.left -= took;
            rows += took;
        }
        if rows == 0 {
            return Ok(None);
        }
        values.decoder.finish().map(Some).map_err(|what| damaged(path, what))
    }

    fn ids(&mut self) -> Option<ArrayRef> {
        let mut ids = Vec::new();
        while ids.len() < self.most {
            if self.left == 0 {
                let Some(slot) = self.subjects.next() else { break };
                self.left = self.lengths[slot] as usize;
                continue;
            }
            let some = self.left.min(self.most - ids.len());
            ids.resize(ids.len() + some, self.ids[self.subjects.start - 1]);
            self.left -= some;
        }
        (!ids.is_empty()).then(|| Arc::new(Int64Array::from(ids)) as ArrayRef)
    }
}
