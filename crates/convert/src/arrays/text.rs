//! Values as text: in messages, in CSV files, and where a column of text has values of another type.

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{
    as_datetime, as_datetime_with_timezone, date32_to_datetime, date64_to_datetime, duration_ns_to_duration, duration_us_to_duration,
    time32ms_to_time, time32s_to_time, time64ns_to_time, time64us_to_time, try_duration_ms_to_duration, try_duration_s_to_duration,
};
use arrow_array::timezone::Tz;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, ArrowTimestampType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalDayTimeType, IntervalYearMonthType, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayAccessor, DictionaryArray, PrimitiveArray, StringArray, downcast_dictionary_array};
use arrow_buffer::IntervalDayTime;
use arrow_data::decimal::write_decimal;
use arrow_schema::{ArrowError, DataType, IntervalUnit, TimeUnit};
use chrono::SecondsFormat;
use std::fmt::{Debug, Display, Write};
use std::ops::Range;

/// Appends the value of a row to a text. A null has no text.
pub type Writer<'a> = Box<dyn Fn(usize, &mut String) -> Result<(), ArrowError> + 'a>;

/// What a list, struct or map contains in place of a value that has no text, such as a time beyond the
/// calendar.
#[derive(Clone, Copy, Debug)]
pub enum Unwritable {
    /// The list, struct or map has no text either.
    Fails,
    /// Its error.
    Shown,
}

/// Single values and lists as strings.
pub fn strings(array: &dyn Array) -> Result<StringArray, ArrowError> {
    let write = writer(array, Unwritable::Shown)?;
    let mut builder = StringBuilder::with_capacity(array.len(), 0);
    let (mut text, mut bytes) = (String::new(), 0);
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.append_null();
            continue;
        }
        text.clear();
        write(row, &mut text)?;
        bytes += text.len();
        i32::try_from(bytes).map_err(|_| ArrowError::OffsetOverflowError(bytes))?;
        builder.append_value(&text);
    }
    Ok(builder.finish())
}

/// The text of one value, or its error, for a message.
pub fn text_of(array: &dyn Array, row: usize) -> Result<String, ArrowError> {
    let mut text = String::new();
    nested(array, Unwritable::Shown)?(row, &mut text)?;
    Ok(text)
}

