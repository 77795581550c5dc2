//! Writing buffers at their final places: bytes, bits, offsets and nested values, each appended from a known position on.

use crate::plan::layout::{Node, NodePlace};
use crate::source::children::{ends, items};
use arrow_array::{Array, ArrayRef, cast::AsArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use meds_store::{Code, Error, Result};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes held back before they are written.
const HELD: usize = 256 << 10;

/// A file that several tasks write to, each at places of its own. Two tasks can meet in one byte of a bitmap: such bytes are gathered
/// and written at the end.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    edges: Mutex<HashMap<u64, u8>>,
}

impl Target {
    /// A file that exists.
    pub fn new(path: PathBuf) -> Self {
        Self { path, edges: Mutex::default() }
    }

    /// Opens the file for one task.
    pub fn open(self: &Arc<Self>) -> Result<Handle> {
        let file = OpenOptions::new().write(true).open(&self.path).map_err(|e| Error::io(&self.path, "write the store", &e))?;
        Ok(Handle { file: Arc::new(file), target: self.clone() })
    }

    /// Writes the bytes in which tasks met.
    pub fn write_edges(self: &Arc<Self>) -> Result<()> {
        let handle = self.open()?;
        let edges = std::mem::take(&mut *self.edges.lock().unwrap_or_else(PoisonError::into_inner));
        edges.into_iter().try_for_each(|(at, byte)| handle.write(at, &[byte]))
    }
}

/// An open [`Target`].
#[derive(Clone, Debug)]
pub struct Handle {
    file: Arc<File>,
    target: Arc<Target>,
}

impl Handle {
    /// Writes bytes at a place.
    pub fn write(&self, at: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, at).map_err(|e| Error::io(&self.target.path, "write the store", &e))
    }

    fn edge(&self, at: u64, byte: u8) {
        *self.target.edges.lock().unwrap_or_else(PoisonError::into_inner).entry(at).or_default() |= byte;
    }
}

/// Bytes from a place on.
#[derive(Debug)]
pub struct Bytes {
    to: Handle,
    at: u64,
    held: Vec<u8>,
}

