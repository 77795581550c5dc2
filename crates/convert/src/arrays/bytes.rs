//! Text and bytes of any layout as text and bytes of another layout.

use crate::arrays::lists::listed;
use crate::arrays::text;
use arrow_array::builder::{FixedSizeBinaryBuilder, GenericByteBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    BinaryType, BinaryViewType, ByteArrayType, ByteViewType, LargeBinaryType, LargeUtf8Type, StringViewType, Utf8Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, FixedSizeBinaryArray, GenericByteArray, GenericByteViewArray, LargeStringArray, StringArray,
    StringViewArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType};

/// Values as strings; `None` for a type without text.
pub fn strings(array: &ArrayRef) -> Result<Option<StringArray>, ArrowError> {
    use DataType as D;
    Ok(Some(match array.data_type() {
        D::Utf8 => array.as_string().clone(),
        D::LargeUtf8 => narrow::<LargeUtf8Type, Utf8Type>(array.as_string())?,
        D::Utf8View => joined::<StringViewType, Utf8Type>(array.as_string_view())?,
        D::Binary => StringArray::try_from_binary(array.as_binary().clone())?,
        D::LargeBinary => StringArray::try_from_binary(narrow::<LargeBinaryType, BinaryType>(array.as_binary())?)?,
        D::BinaryView => StringArray::try_from_binary(joined::<BinaryViewType, BinaryType>(array.as_binary_view())?)?,
        D::List(_) => text::strings(array)?,
        D::LargeList(_) | D::ListView(_) | D::LargeListView(_) => text::strings(&listed(array)?)?,
        from if from.is_primitive() || *from == D::Boolean => text::strings(array)?,
        _ => return Ok(None),
    }))
}

/// Text as views, whose bytes are shared; `None` for other types.
pub fn views(array: &ArrayRef) -> Result<Option<StringViewArray>, ArrowError> {
    use DataType as D;
    Ok(Some(match array.data_type() {
        D::Utf8 => array.as_string::<i32>().into(),
        D::LargeUtf8 => array.as_string::<i64>().into(),
        D::Binary => (&StringArray::try_from_binary(array.as_binary().clone())?).into(),
        D::LargeBinary => (&LargeStringArray::try_from_binary(array.as_binary().clone())?).into(),
        D::BinaryView => array.as_binary_view().clone().to_string_view()?,
        _ => return Ok(None),
    }))
}

/// Bytes in one buffer; `None` for other types.
pub fn binaries(array: &ArrayRef) -> Result<Option<BinaryArray>, ArrowError> {
    use DataType as D;
    Ok(Some(match array.data_type() {
        D::LargeBinary => narrow::<LargeBinaryType, BinaryType>(array.as_binary())?,
        D::BinaryView => joined::<BinaryViewType, BinaryType>(array.as_binary_view())?,
        D::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            let mut builder = built::<BinaryType>(array.len(), array.iter().flatten().map(<[u8]>::len))?;
            array.iter().for_each(|value| builder.append_option(value));
            builder.finish()
        }
        _ => return Ok(None),
    }))
}

/// Bytes that all have one length.
pub fn fixed(array: &BinaryArray, width: i32) -> Result<FixedSizeBinaryArray, ArrowError> {
    let mut builder = FixedSizeBinaryBuilder::with_capacity(array.len(), width);
    for value in array {
        match value {
            Some(value) => builder.append_value(value)?,
            None => builder.append_null(),
        }
    }
    Ok(builder.finish())
}

/// Values with 64-bit offsets with 32-bit offsets. The bytes are shared.
fn narrow<L, S>(array: &GenericByteArray<L>) -> Result<GenericByteArray<S>, ArrowError>
where
    L: ByteArrayType<Offset = i64>,
    S: ByteArrayType<Offset = i32>,
{
    let (first, last) = (array.offsets()[0], array.offsets()[array.len()]);
    let too_large = |_| ArrowError::ComputeError(format!("Large{0} array too large to cast to {0} array", L::PREFIX));
    let offsets: Result<Vec<i32>, _> = array.offsets().iter().map(|offset| i32::try_from(offset - first).map_err(too_large)).collect();
    let values = array.values().slice_with_length(first as usize, (last - first) as usize);
    GenericByteArray::try_new(OffsetBuffer::new(offsets?.into()), values, array.nulls().cloned())
}

/// The bytes of views in one buffer.
fn joined<V, B>(array: &GenericByteViewArray<V>) -> Result<GenericByteArray<B>, ArrowError>
where
    V: ByteViewType,
    B: ByteArrayType<Offset = i32>,
    V::Native: AsRef<B::Native> + AsRef<[u8]>,
{
    let length = |value: &V::Native| AsRef::<[u8]>::as_ref(value).len();
    let mut builder = built::<B>(array.len(), array.iter().flatten().map(length))?;
    array.iter().for_each(|value| builder.append_option(value));
    Ok(builder.finish())
}

/// A builder for values of these lengths.
fn built<B: ByteArrayType<Offset = i32>>(rows: usize, lengths: impl Iterator<Item = usize>) -> Result<GenericByteBuilder<B>, ArrowError> {
    let bytes = lengths.sum();
    i32::try_from(bytes).map_err(|_| ArrowError::OffsetOverflowError(bytes))?;
    Ok(GenericByteBuilder::with_capacity(rows, bytes))
}