/// Writes the values of an array.
pub fn writer<'a>(array: &'a dyn Array, inner: Unwritable) -> Result<Writer<'a>, ArrowError> {
    use DataType as D;
    Ok(match array.data_type() {
        D::Null => Box::new(|_, _| Ok(())),
        D::Boolean => shown(array.as_boolean()),
        D::Int8 => shown(array.as_primitive::<Int8Type>()),
        D::Int16 => shown(array.as_primitive::<Int16Type>()),
        D::Int32 => shown(array.as_primitive::<Int32Type>()),
        D::Int64 => shown(array.as_primitive::<Int64Type>()),
        D::UInt8 => shown(array.as_primitive::<UInt8Type>()),
        D::UInt16 => shown(array.as_primitive::<UInt16Type>()),
        D::UInt32 => shown(array.as_primitive::<UInt32Type>()),
        D::UInt64 => shown(array.as_primitive::<UInt64Type>()),
        D::Float16 => shown(array.as_primitive::<Float16Type>()),
        D::Float32 => each(array.as_primitive::<Float32Type>(), |value, text| text.push_str(ryu::Buffer::new().format(value))),
        D::Float64 => each(array.as_primitive::<Float64Type>(), |value, text| text.push_str(ryu::Buffer::new().format(value))),
        D::Decimal32(_, scale) => each(array.as_primitive::<Decimal32Type>(), |value, text| put(write_decimal(text, value, *scale))),
        D::Decimal64(_, scale) => each(array.as_primitive::<Decimal64Type>(), |value, text| put(write_decimal(text, value, *scale))),
        D::Decimal128(_, scale) => each(array.as_primitive::<Decimal128Type>(), |value, text| put(write_decimal(text, value, *scale))),
        D::Decimal256(_, scale) => each(array.as_primitive::<Decimal256Type>(), |value, text| put(write_decimal(text, value, *scale))),
        D::Date32 => temporal(array.as_primitive::<Date32Type>(), |value| date32_to_datetime(value).map(|time| time.date())),
        D::Date64 => temporal(array.as_primitive::<Date64Type>(), date64_to_datetime),
        D::Time32(TimeUnit::Second) => temporal(array.as_primitive::<Time32SecondType>(), time32s_to_time),
        D::Time32(_) => temporal(array.as_primitive::<Time32MillisecondType>(), time32ms_to_time),
        D::Time64(TimeUnit::Microsecond) => temporal(array.as_primitive::<Time64MicrosecondType>(), time64us_to_time),
        D::Time64(_) => temporal(array.as_primitive::<Time64NanosecondType>(), time64ns_to_time),
        D::Timestamp(TimeUnit::Second, zone) => timestamp(array.as_primitive::<TimestampSecondType>(), zone.as_deref())?,
        D::Timestamp(TimeUnit::Millisecond, zone) => timestamp(array.as_primitive::<TimestampMillisecondType>(), zone.as_deref())?,
        D::Timestamp(TimeUnit::Microsecond, zone) => timestamp(array.as_primitive::<TimestampMicrosecondType>(), zone.as_deref())?,
        D::Timestamp(TimeUnit::Nanosecond, zone) => timestamp(array.as_primitive::<TimestampNanosecondType>(), zone.as_deref())?,
        D::Duration(TimeUnit::Second) => duration(array.as_primitive::<DurationSecondType>(), try_duration_s_to_duration),
        D::Duration(TimeUnit::Millisecond) => duration(array.as_primitive::<DurationMillisecondType>(), try_duration_ms_to_duration),
        D::Duration(TimeUnit::Microsecond) => {
            duration(array.as_primitive::<DurationMicrosecondType>(), |v| Some(duration_us_to_duration(v)))
        }
        D::Duration(TimeUnit::Nanosecond) => duration(array.as_primitive::<DurationNanosecondType>(), |v| Some(duration_ns_to_duration(v))),
        D::Interval(IntervalUnit::YearMonth) => each(array.as_primitive::<IntervalYearMonthType>(), |months, text| {
            put(write!(text, "{} years {} mons", months.div_euclid(12), months.rem_euclid(12)));
        }),
        D::Interval(IntervalUnit::DayTime) => each(array.as_primitive::<IntervalDayTimeType>(), day_time),
        D::Utf8 => shown(array.as_string::<i32>()),
        D::LargeUtf8 => shown(array.as_string::<i64>()),
        D::Utf8View => shown(array.as_string_view()),
        D::Binary => each(array.as_binary::<i32>(), hex),
        D::LargeBinary => each(array.as_binary::<i64>(), hex),
        D::BinaryView => each(array.as_binary_view(), hex),
        D::FixedSizeBinary(_) => each(array.as_fixed_size_binary(), hex),
        D::Dictionary(..) => downcast_dictionary_array! {
            array => coded(array, writer(array.values(), inner)?),
            other => return Err(unwritable(other))
        },
        D::List(_) => {
            let list = array.as_list::<i32>();
            let write = nested(list.values(), inner)?;
            groups(array, '[', ']', list.value_offsets(), move |at, text| write(at, text))
        }
        D::Map(..) => {
            let map = array.as_map();
            let (key, value) = (nested(map.keys(), inner)?, nested(map.values(), inner)?);
            groups(array, '{', '}', map.value_offsets(), move |at, text| {
                key(at, text)?;
                text.push_str(": ");
                value(at, text)
            })
        }
        D::Struct(fields) => {
            let columns = array.as_struct().columns().iter().zip(fields);
            let members =
                columns.map(|(column, field)| Ok((field.name(), nested(column, inner)?))).collect::<Result<Vec<_>, ArrowError>>()?;
            let members = move |row: usize, text: &mut String| {
                joined(0..members.len(), text, |at, text| {
                    let (name, write) = &members[at];
                    text.push_str(name);
                    text.push_str(": ");
                    write(row, text)
                })
            };
            bracketed(array, '{', '}', members)
        }
        other => return Err(unwritable(other)),
    })
}