impl Bytes {
    /// Starts at a place.
    pub fn new(to: Handle, at: u64) -> Self {
        Self { to, at, held: Vec::new() }
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if self.held.len() + bytes.len() > HELD {
            self.flush()?;
            if bytes.len() > HELD {
                self.to.write(self.at, bytes)?;
                self.at += bytes.len() as u64;
                return Ok(());
            }
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends what `fill` adds to the bytes held back.
    pub fn with(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        fill(&mut self.held);
        if self.held.len() > HELD { self.flush() } else { Ok(()) }
    }

    /// Writes what is held back.
    pub fn flush(&mut self) -> Result<()> {
        self.to.write(self.at, &self.held)?;
        self.at += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }
}

/// Bits from a place on.
#[derive(Debug)]
pub struct Bits {
    bytes: Bytes,
    /// The byte being filled, and how many of its bits are.
    byte: u8,
    filled: u32,
    /// The first byte is shared with the task before.
    shared: bool,
}

impl Bits {
    /// Starts at bit `bit` of the buffer at `at`.
    pub fn new(to: Handle, at: u64, bit: u64) -> Self {
        let filled = (bit % 8) as u32;
        Self { bytes: Bytes::new(to, at + bit / 8), byte: 0, filled, shared: filled > 0 }
    }

    /// Appends a bit.
    #[inline]
    pub fn push(&mut self, bit: bool) -> Result<()> {
        self.byte |= u8::from(bit) << self.filled;
        self.filled += 1;
        if self.filled == 8 { self.next() } else { Ok(()) }
    }

    /// Appends `count` equal bits.
    pub fn repeat(&mut self, bit: bool, count: usize) -> Result<()> {
        let mut left = count;
        while left > 0 && self.filled > 0 {
            self.push(bit)?;
            left -= 1;
        }
        if left >= 8 {
            let whole = left / 8;
            self.bytes.with(|held| held.resize(held.len() + whole, if bit { 0xff } else { 0 }))?;
            self.shared = false;
            left %= 8;
        }
        for _ in 0..left {
            self.push(bit)?;
        }
        Ok(())
    }

    /// Appends the validity of `count` rows.
    pub fn validity(&mut self, nulls: Option<&NullBuffer>, count: usize) -> Result<()> {
        match nulls {
            None => self.repeat(true, count),
            Some(nulls) => self.append(nulls.inner()),
        }
    }

    /// Appends bits, eight at a time.
    pub fn append(&mut self, bits: &BooleanBuffer) -> Result<()> {
        let aligned = bits.sliced();
        let whole = bits.len() / 8;
        if self.filled > 0 {
            for byte in &aligned[..whole] {
                self.byte |= byte << self.filled;
                let carry = (u16::from(*byte) << self.filled >> 8) as u8;
                let filled = self.filled;
                self.next()?;
                (self.byte, self.filled) = (carry, filled);
            }
        } else {
            self.bytes.with(|held| held.extend_from_slice(&aligned[..whole]))?;
        }
        (whole * 8..bits.len()).try_for_each(|at| self.push(bits.value(at)))
    }

    fn next(&mut self) -> Result<()> {
        let byte = std::mem::take(&mut self.byte);
        self.filled = 0;
        if std::mem::take(&mut self.shared) {
            self.bytes.to.edge(self.bytes.at, byte);
            self.bytes.at += 1;
            return Ok(());
        }
        self.bytes.with(|held| held.push(byte))
    }

    /// Writes what is held back; the last byte is shared with the task after.
    pub fn flush(&mut self) -> Result<()> {
        self.bytes.flush()?;
        if self.filled > 0 {
            self.bytes.to.edge(self.bytes.at, self.byte);
        }
        Ok(())
    }
}

/// Offsets of a child that grows elsewhere: each slot appends where it ends.
#[derive(Debug)]
pub struct Offsets {
    bytes: Bytes,
    end: i32,
}

impl Offsets {
    /// Starts behind slot `slot` of the buffer at `at`, where the child has `end` elements. (The first offset, 0, is the file's own zero.)
    pub fn new(to: Handle, at: u64, slot: u64, end: u64) -> Result<Self> {
        Ok(Self { bytes: Bytes::new(to, at + 4 * (slot + 1)), end: narrow(end)? })
    }

    /// Appends a slot of `length` elements.
    #[inline]
    pub fn push(&mut self, length: usize) -> Result<()> {
        self.grow(length)?;
        self.close()
    }

    /// Lengthens the slot that is open.
    #[inline]
    pub fn grow(&mut self, length: usize) -> Result<()> {
        self.end = i32::try_from(length).ok().and_then(|n| self.end.checked_add(n)).ok_or_else(too_many)?;
        Ok(())
    }

    /// Ends the slot that is open.
    #[inline]
    pub fn close(&mut self) -> Result<()> {
        let end = self.end.to_le_bytes();
        self.bytes.with(|held| held.extend_from_slice(&end))
    }

    /// Writes what is held back.
    pub fn flush(&mut self) -> Result<()> {
        self.bytes.flush()
    }
}

fn narrow(n: u64) -> Result<i32> {
    i32::try_from(n).map_err(|_| too_many())
}

fn too_many() -> Error {
    Error::new(Code::Internal, "a shard was planned with more than 2^31-1 elements or bytes")
}

/// Values of any type, appended to the buffers of their node.
#[derive(Debug)]
pub struct Values {
    validity: Option<Bits>,
    data: Data,
    children: Vec<Values>,
}

#[derive(Debug)]
enum Data {
    None,
    Bits(Bits),
    Fixed(Bytes),
    Text(Offsets, Bytes),
    List(Offsets),
}

impl Values {
    /// Starts at `places`, one a node of the type, depth first.
    pub fn new(to: &Handle, node: &Node, places: &mut std::slice::Iter<NodePlace>) -> Result<Self> {
        let place = *places.next().ok_or_else(|| Error::new(Code::Internal, "a nested column lost a place"))?;
        let child = places.as_slice().first().map_or(0, |child| child.length);
        let validity = node.validity.map(|span| Bits::new(to.clone(), span.offset, place.length));
        let offset = |end| node.offsets.map(|span| Offsets::new(to.clone(), span.offset, place.length, end)).transpose();
        let data = match (node.data, node.width) {
            (Some(span), Some(width)) => Data::Fixed(Bytes::new(to.clone(), span.offset + place.length * u64::from(width))),
            (Some(span), None) => match offset(place.bytes)? {
                Some(offsets) => Data::Text(offsets, Bytes::new(to.clone(), span.offset + place.bytes)),
                None => Data::Bits(Bits::new(to.clone(), span.offset, place.length)),
            },
            (None, _) => offset(child)?.map_or(Data::None, Data::List),
        };
        let children: Result<Vec<_>> = node.children.iter().map(|child| Self::new(to, child, places)).collect();
        Ok(Self { validity, data, children: children? })
    }

    /// Appends the validity of rows whose values come by [`Values::fill`] or [`Values::text`].
    pub fn validity(&mut self, nulls: Option<&NullBuffer>, rows: usize) -> Result<()> {
        self.validity.as_mut().map_or(Ok(()), |bits| bits.validity(nulls, rows))
    }

    /// Appends that `rows` rows are null.
    pub fn nulls(&mut self, rows: usize) -> Result<()> {
        self.validity.as_mut().map_or(Ok(()), |bits| bits.repeat(false, rows))
    }

    /// Appends `count` bits that are not set.
    pub fn unset(&mut self, count: usize) -> Result<()> {
        match &mut self.data {
            Data::Bits(bits) => bits.repeat(false, count),
            _ => Err(Error::new(Code::Internal, "this column has no bits")),
        }
    }

    /// Appends fixed-width values that `fill` writes.
    pub fn fill(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        match &mut self.data {
            Data::Fixed(bytes) => bytes.with(fill),
            _ => Err(Error::new(Code::Internal, "this column has no values of fixed width")),
        }
    }

    /// Appends a text (or bytes).
    #[inline]
    pub fn text(&mut self, value: &[u8]) -> Result<()> {
        match &mut self.data {
            Data::Text(offsets, bytes) => {
                offsets.push(value.len())?;
                bytes.push(value)
            }
            _ => Err(Error::new(Code::Internal, "this column has no text")),
        }
    }

    /// Appends an array of the node's type.
    pub fn push(&mut self, array: &ArrayRef) -> Result<()> {
        if let Some(validity) = &mut self.validity {
            validity.validity(array.nulls(), array.len())?;
        }
        match &mut self.data {
            Data::None => {
                for (child, column) in self.children.iter_mut().zip(array.as_struct_opt().into_iter().flat_map(|s| s.columns())) {
                    child.push(column)?;
                }
            }
            // What lies in null slots is left over from other rows: it must not reach the store, which may be given to people who may not see these.
            Data::Bits(bits) => match array.nulls().filter(|nulls| nulls.null_count() > 0) {
                Some(nulls) => bits.append(&(array.as_boolean().values() & nulls.inner()))?,
                None => bits.append(array.as_boolean().values())?,
            },
            Data::Fixed(bytes) => match array.nulls().filter(|nulls| nulls.null_count() > 0) {
                Some(nulls) => {
                    let (values, width) = fixed(array)?;
                    bytes.with(|held| {
                        let start = held.len();
                        held.extend_from_slice(values);
                        (!nulls.inner()).set_indices().for_each(|row| held[start + row * width..][..width].fill(0));
                    })?;
                }
                None => bytes.push(fixed(array)?.0)?,
            },
            Data::Text(offsets, bytes) => {
                let (ranges, values) = match array.data_type() {
                    DataType::Utf8 => (array.as_string::<i32>().value_offsets(), array.as_string::<i32>().value_data()),
                    _ => (array.as_binary::<i32>().value_offsets(), array.as_binary::<i32>().value_data()),
                };
                let (first, last) = ends(ranges);
                ranges.windows(2).try_for_each(|pair| offsets.push((pair[1] - pair[0]) as usize))?;
                bytes.push(&values[first..last])?;
            }
            Data::List(offsets) => {
                let (values, ranges) = items(array);
                ranges.windows(2).try_for_each(|pair| offsets.push((pair[1] - pair[0]) as usize))?;
                self.children[0].push(&values)?;
            }
        }
        Ok(())
    }

    /// Writes what is held back.
    pub fn flush(&mut self) -> Result<()> {
        self.validity.iter_mut().try_for_each(Bits::flush)?;
        match &mut self.data {
            Data::None => {}
            Data::Bits(bits) => bits.flush()?,
            Data::Fixed(bytes) => bytes.flush()?,
            Data::List(offsets) => offsets.flush()?,
            Data::Text(offsets, bytes) => {
                offsets.flush()?;
                bytes.flush()?;
            }
        }
        self.children.iter_mut().try_for_each(Self::flush)
    }
}

/// The bytes of a fixed-width array, and the width.
pub fn fixed(array: &ArrayRef) -> Result<(&[u8], usize)> {
    let width = match array.data_type() {
        DataType::FixedSizeBinary(width) => usize::try_from(*width).ok(),
        other => other.primitive_width(),
    };
    let width = width.ok_or_else(|| Error::new(Code::Internal, format!("{} has no fixed width", array.data_type())))?;
    let bytes: &[u8] = match array.data_type() {
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value_data(),
        _ => primitive_bytes(array),
    };
    // value_data of a fixed-size binary array starts at its offset already.
    Ok((&bytes[..width * array.len()], width))
}

fn primitive_bytes(array: &ArrayRef) -> &[u8] {
    use arrow_array::downcast_primitive_array;
    downcast_primitive_array!(
        array => array.values().inner().as_slice(),
        _ => &[]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Int32Array, ListArray, StringArray, StructArray};
    use arrow_buffer::OffsetBuffer;
    use arrow_schema::{Field, Fields};
    use meds_store::layout::Span;
    use proptest::prelude::*;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    fn target(bytes: u64) -> std::result::Result<(tempfile::TempDir, Arc<Target>), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        File::create(&path)?.set_len(bytes)?;
        Ok((folder, Arc::new(Target::new(path))))
    }

    fn content(folder: &tempfile::TempDir) -> std::io::Result<Vec<u8>> {
        std::fs::read(folder.path().join("file"))
    }

    proptest! {
        /// Tasks that meet in the middle of a byte, in any order, write what one task would have written.
        #[test]
        fn bits_of_many_tasks_are_the_bits_of_one(bits in prop::collection::vec(any::<bool>(), 0..300), cuts in prop::collection::vec(0usize..300, 0..6), chunk in 1usize..70) {
            let bytes = bits.len().div_ceil(8);
            let (folder, target) = target(5 + bytes as u64).expect("a file");
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < bits.len()).chain([0, bits.len()]).collect();
            cuts.sort_unstable();
            for pair in cuts.windows(2).rev() {
                let mut out = Bits::new(target.open().expect("open"), 5, pair[0] as u64);
                for part in bits[pair[0]..pair[1]].chunks(chunk) {
                    out.append(&BooleanBuffer::from(part)).expect("append");
                }
                out.flush().expect("flush");
            }
            target.write_edges().expect("edges");
            let found = content(&folder).expect("content");
            let expected = BooleanBuffer::from(&bits[..]);
            prop_assert_eq!(&found[5..], &expected.values()[..bytes]);
        }

        /// Runs of equal bits are the same bits, one by one.
        #[test]
        fn repeated_bits_are_bits(runs in prop::collection::vec((any::<bool>(), 0usize..40), 0..12), start in 0u64..8) {
            let count: usize = runs.iter().map(|run| run.1).sum();
            let (folder, target) = target((start as usize + count).div_ceil(8) as u64).expect("a file");
            let mut out = Bits::new(target.open().expect("open"), 0, start);
            for (bit, count) in &runs {
                out.repeat(*bit, *count).expect("repeat");
            }
            out.flush().expect("flush");
            target.write_edges().expect("edges");
            let found = content(&folder).expect("content");
            let expected = (0..start).map(|_| false).chain(runs.iter().flat_map(|(bit, count)| std::iter::repeat_n(*bit, *count)));
            for (at, bit) in expected.enumerate() {
                prop_assert_eq!(found[at / 8] >> (at % 8) & 1 == 1, bit, "bit {}", at);
            }
        }
    }

