//! Walks Thrift's compact encoding, the encoding of Parquet's footers.
//!
//! A footer is a struct: one byte per field (four bits for the step of the number, four bits for the type),
//! then the value.

use std::ops::{Range, RangeInclusive};

/// The type of a text.
pub const TEXT: u8 = 8;
/// The type of a list.
pub const LIST: u8 = 9;
/// The types of numbers of 16, 32 and 64 bits, whose values have the same form.
pub const NUMBERS: RangeInclusive<u8> = 4..=6;
/// The type of a struct.
const STRUCT: u8 = 12;
/// Deeper than any valid footer. A damaged one must not exhaust the stack.
const DEEPEST: u8 = 64;

/// An element of the schema.
pub struct Element {
    /// Where it is.
    pub bytes: Range<usize>,
    /// Number of its children.
    pub children: u64,
    /// Where its annotations begin. They are its last fields.
    pub annotations: usize,
    /// Its logical type, if the Parquet library does not know it, its converted type says what it is, and no
    /// field comes after it.
    pub unknown: Option<Range<usize>>,
}

/// A position in the footer. Every step returns `None` if the bytes end or are not in this encoding.
pub struct Walk<'a> {
    bytes: &'a [u8],
    /// The next byte.
    pub at: usize,
}

impl<'a> Walk<'a> {
    /// The start of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// An unsigned number.
    pub fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The type of a struct's next field; sets `id` to its number. The inner `None` is the end of the struct.
    pub fn field(&mut self, id: &mut u64) -> Option<Option<u8>> {
        let header = self.byte()?;
        if header & 0x0f == 0 {
            return Some(None);
        }
        *id = match header >> 4 {
            // The step is too large or negative: the full number follows, with its sign in the lowest bit.
            0 => self.varint()? >> 1,
            step => id.saturating_add(u64::from(step)),
        };
        Some(Some(header & 0x0f))
    }

    /// The number of members of the list at this position, and their type.
    pub fn list(&mut self) -> Option<(u64, u8)> {
        let header = self.byte()?;
        let count = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        Some((count, header & 0x0f))
    }

    /// Where the bytes of a text are.
    pub fn text(&mut self) -> Option<Range<usize>> {
        let length = usize::try_from(self.varint()?).ok()?;
        let start = self.at;
        self.at = start.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        Some(start..self.at)
    }

    /// Shows each field of a struct: its number and type. `read` returns whether it has read the value.
    pub fn fields(&mut self, read: &mut dyn FnMut(&mut Self, u64, u8) -> Option<bool>) -> Option<()> {
        let mut id = 0;
        while let Some(kind) = self.field(&mut id)? {
            if !read(self, id, kind)? {
                self.skip(kind, false, 0)?;
            }
        }
        Some(())
    }

    /// Shows each struct of the list that is a struct's field of this number. `read` reads all of it.
    pub fn structs(&mut self, number: u64, read: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.fields(&mut |walk, id, kind| {
            if id != number || kind != LIST {
                return Some(false);
            }
            for _ in 0..walk.list()?.0 {
                read(walk)?;
            }
            Some(true)
        })
    }

    /// Skips an element of the schema; `None` if its fields are out of order or have other types than they
    /// must.
    pub fn element(&mut self) -> Option<Element> {
        const CHILDREN: u64 = 5;
        const CONVERTED: u64 = 6;
        const LOGICAL: u64 = 10;
        /// The last member of the union of logical types that the Parquet library knows: FILE.
        const LAST_KNOWN: u64 = 19;
        let start = self.at;
        let (mut id, mut children, mut annotations) = (0, 0, None);
        let (mut is_converted, mut unknown) = (false, None);
        loop {
            let (before, at) = (id, self.at);
            let Some(kind) = self.field(&mut id)? else {
                return Some(Element { bytes: start..self.at, children, annotations: annotations.unwrap_or(at), unknown });
            };
            // The Parquet library reads the fields that it knows as their types, whatever types the footer
            // gives.
            let is_valid = match id {
                1..=3 | 5..=9 => NUMBERS.contains(&kind),
                4 => kind == TEXT,
                LOGICAL => kind == STRUCT,
                _ => true,
            };
            if id <= before || !is_valid {
                return None;
            }
            if id > CHILDREN {
                annotations.get_or_insert(at);
            }
            unknown = None;
            match id {
                CHILDREN => children = self.varint()? >> 1,
                LOGICAL => {
                    let mut last = 0;
                    self.fields(&mut |_, member, _| {
                        last = member;
                        Some(false)
                    })?;
                    unknown = (is_converted && last > LAST_KNOWN).then_some(at..self.at);
                }
                _ => self.skip(kind, false, 0)?,
            }
            is_converted |= id == CONVERTED;
        }
    }

    /// Skips a value. A boolean is part of its field's type, but takes one byte in a list.
    pub fn skip(&mut self, kind: u8, listed: bool, depth: u8) -> Option<()> {
        match kind {
            1 | 2 if !listed => {}
            1..=3 => {
                self.byte()?;
            }
            4..=6 => {
                self.varint()?;
            }
            7 => self.at = self.at.checked_add(8)?,
            TEXT => {
                self.text()?;
            }
            _ if depth == DEEPEST => return None,
            LIST | 10 => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    self.skip(kind, true, depth + 1)?;
                }
            }
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, false, depth + 1)?;
                }
            }
            11 => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                for _ in 0..count {
                    self.skip(kinds >> 4, true, depth + 1)?;
                    self.skip(kinds & 0x0f, true, depth + 1)?;
                }
            }
            13 => self.at = self.at.checked_add(16)?,
            _ => return None,
        }
        // A step past the end stops here, so that no loop runs on missing bytes.
        (self.at <= self.bytes.len()).then_some(())
    }
}
