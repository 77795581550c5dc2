//! Reads an Arrow IPC file's footer as a table of buffers. Every span in it is inside the file and large
//! enough for its field.
//!
//! The bytes come from a disk and can be anything, so every addition and index is checked. Errors are clauses
//! that follow the file's name.

use super::Found;
use super::cursor::{Cursor, bounded};
use crate::layout::{Dictionary, Node};
use crate::types;
use arrow_ipc::{Block, Endianness, MessageHeader, MetadataVersion, root_as_footer, root_as_message};
use arrow_schema::{DataType, Field, Schema};
use std::collections::HashMap;

const MAGIC: &[u8] = b"ARROW1";
/// Bytes after the footer: its length (int32) and the magic again.
const TAIL: usize = 10;
/// Deepest nesting of a column's type. The flatbuffers verifier has its own bound, but this one can name the
/// column.
const DEEPEST: usize = 32;

/// The content of an Arrow file and where it is.
#[derive(Debug)]
pub struct Layout {
    /// The schema, with its metadata.
    pub schema: Schema,
    /// Rows of the record batch.
    pub rows: u64,
    /// The top-level fields.
    pub fields: Vec<Node>,
}

/// Reads the layout of an Arrow file that contains exactly one uncompressed record batch.
pub fn parse(file: &[u8]) -> Found<Layout> {
    let (body_end, footer) = footer_bytes(file)?;
    let footer = root_as_footer(footer).map_err(|e| format!("has a damaged footer ({})", first_line(&e)))?;
    if footer.version() != MetadataVersion::V5 {
        return Err(format!("has metadata version {:?}, but a store has V5", footer.version()));
    }
    let fb_schema = footer.schema().ok_or("has no schema")?;
    if fb_schema.endianness() != Endianness::Little {
        return Err("is big-endian".into());
    }
    let schema = arrow_ipc::convert::try_fb_to_schema(fb_schema).map_err(|e| format!("has a damaged schema ({})", first_line(&e)))?;
    let fb_fields: Vec<_> = fb_schema.fields().into_iter().flatten().collect();

    let mut dictionaries = HashMap::new();
    for block in footer.dictionaries().into_iter().flatten() {
        let (message, body) = message_at(file, block, body_end)?;
        let batch = message.header_as_dictionary_batch().ok_or("has a dictionary block that is not a dictionary")?;
        let data = batch.data().ok_or("has a dictionary without values")?;
        if batch.isDelta() || dictionaries.insert(batch.id(), Cursor::new(&data, body)?).is_some() {
            return Err(format!("has dictionary {} in more than one batch", batch.id()));
        }
    }
    let batches: Vec<_> = footer.recordBatches().into_iter().flatten().collect();
    let [block] = batches[..] else {
        return Err(format!("has {} record batches, but a store's file has one", batches.len()));
    };
    let (message, body) = message_at(file, block, body_end)?;
    let batch = message.header_as_record_batch().ok_or("has a record batch block that is not a record batch")?;
    let rows = u64::try_from(batch.length()).map_err(|_| "has a negative number of rows")?;

    let mut reader = Reader { cursor: Cursor::new(&batch, body)?, dictionaries };
    let mut fields = Vec::with_capacity(fb_fields.len());
    for (field, fb) in schema.fields().iter().zip(&fb_fields) {
        let node = reader.field(field, *fb, 0)?;
        if node.length != rows {
            return Err(format!("has {} slots in column \"{}\", but {rows} rows", node.length, node.name));
        }
        fields.push(node);
    }
    reader.cursor.finish()?;
    for (id, cursor) in &reader.dictionaries {
        cursor.finish().map_err(|e| format!("{e} (dictionary {id})"))?;
    }
    Ok(Layout { schema, rows, fields })
}

/// The first line of another library's message: some messages fill a page.
fn first_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_string()
}

/// The footer's first byte in the file, and its bytes.
fn footer_bytes(file: &[u8]) -> Found<(u64, &[u8])> {
    if !file.starts_with(MAGIC) {
        return Err("does not start as an Arrow file".into());
    }
    let tail = file.len().checked_sub(TAIL).filter(|tail| *tail >= MAGIC.len()).ok_or("is too short for an Arrow file")?;
    let (before, tail) = file.split_at(tail);
    let Some((length, MAGIC)) = tail.split_first_chunk::<4>() else {
        return Err("does not end as an Arrow file".into());
    };
    let length = i32::from_le_bytes(*length);
    let start = usize::try_from(length).ok().and_then(|length| before.len().checked_sub(length));
    let start = start.ok_or_else(|| format!("has a footer of {length} bytes, more than the file contains"))?;
    Ok((start as u64, &before[start..]))
}