    /// A nested column written in two parts, each at the place that the extents give it.
    #[test]
    fn nested_values_continue_where_the_part_before_ended() -> Outcome {
        let items: Fields = vec![Field::new("n", DataType::Int32, true), Field::new("s", DataType::Utf8, true)].into();
        // Null slots hold what a reader left there; the store has zeros.
        let n = Int32Array::new(vec![1, 98, 3, 4, 99].into(), Some(vec![true, false, true, true, false].into()));
        let s = StringArray::from(vec![Some("a"), Some(""), None, Some("dd"), Some("é")]);
        let items = StructArray::try_new(items.clone(), vec![Arc::new(n), Arc::new(s)], None)?;
        let field = Arc::new(Field::new("item", items.data_type().clone(), true));
        let lists: ArrayRef = Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths([2, 0, 2, 1]), Arc::new(items), None)?);
        let span = |offset, bytes| Some(Span { offset, bytes });
        let leaf = |at, data, width, offsets| Node { validity: span(at, 1), data, width, offsets, children: vec![] };
        let node = Node {
            offsets: span(0, 20),
            children: vec![Node {
                validity: span(64, 1),
                children: vec![leaf(128, span(192, 20), Some(4), None), leaf(256, span(384, 5), None, span(320, 24))],
                ..Node::default()
            }],
            ..Node::default()
        };
        let (folder, target) = target(448)?;
        let mut place = vec![NodePlace::default(); 4];
        let mut parts = Vec::new();
        for part in [lists.slice(0, 3), lists.slice(3, 1)] {
            parts.push((place.clone(), part.clone()));
            crate::plan::extent::measure(&part, &mut place);
        }
        // The later part first: places do not depend on what was written before.
        for (place, part) in parts.into_iter().rev() {
            let mut values = Values::new(&target.open()?, &node, &mut place.iter())?;
            values.push(&part)?;
            values.flush()?;
        }
        target.write_edges()?;
        let found = content(&folder)?;
        let ints = |at: usize, count: usize| -> Vec<i32> {
            found[at..][..4 * count].as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b)).collect()
        };
        assert_eq!(ints(0, 5), [0, 2, 2, 4, 5]);
        assert_eq!(found[64], 0b11111);
        assert_eq!(found[128], 0b01101);
        assert_eq!(ints(192, 5), [1, 0, 3, 4, 0]);
        assert_eq!(found[256], 0b11011);
        assert_eq!(ints(320, 6), [0, 1, 1, 1, 3, 5]);
        assert_eq!(&found[384..389], "add\u{e9}".as_bytes());
        Ok(())
    }
}
