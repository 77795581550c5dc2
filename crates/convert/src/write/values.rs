//! Values of any type, appended to the buffers of their nodes.

use crate::plan::layout::NodePlace;
use crate::plan::shard::NodeBuffers;
use crate::source::children::{ends, items};
use crate::write::buffers::{Bits, Bytes, Offsets};
use crate::write::file::Handle;
use arrow_array::{Array, ArrayRef, cast::AsArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use meds_store::{Code, Error, Result};

/// Values of any type, appended to the buffers of their node.
#[derive(Debug)]
pub struct Values {
    validity: Option<Bits>,
    data: Data,
    children: Vec<Values>,
}

#[derive(Debug)]
enum Data {
    None,
    Bits(Bits),
    Fixed(Bytes),
    Text(Offsets, Bytes),
    List(Offsets),
}

impl Values {
    /// Starts at `places`: one per node of the type, depth first.
    pub fn new(to: &Handle, node: &NodeBuffers, places: &mut std::slice::Iter<NodePlace>) -> Result<Self> {
        let place = *places.next().ok_or_else(|| Error::new(Code::Internal, "a nested column has too few places"))?;
        let child = places.as_slice().first().map_or(0, |child| child.length);
        let validity = node.validity.map(|span| Bits::new(to.clone(), span.offset, place.length));
        let offset = |end| node.offsets.map(|span| Offsets::new(to.clone(), span.offset, place.length, end)).transpose();
        let data = match (node.data, node.width) {
            (Some(span), Some(width)) => Data::Fixed(Bytes::new(to.clone(), span.offset + place.length * u64::from(width))),
            (Some(span), None) => match offset(place.bytes)? {
                Some(offsets) => Data::Text(offsets, Bytes::new(to.clone(), span.offset + place.bytes)),
                None => Data::Bits(Bits::new(to.clone(), span.offset, place.length)),
            },
            (None, _) => offset(child)?.map_or(Data::None, Data::List),
        };
        let children: Result<Vec<_>> = node.children.iter().map(|child| Self::new(to, child, places)).collect();
        Ok(Self { validity, data, children: children? })
    }

    /// Appends the validity of rows whose values are appended by [`Values::fill`] or [`Values::text`].
    pub fn validity(&mut self, nulls: Option<&NullBuffer>, rows: usize) -> Result<()> {
        self.validity.as_mut().map_or(Ok(()), |bits| bits.validity(nulls, rows))
    }

    /// Appends the validity of `rows` null rows.
    pub fn nulls(&mut self, rows: usize) -> Result<()> {
        self.validity.as_mut().map_or(Ok(()), |bits| bits.repeat(false, rows))
    }

    /// Appends `count` bits that are not set.
    pub fn unset(&mut self, count: usize) -> Result<()> {
        match &mut self.data {
            Data::Bits(bits) => bits.repeat(false, count),
            _ => Err(Error::new(Code::Internal, "this column has no bits")),
        }
    }

    /// Appends fixed-width values that `fill` writes.
    pub fn fill(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        match &mut self.data {
            Data::Fixed(bytes) => bytes.with(fill),
            _ => Err(Error::new(Code::Internal, "this column has no values of fixed width")),
        }
    }

    /// Appends a text (or bytes).
    #[inline]
    pub fn text(&mut self, value: &[u8]) -> Result<()> {
        match &mut self.data {
            Data::Text(offsets, bytes) => {
                offsets.push(value.len())?;
                bytes.push(value)
            }
            _ => Err(Error::new(Code::Internal, "this column has no text")),
        }
    }

    /// Appends an array of the node's type.
    pub fn push(&mut self, array: &ArrayRef) -> Result<()> {
        if let Some(validity) = &mut self.validity {
            validity.validity(array.nulls(), array.len())?;
        }
        match &mut self.data {
            Data::None => {
                for (child, column) in self.children.iter_mut().zip(array.as_struct_opt().into_iter().flat_map(|s| s.columns())) {
                    child.push(column)?;
                }
            }
            // Null entries contain leftovers of other rows. They must not reach the store, because its users
            // may not be allowed to see those rows.
            Data::Bits(bits) => match array.nulls().filter(|nulls| nulls.null_count() > 0) {
                Some(nulls) => bits.append(&(array.as_boolean().values() & nulls.inner()))?,
                None => bits.append(array.as_boolean().values())?,
            },
            Data::Fixed(bytes) => match array.nulls().filter(|nulls| nulls.null_count() > 0) {
                Some(nulls) => {
                    let (values, width) = fixed(array)?;
                    bytes.with(|held| {
                        let start = held.len();
                        held.extend_from_slice(values);
                        (!nulls.inner()).set_indices().for_each(|row| held[start + row * width..][..width].fill(0));
                    })?;
                }
                None => bytes.push(fixed(array)?.0)?,
            },
            Data::Text(offsets, bytes) => {
                let (ranges, values) = match array.data_type() {
                    DataType::Utf8 => (array.as_string::<i32>().value_offsets(), array.as_string::<i32>().value_data()),
                    _ => (array.as_binary::<i32>().value_offsets(), array.as_binary::<i32>().value_data()),
                };
                let (first, last) = ends(ranges);
                ranges.windows(2).try_for_each(|pair| offsets.push((pair[1] - pair[0]) as usize))?;
                bytes.push(&values[first..last])?;
            }
            Data::List(offsets) => {
                let (values, ranges) = items(array);
                ranges.windows(2).try_for_each(|pair| offsets.push((pair[1] - pair[0]) as usize))?;
                self.children[0].push(&values)?;
            }
        }
        Ok(())
    }

    /// Writes the buffered bytes.
    pub fn flush(&mut self) -> Result<()> {
        self.validity.iter_mut().try_for_each(Bits::flush)?;
        match &mut self.data {
            Data::None => {}
            Data::Bits(bits) => bits.flush()?,
            Data::Fixed(bytes) => bytes.flush()?,
            Data::List(offsets) => offsets.flush()?,
            Data::Text(offsets, bytes) => {
                offsets.flush()?;
                bytes.flush()?;
            }
        }
        self.children.iter_mut().try_for_each(Self::flush)
    }
}

/// The bytes of a fixed-width array, and the width of a value.
pub fn fixed(array: &ArrayRef) -> Result<(&[u8], usize)> {
    let width = match array.data_type() {
        DataType::FixedSizeBinary(width) => usize::try_from(*width).ok(),
        other => other.primitive_width(),
    };
    let width = width.ok_or_else(|| Error::new(Code::Internal, format!("{} has no fixed width", array.data_type())))?;
    let bytes: &[u8] = match array.data_type() {
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value_data(),
        _ => primitive_bytes(array),
    };
    // `value_data` of a fixed-size binary array already starts at its offset.
    Ok((&bytes[..width * array.len()], width))
}

fn primitive_bytes(array: &ArrayRef) -> &[u8] {
    use arrow_array::downcast_primitive_array;
    downcast_primitive_array!(
        array => array.values().inner().as_slice(),
        _ => &[]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::file::tests::{content, target};
    use arrow_array::{Int32Array, ListArray, StringArray, StructArray};
    use arrow_buffer::OffsetBuffer;
    use arrow_schema::{Field, Fields};
    use meds_store::layout::Span;
    use std::sync::Arc;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    /// A nested column is written in two parts, each at the place that the extents determine.
    #[test]
    fn nested_values_continue_where_the_part_before_ended() -> Outcome {
        let items: Fields = vec![Field::new("n", DataType::Int32, true), Field::new("s", DataType::Utf8, true)].into();
        // Null entries contain leftovers of a reader. The store has zeros there.
        let n = Int32Array::new(vec![1, 98, 3, 4, 99].into(), Some(vec![true, false, true, true, false].into()));
        let s = StringArray::from(vec![Some("a"), Some(""), None, Some("dd"), Some("é")]);
        let items = StructArray::try_new(items.clone(), vec![Arc::new(n), Arc::new(s)], None)?;
        let field = Arc::new(Field::new("item", items.data_type().clone(), true));
        let lists: ArrayRef = Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths([2, 0, 2, 1]), Arc::new(items), None)?);
        let span = |offset, bytes| Some(Span { offset, bytes });
        let leaf = |at, data, width, offsets| NodeBuffers { validity: span(at, 1), data, width, offsets, children: vec![] };
        let node = NodeBuffers {
            offsets: span(0, 20),
            children: vec![NodeBuffers {
                validity: span(64, 1),
                children: vec![leaf(128, span(192, 20), Some(4), None), leaf(256, span(384, 5), None, span(320, 24))],
                ..NodeBuffers::default()
            }],
            ..NodeBuffers::default()
        };
        let (folder, target) = target(448)?;
        let mut place = vec![NodePlace::default(); 4];
        let mut parts = Vec::new();
        for part in [lists.slice(0, 3), lists.slice(3, 1)] {
            parts.push((place.clone(), part.clone()));
            crate::plan::extent::measure(&part, &mut place);
        }
        // The later part is written first: places do not depend on the order.
        for (place, part) in parts.into_iter().rev() {
            let mut values = Values::new(&target.open()?, &node, &mut place.iter())?;
            values.push(&part)?;
            values.flush()?;
        }
        target.write_edges()?;
        let found = content(&folder)?;
        let ints = |at: usize, count: usize| -> Vec<i32> {
            found[at..][..4 * count].as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b)).collect()
        };
        assert_eq!(ints(0, 5), [0, 2, 2, 4, 5]);
        assert_eq!(found[64], 0b11111);
        assert_eq!(found[128], 0b01101);
        assert_eq!(ints(192, 5), [1, 0, 3, 4, 0]);
        assert_eq!(found[256], 0b11011);
        assert_eq!(ints(320, 6), [0, 1, 1, 1, 3, 5]);
        assert_eq!(&found[384..389], "add\u{e9}".as_bytes());
        Ok(())
    }
}
