//! The field nodes and buffers of one record batch, taken in order and checked as they are taken.

use super::footer::store_type;
use crate::layout::{Node, Span};
use arrow_ipc::{Buffer, FieldNode, RecordBatch};
use arrow_schema::DataType;
use flatbuffers::Vector;

/// What was found, or a clause that says what is wrong.
pub type Found<T> = std::result::Result<T, String>;

/// Every buffer starts at a multiple of this, counted from the start of the file: a typed array needs its own width, a cache line this.
pub const ALIGNMENT: u64 = 64;

/// `start + bytes`, when that is at most `end`.
pub fn bounded(start: u64, bytes: u64, end: u64) -> Option<u64> {
    start.checked_add(bytes).filter(|stop| *stop <= end)
}

/// Reads nodes and buffers once each, in the order of the schema.
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
    /// Over a batch whose body is `(first byte in the file, bytes)`.
    pub fn new(batch: &RecordBatch<'a>, (start, bytes): (u64, u64)) -> Found<Self> {
        if batch.compression().is_some() {
            return Err("is compressed, which a store's files never are".into());
        }
        let nodes = batch.nodes().ok_or("has a batch without columns")?;
        let buffers = batch.buffers().ok_or("has a batch without buffers")?;
        Ok(Self { nodes, buffers, node: 0, buffer: 0, start, bytes, rows: batch.length() })
    }

    /// Fails unless everything has been taken.
    pub fn finish(&self) -> Found<()> {
        if (self.node, self.buffer) == (self.nodes.len(), self.buffers.len()) {
            return Ok(());
        }
        Err(format!(
            "has {} nodes and {} buffers where its schema asks for {} and {}",
            self.nodes.len(),
            self.buffers.len(),
            self.node,
            self.buffer
        ))
    }

    /// Fails unless the batch says that it has this many rows.
    pub fn rows_are(&self, rows: u64) -> Found<()> {
        if u64::try_from(self.rows) == Ok(rows) { Ok(()) } else { Err(format!("a dictionary of {rows} values for {} rows", self.rows)) }
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
                let width = node.data_type.width.ok_or("a nested type where none can be")?;
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
        let data_type = store_type(data_type)?;
        if self.node >= self.nodes.len() {
            return Err("no node".into());
        }
        let found = self.nodes.get(self.node);
        self.node += 1;
        let (Ok(length), Ok(null_count)) = (u64::try_from(found.length()), u64::try_from(found.null_count())) else {
            return Err("a negative length".into());
        };
        // Offsets and row numbers are 32 bits wide.
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

    /// `None` when nothing is null, whether or not the file has a bitmap: readers choose their path by it.
    fn validity(&mut self, node: &Node) -> Found<Option<Span>> {
        let least = if node.null_count == 0 { 0 } else { node.length.div_ceil(8) };
        let span = self.buffer("validity", least, true)?;
        Ok((node.null_count > 0).then_some(span))
    }

    /// A list of no slots may have no offsets at all.
    fn offsets(&mut self, n: u64) -> Found<Span> {
        let span = self.buffer("offsets", if n == 0 { 0 } else { (n + 1) * 4 }, false)?;
        Ok(Span { bytes: span.bytes.min((n + 1) * 4), ..span })
    }

    /// The next buffer, at least `least` bytes long; cut to `least` where that is all that the field needs (`exact`).
    fn buffer(&mut self, what: &str, least: u64, exact: bool) -> Found<Span> {
        if self.buffer >= self.buffers.len() {
            return Err(format!("no {what} buffer"));
        }
        let found = self.buffers.get(self.buffer);
        self.buffer += 1;
        let place = || format!("a {what} buffer outside its batch (at {}, {} bytes)", found.offset(), found.length());
        let offset = u64::try_from(found.offset()).map_err(|_| place())?;
        let bytes = u64::try_from(found.length()).map_err(|_| place())?;
        bounded(offset, bytes, self.bytes).ok_or_else(place)?;
        if bytes < least {
            return Err(format!("a {what} buffer of {bytes} bytes where {least} are needed"));
        }
        // The body lies inside the file, so this cannot overflow.
        let offset = self.start + offset;
        if bytes > 0 && !offset.is_multiple_of(ALIGNMENT) {
            return Err(format!("a {what} buffer at byte {offset}, no multiple of {ALIGNMENT},"));
        }
        let bytes = if exact { least } else { bytes };
        // An empty buffer may stand anywhere in the file, but a typed array of no elements still needs an aligned place.
        Ok(Span { offset: if bytes == 0 { 0 } else { offset }, bytes })
    }
}
