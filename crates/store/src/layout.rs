//! Where each buffer of a mapped Arrow file is: the table that TypeScript receives once per file.

use crate::types::Type;
use serde::Serialize;

/// A range of bytes in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First byte, counted from the start of the file.
    pub offset: u64,
    /// Number of bytes.
    pub bytes: u64,
}

/// One field of the file's record batch and its buffers. A buffer is `None` where the type does not have it,
/// and the validity is `None` where nothing is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// The field's name.
    pub name: String,
    /// The Arrow type. For a dictionary-coded field: the type of its values (see `dictionary`).
    #[serde(rename = "type")]
    pub data_type: Type,
    /// Whether the schema allows nulls.
    pub nullable: bool,
    /// Number of slots.
    pub length: u64,
    /// Number of null entries.
    pub null_count: u64,
    /// One bit per slot, least significant bit first, 1 = present. Absent when nothing is null.
    pub validity: Option<Span>,
    /// `length + 1` int32 offsets (utf8, binary, list, map).
    pub offsets: Option<Span>,
    /// The values. For a dictionary-coded field: the indexes. For utf8 and binary: the bytes.
    pub data: Option<Span>,
    /// The fields of a struct, or the item of a list or map.
    pub children: Vec<Node>,
    /// The dictionary of a dictionary-coded field.
    pub dictionary: Option<Box<Dictionary>>,
}

/// The values of a dictionary-coded field and the width of its indexes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dictionary {
    /// Bytes per index: 1, 2 or 4. Indexes are unsigned.
    pub index_width: u8,
    /// The values. Entry 0 is unused: it fills null entries.
    pub values: Node,
}
