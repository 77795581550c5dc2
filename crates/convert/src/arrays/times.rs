//! Times, dates and durations in other units, and as plain numbers.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, ArrowNativeTypeOp, make_array};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use std::sync::Arc;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Times in another unit; `None` for a pair of types that no data have. A coarser unit cuts off towards zero.
pub fn time(array: &ArrayRef, to: &DataType) -> Result<Option<ArrayRef>, ArrowError> {
    use DataType as D;
    use TimeUnit::{Microsecond, Millisecond, Second};
    let converted = match (array.data_type(), to) {
        // What JavaScript's numbers become.
        (D::Int32, D::Date32 | D::Time32(_)) | (D::Int64, D::Date64 | D::Time64(_) | D::Timestamp(..) | D::Duration(_)) => array.clone(),
        (D::Date32, D::Date64) => widened(array, DAY)?,
        (D::Date32, D::Timestamp(Microsecond, None)) => widened(array, DAY * 1000)?,
        (D::Date64, D::Timestamp(Microsecond, None)) => scaled(array, Millisecond, Microsecond)?,
        (D::Date64, D::Date32) => {
            let wrong = |value| ArrowError::CastError(format!("Cannot cast Date64 value {value} to Date32 without overflow"));
            let days = |value| i32::try_from(value / DAY).map_err(|_| wrong(value));
            Arc::new(relabelled(array, &D::Int64)?.as_primitive::<Int64Type>().try_unary::<_, Int32Type, _>(days)?)
        }
        // A time without a zone is not an instant.
        (D::Timestamp(_, None), D::Timestamp(_, Some(_))) => return Ok(None),
        (D::Timestamp(from, _), D::Timestamp(unit, _)) => scaled(array, *from, *unit)?,
        (D::Time64(from), D::Time64(unit)) => scaled(array, *from, *unit)?,
        (D::Duration(from), D::Duration(unit)) => scaled(array, *from, *unit)?,
        (D::Time32(from), D::Time64(unit)) => widened(array, per_second(*unit) / per_second(*from))?,
        (D::Time32(Second), D::Time32(Millisecond)) => {
            let numbers = relabelled(array, &D::Int32)?;
            Arc::new(numbers.as_primitive::<Int32Type>().try_unary::<_, Int32Type, _>(|value| value.mul_checked(1000))?)
        }
        _ => return Ok(None),
    };
    relabelled(&converted, to).map(Some)
}

/// The same numbers as a type of the same width: a time without its zone, or as an integer. They are shared.
pub fn relabelled(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    Ok(make_array(array.to_data().into_builder().data_type(to.clone()).build()?))
}

/// 32-bit numbers, multiplied to 64 bits.
fn widened(array: &ArrayRef, factor: i64) -> Result<ArrayRef, ArrowError> {
    let numbers = relabelled(array, &DataType::Int32)?;
    Ok(Arc::new(numbers.as_primitive::<Int32Type>().try_unary::<_, Int64Type, _>(|value| i64::from(value).mul_checked(factor))?))
}

/// 64-bit numbers in another unit.
fn scaled(array: &ArrayRef, from: TimeUnit, to: TimeUnit) -> Result<ArrayRef, ArrowError> {
    let (from, to) = (per_second(from), per_second(to));
    if from == to {
        return Ok(array.clone());
    }
    let numbers = relabelled(array, &DataType::Int64)?;
    let numbers = numbers.as_primitive::<Int64Type>();
    Ok(Arc::new(match from < to {
        true => numbers.try_unary::<_, Int64Type, _>(|value| value.mul_checked(to / from))?,
        false => numbers.unary::<_, Int64Type>(|value| value / (from / to)),
    }))
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}
