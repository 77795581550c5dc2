//! The second pass: every value to its place, (row group, column) by (row group, column), in parallel.

use crate::layout::{Layout, Slot, Slots, Stored};
use crate::measure::Piece;
use crate::out::{Bytes, Handle, Offsets, Target, Values, fixed, present};
use crate::read::{Batch, Reader};
use crate::schema::Column;
use crate::source::Source;
use crate::survey::{Group, Patient};
use crate::texts::Texts;
use arrow_array::{Array, ArrayRef, cast::AsArray, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::DataType;
use meds_store::{Code, Error, Progress, Result};
use rayon::prelude::*;
use std::sync::Arc;

/// Everything the second pass works from.
pub struct Emit<'a> {
    /// The source.
    pub source: &'a Source,
    /// Its columns.
    pub columns: &'a [Column],
    /// Its row groups.
    pub groups: &'a [Group],
    /// Their pieces.
    pub pieces: &'a [Vec<Piece>],
    /// Its patients.
    pub patients: &'a [Patient],
    /// Where everything goes.
    pub layout: &'a Layout,
    /// The shards' files.
    pub targets: &'a [Arc<Target>],
}

impl Emit<'_> {
    /// Writes the shards' columns.
    pub fn run(&self, progress: &Progress) -> Result<()> {
        let tasks: Vec<_> = (0..self.columns.len()).flat_map(|column| (0..self.groups.len()).map(move |group| (column, group))).collect();
        tasks.par_iter().try_for_each(|&(column, group)| self.task(column, group, progress))?;
        self.frames(progress)?;
        self.targets.par_iter().try_for_each(|target| target.write_edges())
    }

    /// Head, tail, subject ids and the events' offsets of each shard.
    fn frames(&self, progress: &Progress) -> Result<()> {
        self.layout.shards.par_iter().zip(self.targets).try_for_each(|(shard, target)| {
            progress.check()?;
            let to = target.open()?;
            to.write(0, &shard.file.head)?;
            to.write(shard.file.bytes - shard.file.tail.len() as u64, &shard.file.tail)?;
            let mut ids = Bytes::new(to.clone(), shard.ids.offset);
            let mut events = Offsets::new(to, shard.events.offset, 0, 0)?;
            for patient in &self.patients[shard.patients.clone()] {
                ids.push(&patient.id.to_le_bytes())?;
                events.push(patient.rows as usize)?;
            }
            ids.flush()?;
            events.flush()
        })
    }

    fn task(&self, column: usize, group: usize, progress: &Progress) -> Result<()> {
        let about = self.groups[group];
        let file = &self.source.files[about.file];
        let mut reader = Reader::open(file, about.file, about.group, &self.columns[column])?;
        let mut pieces = self.pieces[group].iter().zip(&self.layout.places[column][group]);
        let mut writer: Option<(usize, Writer)> = None;
        let changed = || {
            let message = format!("column {:?} reads differently the second time. Do not change the source while it is converted.", self.columns[column].name);
            Error::at(Code::SourceChanged, &file.path, message)
        };
        let mut current: Option<(&Piece, &Slot)> = None;
        let mut at = about.start;
        while let Some(batch) = reader.next()? {
            let start = at;
            let end = at + batch.len() as u64;
            while at < end {
                let (piece, _) = match current.filter(|(piece, _)| at < piece.end) {
                    Some(current) => current,
                    None => {
                        let next = pieces.next().ok_or_else(changed)?;
                        if let Some((_, writer)) = &mut writer {
                            writer.settle().ok_or_else(changed)?;
                        }
                        let shard = self.layout.shard_of[next.0.segment];
                        if writer.as_ref().is_none_or(|(open, _)| *open != shard) {
                            if let Some((_, mut writer)) = writer.take() {
                                writer.flush()?;
                            }
                            writer = Some((shard, Writer::new(self, column, shard, next.0, next.1)?));
                        }
                        if let Some((_, writer)) = &mut writer {
                            writer.expect(next.1);
                        }
                        current = Some(next);
                        next
                    }
                };
                let until = end.min(piece.end);
                if let Some((_, writer)) = &mut writer {
                    let rows = (until - at) as usize;
                    match &batch {
                        Batch::Array(array) => writer.push(&array.slice((at - start) as usize, rows), at, self.patients).map_err(|e| match e {
                            Failure::Other(error) => error,
                            Failure::Changed => changed(),
                        })?,
                        Batch::Nulls(_) => writer.push_nulls(rows, at, self.patients)?,
                    }
                }
                at = until;
            }
            progress.advance(end - start, 0)?;
        }
        if let Some((_, mut writer)) = writer {
            writer.settle().ok_or_else(changed)?;
            writer.flush()?;
        }
        Ok(())
    }
}

/// Writes a run of rows of one column into one shard.
struct Writer<'a> {
    stored: &'a Stored,
    values: Values,
    sparse: Option<Sparse>,
    page: Page,
    /// Values (and bytes of text) that this piece must still bring.
    due: (u64, u64),
}

