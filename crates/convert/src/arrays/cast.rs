//! An array as an array of another type.

use crate::arrays::{bytes, decimals, numbers, times};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_schema::{ArrowError, DataType};
use arrow_select::take::take;
use std::sync::Arc;

/// The array in another type. A value that does not fit, and a pair of types that no data have, are errors.
pub fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    use DataType as D;
    if array.data_type() == to {
        return Ok(array.clone());
    }
    let found = match (array.data_type(), to) {
        (D::Null, _) => Some(new_null_array(to, array.len())),
        // Each distinct value is converted once.
        (D::Dictionary(..), _) => {
            let coded = array.as_any_dictionary();
            Some(take(&cast(coded.values(), to)?, coded.keys(), None)?)
        }
        (_, D::Utf8) => bytes::strings(array)?.map(|strings| Arc::new(strings) as ArrayRef),
        (_, D::Utf8View) => bytes::views(array)?.map(|views| Arc::new(views) as ArrayRef),
        (_, D::Binary) => bytes::binaries(array)?.map(|binaries| Arc::new(binaries) as ArrayRef),
        (D::Binary, D::FixedSizeBinary(width)) => Some(Arc::new(bytes::fixed(array.as_binary(), *width)?) as ArrayRef),
        (_, D::Decimal128(..) | D::Decimal256(..)) => decimals::widened(array, to)?,
        (from, _) if from.is_numeric() && to.is_numeric() => numbers::number(array, to)?,
        _ => times::time(array, to)?,
    };
    found.ok_or_else(|| ArrowError::CastError(format!("Casting from {} to {to} not supported", array.data_type())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::arrays::lists::listed;
    use arrow_array::builder::BinaryViewBuilder;
    use arrow_array::types::{Decimal128Type, Decimal256Type, Int32Type, Int64Type};
    use arrow_array::{
        BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray,
        Float64Array, Int8Array, Int32Array, Int64Array, LargeBinaryArray, LargeListArray, LargeStringArray, ListViewArray, StringArray,
        StringViewArray, Time32SecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
    };
    use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, i256};
    use arrow_schema::{DataType as D, Field, TimeUnit};

    fn made(array: impl Array + 'static, to: &DataType) -> Result<ArrayRef, String> {
        cast(&(Arc::new(array) as ArrayRef), to).map_err(|error| error.to_string())
    }

    fn integers(array: impl Array + 'static, to: &DataType) -> Result<Vec<Option<i64>>, String> {
        let number = crate::arrays::times::relabelled;
        let array = made(array, to)?;
        Ok(match array.data_type().primitive_width() {
            Some(4) => number(&array, &D::Int32).unwrap().as_primitive::<Int32Type>().iter().map(|v| v.map(i64::from)).collect(),
            _ => number(&array, &D::Int64).unwrap().as_primitive::<Int64Type>().iter().collect(),
        })
    }

    fn strings(array: impl Array + 'static) -> Result<Vec<Option<String>>, String> {
        Ok(made(array, &D::Utf8)?.as_string::<i32>().iter().map(|text| text.map(String::from)).collect())
    }

    fn some(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some(text.to_string())).collect()
    }

    #[test]
    fn numbers() {
        assert_eq!(integers(Int8Array::from(vec![Some(-1), None]), &D::Int64), Ok(vec![Some(-1), None]));
        assert_eq!(integers(UInt64Array::from(vec![7]), &D::Int64), Ok(vec![Some(7)]));
        let large = "Cast error: Can't cast value 18446744073709551615 to type Int64";
        assert_eq!(integers(UInt64Array::from(vec![u64::MAX]), &D::Int64), Err(large.into()));
        // What is in the place of a null has no meaning.
        let null = UInt64Array::new(vec![u64::MAX].into(), Some(NullBuffer::new_null(1)));
        assert_eq!(integers(null, &D::Int64), Ok(vec![None]));
        assert_eq!(integers(Float64Array::from(vec![1.9, -1.9, -0.5]), &D::Int32), Ok(vec![Some(1), Some(-1), Some(0)]));
        for (value, to) in [(f64::NAN, D::Int32), (2f64.powi(31), D::Int32), (-1.0, D::UInt8), (f64::INFINITY, D::UInt32)] {
            assert!(made(Float64Array::from(vec![value]), &to).is_err(), "{value} as {to}");
        }
        assert!(made(Int64Array::from(vec![1]), &D::Int32).is_err());
        assert!(made(BooleanArray::from(vec![true]), &D::Int8).is_err());
    }

    #[test]
    fn decimals() {
        let decimal = |values: Vec<Option<i128>>| Decimal128Array::from(values).with_precision_and_scale(5, 2).unwrap();
        let wide = made(decimal(vec![Some(12345), Some(-1), None]), &D::Decimal128(22, 4)).unwrap();
        assert_eq!(wide.as_primitive::<Decimal128Type>().iter().collect::<Vec<_>>(), [Some(1_234_500), Some(-100), None]);
        assert_eq!(*wide.data_type(), D::Decimal128(22, 4));
        let wide = made(UInt64Array::from(vec![u64::MAX]), &D::Decimal256(40, 2)).unwrap();
        assert_eq!(wide.as_primitive::<Decimal256Type>().value(0), i256::from_i128(1_844_674_407_370_955_161_500));
        // A file may contain more digits than it declares. Such a value must not wrap.
        let error = made(decimal(vec![Some(i128::MAX)]), &D::Decimal128(22, 4)).unwrap_err();
        assert!(error.contains("Cannot cast to Decimal128(22, 4). Overflowing on 17014118"), "{error}");
        // Digits would be lost.
        assert!(made(decimal(vec![Some(1)]), &D::Decimal128(5, 1)).is_err());
        assert!(made(decimal(vec![Some(1)]), &D::Decimal128(5, 3)).is_err());
    }

    #[test]
    fn times() {
        let micros = |zone: Option<&str>| D::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
        let seconds = |value| TimestampSecondArray::from(vec![Some(value), None]);
        assert_eq!(integers(seconds(-1), &micros(None)), Ok(vec![Some(-1_000_000), None]));
        let overflow = "Arithmetic overflow: Overflow happened on: 9223372036854775807 * 1000000";
        assert_eq!(integers(seconds(i64::MAX), &micros(None)), Err(overflow.into()));
        assert_eq!(integers(seconds(1).with_timezone("Asia/Tokyo"), &micros(Some("UTC"))), Ok(vec![Some(1_000_000), None]));
        assert!(made(seconds(1), &micros(Some("UTC"))).is_err());
        assert_eq!(integers(TimestampNanosecondArray::from(vec![1999, -1999]), &micros(None)), Ok(vec![Some(1), Some(-1)]));
        assert_eq!(integers(Date32Array::from(vec![-1]), &D::Date64), Ok(vec![Some(-86_400_000)]));
        assert_eq!(integers(Date32Array::from(vec![-1]), &micros(None)), Ok(vec![Some(-86_400_000_000)]));
        assert!(made(Date32Array::from(vec![i32::MAX]), &micros(None)).is_err());
        let dates = Date64Array::from(vec![Some(86_400_001), Some(-1), None]);
        assert_eq!(integers(dates.clone(), &D::Date32), Ok(vec![Some(1), Some(0), None]));
        assert_eq!(integers(dates, &micros(None)), Ok(vec![Some(86_400_001_000), Some(-1000), None]));
        assert!(made(Date64Array::from(vec![i64::MAX]), &D::Date32).is_err());
        let clock = Time32SecondArray::from(vec![i32::MAX]);
        assert_eq!(integers(clock.clone(), &D::Time64(TimeUnit::Nanosecond)), Ok(vec![Some(2_147_483_647_000_000_000)]));
        assert!(made(clock, &D::Time32(TimeUnit::Millisecond)).is_err());
    }

    #[test]
    fn text_and_bytes() {
        let large = LargeStringArray::from(vec![Some("lost"), Some("ä"), None, Some("")]);
        assert_eq!(strings(large.slice(1, 3)), Ok(vec![Some("ä".into()), None, Some(String::new())]));
        let long = "a text that is longer than a view";
        assert_eq!(strings(StringViewArray::from(vec!["", long])), Ok(some(&["", long])));
        assert!(strings(BinaryArray::from(vec![&[0xff_u8][..]])).is_err());
        assert_eq!(strings(Int64Array::from(vec![-12])), Ok(some(&["-12"])));
        let bytes = FixedSizeBinaryArray::try_from_iter([[1u8, 2], [3, 4]].iter()).unwrap();
        assert!(strings(bytes.clone()).is_err());
        assert_eq!(made(bytes, &D::Binary).unwrap().as_binary::<i32>().value(1), [3, 4]);
        let bytes = BinaryArray::from(vec![Some(&[1u8, 2][..]), None]);
        assert!(made(bytes.clone(), &D::FixedSizeBinary(2)).is_ok_and(|fixed| fixed.null_count() == 1));
        assert!(made(bytes, &D::FixedSizeBinary(3)).is_err());
    }

    #[test]
    fn dictionaries() {
        let coded =
            |values: ArrayRef| DictionaryArray::<Int32Type>::try_new(Int32Array::from(vec![Some(1), None, Some(0)]), values).unwrap();
        assert_eq!(strings(coded(Arc::new(StringArray::from(vec![Some("a"), None])))), Ok(vec![None, None, Some("a".into())]));
        let numbers = coded(Arc::new(Int8Array::from(vec![Some(5), None]))).slice(1, 2);
        assert_eq!(integers(numbers, &D::Int64), Ok(vec![None, Some(5)]));
    }

    #[test]
    fn more_than_2_gib() {
        const BYTES: usize = 1 << 31;
        let one = LargeBinaryArray::new(OffsetBuffer::from_lengths([BYTES]), Buffer::from_vec(vec![0u8; BYTES]), None);
        assert_eq!(made(one, &D::Binary).unwrap_err(), "Compute error: LargeBinary array too large to cast to Binary array");
        let value: ArrayRef = Arc::new(StringArray::from(vec!["a".repeat(1 << 20)]));
        let coded = DictionaryArray::<Int32Type>::try_new(Int32Array::from(vec![0; 1 << 11]), value).unwrap();
        let overflow = |array: ArrayRef, to| matches!(cast(&array, &to), Err(ArrowError::OffsetOverflowError(_)));
        assert!(overflow(Arc::new(coded), D::Utf8));
        let mut views = BinaryViewBuilder::new();
        let block = views.append_block(Buffer::from_vec(vec![b'a'; 1 << 20]));
        (0..1 << 11).for_each(|_| views.try_append_view(block, 0, 1 << 20).unwrap());
        assert!(overflow(Arc::new(views.finish()), D::Binary));
        let rows = FixedSizeListArray::try_new_with_length(item(D::Null), 1 << 20, cast_null(BYTES), None, 1 << 11).unwrap();
        assert!(matches!(listed(&(Arc::new(rows) as ArrayRef)), Err(ArrowError::OffsetOverflowError(_))));
    }

    fn cast_null(rows: usize) -> ArrayRef {
        new_null_array(&D::Null, rows)
    }

    fn item(of: DataType) -> Arc<Field> {
        Arc::new(Field::new("item", of, true))
    }

    #[test]
    fn lists() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![0, 1, 2, 3]));
        let rows = |array: ArrayRef| -> Vec<Option<Vec<i64>>> {
            let list = listed(&array).unwrap();
            let row = |row: ArrayRef| row.as_primitive::<Int64Type>().values().to_vec();
            list.as_list::<i32>().iter().map(|items| items.map(row)).collect()
        };
        let large = LargeListArray::new(item(D::Int64), OffsetBuffer::new(vec![0, 1, 3, 4].into()), numbers.clone(), None);
        assert_eq!(rows(Arc::new(large.slice(1, 2))), [Some(vec![1, 2]), Some(vec![3])]);
        let nulls = Some(vec![true, false, true].into());
        let views = ListViewArray::new(item(D::Int64), vec![2, 0, 0].into(), vec![2, 4, 3].into(), numbers.clone(), nulls.clone());
        let views: ArrayRef = Arc::new(views);
        assert_eq!(rows(views.clone()), [Some(vec![2, 3]), None, Some(vec![0, 1, 2])]);
        // The items of a null are not copied.
        assert_eq!(listed(&views).unwrap().as_list::<i32>().value_offsets(), [0, 2, 2, 5]);
        let fixed = FixedSizeListArray::new(item(D::Int64), 2, numbers, None);
        assert_eq!(rows(Arc::new(fixed.slice(1, 1))), [Some(vec![2, 3])]);
    }
}