fn unwritable(data_type: &DataType) -> ArrowError {
    ArrowError::NotYetImplemented(format!("formatting {data_type} is not yet supported"))
}

/// What writes a value that may lack a text.
fn fallible<'a, A>(array: A, write: impl Fn(A::Item, &mut String) -> Result<(), ArrowError> + 'a) -> Writer<'a>
where
    A: ArrayAccessor + 'a,
{
    Box::new(move |row, text| if array.is_null(row) { Ok(()) } else { write(array.value(row), text) })
}

fn each<'a, A: ArrayAccessor + 'a>(array: A, write: impl Fn(A::Item, &mut String) + 'a) -> Writer<'a> {
    fallible(array, move |value, text| {
        write(value, text);
        Ok(())
    })
}

fn shown<'a, A: ArrayAccessor<Item: Display> + 'a>(array: A) -> Writer<'a> {
    each(array, |value, text| put(write!(text, "{value}")))
}

/// Writing to a [`String`] cannot fail.
fn put(_: std::fmt::Result) {}

fn temporal<'a, T: ArrowPrimitiveType, D: Debug>(array: &'a PrimitiveArray<T>, found: impl Fn(T::Native) -> Option<D> + 'a) -> Writer<'a> {
    fallible(array, move |value, text| {
        let lost = || ArrowError::CastError(format!("Failed to convert {value:?} to temporal for {}", array.data_type()));
        put(write!(text, "{:?}", found(value).ok_or_else(lost)?));
        Ok(())
    })
}

fn timestamp<'a, T: ArrowTimestampType>(array: &'a PrimitiveArray<T>, zone: Option<&str>) -> Result<Writer<'a>, ArrowError> {
    let zone = zone.map(str::parse::<Tz>).transpose()?;
    Ok(fallible(array, move |value, text| {
        let lost = || ArrowError::CastError(format!("Failed to convert {value} to datetime for {}", array.data_type()));
        match zone {
            None => put(write!(text, "{:?}", as_datetime::<T>(value).ok_or_else(lost)?)),
            Some(zone) => {
                let time = as_datetime_with_timezone::<T>(value, zone).ok_or_else(lost)?;
                text.push_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            }
        }
        Ok(())
    }))
}

/// ISO 8601.
fn duration<'a, T: ArrowPrimitiveType, D: Display>(
    array: &'a PrimitiveArray<T>,
    found: impl Fn(T::Native) -> Option<D> + 'a,
) -> Writer<'a> {
    each(array, move |value, text| match found(value) {
        Some(duration) => put(write!(text, "{duration}")),
        None => text.push_str("<invalid>"),
    })
}

fn day_time(value: IntervalDayTime, text: &mut String) {
    let (seconds, millis) = (value.milliseconds / 1000, value.milliseconds % 1000);
    let mut parts = Vec::new();
    for (count, unit) in [(value.days, "days"), (seconds / 3600, "hours"), (seconds / 60 % 60, "mins")] {
        if count != 0 {
            parts.push(format!("{count} {unit}"));
        }
    }
    let seconds = seconds % 60;
    if seconds != 0 || millis != 0 {
        let sign = if seconds < 0 || millis < 0 { "-" } else { "" };
        parts.push(format!("{sign}{}.{:03} secs", seconds.abs(), millis.abs()));
    }
    text.push_str(&if parts.is_empty() { "0 secs".into() } else { parts.join(" ") });
}

fn hex(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.extend(bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])));
}

/// The dictionary itself may contain a null.
fn coded<'a, K: ArrowDictionaryKeyType>(array: &'a DictionaryArray<K>, write: Writer<'a>) -> Writer<'a> {
    Box::new(move |row, text| array.key(row).map_or(Ok(()), |key| write(key, text)))
}

/// Writes what is in a list, struct or map.
fn nested<'a>(array: &'a dyn Array, inner: Unwritable) -> Result<Writer<'a>, ArrowError> {
    let write = writer(array, inner)?;
    Ok(match inner {
        Unwritable::Fails => write,
        Unwritable::Shown => Box::new(move |row, text| {
            if let Err(error) = write(row, text) {
                put(write!(text, "ERROR: {error}"));
            }
            Ok(())
        }),
    })
}

