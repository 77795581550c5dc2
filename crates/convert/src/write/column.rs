//! Writes rows of one column to their places in the shards.

use crate::arrays::cast::cast;
use crate::plan::extent::present;
use crate::plan::layout::Destination;
use crate::plan::pieces::Piece;
use crate::plan::storage::{Entries, Stored};
use crate::source::patient::Patient;
use crate::source::texts::Texts;
use crate::write::buffers::{Bytes, Offsets};
use crate::write::file::Handle;
use crate::write::pass::Pass;
use crate::write::values::{Values, fixed};
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use meds_store::{Error, Result};
use std::cell::Cell;
use std::sync::Arc;

/// Writes a run of rows of one column into one shard.
pub struct Writer<'a> {
    stored: &'a Stored,
    shard: usize,
    /// The current piece, as an index in its row group.
    pub piece: usize,
    values: Values,
    sparse: Option<Sparse>,
    page: Page,
    /// Number of values, and bytes of text, that this piece still lacks.
    due: (u64, u64),
}

/// The list of (row, value) pairs per patient.
struct Sparse {
    lists: Offsets,
    rows: Bytes,
    /// Row numbers have 16 bits.
    narrow: bool,
    patient: usize,
}

/// The current page's dictionary, with the entry of each of its strings, which is looked up once.
#[derive(Default)]
struct Page {
    held: Option<ArrayRef>,
    slots: Vec<u32>,
}

/// Why a piece could not be written.
pub enum Failure {
    /// The source differs from what the first pass read.
    Changed,
    /// Anything else.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl<'a> Writer<'a> {
    /// Starts a piece. It uses the writer of the previous piece if both are in one shard.
    pub fn turn(before: Option<Self>, pass: &'a Pass, column: usize, group: usize, piece: usize) -> Result<Self, Failure> {
        let slot = &pass.layout.places[column][group][piece];
        let about = &pass.pieces[group][piece];
        let shard = pass.layout.shard_of[about.segment];
        let mut writer = match before {
            Some(before) if before.shard == shard => before.settled()?,
            before => {
                before.map_or(Ok(()), Self::finish)?;
                Self::new(pass, column, shard, about, slot)?
            }
        };
        // The text of a coded column is in the dictionary.
        let bytes = if writer.stored.dictionary.is_some() { 0 } else { slot.expected.bytes };
        (writer.piece, writer.due) = (piece, (slot.expected.length, bytes));
        Ok(writer)
    }

    fn new(pass: &'a Pass, column: usize, shard: usize, piece: &Piece, slot: &Destination) -> Result<Self> {
        let about = &pass.layout.shards[shard];
        let place = &about.columns[column];
        let to: Handle = pass.targets[shard - pass.shards.start].open()?;
        let mut start = slot.start.clone();
        let sparse = match place.sparse {
            Some((lists, rows)) => {
                let before = start[0].length;
                let patient = pass.patients.partition_point(|p| p.end() <= piece.start);
                Some(Sparse {
                    lists: Offsets::new(to.clone(), lists.offset, (patient - about.patients.start) as u64, before)?,
                    rows: Bytes::new(to.clone(), rows.offset + about.row_width * before),
                    narrow: about.row_width == 2,
                    patient,
                })
            }
            // A dense column has a value slot for every row.
            None => {
                start[0].length = piece.start - about.rows.start;
                None
            }
        };
        let values = Values::new(&to, &place.values, &mut start.iter())?;
        Ok(Self { stored: &pass.layout.stored[column], shard, piece: 0, values, sparse, page: Page::default(), due: (0, 0) })
    }

    /// Fails if the piece had fewer values than the first pass counted.
    fn settled(self) -> Result<Self, Failure> {
        if self.due == (0, 0) { Ok(self) } else { Err(Failure::Changed) }
    }

    /// Fails if values are missing, and writes the buffered ones.
    pub fn finish(self) -> Result<(), Failure> {
        let mut writer = self.settled()?;
        if let Some(sparse) = &mut writer.sparse {
            sparse.lists.flush()?;
            sparse.rows.flush()?;
        }
        Ok(writer.values.flush()?)
    }

    /// Appends null rows. `start` is the number of the first of them.
    pub fn push_nulls(&mut self, rows: usize, start: u64, patients: &[Patient]) -> Result<()> {
        if let Some(sparse) = &mut self.sparse {
            return sparse.rows(rows, start, patients, |_| false);
        }
        self.values.nulls(rows)?;
        match (&self.stored.dictionary, &self.stored.data_type) {
            (Some(dictionary), _) => self.values.fill(|held| held.resize(held.len() + rows * usize::from(dictionary.width), 0)),
            (None, DataType::Utf8 | DataType::Binary) => (0..rows).try_for_each(|_| self.values.text(&[])),
            (None, DataType::Boolean) => self.values.unset(rows),
            (None, data_type) => fill_fixed(&mut self.values, &new_null_array(data_type, rows)),
        }
    }