/// The list of (row, value) a patient.
struct Sparse {
    lists: Offsets,
    rows: Bytes,
    patient: usize,
}

/// The page's dictionary, each string's slot found once.
#[derive(Default)]
struct Page {
    held: Option<ArrayRef>,
    slots: Vec<u32>,
}

const UNSEEN: u32 = u32::MAX;

/// Why a piece could not be written.
enum Failure {
    /// The source no longer is what the first pass saw.
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
    fn new(emit: &'a Emit, column: usize, shard: usize, piece: &Piece, slot: &Slot) -> Result<Self> {
        let about = &emit.layout.shards[shard];
        let place = &about.columns[column];
        let to: Handle = emit.targets[shard].open()?;
        let mut start = slot.start.clone();
        let sparse = match place.sparse {
            Some((lists, rows)) => {
                let before = start[0].length;
                let patient = emit.patients.partition_point(|p| p.end() <= piece.start);
                Some(Sparse {
                    lists: Offsets::new(to.clone(), lists.offset, (patient - about.patients.start) as u64, before)?,
                    rows: Bytes::new(to.clone(), rows.offset + 4 * before),
                    patient,
                })
            }
            // A dense column has a slot for every row.
            None => {
                start[0].length = piece.start - about.rows.start;
                None
            }
        };
        let values = Values::new(&to, &place.values, &mut start.iter())?;
        Ok(Self { stored: &emit.layout.stored[column], values, sparse, page: Page::default(), due: (0, 0) })
    }

    fn expect(&mut self, slot: &Slot) {
        self.due = (slot.expected.length, slot.expected.bytes);
    }

    /// `None` where the piece did not bring what it should.
    fn settle(&mut self) -> Option<()> {
        (self.due == (0, 0)).then_some(())
    }

    fn flush(&mut self) -> Result<()> {
        if let Some(sparse) = &mut self.sparse {
            sparse.lists.flush()?;
            sparse.rows.flush()?;
        }
        self.values.flush()
    }

    fn push_nulls(&mut self, rows: usize, start: u64, patients: &[Patient]) -> Result<()> {
        if let Some(sparse) = &mut self.sparse {
            return sparse.rows(rows, start, patients, |_| false);
        }
        self.values.nulls(rows)?;
        match (&self.stored.book, &self.stored.data_type) {
            (Some(book), _) => self.values.fill(|held| held.resize(held.len() + rows * usize::from(book.width), 0)),
            (None, DataType::Utf8 | DataType::Binary) => (0..rows).try_for_each(|_| self.values.text(&[])),
            (None, DataType::Boolean) => self.values.unset(rows),
            (None, data_type) => fill_fixed(&mut self.values, &new_null_array(data_type, rows)),
        }
    }

