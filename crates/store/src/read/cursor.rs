//! Reads the field nodes and buffers of one record batch in order, and checks each of them.

use super::Found;
use crate::layout::{Node, Span};
use crate::types;
use arrow_ipc::{Buffer, FieldNode, RecordBatch};
use arrow_schema::DataType;
use flatbuffers::Vector;

/// Every buffer starts at a multiple of this many bytes from the start of the file: a cache line. A typed
/// array needs a multiple of its own width.
pub const ALIGNMENT: u64 = 64;

/// `start + bytes`, if that is at most `end`.
pub fn bounded(start: u64, bytes: u64, end: u64) -> Option<u64> {
    start.checked_add(bytes).filter(|stop| *stop <= end)
}

/// Reads each node and each buffer once, in the order of the schema.
pub struct Cursor<'a> {
    nodes: Vector<'a, FieldNode>,
    buffers: Vector<'a, Buffer>,
    node: usize,
    buffer: usize,
    /// The batch's body in the file.
    start: u64,
    bytes: u64,
    rows: i64,
}

impl<'a> Cursor<'a> {
    /// Reads a batch whose body is `(first byte in the file, bytes)`.
    pub fn new(batch: &RecordBatch<'a>, (start, bytes): (u64, u64)) -> Found<Self> {
        if batch.compression().is_some() {
            return Err("is compressed, but a store's files are not".into());
        }
        let nodes = batch.nodes().ok_or("has a batch without columns")?;
        let buffers = batch.buffers().ok_or("has a batch without buffers")?;
        Ok(Self { nodes, buffers, node: 0, buffer: 0, start, bytes, rows: batch.length() })
    }

    /// Fails unless every node and buffer was read.
    pub fn finish(&self) -> Found<()> {
        if (self.node, self.buffer) == (self.nodes.len(), self.buffers.len()) {
            return Ok(());
        }
        Err(format!(
            "has {} nodes and {} buffers, but its schema requires {} and {}",
            self.nodes.len(),
            self.buffers.len(),
            self.node,
            self.buffer
        ))
    }

    /// Fails unless the batch has this many rows.
    pub fn rows_are(&self, rows: u64) -> Found<()> {
        if u64::try_from(self.rows) == Ok(rows) {
            Ok(())
        } else {
            Err(format!("a dictionary of {rows} values in a batch of {} rows", self.rows))
        }
    }

    /// A field without children.
    pub fn flat(&mut self, name: &str, data_type: &DataType, nullable: bool) -> Found<Node> {
        let mut node = self.node(name, data_type, nullable)?;
        let n = node.length;
        match data_type {
            DataType::Null => {
                if node.null_count != n {
                    return Err("values in a column of nulls".into());
                }
                return Ok(node);
            }
            DataType::Boolean => {
                node.validity = self.validity(&node)?;
                node.data = Some(self.buffer("values", n.div_ceil(8), true)?);
            }
            DataType::Utf8 | DataType::Binary => {
                node.validity = self.validity(&node)?;
                node.offsets = Some(self.offsets(n)?);
                node.data = Some(self.buffer("values", 0, false)?);
            }
            _ => {
                let width = node.data_type.width.ok_or("a nested type that is not allowed")?;
                node.validity = self.validity(&node)?;
                let bytes = n.checked_mul(u64::from(width)).ok_or("an impossible length")?;
                node.data = Some(self.buffer("values", bytes, true)?);
            }
        }
        Ok(node)
    }

    /// A struct, list or map, without its children.
    pub fn nested(&mut self, name: &str, data_type: &DataType, nullable: bool) -> Found<Node> {
        let mut node = self.node(name, data_type, nullable)?;
        node.validity = self.validity(&node)?;
        if !matches!(data_type, DataType::Struct(_)) {
            node.offsets = Some(self.offsets(node.length)?);
        }
        Ok(node)
    }

    fn node(&mut self, name: &str, data_type: &DataType, nullable: bool) -> Found<Node> {
        let data_type = types::stored(data_type)?;
        if self.node >= self.nodes.len() {
            return Err("too few nodes".into());
        }
        let found = self.nodes.get(self.node);
        self.node += 1;
        let (Ok(length), Ok(null_count)) = (u64::try_from(found.length()), u64::try_from(found.null_count())) else {
            return Err("a negative length".into());
        };
        // Offsets are signed 32-bit numbers.
        if null_count > length || length > i32::MAX as u64 {
            return Err(format!("{length} slots of which {null_count} are null"));
        }
        let name = name.to_string();
        Ok(Node {
            name,
            data_type,
            nullable,
            length,
            null_count,
            validity: None,
            offsets: None,
            data: None,
            children: vec![],
            dictionary: None,
        })
    }

    /// `None` when nothing is null, even if the file has a bitmap: readers choose their code path by it.
    fn validity(&mut self, node: &Node) -> Found<Option<Span>> {
        let least = if node.null_count == 0 { 0 } else { node.length.div_ceil(8) };
        let span = self.buffer("validity", least, true)?;
        Ok((node.null_count > 0).then_some(span))
    }

    /// A list without slots may lack offsets.
    fn offsets(&mut self, n: u64) -> Found<Span> {
        let span = self.buffer("offsets", if n == 0 { 0 } else { (n + 1) * 4 }, false)?;
        Ok(Span { bytes: span.bytes.min((n + 1) * 4), ..span })
    }

    /// The next buffer, which must have at least `least` bytes. With `exact` it is cut to `least` bytes: the
    /// field does not need more.
    fn buffer(&mut self, what: &str, least: u64, exact: bool) -> Found<Span> {
        if self.buffer >= self.buffers.len() {
            return Err(format!("too few buffers (no {what} buffer)"));
        }
        let found = self.buffers.get(self.buffer);
        self.buffer += 1;
        let place = || format!("a {what} buffer outside its batch (at {}, {} bytes)", found.offset(), found.length());
        let offset = u64::try_from(found.offset()).map_err(|_| place())?;
        let bytes = u64::try_from(found.length()).map_err(|_| place())?;
        bounded(offset, bytes, self.bytes).ok_or_else(place)?;
        if bytes < least {
            return Err(format!("a {what} buffer of {bytes} bytes, but the field requires {least}"));
        }
        // The body is inside the file, so this cannot overflow.
        let offset = self.start + offset;
        if bytes > 0 && !offset.is_multiple_of(ALIGNMENT) {
            return Err(format!("a {what} buffer at byte {offset}, which is not a multiple of {ALIGNMENT},"));
        }
        let bytes = if exact { least } else { bytes };
        // An empty buffer may be anywhere in the file, but even a typed array without elements needs an
        // aligned offset.
        Ok(Span { offset: if bytes == 0 { 0 } else { offset }, bytes })
    }
}
