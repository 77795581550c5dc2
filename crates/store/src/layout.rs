//! Where each buffer of a mapped Arrow file lies: the table that crosses to TypeScript once a file.

use crate::types::Type;
use serde::Serialize;

/// A run of bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First byte, from the start of the file.
    pub offset: u64,
    /// Number of bytes.
    pub bytes: u64,
}

/// One field of the file's record batch and the buffers that hold it; `None` where the type (or a column without nulls) has no such buffer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// The field's name.
    pub name: String,
    /// The Arrow type; for a dictionary-coded field the type of the values (see `dictionary`).
    #[serde(rename = "type")]
    pub data_type: Type,
    /// May it hold nulls, by the schema.
    pub nullable: bool,
    /// Number of slots.
    pub length: u64,
    /// Number of null slots.
    pub null_count: u64,
    /// One bit a slot, least significant first, 1 = present. Absent when nothing is null.
    pub validity: Option<Span>,
    /// int32 offsets, `length + 1` of them (utf8, binary, list, map).
    pub offsets: Option<Span>,
    /// The values; for a dictionary-coded field the indexes; for utf8 and binary the bytes.
    pub data: Option<Span>,
    /// Fields of a struct; the one item of a list or map.
    pub children: Vec<Node>,
    /// The dictionary of a coded field.
    pub dictionary: Option<Box<Dictionary>>,
}

/// A dictionary-coded field's values and the width of its indexes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dictionary {
    /// Bytes an index: 1, 2 or 4, unsigned.
    pub index_width: u8,
    /// The values; slot 0 is unused (it fills null slots).
    pub values: Node,
}
