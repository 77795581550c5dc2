//! The types of columns in a store: the canonical type of each source type, and the common type of two files'
//! types.

use crate::arrays::cast::cast;
use crate::arrays::lists::listed;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray, cast::AsArray, new_null_array};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, TimeUnit};
use std::sync::Arc;

/// The store's type for a source's type; `None` if there is none (intervals, unions, structs with two members
/// of the same name).
pub fn canonical(source: &DataType) -> Option<DataType> {
    use DataType as D;
    Some(match source {
        D::Float16 => D::Float32,
        D::Utf8 | D::LargeUtf8 | D::Utf8View => D::Utf8,
        D::Binary | D::LargeBinary | D::BinaryView => D::Binary,
        D::Dictionary(_, values) => canonical(values)?,
        D::Decimal32(p, s) | D::Decimal64(p, s) | D::Decimal128(p, s) => D::Decimal128(*p, *s),
        D::List(item) | D::LargeList(item) | D::ListView(item) | D::LargeListView(item) | D::FixedSizeList(item, _) => {
            D::List(Arc::new(Field::new("item", canonical(item.data_type())?, true)))
        }
        // Members are found by name: the second of two with the same name could not be read.
        D::Struct(fields) if (1..fields.len()).any(|at| fields[..at].iter().any(|field| field.name() == fields[at].name())) => return None,
        D::Struct(fields) => {
            let fields: Option<Vec<_>> = fields.iter().map(|f| Some(Field::new(f.name(), canonical(f.data_type())?, true))).collect();
            D::Struct(fields?.into())
        }
        D::Map(entries, sorted) => {
            let D::Struct(pair) = entries.data_type() else { return None };
            let [key, value] = &pair[..] else { return None };
            map(canonical(key.data_type())?, canonical(value.data_type())?, *sorted)
        }
        D::Null | D::Boolean | D::Float32 | D::Float64 | D::Decimal256(..) | D::Date32 | D::Date64 => source.clone(),
        D::Int8 | D::Int16 | D::Int32 | D::Int64 | D::UInt8 | D::UInt16 | D::UInt32 | D::UInt64 => source.clone(),
        D::Time32(_) | D::Time64(_) | D::Timestamp(..) | D::Duration(_) | D::FixedSizeBinary(_) => source.clone(),
        _ => return None,
    })
}

fn map(key: DataType, value: DataType, sorted: bool) -> DataType {
    let pair: Fields = vec![Field::new("key", key, false), Field::new("value", value, true)].into();
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(pair), false)), sorted)
}

/// Signedness and bits of an integer type.
fn integer(t: &DataType) -> Option<(bool, u8)> {
    use DataType as D;
    Some(match t {
        D::Int8 => (true, 8),
        D::Int16 => (true, 16),
        D::Int32 => (true, 32),
        D::Int64 => (true, 64),
        D::UInt8 => (false, 8),
        D::UInt16 => (false, 16),
        D::UInt32 => (false, 32),
        D::UInt64 => (false, 64),
        _ => return None,
    })
}

/// Precision and scale of a decimal, or of the decimal that holds every value of an integer type.
fn decimal(t: &DataType) -> Option<(u8, i8)> {
    match t {
        DataType::Decimal128(p, s) | DataType::Decimal256(p, s) => Some((*p, *s)),
        _ => integer(t).map(|(_, bits)| {
            (
                match bits {
                    8 => 3,
                    16 => 5,
                    32 => 10,
                    _ => 20,
                },
                0,
            )
        }),
    }
}

