//! A mapped file as Arrow arrays: slices of one buffer, which keeps the mapping alive.

use super::Found;
use super::file::File;
use crate::layout::{Node, Span};
use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use arrow_schema::DataType;

/// The record batch as an array of structs. The builder checks everything that Arrow guarantees.
pub fn batch(file: &File) -> Found<ArrayData> {
    let whole = file.map.buffer();
    let fields = file.layout.schema.fields();
    let columns = fields.iter().zip(&file.layout.fields).map(|(field, node)| array(field.data_type(), node, &whole));
    let batch =
        ArrayData::builder(DataType::Struct(fields.clone())).len(file.layout.rows as usize).child_data(columns.collect::<Found<_>>()?);
    batch.build().map_err(|e| format!("is not valid Arrow data ({e})"))
}

fn array(data_type: &DataType, node: &Node, whole: &Buffer) -> Found<ArrayData> {
    // The footer's reader has checked that every span is inside the file.
    let slice = |span: Span| whole.slice_with_length(span.offset as usize, span.bytes as usize);
    let types: Vec<&DataType> = match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::List(item) | DataType::Map(item, _) => vec![item.data_type()],
        DataType::Dictionary(_, values) => vec![values],
        _ => vec![],
    };
    let nodes = node.children.iter().chain(node.dictionary.as_deref().map(|dictionary| &dictionary.values));
    let children = types.into_iter().zip(nodes).map(|(data_type, node)| array(data_type, node, whole));
    let array = ArrayData::builder(data_type.clone())
        .len(node.length as usize)
        .null_bit_buffer(node.validity.map(slice))
        .buffers([node.offsets, node.data].into_iter().flatten().map(slice).collect())
        .child_data(children.collect::<Found<_>>()?);
    array.build().map_err(|e| format!("is not valid Arrow data in \"{}\" ({e})", node.name))
}
