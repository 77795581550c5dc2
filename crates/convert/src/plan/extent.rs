//! The size of values: element and byte counts of every node of a type, depth first.

use crate::source::children::{children, ends, items};
use arrow_array::{Array, ArrayRef, BooleanArray, cast::AsArray};
use arrow_schema::DataType;
use arrow_select::filter::filter;
use meds_store::{Code, Error, Result};
use serde::{Deserialize, Serialize};

/// The size of one node.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Extent {
    /// Number of slots.
    pub length: u64,
    /// Number of null entries.
    pub nulls: u64,
    /// Bytes of text or binary values.
    pub bytes: u64,
}

impl Extent {
    /// Adds another size.
    pub fn add(&mut self, other: &Extent) {
        self.length += other.length;
        self.nulls += other.nulls;
        self.bytes += other.bytes;
    }
}

/// Number of nodes of a type: itself and everything below it.
pub fn nodes(data_type: &DataType) -> usize {
    1 + children(data_type).into_iter().map(nodes).sum::<usize>()
}

/// Bytes per value of a fixed-width type.
pub fn width_of(data_type: &DataType) -> Option<u32> {
    match data_type {
        DataType::FixedSizeBinary(width) => u32::try_from(*width).ok(),
        other => other.primitive_width().and_then(|width| u32::try_from(width).ok()),
    }
}

/// The values that are not null, in order.
pub fn present(array: &ArrayRef) -> Result<ArrayRef> {
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => Ok(array.clone()),
        Some(nulls) => {
            filter(array, &BooleanArray::new(nulls.inner().clone(), None)).map_err(|e| Error::new(Code::Internal, e.to_string()))
        }
    }
}

/// Adds an array's extents to those of its type's nodes. `out` has [`nodes`] entries.
pub fn measure(array: &ArrayRef, out: &mut [Extent]) {
    let Some((own, mut below)) = out.split_first_mut() else { return };
    own.length += array.len() as u64;
    own.nulls += array.null_count() as u64;
    match array.data_type() {
        DataType::Utf8 => own.bytes += span(array.as_string::<i32>().value_offsets()),
        DataType::Binary => own.bytes += span(array.as_binary::<i32>().value_offsets()),
        DataType::List(_) | DataType::Map(..) => measure(&items(array).0, below),
        DataType::Struct(_) => {
            for column in array.as_struct().columns() {
                let (own, rest) = below.split_at_mut(nodes(column.data_type()));
                measure(column, own);
                below = rest;
            }
        }
        _ => {}
    }
}

fn span(offsets: &[i32]) -> u64 {
    let (first, last) = ends(offsets);
    (last - first) as u64
}