/// The smallest type that holds every value of two canonical types without loss; `None` if there is none.
pub fn join(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType as D;
    if a == b {
        return Some(a.clone());
    }
    Some(match (a, b) {
        (D::Null, other) | (other, D::Null) => other.clone(),
        (D::Float32, D::Float64) | (D::Float64, D::Float32) => D::Float64,
        (float @ (D::Float32 | D::Float64), int) | (int, float @ (D::Float32 | D::Float64)) => match integer(int)?.1 {
            8 | 16 => float.clone(),
            32 => D::Float64,
            _ => return None,
        },
        (D::Decimal128(..) | D::Decimal256(..), _) | (_, D::Decimal128(..) | D::Decimal256(..)) => join_decimals(a, b)?,
        (D::Date32, D::Date64) | (D::Date64, D::Date32) => D::Date64,
        (D::Timestamp(u, y), D::Timestamp(v, z)) => {
            let zone = match (y, z) {
                (None, None) => None,
                (Some(y), Some(z)) if y == z => Some(y.clone()),
                // Both are instants, and any zone can display them.
                (Some(_), Some(_)) => Some("UTC".into()),
                _ => return None,
            };
            D::Timestamp(*u.max(v), zone)
        }
        (D::Time32(u) | D::Time64(u), D::Time32(v) | D::Time64(v)) => match u.max(v) {
            unit @ (TimeUnit::Second | TimeUnit::Millisecond) => D::Time32(*unit),
            unit => D::Time64(*unit),
        },
        (D::Duration(u), D::Duration(v)) => D::Duration(*u.max(v)),
        (D::FixedSizeBinary(_) | D::Binary, D::FixedSizeBinary(_) | D::Binary) => D::Binary,
        (D::List(a), D::List(b)) => D::List(Arc::new(Field::new("item", join(a.data_type(), b.data_type())?, true))),
        (D::Struct(a), D::Struct(b)) => D::Struct(join_members(a, b)?),
        (D::Map(a, s), D::Map(b, t)) => {
            let (D::Struct(a), D::Struct(b)) = (a.data_type(), b.data_type()) else { return None };
            map(join(a[0].data_type(), b[0].data_type())?, join(a[1].data_type(), b[1].data_type())?, *s && *t)
        }
        _ => join_integers(a, b)?,
    })
}

/// The type of an integer and a decimal, or of two decimals.
fn join_decimals(a: &DataType, b: &DataType) -> Option<DataType> {
    let ((p, s), (q, r)) = (decimal(a)?, decimal(b)?);
    let scale = s.max(r);
    let digits = (i16::from(p) - i16::from(s)).max(i16::from(q) - i16::from(r)) + i16::from(scale);
    match u8::try_from(digits).ok()? {
        p @ ..=38 => Some(DataType::Decimal128(p, scale)),
        p @ ..=76 => Some(DataType::Decimal256(p, scale)),
        _ => None,
    }
}

/// The members of both structs: those of the first, then those that only the second has.
fn join_members(a: &Fields, b: &Fields) -> Option<Fields> {
    let mut fields: Vec<Field> = a.iter().map(|f| f.as_ref().clone()).collect();
    for field in b {
        match fields.iter_mut().find(|f| f.name() == field.name()) {
            Some(known) => known.set_data_type(join(known.data_type(), field.data_type())?),
            None => fields.push(field.as_ref().clone()),
        }
    }
    Some(fields.into())
}

fn join_integers(a: &DataType, b: &DataType) -> Option<DataType> {
    match (integer(a)?, integer(b)?) {
        ((true, m), (true, n)) | ((false, m), (false, n)) => Some(if m > n { a.clone() } else { b.clone() }),
        ((true, s), (false, u)) | ((false, u), (true, s)) => match s.max(u.saturating_mul(2)) {
            16 => Some(DataType::Int16),
            32 => Some(DataType::Int32),
            64 => Some(DataType::Int64),
            _ => None,
        },
    }
}

/// A canonical type whose Nulls are replaced by the types of another, where their shapes are the same.
pub fn fill(a: DataType, b: &DataType) -> DataType {
    use DataType as D;
    let field = |a: &FieldRef, b: &FieldRef| Arc::new(Field::clone(a).with_data_type(fill(a.data_type().clone(), b.data_type())));
    match (&a, b) {
        (D::Null, other) => other.clone(),
        (D::List(a), D::List(b)) => D::List(field(a, b)),
        (D::Map(a, sorted), D::Map(b, _)) => D::Map(field(a, b), *sorted),
        (D::Struct(fields), D::Struct(others)) => {
            let filled = fields.iter().map(|a| others.iter().find(|b| a.name() == b.name()).map_or_else(|| a.clone(), |b| field(a, b)));
            D::Struct(filled.collect())
        }
        _ => a,
    }
}

