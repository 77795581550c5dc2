//! The parts of nested types and arrays.

use arrow_array::{Array, ArrayRef, cast::AsArray};
use arrow_schema::DataType;

/// The child types of a type, in Arrow's order.
pub fn children(data_type: &DataType) -> Vec<&DataType> {
    match data_type {
        DataType::List(item) | DataType::Map(item, _) => vec![item.data_type()],
        DataType::Struct(fields) => fields.iter().map(|f| f.data_type()).collect(),
        _ => Vec::new(),
    }
}

/// The child of a list or map, cut to the values that its slots refer to, and the offsets.
pub fn items(array: &ArrayRef) -> (ArrayRef, &[i32]) {
    let (values, offsets): (ArrayRef, &[i32]) = match array.data_type() {
        DataType::Map(..) => {
            let map = array.as_map();
            (std::sync::Arc::new(map.entries().clone()), map.value_offsets())
        }
        _ => {
            let list = array.as_list::<i32>();
            (list.values().clone(), list.value_offsets())
        }
    };
    let (first, last) = ends(offsets);
    (values.slice(first, last - first), offsets)
}

/// First and last offset.
pub fn ends(offsets: &[i32]) -> (usize, usize) {
    let end = |offset: Option<&i32>| offset.and_then(|n| usize::try_from(*n).ok()).unwrap_or(0);
    (end(offsets.first()), end(offsets.last()))
}
