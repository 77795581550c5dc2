//! The plan of an Arrow IPC file with one record batch: the offset of every buffer, and the bytes around the
//! buffers.
//!
//! Sizes are known before values are. So many threads can write buffers at their final offsets in any order:
//! a file is written once, and its bytes do not depend on the order of the threads.

use crate::error::{Code, Error, Result};
use crate::layout::Span;
use arrow_array::{Array, ArrayRef};
use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_ipc::writer::{DictionaryTracker, EncodedData, IpcDataGenerator, IpcWriteOptions, write_message};
use arrow_ipc::{Block, Buffer, DictionaryBatchBuilder, FieldNode, FooterBuilder, MessageBuilder, MessageHeader, MetadataVersion};
use arrow_schema::{ArrowError, Schema};
use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};

/// Buffers start at multiples of this many bytes in the file: a cache line, and a multiple of every element's
/// alignment.
pub const ALIGNMENT: u64 = 64;

const MAGIC: &[u8; 6] = b"ARROW1";

/// The sizes of one field's buffers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// Number of slots.
    pub length: u64,
    /// Number of null entries.
    pub nulls: u64,
    /// Bytes of each buffer in Arrow's order for the type; 0 for a validity that is not stored.
    pub buffers: Vec<u64>,
    /// Fields of a struct; the item of a list.
    pub children: Vec<Shape>,
}

impl Shape {
    fn flatten(&self, nodes: &mut Vec<FieldNode>, buffers: &mut Vec<u64>) -> Result<()> {
        nodes.push(FieldNode::new(signed(self.length)?, signed(self.nulls)?));
        buffers.extend(&self.buffers);
        self.children.iter().try_for_each(|child| child.flatten(nodes, buffers))
    }
}

/// The offsets of all parts of a file.
#[derive(Debug)]
pub struct FilePlan {
    /// The file's first bytes: the schema, the dictionaries and the batch's message.
    pub head: Vec<u8>,
    /// The parts of the file that say where the buffers are: messages without their bodies, and the tail.
    pub frames: Vec<Span>,
    /// The batch's buffers in Arrow's order: depth first, a parent's before its children's.
    pub buffers: Vec<Span>,
    /// The file's last bytes: the footer and the magic, from offset `bytes - tail.len()`.
    pub tail: Vec<u8>,
    /// Length of the file in bytes.
    pub bytes: u64,
}

impl FilePlan {
    /// Plans a file of `rows` rows whose top-level fields have these shapes. `dictionaries` are the values of
    /// the dictionary-coded fields, in the schema's depth-first order.
    pub fn new(schema: &Schema, rows: u64, shapes: &[Shape], dictionaries: &[ArrayRef]) -> Result<Self> {
        Self::plan(schema, rows, shapes, dictionaries).map_err(|e| Error::new(Code::Internal, format!("cannot lay out an Arrow file: {e}")))
    }