/// Casts an array to a canonical type from [`join`] or [`canonical`]. Values that do not fit are errors,
/// never nulls.
pub fn conform(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == target {
        return Ok(array.clone());
    }
    match (array.data_type(), target) {
        (DataType::Null, _) => Ok(new_null_array(target, array.len())),
        (_, DataType::Null) if array.logical_null_count() == array.len() => Ok(new_null_array(target, array.len())),
        (_, DataType::Null) => Err(ArrowError::CastError("the statistics of the file say that the column has no value".into())),
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let source = array.as_struct();
            let columns = conform_fields(source, fields)?;
            Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), columns, source.nulls().cloned(), source.len())?))
        }
        (DataType::List(_), DataType::List(item)) => {
            let list = array.as_list::<i32>();
            let values = conform(list.values(), item.data_type())?;
            Ok(Arc::new(ListArray::try_new(item.clone(), list.offsets().clone(), values, list.nulls().cloned())?))
        }
        (DataType::LargeList(_) | DataType::ListView(_) | DataType::LargeListView(_) | DataType::FixedSizeList(..), DataType::List(_)) => {
            conform(&listed(array)?, target)
        }
        (DataType::Map(_, _), DataType::Map(entries, sorted)) => {
            let map = array.as_map();
            let DataType::Struct(pair) = entries.data_type() else {
                return Err(ArrowError::SchemaError("the entries of a map are not a struct".into()));
            };
            let columns = vec![conform(map.keys(), pair[0].data_type())?, conform(map.values(), pair[1].data_type())?];
            let entries_array = StructArray::try_new(pair.clone(), columns, None)?;
            let entries: FieldRef = entries.clone();
            Ok(Arc::new(MapArray::try_new(entries, map.offsets().clone(), entries_array, map.nulls().cloned(), *sorted)?))
        }
        // An array without values fits any type.
        _ if array.logical_null_count() == array.len() => Ok(new_null_array(target, array.len())),
        _ => cast(array, target),
    }
}

fn conform_fields(source: &StructArray, fields: &Fields) -> Result<Vec<ArrayRef>, ArrowError> {
    let conformed = fields.iter().map(|field| match source.column_by_name(field.name()) {
        Some(column) => conform(column, field.data_type()),
        None => Ok(new_null_array(field.data_type(), source.len())),
    });
    conformed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType as D;

    #[test]
    fn widening_loses_nothing() {
        let zone = |z: Option<&str>| D::Timestamp(TimeUnit::Microsecond, z.map(Into::into));
        for (a, b, expected) in [
            (D::Int32, D::Int64, Some(D::Int64)),
            (D::UInt8, D::Int8, Some(D::Int16)),
            (D::UInt32, D::Int8, Some(D::Int64)),
            (D::UInt64, D::Int8, None),
            (D::Int64, D::Float64, None),
            (D::Int32, D::Float32, Some(D::Float64)),
            (D::Int16, D::Float32, Some(D::Float32)),
            (D::Null, D::Utf8, Some(D::Utf8)),
            (D::Utf8, D::Int64, None),
            (D::Boolean, D::Int8, None),
            (D::Decimal128(10, 2), D::Decimal128(38, 0), Some(D::Decimal256(40, 2))),
            (D::Decimal128(10, 2), D::Int64, Some(D::Decimal128(22, 2))),
            (zone(None), zone(Some("UTC")), None),
            (zone(Some("Europe/Paris")), zone(Some("Asia/Tokyo")), Some(zone(Some("UTC")))),
            (D::Time32(TimeUnit::Second), D::Time64(TimeUnit::Nanosecond), Some(D::Time64(TimeUnit::Nanosecond))),
            (D::FixedSizeBinary(3), D::FixedSizeBinary(4), Some(D::Binary)),
        ] {
            assert_eq!(join(&a, &b), expected, "{a} and {b}");
            assert_eq!(join(&b, &a), expected, "{b} and {a}");
        }
    }
}
