//! The Arrow type of each column of a Parquet file: the type in its writer's Arrow schema, if it can be read,
//! otherwise the type that Parquet's own annotations mean.
//!
//! INT96, the timestamps of Spark, Hive and Impala, is read as microseconds. The Parquet library would read
//! it as nanoseconds, which end in 2262 and wrap around after that (Spark's 9999-12-31 becomes the year
//! 1816). ENUM, which the Parquet library reads as bytes, is read as text.

use crate::source::guard::guarded;
use arrow_ipc::root_as_message;
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema, parquet_to_arrow_schema};
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::errors::Result;
use parquet::file::metadata::{FileMetaData, KeyValue};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor, Type as Node};
use std::slice::Iter;
use std::sync::Arc;

/// The schema, and the root columns whose Arrow types cannot be read: they have the types of Parquet.
pub fn schema(about: &FileMetaData) -> Result<(Schema, Vec<usize>)> {
    let (descriptor, said) = (about.schema_descr(), about.key_value_metadata());
    let (schema, untyped) = match guarded(|| parquet_to_arrow_schema(descriptor, said)) {
        Ok(schema) => (schema, Vec::new()),
        Err(_) => piecewise(descriptor, said)?,
    };
    let mut leaves = descriptor.columns().iter();
    Ok((Schema::new_with_metadata(all(schema.fields(), &mut leaves), schema.metadata().clone()), untyped))
}

/// Whether a root column is INT96, or contains it.
pub fn is_int96(descriptor: &SchemaDescriptor, root: usize) -> bool {
    let mut leaves = descriptor.columns().iter().enumerate();
    leaves.any(|(leaf, column)| descriptor.get_column_root_idx(leaf) == root && column.physical_type() == Type::INT96)
}

/// The root columns that contain a VARIANT. Its values are encoded and split up in a special way, which can
/// differ between row groups.
pub fn variants(descriptor: &SchemaDescriptor) -> impl Iterator<Item = usize> {
    fn is_in(node: &Node) -> bool {
        let annotated = matches!(node.get_basic_info().logical_type_ref(), Some(LogicalType::Variant(_)));
        annotated || (node.is_group() && node.get_fields().iter().any(|field| is_in(field)))
    }
    descriptor.root_schema().get_fields().iter().enumerate().filter(|(_, field)| is_in(field)).map(|(root, _)| root)
}

/// Reads a writer's Arrow schema column by column: one unknown type (polars' Int128) must not hide the types
/// of the others.
fn piecewise(descriptor: &SchemaDescriptor, said: Option<&Vec<KeyValue>>) -> Result<(Schema, Vec<usize>)> {
    let plain = parquet_to_arrow_schema(descriptor, None)?;
    let hinted = |fields: &[FieldRef]| {
        let value = encode_arrow_schema(&Schema::new(fields.to_vec()));
        guarded(|| parquet_to_arrow_schema(descriptor, Some(&vec![KeyValue::new(ARROW_SCHEMA_META_KEY.into(), value)])))
    };
    let hints: Vec<_> = hints(said, plain.fields()).unwrap_or_else(|| plain.fields().iter().map(|field| (field.clone(), false)).collect());
    let mut untyped: Vec<_> = (0..hints.len()).filter(|&at| !hints[at].1).collect();
    let fields: Vec<_> = hints.into_iter().map(|(field, _)| field).collect();
    if let Ok(schema) = hinted(&fields) {
        return Ok((schema, untyped));
    }
    // Some hint contradicts the file: try each of them alone.
    let mut schema = plain;
    for (at, hint) in fields.into_iter().enumerate() {
        let mut fields = schema.fields().to_vec();
        fields[at] = hint;
        match hinted(&fields) {
            Ok(better) => schema = better,
            Err(_) => untyped.push(at),
        }
    }
    untyped.sort_unstable();
    untyped.dedup();
    Ok((schema, untyped))
}

/// The writer's type of each of these fields, and whether all of it can be read; `None` if the file has no
/// such schema.
fn hints(said: Option<&Vec<KeyValue>>, plain: &Fields) -> Option<Vec<(FieldRef, bool)>> {
    let encoded = said?.iter().find(|pair| pair.key == ARROW_SCHEMA_META_KEY)?.value.as_ref()?;
    let bytes = BASE64_STANDARD.decode(encoded).ok()?;
    // Four marker bytes and the length come before the message.
    let message = root_as_message(bytes.strip_prefix(&[0xff; 4]).and_then(|rest| rest.get(4..)).unwrap_or(&bytes)).ok()?;
    let said = message.header_as_schema()?.fields()?;
    let of = |field: &FieldRef| match said.iter().find(|said| said.name() == Some(field.name())) {
        Some(said) => hint(said, field),
        None => (field.clone(), false),
    };
    Some(plain.iter().map(of).collect())
}

/// The writer's Arrow field as far as it can be read, otherwise Parquet's own field.
fn hint(said: arrow_ipc::Field, plain: &FieldRef) -> (FieldRef, bool) {
    if let Ok(field) = guarded(|| Ok(Field::from(said))) {
        return (Arc::new(field), true);
    }
    let children: Vec<_> = said.children().into_iter().flatten().collect();
    let found = match plain.data_type() {
        DataType::Struct(fields) if fields.len() == children.len() => {
            DataType::Struct(children.into_iter().zip(fields).map(|(said, field)| hint(said, field).0).collect())
        }
        DataType::List(item) if children.len() == 1 => DataType::List(hint(children[0], item).0),
        plain => plain.clone(),
    };
    (Arc::new(Field::clone(plain).with_data_type(found)), false)
}

/// Arrow orders the leaves of a type like the columns of Parquet: depth first.
fn all(fields: &Fields, leaves: &mut Iter<ColumnDescPtr>) -> Fields {
    fields.iter().map(|field| one(field, leaves)).collect()
}

fn one(field: &FieldRef, leaves: &mut Iter<ColumnDescPtr>) -> FieldRef {
    use DataType as D;
    let found = match field.data_type() {
        D::Struct(fields) => D::Struct(all(fields, leaves)),
        D::List(item) => D::List(one(item, leaves)),
        D::LargeList(item) => D::LargeList(one(item, leaves)),
        D::ListView(item) => D::ListView(one(item, leaves)),
        D::LargeListView(item) => D::LargeListView(one(item, leaves)),
        D::FixedSizeList(item, n) => D::FixedSizeList(one(item, leaves), *n),
        D::Map(entries, sorted) => D::Map(one(entries, leaves), *sorted),
        plain => leaves.next().map_or_else(|| plain.clone(), |leaf| meant(plain, leaf)),
    };
    Arc::new(Field::clone(field).with_data_type(found))
}

/// The type of a leaf with the meaning that its file gives it.
fn meant(read: &DataType, leaf: &ColumnDescPtr) -> DataType {
    match read {
        DataType::Timestamp(TimeUnit::Nanosecond, zone) if leaf.physical_type() == Type::INT96 => {
            DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView if leaf.converted_type() == ConvertedType::ENUM => DataType::Utf8,
        other => other.clone(),
    }
}
