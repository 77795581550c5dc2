//! Lists of any layout as lists whose items follow each other.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, GenericListViewArray, ListArray, OffsetSizeTrait, UInt64Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field};
use arrow_select::take::take;
use std::sync::Arc;

/// The lists with 32-bit offsets. The items keep their type.
pub fn listed(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(match array.data_type() {
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let (first, last) = (list.offsets()[0], list.offsets()[list.len()]);
            let offsets: Result<Vec<i32>, _> = list.offsets().iter().map(|offset| offset32((offset - first) as usize)).collect();
            let items = list.values().slice(first as usize, (last - first) as usize);
            ListArray::try_new(item(&items), OffsetBuffer::new(offsets?.into()), items, list.nulls().cloned())?
        }
        DataType::ListView(_) => gathered(array.as_list_view::<i32>())?,
        DataType::LargeListView(_) => gathered(array.as_list_view::<i64>())?,
        DataType::FixedSizeList(_, length) => {
            let list = array.as_fixed_size_list();
            offset32(list.len().saturating_mul(length.unsigned_abs() as usize))?;
            ListArray::from(list.clone())
        }
        other => return Err(ArrowError::CastError(format!("{other} is not a type of lists"))),
    }))
}

/// Lists whose items are in any order. The items are copied.
fn gathered<O: OffsetSizeTrait>(list: &GenericListViewArray<O>) -> Result<ListArray, ArrowError> {
    let mut indexes = Vec::with_capacity(list.values().len());
    let mut offsets = vec![0];
    for row in 0..list.len() {
        if list.is_valid(row) {
            let start = list.value_offset(row).as_usize();
            indexes.extend(start as u64..(start + list.value_size(row).as_usize()) as u64);
        }
        offsets.push(offset32(indexes.len())?);
    }
    let items = take(list.values(), &UInt64Array::from(indexes), None)?;
    ListArray::try_new(item(&items), OffsetBuffer::new(offsets.into()), items, list.nulls().cloned())
}

fn item(items: &ArrayRef) -> Arc<Field> {
    Arc::new(Field::new("item", items.data_type().clone(), true))
}

fn offset32(offset: usize) -> Result<i32, ArrowError> {
    i32::try_from(offset).map_err(|_| ArrowError::OffsetOverflowError(offset))
}