fn groups<'a>(
    array: &'a dyn Array,
    open: char,
    close: char,
    offsets: &'a [i32],
    write: impl Fn(usize, &mut String) -> Result<(), ArrowError> + 'a,
) -> Writer<'a> {
    let range = |row: usize| offsets[row].unsigned_abs() as usize..offsets[row + 1].unsigned_abs() as usize;
    bracketed(array, open, close, move |row, text| joined(range(row), text, &write))
}

fn bracketed<'a>(
    array: &'a dyn Array,
    open: char,
    close: char,
    write: impl Fn(usize, &mut String) -> Result<(), ArrowError> + 'a,
) -> Writer<'a> {
    Box::new(move |row, text| {
        if array.is_null(row) {
            return Ok(());
        }
        text.push(open);
        write(row, text)?;
        text.push(close);
        Ok(())
    })
}

fn joined(range: Range<usize>, text: &mut String, write: impl Fn(usize, &mut String) -> Result<(), ArrowError>) -> Result<(), ArrowError> {
    let first = range.start;
    for at in range {
        if at > first {
            text.push_str(", ");
        }
        write(at, text)?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow_array::types::Int8Type as Key;
    use arrow_array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array, DurationMicrosecondArray, DurationSecondArray,
        Float32Array, Float64Array, Int8Array, Int64Array, IntervalDayTimeArray, IntervalYearMonthArray, ListArray, MapArray, NullArray,
        StructArray, Time32MillisecondArray, Time64NanosecondArray, TimestampMicrosecondArray, TimestampSecondArray,
    };
    use arrow_buffer::OffsetBuffer;
    use arrow_schema::{Field, Fields};
    use std::sync::Arc;

    /// The texts of all rows; an error in angle brackets.
    fn texts(array: impl Array, inner: Unwritable) -> Vec<String> {
        let write = writer(&array, inner).unwrap();
        let text = |row| {
            let mut text = String::new();
            write(row, &mut text).map_or_else(|error| format!("<{error}>"), |()| text)
        };
        (0..array.len()).map(text).collect()
    }

    fn own(array: impl Array) -> Vec<String> {
        texts(array, Unwritable::Fails)
    }

    #[test]
    fn numbers() {
        assert_eq!(own(Int64Array::from(vec![Some(i64::MIN), None, Some(7)])), ["-9223372036854775808", "", "7"]);
        assert_eq!(own(BooleanArray::from(vec![Some(true), Some(false), None])), ["true", "false", ""]);
        let floats = vec![1.0, -0.0, 0.1, 1e15, 1e16, 1e-5, 1e-6, f64::NAN, f64::NEG_INFINITY];
        let expected = ["1.0", "-0.0", "0.1", "1000000000000000.0", "1e16", "0.00001", "1e-6", "NaN", "-inf"];
        assert_eq!(own(Float64Array::from(floats)), expected);
        assert_eq!(own(Float32Array::from(vec![0.1, 16_777_216.0])), ["0.1", "16777216.0"]);
        let decimal = |scale| Decimal128Array::from(vec![-5, 12345]).with_precision_and_scale(9, scale).unwrap();
        assert_eq!(own(decimal(2)), ["-0.05", "123.45"]);
        assert_eq!(own(decimal(-2)), ["-500", "1234500"]);
        assert_eq!(own(NullArray::new(1)), [""]);
    }

    #[test]
    fn times() {
        assert_eq!(own(Date32Array::from(vec![0, -1, 2_932_897])), ["1970-01-01", "1969-12-31", "+10000-01-01"]);
        assert_eq!(own(Date64Array::from(vec![-1, 0])), ["1969-12-31T23:59:59.999", "1970-01-01T00:00:00"]);
        let micros = TimestampMicrosecondArray::from(vec![Some(1_500_000), None, Some(-1), Some(i64::MAX)]);
        let beyond = "<Cast error: Failed to convert 9223372036854775807 to datetime for Timestamp(µs)>";
        assert_eq!(own(micros.clone()), ["1970-01-01T00:00:01.500", "", "1969-12-31T23:59:59.999999", beyond]);
        let zoned = |zone: &str| TimestampSecondArray::from(vec![0]).with_timezone(zone);
        assert_eq!(own(zoned("+00:00")), ["1970-01-01T00:00:00Z"]);
        assert_eq!(own(zoned("-09:30")), ["1969-12-31T14:30:00-09:30"]);
        assert_eq!(own(Time32MillisecondArray::from(vec![0, 1])), ["00:00:00", "00:00:00.001"]);
        assert_eq!(own(Time64NanosecondArray::from(vec![86_399_999_999_999])), ["23:59:59.999999999"]);
        assert!(own(Time64NanosecondArray::from(vec![-1]))[0].starts_with("<Cast error: Failed to convert -1 to temporal"));
        assert_eq!(own(DurationMicrosecondArray::from(vec![90_061_000_001, -1])), ["PT90061.000001S", "-PT0.000001S"]);
        assert_eq!(own(DurationSecondArray::from(vec![i64::MAX, 60])), ["<invalid>", "PT60S"]);
        assert_eq!(own(IntervalYearMonthArray::from(vec![14, -1])), ["1 years 2 mons", "-1 years 11 mons"]);
        let parts = |days, millis| IntervalDayTime::new(days, millis);
        let intervals = IntervalDayTimeArray::from(vec![parts(0, 0), parts(1, 3_661_001), parts(0, -1)]);
        assert_eq!(own(intervals), ["0 secs", "1 days 1 hours 1 mins 1.001 secs", "-0.001 secs"]);
    }

    #[test]
    fn text_and_bytes() {
        assert_eq!(own(StringArray::from(vec![Some("ä,\""), Some(""), None])), ["ä,\"", "", ""]);
        assert_eq!(own(BinaryArray::from(vec![&[0u8, 171, 255][..]])), ["00abff"]);
        let values: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
        let keys = Int8Array::from(vec![Some(1), Some(0), None]);
        assert_eq!(own(DictionaryArray::<Key>::try_new(keys, values).unwrap()), ["", "a", ""]);
    }

    #[test]
    fn nested_values() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
        let item = Arc::new(Field::new("item", DataType::Int64, true));
        let offsets = || OffsetBuffer::new(vec![0, 2, 2, 3].into());
        let nulls = Some(vec![true, true, false].into());
        let list = ListArray::new(item, offsets(), numbers.clone(), nulls);
        assert_eq!(own(list.clone()), ["[1, ]", "[]", ""]);
        assert_eq!(own(list.slice(1, 2)), ["[]", ""]);
        let fields: Fields = vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)].into();
        let letters: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "z"]));
        assert_eq!(
            own(StructArray::new(fields, vec![numbers.clone(), letters.clone()], None)),
            ["{a: 1, b: x}", "{a: , b: y}", "{a: 3, b: z}"]
        );
        let pair: Fields = vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Int64, true)].into();
        let entries = StructArray::new(pair.clone(), vec![letters, numbers], None);
        let field = Arc::new(Field::new("entries", DataType::Struct(pair), false));
        assert_eq!(own(MapArray::new(field, offsets(), entries, None, false)), ["{x: 1, y: }", "{}", "{z: 3}"]);
    }

    #[test]
    fn a_value_without_a_text_inside_a_list() {
        let times: ArrayRef = Arc::new(TimestampSecondArray::from(vec![0, i64::MAX]));
        let item = Arc::new(Field::new("item", times.data_type().clone(), true));
        let list = ListArray::new(item, OffsetBuffer::new(vec![0, 2].into()), times, None);
        assert!(texts(list.clone(), Unwritable::Fails)[0].starts_with("<Cast error"));
        assert!(text_of(list.values(), 1).unwrap().starts_with("ERROR: Cast error"));
        let shown = "[1970-01-01T00:00:00, ERROR: Cast error: Failed to convert 9223372036854775807 to datetime for Timestamp(s)]";
        assert_eq!(texts(list, Unwritable::Shown), [shown]);
    }
}
