//! A field of a mapped file, read without unsafe code and without copies.

use crate::layout::{Node, Span};

/// A node and the file that its spans point into.
#[derive(Clone, Copy)]
pub struct Array<'a> {
    file: &'a [u8],
    /// What the file's footer says about the field.
    pub node: &'a Node,
}

/// Bytes as little-endian words of `W` bytes, without an incomplete last word.
pub fn words<const W: usize>(bytes: &[u8]) -> &[[u8; W]] {
    bytes.as_chunks().0
}

impl<'a> Array<'a> {
    /// The array of a node of this file's layout.
    pub fn new(file: &'a [u8], node: &'a Node) -> Self {
        Self { file, node }
    }

    fn span(&self, span: Option<Span>) -> &'a [u8] {
        // The footer's reader has checked that every span is inside the file.
        span.and_then(|Span { offset, bytes }| self.file.get(offset as usize..(offset + bytes) as usize)).unwrap_or_default()
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.node.length as usize
    }

    /// Whether there are no slots.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The buffer of values. For a dictionary-coded field: of indexes.
    pub fn data(&self) -> &'a [u8] {
        self.span(self.node.data)
    }

    /// The values as words of their width.
    pub fn words<const W: usize>(&self) -> &'a [[u8; W]] {
        words(self.data())
    }

    /// The bytes of the buffer of int32 offsets.
    pub fn offset_bytes(&self) -> &'a [u8] {
        self.span(self.node.offsets)
    }

    /// Offset `i` of `len + 1`. A negative offset reads as a number that is larger than every buffer.
    pub fn offset(&self, i: usize) -> usize {
        words(self.offset_bytes()).get(i).map_or(0, |word| u32::from_le_bytes(*word) as usize)
    }

    /// Whether slot `i` is not null.
    pub fn valid(&self, i: usize) -> bool {
        match self.node.validity {
            None => self.node.null_count == 0,
            some => self.span(some).get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1),
        }
    }

    /// Counts the slots whose bit in the validity bitmap is 0.
    pub fn count_nulls(&self) -> u64 {
        let Some(span) = self.node.validity else { return self.node.null_count };
        let bits = self.span(Some(span));
        let (whole, rest) = bits.split_at(self.len() / 8);
        let (chunks, tail) = whole.as_chunks::<8>();
        let mut ones: u64 = chunks.iter().map(|chunk| u64::from(u64::from_le_bytes(*chunk).count_ones())).sum();
        ones += tail.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>();
        let mask = (1u8 << (self.len() % 8)) - 1;
        ones += rest.first().map_or(0, |byte| u64::from((byte & mask).count_ones()));
        self.node.length - ones
    }

    /// The bytes of slot `i` of a utf8 or binary field; `None` where its offsets are out of range.
    pub fn slice(&self, i: usize) -> Option<&'a [u8]> {
        self.data().get(self.offset(i)..self.offset(i + 1))
    }

    /// Value `i` of a field of int64 or of times.
    pub fn i64(&self, i: usize) -> i64 {
        self.words().get(i).map_or(0, |word| i64::from_le_bytes(*word))
    }

    /// Value `i` of a field of uint32.
    pub fn u32(&self, i: usize) -> u32 {
        self.words().get(i).map_or(0, |word| u32::from_le_bytes(*word))
    }

    /// Row number `i` of a sparse column: uint16 or uint32.
    pub fn row(&self, i: usize) -> u32 {
        match self.node.data_type.width {
            Some(2) => self.words().get(i).map_or(0, |word| u32::from(u16::from_le_bytes(*word))),
            _ => self.u32(i),
        }
    }

    /// Index `i` into the dictionary.
    pub fn index(&self, i: usize) -> u32 {
        match self.node.dictionary.as_ref().map(|d| d.index_width) {
            Some(1) => self.data().get(i).map_or(0, |byte| u32::from(*byte)),
            Some(2) => self.words().get(i).map_or(0, |word| u32::from(u16::from_le_bytes(*word))),
            _ => self.u32(i),
        }
    }

    /// The dictionary's values.
    pub fn dictionary(&self) -> Option<Array<'a>> {
        self.node.dictionary.as_ref().map(|d| Array::new(self.file, &d.values))
    }

    /// Child `i`.
    pub fn child(&self, i: usize) -> Array<'a> {
        Array::new(self.file, &self.node.children[i])
    }

    /// All children.
    pub fn children(&self) -> impl Iterator<Item = Array<'a>> + use<'a> {
        let file = self.file;
        self.node.children.iter().map(move |node| Array::new(file, node))
    }

    /// The child of this name.
    pub fn named(&self, name: &str) -> Option<Array<'a>> {
        self.children().find(|child| child.node.name == name)
    }
}
