//! The distinct values of a column, up to a limit.

use crate::plan::facts::Facts;
use crate::source::column::Column;
use arrow_schema::DataType;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hash::BuildHasher;

/// Most distinct values of a column that is dictionary-coded to save space. A column with more is not coded.
/// This bounds memory, and the dictionary in each shard.
const VALUES: usize = 1 << 19;
/// Most bytes of these values.
const BYTES: usize = 16 << 20;

/// Distinct strings, numbered in order of first appearance.
#[derive(Debug, Default)]
pub struct Interner {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    table: HashTable<u32>,
    hash: FixedState,
}

impl Interner {
    /// Number of distinct strings.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A string by its number.
    pub fn get(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[id]]
    }

    /// Bytes of all distinct strings.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are too many for an optional dictionary.
    pub fn is_full(&self) -> bool {
        self.len() > VALUES || self.bytes() > BYTES
    }

    /// The number of a string. A new string gets a new number.
    pub fn insert(&mut self, value: &[u8]) -> u32 {
        let hash = self.hash.hash_one(value);
        if let Some(id) = self.find(hash, value) {
            return id;
        }
        // More than 2^32 distinct strings would not fit in memory.
        let id = self.ends.len() as u32;
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
        let Self { bytes, ends, table, hash: state } = self;
        table.insert_unique(hash, id, |&id| {
            let start = (id as usize).checked_sub(1).map_or(0, |before| ends[before]);
            state.hash_one(&bytes[start..ends[id as usize]])
        });
        id
    }

    /// The number of a string, if it was inserted.
    pub fn lookup(&self, value: &[u8]) -> Option<u32> {
        self.find(self.hash.hash_one(value), value)
    }

    fn find(&self, hash: u64, value: &[u8]) -> Option<u32> {
        self.table.find(hash, |&id| self.get(id) == value).copied()
    }
}

// The table is made again from the strings.
impl Serialize for Interner {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (Bytes(&self.bytes), &self.ends).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Interner {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (Bytes(bytes), ends) = <(Bytes<&[u8]>, Vec<usize>)>::deserialize(from)?;
        let mut made = Self::default();
        let mut start = 0;
        for end in ends {
            let string = bytes.get(start..end).ok_or_else(|| serde::de::Error::custom("a string is outside its bytes"))?;
            made.insert(string);
            start = end;
        }
        Ok(made)
    }
}

/// Bytes that are copied as a whole. Without this, each would be one value.
struct Bytes<B>(B);

impl Serialize for Bytes<&Vec<u8>> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes<&'de [u8]> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Deserialize::deserialize(from)?))
    }
}

/// Distinct 64-bit integers, as bit patterns.
#[derive(Debug, Default)]
pub struct Integers {
    seen: hashbrown::HashSet<i64, FixedState>,
    last: Option<i64>,
}

impl Integers {
    /// Adds a value. Equal values in a row (visits, orders) cost only a comparison.
    #[inline]
    pub fn insert(&mut self, value: i64) {
        if self.last != Some(value) {
            self.last = Some(value);
            self.seen.insert(value);
        }
    }

    /// Adds all values of another set.
    pub fn merge(&mut self, other: &Self) {
        self.seen.extend(&other.seen);
    }

    /// Whether there are too many for a dictionary.
    pub fn is_full(&self) -> bool {
        self.seen.len() > VALUES
    }

    /// The values, in no particular order.
    pub fn values(&self) -> Vec<i64> {
        self.seen.iter().copied().collect()
    }
}

impl Serialize for Integers {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.values().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Integers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self { seen: Vec::deserialize(from)?.into_iter().collect(), last: None })
    }
}

/// Distinct values.
#[derive(Debug, Deserialize, Serialize)]
pub enum Distinct {
    /// Not needed, or too many.
    Unknown,
    /// Strings.
    Texts(Interner),
    /// 64-bit integers.
    Integers(Integers),
}

impl Distinct {
    /// No values yet of a column.
    pub(super) fn new(column: &Column) -> Self {
        match column.wide {
            DataType::Utf8 => Self::Texts(Interner::default()),
            DataType::Int64 | DataType::UInt64 => Self::Integers(Integers::default()),
            _ => Self::Unknown,
        }
    }

    /// Adds a text. Returns its number; 0 where texts are not numbered.
    pub(super) fn insert(&mut self, text: &[u8], facts: &mut Facts) -> u32 {
        facts.ascii = facts.ascii && text.is_ascii();
        match self {
            Self::Texts(interner) => interner.insert(text),
            // Its number is not needed.
            _ => 0,
        }
    }

    /// Discards the values when they are too many for a dictionary.
    pub(super) fn shed(&mut self) {
        let full = match self {
            Self::Unknown => false,
            Self::Texts(interner) => interner.is_full(),
            Self::Integers(integers) => integers.is_full(),
        };
        if full {
            *self = Self::Unknown;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_string_keeps_one_number() {
        let mut interner = Interner::default();
        let words: Vec<String> = (0..1000).map(|n| "x".repeat(n % 7) + &n.to_string()).collect();
        for (n, word) in (0..).zip(&words) {
            assert_eq!(interner.insert(word.as_bytes()), n);
        }
        assert_eq!(interner.insert(b""), 1000);
        for (n, word) in (0..).zip(&words) {
            assert_eq!(
                (interner.insert(word.as_bytes()), interner.lookup(word.as_bytes()), interner.get(n)),
                (n, Some(n), word.as_bytes())
            );
        }
        assert_eq!((interner.lookup(b"absent"), interner.get(1000), interner.len()), (None, &b""[..], 1001));
    }
}
