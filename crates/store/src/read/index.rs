//! The inverted index of a shard, checked: for each code, the patients that have it and their rows.

use super::Found;
use super::array::{Array, words};
use super::check;
use super::file::File;
use super::map::Scan;
use crate::layout::Span;
use std::ops::Range;

/// A shard's inverted index. Its offsets are checked before the first read; patients and rows are checked by
/// each read.
#[derive(Clone, Copy)]
pub struct InvertedIndex<'a> {
    file: &'a File,
    /// The shard's list of events per patient, whose offsets are checked.
    events: Array<'a>,
    /// The list of patients per code, the patients, and the list of rows per patient.
    codes: Array<'a>,
    patients: Array<'a>,
    lists: Array<'a>,
}

/// A patient's rows with one code: ascending row numbers in the patient's timeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowNumbers<'a> {
    /// 16-bit numbers, where they are enough for the store's longest patient.
    Narrow(&'a [[u8; 2]]),
    /// 32-bit numbers.
    Wide(&'a [[u8; 4]]),
}

impl<'a> RowNumbers<'a> {
    /// Number of rows. At least one, unless the store is damaged.
    pub fn len(&self) -> usize {
        match self {
            Self::Narrow(rows) => rows.len(),
            Self::Wide(rows) => rows.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row number `i`.
    pub fn get(&self, i: usize) -> Option<u32> {
        match self {
            Self::Narrow(rows) => rows.get(i).map(|row| u16::from_le_bytes(*row).into()),
            Self::Wide(rows) => rows.get(i).map(|row| u32::from_le_bytes(*row)),
        }
    }

    /// All row numbers.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u32> + ExactSizeIterator + use<'a> {
        let rows = *self;
        (0..rows.len()).map(move |i| rows.get(i).unwrap_or_default())
    }

    /// Whether they ascend and are less than the patient's number of rows.
    fn ascend(&self, length: usize) -> bool {
        // No early exit, so that this compiles to vector comparisons.
        fn all<const W: usize>(rows: &[[u8; W]], number: impl Fn(&[u8; W]) -> u32) -> bool {
            rows.windows(2).fold(true, |right, pair| right & (number(&pair[0]) < number(&pair[1])))
        }
        let ascend = match self {
            Self::Narrow(rows) => all(rows, |row| u16::from_le_bytes(*row).into()),
            Self::Wide(rows) => all(rows, |row| u32::from_le_bytes(*row)),
        };
        ascend && self.len().checked_sub(1).and_then(|last| self.get(last)).is_some_and(|last| (last as usize) < length)
    }
}

impl<'a> InvertedIndex<'a> {
    /// Reads a file whose columns `shape` has checked. `events` are the events of its shard, whose offsets
    /// are checked.
    pub(super) fn new(file: &'a File, events: Array<'a>) -> Found<Self> {
        let codes = file.array("patients").ok_or("does not have column \"patients\"")?;
        let pairs = codes.child(0);
        Ok(Self { file, events, codes, patients: pairs.child(0), lists: pairs.child(1) })
    }

    /// Checks what every reader relies on: no list reaches into the next code's patients, or into the next
    /// patient's rows.
    pub(super) fn check(&self) -> Found<()> {
        for list in [self.codes, self.lists] {
            check::section(self.file, list)?;
            check::ends_with_child(list)?;
        }
        Ok(())
    }

    /// Number of patients that have a code; 0 for an id that the store lacks.
    pub fn patients(&self, code: u32) -> usize {
        self.pairs(code).len()
    }

    /// Number of rows that have a code.
    pub fn rows(&self, code: u32) -> usize {
        let pairs = self.pairs(code);
        self.lists.offset(pairs.end) - self.lists.offset(pairs.start)
    }

    /// The patients that have a code, each with its rows of that code. Patients are rows of the shard,
    /// ascending. Fails where a patient or row is out of range or out of order.
    pub fn code(&self, code: u32) -> impl Iterator<Item = crate::Result<(u32, RowNumbers<'a>)>> + use<'a> {
        let file = self.file;
        self.found(code).map(move |found| found.map_err(|found| file.corrupt(&found)))
    }

    /// The patients of a code that are among `wanted`, found by binary search. `wanted` must ascend. The
    /// order of the code's patients is checked first, because a search in wrong order would miss some.
    pub fn code_of(&self, code: u32, wanted: &[u32]) -> crate::Result<Vec<(u32, RowNumbers<'a>)>> {
        let Range { start: mut low, end } = self.pairs(code);
        let _ahead = self.ahead(code);
        let ascend = (low..end.saturating_sub(1)).fold(true, |right, pair| right & (self.patients.u32(pair) < self.patients.u32(pair + 1)));
        let corrupt = |found: &str| self.file.corrupt(&format!("{found} (code {code})"));
        if !ascend {
            return Err(corrupt("has patients out of order"));
        }
        let mut all = Vec::new();
        for &patient in wanted {
            let mut high = end;
            while low < high {
                let middle = low.midpoint(high);
                if self.patients.u32(middle) < patient { low = middle + 1 } else { high = middle }
            }
            if low < end && self.patients.u32(low) == patient {
                all.push(self.pair(low, 0).map_err(|found| corrupt(&found))?);
            }
        }
        // The last patient has the greatest number, so it alone can be outside the shard.
        if end > self.pairs(code).start {
            self.pair(end - 1, 0).map_err(|found| corrupt(&found))?;
        }
        Ok(all)
    }

    /// The same as [`InvertedIndex::code`], with an error as a clause.
    pub(super) fn found(&self, code: u32) -> impl Iterator<Item = Found<(u32, RowNumbers<'a>)>> + use<'a> {
        let of = *self;
        let mut least = 0;
        let ahead = self.ahead(code);
        self.pairs(code).map(move |pair| {
            let _held = &ahead;
            let found = of.pair(pair, least).map_err(|found| format!("{found} (code {code})"))?;
            least = found.0 as usize + 1;
            Ok(found)
        })
    }

    /// Announces that a code's patients, and the offsets and rows of their lists, are read.
    fn ahead(&self, code: u32) -> Vec<Scan> {
        let pairs = self.pairs(code);
        let rows = self.lists.offset(pairs.start)..self.lists.offset(pairs.end);
        let items = self.lists.child(0).node;
        let width = items.data_type.width.map_or(4, |width| width as usize);
        let part = |span: Option<Span>, range: Range<usize>, width: usize| {
            let begin = span?.offset as usize;
            self.file.map.ahead(begin + range.start * width..begin + range.end * width)
        };
        let parts = [
            part(self.patients.node.data, pairs.clone(), 4),
            part(self.lists.node.offsets, pairs.start..pairs.end + 1, 4),
            part(items.data, rows, width),
        ];
        parts.into_iter().flatten().collect()
    }

    fn pairs(&self, code: u32) -> Range<usize> {
        let code = code as usize;
        if code < self.codes.len() { self.codes.offset(code)..self.codes.offset(code + 1) } else { 0..0 }
    }

    fn pair(&self, pair: usize, least: usize) -> Found<(u32, RowNumbers<'a>)> {
        let patient = self.patients.u32(pair);
        let at = patient as usize;
        if at < least || at >= self.events.len() {
            return Err(format!("has patient {patient} out of order or outside of the {} patients of its shard", self.events.len()));
        }
        let items = self.lists.child(0);
        let width = if items.node.data_type.width == Some(2) { 2 } else { 4 };
        let range = self.lists.offset(pair) * width..self.lists.offset(pair + 1) * width;
        // The offsets are checked: they end inside the rows.
        let bytes = items.data().get(range).unwrap_or_default();
        let rows = if width == 2 { RowNumbers::Narrow(words(bytes)) } else { RowNumbers::Wide(words(bytes)) };
        let length = self.events.offset(at + 1) - self.events.offset(at);
        match rows.ascend(length) {
            true => Ok((patient, rows)),
            false => Err(format!("has rows of patient {patient} that are missing, out of order or beyond the patient's {length} rows")),
        }
    }
}