    fn plan(schema: &Schema, rows: u64, shapes: &[Shape], dictionaries: &[ArrayRef]) -> Result<Self, ArrowError> {
        let options = IpcWriteOptions::try_new(ALIGNMENT as usize, false, MetadataVersion::V5)?;
        let mut head = MAGIC.to_vec();
        head.resize(ALIGNMENT as usize, 0);
        let mut tracker = DictionaryTracker::new(true);
        let message = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(schema, &mut tracker, &options);
        write_message(&mut head, message, &options)?;

        let ids = tracker.dict_id().to_vec();
        if ids.len() != dictionaries.len() {
            return Err(ArrowError::SchemaError(format!("{} dictionaries for {} coded fields", dictionaries.len(), ids.len())));
        }
        let frame = |start: usize, bytes: usize| Span { offset: start as u64, bytes: bytes as u64 };
        let mut frames = vec![frame(0, head.len())];
        let mut dictionary_blocks = Vec::with_capacity(ids.len());
        for (id, values) in ids.into_iter().zip(dictionaries) {
            let at = head.len();
            let message = dictionary_message(id, values)?;
            let (meta, body) = write_message(&mut head, message, &options)?;
            dictionary_blocks.push(block(at, meta, body as u64)?);
            frames.push(frame(at, meta));
        }

        let mut nodes = Vec::new();
        let mut sizes = Vec::new();
        shapes.iter().try_for_each(|shape| shape.flatten(&mut nodes, &mut sizes)).map_err(arrow)?;
        let (places, body) = place(&sizes);
        let at = head.len();
        let message = batch_message(signed(rows).map_err(arrow)?, &nodes, &places, body)?;
        let (meta, _) = write_message(&mut head, EncodedData { ipc_message: message, arrow_data: Vec::new() }, &options)?;
        frames.push(frame(at, meta));
        let start = head.len() as u64;
        debug_assert_eq!(start % ALIGNMENT, 0);
        let buffers = places.iter().map(|span| Span { offset: start + span.offset, bytes: span.bytes }).collect();

        let mut tail = vec![0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        let footer = footer(schema, &dictionary_blocks, block(at, meta, body)?);
        tail.extend(&footer);
        tail.extend(i32::try_from(footer.len()).map_err(|e| ArrowError::IpcError(e.to_string()))?.to_le_bytes());
        tail.extend(MAGIC);
        let bytes = start + body + tail.len() as u64;
        frames.push(Span { offset: start + body, bytes: tail.len() as u64 });
        Ok(Self { head, frames, buffers, tail, bytes })
    }
}

fn signed(n: u64) -> Result<i64> {
    i64::try_from(n).map_err(|_| Error::new(Code::Internal, format!("a length of {n} does not fit Arrow's 64 bits")))
}

fn arrow(error: Error) -> ArrowError {
    ArrowError::IpcError(error.to_string())
}

/// Assigns an aligned offset in the body to each buffer. Returns the spans and the size of the body. An empty
/// buffer takes no space.
fn place(sizes: &[u64]) -> (Vec<Span>, u64) {
    let mut at = 0;
    let places = sizes
        .iter()
        .map(|&bytes| {
            let span = Span { offset: at, bytes };
            at += bytes.next_multiple_of(ALIGNMENT);
            span
        })
        .collect();
    (places, at)
}

fn block(at: usize, meta: usize, body: u64) -> Result<Block, ArrowError> {
    let narrow = |e: std::num::TryFromIntError| ArrowError::IpcError(e.to_string());
    Ok(Block::new(i64::try_from(at).map_err(narrow)?, i32::try_from(meta).map_err(narrow)?, i64::try_from(body).map_err(narrow)?))
}

fn batch<'a>(fbb: &mut FlatBufferBuilder<'a>, rows: i64, nodes: &[FieldNode], places: &[Span]) -> WIPOffset<arrow_ipc::RecordBatch<'a>> {
    let buffers: Vec<_> = places.iter().map(|span| Buffer::new(span.offset as i64, span.bytes as i64)).collect();
    let nodes = fbb.create_vector(nodes);
    let buffers = fbb.create_vector(&buffers);
    let mut builder = arrow_ipc::RecordBatchBuilder::new(fbb);
    builder.add_length(rows);
    builder.add_nodes(nodes);
    builder.add_buffers(buffers);
    builder.finish()
}

fn message(mut fbb: FlatBufferBuilder<'_>, kind: MessageHeader, header: WIPOffset<UnionWIPOffset>, body: u64) -> Vec<u8> {
    let mut builder = MessageBuilder::new(&mut fbb);
    builder.add_version(MetadataVersion::V5);
    builder.add_header_type(kind);
    builder.add_bodyLength(body as i64);
    builder.add_header(header);
    let root = builder.finish();
    fbb.finish(root, None);
    fbb.finished_data().to_vec()
}

fn batch_message(rows: i64, nodes: &[FieldNode], places: &[Span], body: u64) -> Result<Vec<u8>, ArrowError> {
    let mut fbb = FlatBufferBuilder::new();
    let header = batch(&mut fbb, rows, nodes, places).as_union_value();
    Ok(message(fbb, MessageHeader::RecordBatch, header, body))
}