/// The message of a block of the footer, and its body as `(first byte in the file, bytes)`.
fn message_at<'a>(file: &'a [u8], block: &Block, end: u64) -> Found<(arrow_ipc::Message<'a>, (u64, u64))> {
    let outside =
        || format!("has a block outside the file (at {}, {} + {} bytes)", block.offset(), block.metaDataLength(), block.bodyLength());
    let start = u64::try_from(block.offset()).map_err(|_| outside())?;
    let metadata = u64::try_from(block.metaDataLength()).map_err(|_| outside())?;
    let body_bytes = u64::try_from(block.bodyLength()).map_err(|_| outside())?;
    let body = bounded(start, metadata, end).ok_or_else(outside)?;
    bounded(body, body_bytes, end).ok_or_else(outside)?;
    // `body <= end <= file.len()`, which is a usize.
    let bytes = &file[start as usize..body as usize];
    let Some(([255, 255, 255, 255], rest)) = bytes.split_first_chunk::<4>() else {
        return Err("has a block without a message".into());
    };
    let Some((length, bytes)) = rest.split_first_chunk::<4>() else {
        return Err("has a block without a message".into());
    };
    if usize::try_from(i32::from_le_bytes(*length)) != Ok(bytes.len()) {
        return Err("has a message whose length differs from the footer's".into());
    }
    let message = root_as_message(bytes).map_err(|e| format!("has a damaged message ({})", first_line(&e)))?;
    if message.version() != MetadataVersion::V5 || message.bodyLength() != block.bodyLength() {
        return Err("has a message that differs from the footer".into());
    }
    if !matches!(message.header_type(), MessageHeader::RecordBatch | MessageHeader::DictionaryBatch) {
        return Err("has a message that is not a batch among its batches".into());
    }
    Ok((message, (body, body_bytes)))
}

/// Walks the schema and reads each field's node and buffers in Arrow's order.
struct Reader<'a> {
    cursor: Cursor<'a>,
    dictionaries: HashMap<i64, Cursor<'a>>,
}

impl<'a> Reader<'a> {
    /// Reads a field and its children. `fb` is the same field in the file's own form: only it has the
    /// dictionary's id.
    fn field(&mut self, field: &Field, fb: arrow_ipc::Field<'a>, depth: usize) -> Found<Node> {
        let column = |what: &str| format!("has {what} in column \"{}\"", field.name());
        if depth > DEEPEST {
            return Err(column("a type nested too deeply"));
        }
        if let DataType::Dictionary(index, values) = field.data_type() {
            let index_width = match **index {
                DataType::UInt8 => 1,
                DataType::UInt16 => 2,
                DataType::UInt32 => 4,
                _ => return Err(column("dictionary indexes that are not unsigned integers of 8, 16 or 32 bits")),
            };
            let mut node = self.cursor.flat(field.name(), index, field.is_nullable()).map_err(|e| column(&e))?;
            node.data_type = types::stored(values).map_err(|e| column(&e))?;
            let id = fb.dictionary().ok_or_else(|| column("no dictionary"))?.id();
            // Removed from the map while its values are read. Only one field uses a dictionary.
            let mut cursor = self.dictionaries.remove(&id).ok_or_else(|| column("no dictionary"))?;
            let values = cursor.flat(field.name(), values, true).map_err(|e| column(&e))?;
            cursor.rows_are(values.length).map_err(|e| column(&e))?;
            self.dictionaries.insert(id, cursor);
            node.dictionary = Some(Box::new(Dictionary { index_width, values }));
            return Ok(node);
        }
        let below: Vec<&Field> = match field.data_type() {
            DataType::Struct(fields) => fields.iter().map(|f| &**f).collect(),
            DataType::List(item) => vec![item],
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(pair) if pair.len() == 2 => vec![entries],
                _ => return Err(column("a map whose entries are not pairs")),
            },
            flat => return self.cursor.flat(field.name(), flat, field.is_nullable()).map_err(|e| column(&e)),
        };
        let mut node = self.cursor.nested(field.name(), field.data_type(), field.is_nullable()).map_err(|e| column(&e))?;
        let fb_children: Vec<_> = fb.children().into_iter().flatten().collect();
        if fb_children.len() != below.len() {
            return Err(column("a damaged type"));
        }
        for (child, fb) in below.into_iter().zip(fb_children) {
            let child = self.field(child, fb, depth + 1)?;
            if matches!(field.data_type(), DataType::Struct(_)) && child.length != node.length {
                return Err(column("fields of different lengths"));
            }
            node.children.push(child);
        }
        Ok(node)
    }
}