    /// Appends rows. `start` is the number of the first of them.
    pub fn push(&mut self, array: &ArrayRef, start: u64, patients: &[Patient]) -> Result<(), Failure> {
        let found = (array.len() - array.null_count()) as u64;
        if let Some(texts) = Texts::of(array) {
            return self.push_texts(&texts, array, start, patients);
        }
        self.due.0 = self.due.0.checked_sub(found).ok_or(Failure::Changed)?;
        let array = match array.data_type() == &self.stored.data_type {
            true => array.clone(),
            false => cast(array, &self.stored.data_type).map_err(|_| Failure::Changed)?,
        };
        if let Some(sparse) = &mut self.sparse {
            let nulls = array.nulls();
            sparse.rows(array.len(), start, patients, |row| nulls.is_none_or(|n| n.is_valid(row)))?;
            if found == 0 {
                return Ok(());
            }
            let array = present(&array)?;
            return match &self.stored.dictionary {
                Some(dictionary) => push_integers(&mut self.values, &dictionary.entries, dictionary.width, &array),
                None => Ok(self.values.push(&array)?),
            };
        }
        match (&self.stored.dictionary, array.data_type()) {
            (Some(dictionary), _) => {
                self.values.validity(array.nulls(), array.len())?;
                push_integers(&mut self.values, &dictionary.entries, dictionary.width, &array)
            }
            (None, DataType::Boolean) => Ok(self.values.push(&array)?),
            (None, _) => {
                self.values.validity(array.nulls(), array.len())?;
                Ok(fill_fixed(&mut self.values, &array)?)
            }
        }
    }

    fn push_texts(&mut self, texts: &Texts, array: &ArrayRef, start: u64, patients: &[Patient]) -> Result<(), Failure> {
        let rows = array.len();
        let Self { stored, values, sparse, page, due, .. } = self;
        // The page's dictionary can also contain a null, so the array's own null bits are not enough.
        let whole = match texts {
            Texts::Coded(coded) => coded.values.null_count() == 0,
            _ => true,
        };
        let hidden: Option<NullBuffer> = (!whole).then(|| (0..rows).map(|row| texts.get(row).is_some()).collect());
        let nulls = if whole { array.nulls() } else { hidden.as_ref() }.filter(|nulls| nulls.null_count() > 0);
        let found = rows - nulls.map_or(0, NullBuffer::null_count);
        due.0 = due.0.checked_sub(found as u64).ok_or(Failure::Changed)?;
        match sparse {
            Some(sparse) => sparse.rows(rows, start, patients, |row| nulls.is_none_or(|n| n.is_valid(row)))?,
            None => values.validity(nulls, rows)?,
        }
        let dense = sparse.is_none();
        let Some(dictionary) = &stored.dictionary else {
            let mut bytes = 0;
            for row in 0..rows {
                match texts.get(row) {
                    Some(text) => {
                        bytes += text.len() as u64;
                        values.text(text)?;
                    }
                    None if dense => values.text(&[])?,
                    None => {}
                }
            }
            due.1 = due.1.checked_sub(bytes).ok_or(Failure::Changed)?;
            return Ok(());
        };
        let Entries::Texts(interner, slots) = &dictionary.entries else { return Err(Failure::Changed) };
        let slot_of = |text: &[u8]| interner.lookup(text).map_or(0, |id| slots[id as usize]);
        let written = match texts {
            Texts::Coded(coded) if whole => {
                page.open(coded.keys.values(), || {
                    coded.values.iter().map(|text| text.map_or(0, |text| slot_of(text.as_bytes()))).collect()
                });
                let keys = &coded.keys.keys().values()[..];
                push_slots(values, dictionary.width, rows, nulls, dense, |row| page.slots.get(keys[row] as usize).copied().unwrap_or(0))?
            }
            texts => push_slots(values, dictionary.width, rows, nulls, dense, |row| texts.get(row).map_or(0, slot_of))?,
        };
        // No value has entry 0, so a value with entry 0 was not there in the first pass.
        if written == found { Ok(()) } else { Err(Failure::Changed) }
    }
}

impl Page {
    fn open(&mut self, values: &ArrayRef, slots: impl FnOnce() -> Vec<u32>) {
        if !self.held.as_ref().is_some_and(|held| Arc::ptr_eq(held, values)) {
            *self = Self { held: Some(values.clone()), slots: slots() };
        }
    }
}