/// A dictionary's message and body. Its values are utf8 or of fixed width, not null and not sliced.
fn dictionary_message(id: i64, values: &ArrayRef) -> Result<EncodedData, ArrowError> {
    let data = values.to_data();
    let sizes: Vec<u64> = std::iter::once(0).chain(data.buffers().iter().map(|b| b.len() as u64)).collect();
    let (places, body) = place(&sizes);
    let mut arrow_data = Vec::with_capacity(body as usize);
    for buffer in data.buffers() {
        arrow_data.extend_from_slice(buffer.as_slice());
        arrow_data.resize(arrow_data.len().next_multiple_of(ALIGNMENT as usize), 0);
    }
    let rows = values.len() as i64;
    let mut fbb = FlatBufferBuilder::new();
    let values = batch(&mut fbb, rows, &[FieldNode::new(rows, 0)], &places);
    let mut builder = DictionaryBatchBuilder::new(&mut fbb);
    builder.add_id(id);
    builder.add_data(values);
    let header = builder.finish().as_union_value();
    Ok(EncodedData { ipc_message: message(fbb, MessageHeader::DictionaryBatch, header, body), arrow_data })
}

fn footer(schema: &Schema, dictionaries: &[Block], batch: Block) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let dictionaries = fbb.create_vector(dictionaries);
    let batches = fbb.create_vector(&[batch]);
    let mut tracker = DictionaryTracker::new(true);
    let schema = IpcSchemaEncoder::new().with_dictionary_tracker(&mut tracker).schema_to_fb_offset(&mut fbb, schema);
    let mut builder = FooterBuilder::new(&mut fbb);
    builder.add_version(MetadataVersion::V5);
    builder.add_schema(schema);
    builder.add_dictionaries(dictionaries);
    builder.add_recordBatches(batches);
    let root = builder.finish();
    fbb.finish(root, None);
    fbb.finished_data().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::UInt8Type;
    use arrow_array::{DictionaryArray, Int64Array, StringArray, UInt8Array, cast::AsArray};
    use arrow_schema::{DataType, Field};
    use std::sync::Arc;

    /// A plan whose buffers are filled in is a file that another reader can read.
    #[test]
    fn a_filled_plan_is_an_arrow_file() -> Result<(), Box<dyn std::error::Error>> {
        let code = DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Utf8));
        let schema = Schema::new(vec![Field::new("id", DataType::Int64, false), Field::new("code", code, false)]);
        let shapes = [
            Shape { length: 3, nulls: 0, buffers: vec![0, 24], children: vec![] },
            Shape { length: 3, nulls: 0, buffers: vec![0, 3], children: vec![] },
        ];
        let values: ArrayRef = Arc::new(StringArray::from(vec!["", "a", "b"]));
        let plan = FilePlan::new(&schema, 3, &shapes, &[values])?;
        let mut file = vec![0; plan.bytes as usize];
        file[..plan.head.len()].copy_from_slice(&plan.head);
        let tail = file.len() - plan.tail.len();
        file[tail..].copy_from_slice(&plan.tail);
        let ids: Vec<u8> = [7i64, -1, i64::MIN].iter().flat_map(|v| v.to_le_bytes()).collect();
        for (span, bytes) in [(plan.buffers[1], &ids[..]), (plan.buffers[3], &[2, 1, 2][..])] {
            assert_eq!(span.offset % ALIGNMENT, 0);
            file[span.offset as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        let mut reader = arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(file), None)?;
        let batch = reader.next().ok_or("a batch")??;
        assert!(reader.next().is_none());
        assert_eq!(batch.column(0).as_ref(), &Int64Array::from(vec![7, -1, i64::MIN]) as &dyn Array);
        let codes: &DictionaryArray<UInt8Type> = batch.column(1).as_dictionary();
        assert_eq!(codes.keys(), &UInt8Array::from(vec![2, 1, 2]));
        assert_eq!(codes.values().as_string::<i32>(), &StringArray::from(vec!["", "a", "b"]));
        Ok(())
    }
}
