//! Numbers as numbers of another width.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType};
use std::sync::Arc;

/// Numbers of another width; `None` for a pair of types that no data have.
pub fn number(array: &ArrayRef, to: &DataType) -> Result<Option<ArrayRef>, ArrowError> {
    // Types that hold every value of the first one.
    macro_rules! widened {
        ($($from:ident => $($wide:ident),+;)+) => {
            $($(if *array.data_type() == $from::DATA_TYPE && *to == $wide::DATA_TYPE {
                return Ok(Some(Arc::new(array.as_primitive::<$from>().unary::<_, $wide>(Into::into))));
            })+)+
        };
    }
    widened! {
        Int8Type => Int16Type, Int32Type, Int64Type, Float32Type, Float64Type;
        Int16Type => Int32Type, Int64Type, Float32Type, Float64Type;
        Int32Type => Int64Type, Float64Type;
        UInt8Type => UInt16Type, UInt32Type, UInt64Type, Int16Type, Int32Type, Int64Type, Float32Type, Float64Type;
        UInt16Type => UInt32Type, UInt64Type, Int32Type, Int64Type, Float32Type, Float64Type;
        UInt32Type => UInt64Type, Int64Type, Float64Type;
        Float16Type => Float32Type, Float64Type;
        Float32Type => Float64Type;
    }
    use DataType as D;
    Ok(Some(match (array.data_type(), to) {
        // Subject ids, and the keys of dictionaries.
        (D::UInt64, D::Int64) => checked::<UInt64Type, Int64Type>(array, |v| i64::try_from(v).ok())?,
        (D::UInt32, D::Int32) => checked::<UInt32Type, Int32Type>(array, |v| i32::try_from(v).ok())?,
        // The nearest number.
        (D::Int64, D::Float64) => Arc::new(array.as_primitive::<Int64Type>().unary::<_, Float64Type>(|v| v as f64)),
        (D::UInt64, D::Float64) => Arc::new(array.as_primitive::<UInt64Type>().unary::<_, Float64Type>(|v| v as f64)),
        // What JavaScript's numbers become.
        (D::Float64, D::Float32) => Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float32Type>(|v| v as f32)),
        (D::Float64, D::Int8) => checked::<Float64Type, Int8Type>(array, whole)?,
        (D::Float64, D::Int16) => checked::<Float64Type, Int16Type>(array, whole)?,
        (D::Float64, D::Int32) => checked::<Float64Type, Int32Type>(array, whole)?,
        (D::Float64, D::UInt8) => checked::<Float64Type, UInt8Type>(array, whole)?,
        (D::Float64, D::UInt16) => checked::<Float64Type, UInt16Type>(array, whole)?,
        (D::Float64, D::UInt32) => checked::<Float64Type, UInt32Type>(array, whole)?,
        _ => return Ok(None),
    }))
}

/// Values of a type that may not hold all of them.
fn checked<S: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    array: &ArrayRef,
    fit: impl Fn(S::Native) -> Option<T::Native>,
) -> Result<ArrayRef, ArrowError> {
    let wrong = |value| ArrowError::CastError(format!("Can't cast value {value:?} to type {}", T::DATA_TYPE));
    let array = array.as_primitive::<S>().try_unary::<_, T, _>(|value| fit(value).ok_or_else(|| wrong(value)))?;
    Ok(Arc::new(array))
}

/// The whole part of a number, for integers of up to 32 bits.
fn whole<T: TryFrom<i64>>(value: f64) -> Option<T> {
    let near = value as i64;
    if near as f64 == value.trunc() { T::try_from(near).ok() } else { None }
}
