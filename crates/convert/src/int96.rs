//! INT96, the timestamps of Spark, Hive and Impala: a day and its nanoseconds. As 64 bits of nanoseconds, which the Parquet library makes of
//! them, they end in 2262 and wrap around beyond (Spark's 9999-12-31 is a year 1816); in microseconds there is room for all.

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::basic::Type;
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};
use std::slice::Iter;
use std::sync::Arc;

/// The schema with microseconds wherever the file has INT96.
pub fn in_micros(schema: &Schema, descriptor: &SchemaDescriptor) -> Schema {
    let mut leaves = descriptor.columns().iter();
    Schema::new_with_metadata(all(schema.fields(), &mut leaves), schema.metadata().clone())
}

/// Whether a root column is INT96, or has it somewhere inside.
pub fn is_in(descriptor: &SchemaDescriptor, root: usize) -> bool {
    let mut leaves = descriptor.columns().iter().enumerate();
    leaves.any(|(leaf, column)| descriptor.get_column_root_idx(leaf) == root && column.physical_type() == Type::INT96)
}

/// Arrow lays a type's leaves out as Parquet does its columns: depth first.
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
        plain => match (plain, leaves.next().map(|leaf| leaf.physical_type())) {
            (D::Timestamp(TimeUnit::Nanosecond, zone), Some(Type::INT96)) => D::Timestamp(TimeUnit::Microsecond, zone.clone()),
            _ => plain.clone(),
        },
    };
    Arc::new(Field::clone(field).with_data_type(found))
}