impl Sparse {
    /// Appends the numbers of the rows that have a value, and closes the lists of patients that end here.
    fn rows(&mut self, rows: usize, start: u64, patients: &[Patient], valid: impl Fn(usize) -> bool) -> Result<()> {
        let end = start + rows as u64;
        let mut at = start;
        while at < end {
            let patient = &patients[self.patient];
            let until = patient.end().min(end);
            let (mut count, narrow) = (0, self.narrow);
            self.rows.with(|held| {
                for row in at..until {
                    if valid((row - start) as usize) {
                        // The layout chose a width that fits the longest patient's row numbers.
                        let number = ((row - patient.start) as u32).to_le_bytes();
                        held.extend_from_slice(if narrow { &number[..2] } else { &number });
                        count += 1;
                    }
                }
            })?;
            self.lists.grow(count)?;
            if until == patient.end() {
                self.lists.close()?;
                self.patient += 1;
            }
            at = until;
        }
        Ok(())
    }
}

/// Appends indexes into a dictionary. A null row gets index 0 in a dense column, and nothing in a sparse
/// column. Returns the number of rows whose index is not 0.
fn push_slots(
    values: &mut Values,
    width: u8,
    rows: usize,
    nulls: Option<&NullBuffer>,
    dense: bool,
    slot: impl Fn(usize) -> u32,
) -> Result<usize> {
    let mut found = 0;
    values.fill(|held| match width {
        1 => found = put(held, rows, nulls, dense, &slot, |s| [s as u8]),
        2 => found = put(held, rows, nulls, dense, &slot, |s| (s as u16).to_le_bytes()),
        _ => found = put(held, rows, nulls, dense, &slot, u32::to_le_bytes),
    })?;
    Ok(found)
}

fn put<const N: usize>(
    held: &mut Vec<u8>,
    rows: usize,
    nulls: Option<&NullBuffer>,
    dense: bool,
    slot: &impl Fn(usize) -> u32,
    bytes: impl Fn(u32) -> [u8; N],
) -> usize {
    let mut found = 0;
    held.reserve(rows * N);
    let mut one = |held: &mut [u8], row| {
        let slot = slot(row);
        found += usize::from(slot != 0);
        held.copy_from_slice(&bytes(slot));
    };
    match nulls {
        Some(nulls) if !dense => {
            for row in nulls.valid_indices() {
                let end = held.len();
                held.resize(end + N, 0);
                one(&mut held[end..], row);
            }
        }
        _ => {
            let start = held.len();
            held.resize(start + rows * N, 0);
            let places = held[start..].chunks_exact_mut(N);
            match nulls {
                None => places.enumerate().for_each(|(row, place)| one(place, row)),
                Some(nulls) => {
                    for (row, place) in places.enumerate() {
                        if nulls.is_valid(row) {
                            one(place, row);
                        }
                    }
                }
            }
        }
    }
    found
}

fn push_integers(values: &mut Values, slots: &Entries, width: u8, array: &ArrayRef) -> Result<(), Failure> {
    let Entries::Integers(slots) = slots else { return Err(Failure::Changed) };
    let (bytes, _) = fixed(array)?;
    let words = bytes.as_chunks::<8>().0;
    let last = Cell::new(([0; 8], 0));
    let slot = |row: usize| {
        // Equal values often follow each other (visits, orders).
        let (word, known) = last.get();
        if known != 0 && word == words[row] {
            return known;
        }
        let slot = slots.get(&i64::from_le_bytes(words[row])).copied().unwrap_or(0);
        last.set((words[row], slot));
        slot
    };
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    let written = push_slots(values, width, words.len(), nulls, true, slot)?;
    if written == words.len() - nulls.map_or(0, NullBuffer::null_count) { Ok(()) } else { Err(Failure::Changed) }
}

/// Appends fixed-width values. Null entries get the sentinel, so that a reader can skip the validity.
fn fill_fixed(values: &mut Values, array: &ArrayRef) -> Result<()> {
    let (bytes, width) = fixed(array)?;
    values.fill(|held| {
        let start = held.len();
        held.extend_from_slice(bytes);
        if let Some(nulls) = array.nulls().filter(|n| n.null_count() > 0) {
            let filler = sentinel(array.data_type(), width);
            for row in (!nulls.inner()).set_indices() {
                held[start + row * width..][..width].copy_from_slice(&filler);
            }
        }
    })
}

fn sentinel(data_type: &DataType, width: usize) -> Vec<u8> {
    use DataType as D;
    match data_type {
        D::Float32 => f32::NAN.to_le_bytes().to_vec(),
        D::Float64 => f64::NAN.to_le_bytes().to_vec(),
        D::Int64 | D::UInt64 | D::Timestamp(..) | D::Time64(_) | D::Duration(_) | D::Date64 => i64::MIN.to_le_bytes().to_vec(),
        _ => vec![0; width],
    }
}