    fn push(&mut self, array: &ArrayRef, start: u64, patients: &[Patient]) -> Result<(), Failure> {
        let found = (array.len() - array.null_count()) as u64;
        if let Some(texts) = Texts::of(array) {
            return self.push_texts(&texts, array, start, patients);
        }
        self.due.0 = self.due.0.checked_sub(found).ok_or(Failure::Changed)?;
        let array = match array.data_type() == &self.stored.data_type {
            true => array.clone(),
            false => {
                let narrowed = cast_with_options(array, &self.stored.data_type, &CastOptions { safe: false, ..Default::default() });
                narrowed.map_err(|_| Failure::Changed)?
            }
        };
        if let Some(sparse) = &mut self.sparse {
            let nulls = array.nulls();
            sparse.rows(array.len(), start, patients, |row| nulls.is_none_or(|n| n.is_valid(row)))?;
            if found == 0 {
                return Ok(());
            }
            let array = present(&array)?;
            return match &self.stored.book {
                Some(book) => push_integers(&mut self.values, &book.slots, book.width, &array),
                None => Ok(self.values.push(&array)?),
            };
        }
        match (&self.stored.book, array.data_type()) {
            (Some(book), _) => {
                self.values.validity(array.nulls(), array.len())?;
                push_integers(&mut self.values, &book.slots, book.width, &array)
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
        let Self { stored, values, sparse, page, due } = self;
        if let Texts::Coded(coded) = texts {
            page.open(coded.keys.values());
        }
        // A null can also hide in the page's dictionary, so that the array's own null bits are not the whole truth.
        let whole = match texts {
            Texts::Coded(coded) => coded.values.null_count() == 0,
            _ => true,
        };
        match sparse {
            Some(sparse) => sparse.rows(rows, start, patients, |row| texts.get(row).is_some())?,
            None if whole => values.validity(array.nulls(), rows)?,
            None => values.validity(Some(&(0..rows).map(|row| texts.get(row).is_some()).collect()), rows)?,
        }
        let dense = sparse.is_none();
        let (mut found, mut bytes, mut lost) = (0, 0, false);
        match &stored.book {
            Some(book) => {
                let Slots::Texts(interner, slots) = &book.slots else { return Err(Failure::Changed) };
                let slot_of = |text: &[u8]| interner.lookup(text).map_or(0, |id| slots[id as usize]);
                let slot = |row: usize| -> Option<u32> {
                    let (key, text) = match texts {
                        Texts::Coded(coded) => {
                            let key = coded.key(row)?;
                            let known = page.slots[key];
                            bytes += u64::from(coded.values.value_length(key).unsigned_abs());
                            if known != UNSEEN {
                                return Some(known);
                            }
                            (Some(key), coded.values.value(key).as_bytes())
                        }
                        texts => {
                            let text = texts.get(row)?;
                            bytes += text.len() as u64;
                            (None, text)
                        }
                    };
                    let slot = slot_of(text);
                    lost |= slot == 0;
                    if let Some(key) = key {
                        page.slots[key] = slot;
                    }
                    Some(slot)
                };
                found += push_slots(values, book.width, rows, dense, slot)?;
            }
            None => {
                for row in 0..rows {
                    match texts.get(row) {
                        Some(text) => {
                            found += 1;
                            bytes += text.len() as u64;
                            values.text(text)?;
                        }
                        None if dense => values.text(&[])?,
                        None => {}
                    }
                }
            }
        }
        if lost {
            return Err(Failure::Changed);
        }
        due.0 = due.0.checked_sub(found).ok_or(Failure::Changed)?;
        due.1 = due.1.checked_sub(bytes).ok_or(Failure::Changed)?;
        Ok(())
    }
}

impl Page {
    fn open(&mut self, values: &ArrayRef) {
        if !self.held.as_ref().is_some_and(|held| Arc::ptr_eq(held, values)) {
            *self = Self { held: Some(values.clone()), slots: vec![UNSEEN; values.len()] };
        }
    }
}

impl Sparse {
    /// Appends the numbers of the rows that have a value, and closes the lists of the patients that end here.
    fn rows(&mut self, rows: usize, start: u64, patients: &[Patient], valid: impl Fn(usize) -> bool) -> Result<()> {
        let end = start + rows as u64;
        let mut at = start;
        while at < end {
            let patient = &patients[self.patient];
            let until = patient.end().min(end);
            let mut count = 0;
            self.rows.with(|held| {
                for row in at..until {
                    if valid((row - start) as usize) {
                        // A patient has fewer than 2^31 rows: the layout saw to it.
                        held.extend_from_slice(&((row - patient.start) as u32).to_le_bytes());
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

/// Appends slots of a dictionary; null rows take slot 0 in a dense column and nothing in a sparse one. Returns the rows with a value.
fn push_slots(values: &mut Values, width: u8, rows: usize, dense: bool, mut slot: impl FnMut(usize) -> Option<u32>) -> Result<u64> {
    let mut found = 0;
    values.fill(|held| {
        match width {
            1 => walk(rows, dense, &mut slot, &mut found, |s| held.push(s as u8)),
            2 => walk(rows, dense, &mut slot, &mut found, |s| held.extend_from_slice(&(s as u16).to_le_bytes())),
            _ => walk(rows, dense, &mut slot, &mut found, |s| held.extend_from_slice(&s.to_le_bytes())),
        }
    })?;
    Ok(found)
}

#[inline]
fn walk(rows: usize, dense: bool, slot: &mut impl FnMut(usize) -> Option<u32>, found: &mut u64, mut put: impl FnMut(u32)) {
    for row in 0..rows {
        match slot(row) {
            Some(s) => {
                *found += 1;
                put(s);
            }
            None if dense => put(0),
            None => {}
        }
    }
}

fn push_integers(values: &mut Values, slots: &Slots, width: u8, array: &ArrayRef) -> Result<(), Failure> {
    let Slots::Integers(slots) = slots else { return Err(Failure::Changed) };
    let words: Vec<i64> = match array.data_type() {
        DataType::UInt64 => array.as_primitive::<arrow_array::types::UInt64Type>().values().iter().map(|v| v.cast_signed()).collect(),
        _ => array.as_primitive::<arrow_array::types::Int64Type>().values().to_vec(),
    };
    let nulls = array.nulls();
    let (mut last, mut lost) = ((0, 0), false);
    let slot = |row: usize| {
        if nulls.is_some_and(|n| n.is_null(row)) {
            return None;
        }
        let word = words[row];
        if last.1 == 0 || last.0 != word {
            let slot = slots.get(&word).copied().unwrap_or(0);
            lost |= slot == 0;
            last = (word, slot);
        }
        Some(last.1)
    };
    push_slots(values, width, words.len(), true, slot)?;
    if lost { Err(Failure::Changed) } else { Ok(()) }
}

/// Appends fixed-width values; null slots get the sentinel that lets a reader skip the validity.
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
