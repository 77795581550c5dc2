//! The Arrow types that a store can contain. Each has a name for people and a form for programs.

use arrow_schema::{DataType, Field, TimeUnit};
use serde::Serialize;
use std::sync::Arc;

/// A type as TypeScript sees it. `id` selects the decoder; the other members are its parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Type {
    /// `bool`, `int8`…`uint64`, `float32`, `float64`, `decimal`, `utf8`, `binary`, `fixed_size_binary`,
    /// `date32`, `date64`, `time32`, `time64`, `timestamp`, `duration`, `list`, `struct`, `map`, `null`.
    pub id: &'static str,
    /// `s`, `ms`, `us` or `ns` for times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// Bytes per value of fixed_size_binary, decimal (16 or 32) and all fixed-width types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Digits after the decimal point of a decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<i8>,
}

/// A time unit's short name.
pub fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

impl Type {
    /// The store's type for an Arrow type. A dictionary has the type of its values. `None` for types that a
    /// store cannot contain (large, view, union, …): a conversion converts or skips them.
    pub fn of(data_type: &DataType) -> Option<Type> {
        let plain = |id, width| Some(Type { id, unit: None, width: Some(width), scale: None });
        let timed = |id, unit, width| Some(Type { id, unit: Some(unit_name(unit)), width: Some(width), scale: None });
        let bare = |id| Some(Type { id, unit: None, width: None, scale: None });
        match data_type {
            DataType::Null => bare("null"),
            DataType::Boolean => bare("bool"),
            DataType::Int8 => plain("int8", 1),
            DataType::Int16 => plain("int16", 2),
            DataType::Int32 => plain("int32", 4),
            DataType::Int64 => plain("int64", 8),
            DataType::UInt8 => plain("uint8", 1),
            DataType::UInt16 => plain("uint16", 2),
            DataType::UInt32 => plain("uint32", 4),
            DataType::UInt64 => plain("uint64", 8),
            DataType::Float32 => plain("float32", 4),
            DataType::Float64 => plain("float64", 8),
            DataType::Date32 => plain("date32", 4),
            DataType::Date64 => plain("date64", 8),
            DataType::Time32(unit) => timed("time32", *unit, 4),
            DataType::Time64(unit) => timed("time64", *unit, 8),
            DataType::Timestamp(unit, _) => timed("timestamp", *unit, 8),
            DataType::Duration(unit) => timed("duration", *unit, 8),
            DataType::Decimal128(_, scale) => Some(Type { id: "decimal", unit: None, width: Some(16), scale: Some(*scale) }),
            DataType::Decimal256(_, scale) => Some(Type { id: "decimal", unit: None, width: Some(32), scale: Some(*scale) }),
            DataType::Utf8 => bare("utf8"),
            DataType::Binary => bare("binary"),
            DataType::FixedSizeBinary(n) => plain("fixed_size_binary", u32::try_from(*n).ok()?),
            DataType::List(_) => bare("list"),
            DataType::Struct(_) => bare("struct"),
            DataType::Map(_, _) => bare("map"),
            DataType::Dictionary(_, values) => Type::of(values),
            _ => None,
        }
    }
}

/// [`Type::of`], with an error as a clause: "the type …, which a store cannot contain,".
pub(crate) fn stored(data_type: &DataType) -> Result<Type, String> {
    Type::of(data_type).ok_or_else(|| format!("the type {}, which a store cannot contain,", type_name(data_type)))
}

/// A type's name for people, in the manifest and in `db.columns`: `timestamp[us]`, `list<utf8>`,
/// `dictionary<int32, utf8>`.
pub fn type_name(data_type: &DataType) -> String {
    use DataType as D;
    match data_type {
        D::Boolean => "bool".into(),
        D::Timestamp(unit, None) => format!("timestamp[{}]", unit_name(*unit)),
        D::Timestamp(unit, Some(zone)) => format!("timestamp[{}, {zone}]", unit_name(*unit)),
        D::Time32(unit) => format!("time32[{}]", unit_name(*unit)),
        D::Time64(unit) => format!("time64[{}]", unit_name(*unit)),
        D::Duration(unit) => format!("duration[{}]", unit_name(*unit)),
        D::Decimal32(p, s) => format!("decimal32({p}, {s})"),
        D::Decimal64(p, s) => format!("decimal64({p}, {s})"),
        D::Decimal128(p, s) => format!("decimal128({p}, {s})"),
        D::Decimal256(p, s) => format!("decimal256({p}, {s})"),
        D::FixedSizeBinary(n) => format!("fixed_size_binary[{n}]"),
        D::List(item) => format!("list<{}>", type_name(item.data_type())),
        D::LargeList(item) => format!("large_list<{}>", type_name(item.data_type())),
        D::ListView(item) | D::LargeListView(item) => format!("list_view<{}>", type_name(item.data_type())),
        D::FixedSizeList(item, n) => format!("fixed_size_list<{}>[{n}]", type_name(item.data_type())),
        D::Struct(fields) => {
            let fields: Vec<_> = fields.iter().map(|f| format!("{}: {}", f.name(), type_name(f.data_type()))).collect();
            format!("struct<{}>", fields.join(", "))
        }
        D::Map(entries, _) => match entries.data_type() {
            D::Struct(fields) if fields.len() == 2 => {
                format!("map<{}, {}>", type_name(fields[0].data_type()), type_name(fields[1].data_type()))
            }
            other => format!("map<{}>", type_name(other)),
        },
        D::Dictionary(index, values) => format!("dictionary<{}, {}>", type_name(index), type_name(values)),
        D::LargeUtf8 => "large_utf8".into(),
        D::Utf8View => "utf8_view".into(),
        D::LargeBinary => "large_binary".into(),
        D::BinaryView => "binary_view".into(),
        // The other types have one-word names, which Arrow writes in CamelCase.
        other => other.to_string().to_lowercase(),
    }
}

/// The type whose [`type_name`] this is. `None` for a name that [`type_name`] does not return, or that fits
/// two types (the names of a struct's members are not restricted).
pub fn type_of_name(name: &str) -> Option<DataType> {
    let (found, rest) = parse(name)?;
    (rest.is_empty() && type_name(&found) == name).then_some(found)
}

/// Reads a type at the start of a text. Returns it and the rest of the text.
fn parse(text: &str) -> Option<(DataType, &str)> {
    use DataType as D;
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let inside = |open: char, close: char| rest.strip_prefix(open)?.split_once(close);
    let one = || {
        let (item, rest) = parse(rest.strip_prefix('<')?)?;
        Some((Arc::new(Field::new("item", item, true)), rest.strip_prefix('>')?))
    };
    let two = || {
        let (a, rest) = parse(rest.strip_prefix('<')?)?;
        let (b, rest) = parse(rest.strip_prefix(", ")?)?;
        Some((a, b, rest.strip_prefix('>')?))
    };
    let timed = |of: fn(TimeUnit) -> DataType| inside('[', ']').and_then(|(unit, rest)| Some((of(unit_of_name(unit)?), rest)));
    let decimal = |of: fn(u8, i8) -> DataType| {
        let ((digits, scale), rest) = inside('(', ')').and_then(|(both, rest)| Some((both.split_once(", ")?, rest)))?;
        Some((of(digits.parse().ok()?, scale.parse().ok()?), rest))
    };
    Some(match word {
        "timestamp" => {
            let (about, rest) = inside('[', ']')?;
            let (unit, zone) = about.split_once(", ").map_or((about, None), |(unit, zone)| (unit, Some(zone.into())));
            (D::Timestamp(unit_of_name(unit)?, zone), rest)
        }
        "time32" => timed(D::Time32)?,
        "time64" => timed(D::Time64)?,
        "duration" => timed(D::Duration)?,
        "decimal32" => decimal(D::Decimal32)?,
        "decimal64" => decimal(D::Decimal64)?,
        "decimal128" => decimal(D::Decimal128)?,
        "decimal256" => decimal(D::Decimal256)?,
        "fixed_size_binary" => inside('[', ']').and_then(|(width, rest)| Some((D::FixedSizeBinary(width.parse().ok()?), rest)))?,
        "list" => one().map(|(item, rest)| (D::List(item), rest))?,
        "large_list" => one().map(|(item, rest)| (D::LargeList(item), rest))?,
        "list_view" => one().map(|(item, rest)| (D::ListView(item), rest))?,
        "fixed_size_list" => {
            let (item, rest) = one()?;
            let (count, rest) = rest.strip_prefix('[')?.split_once(']')?;
            (D::FixedSizeList(item, count.parse().ok()?), rest)
        }
        "struct" => parse_struct(rest)?,
        "map" => {
            let (key, value, rest) = two()?;
            let pair = vec![Field::new("key", key, false), Field::new("value", value, true)];
            (D::Map(Arc::new(Field::new("entries", D::Struct(pair.into()), false)), false), rest)
        }
        "dictionary" => two().map(|(index, values, rest)| (D::Dictionary(Box::new(index), Box::new(values)), rest))?,
        word => (PLAIN.iter().find(|plain| type_name(plain) == word)?.clone(), rest),
    })
}

/// Reads the members of a struct, after the word "struct".
fn parse_struct(text: &str) -> Option<(DataType, &str)> {
    let mut fields = Vec::new();
    let mut rest = text.strip_prefix('<')?;
    while !rest.starts_with('>') {
        let (name, after) = rest.split_once(": ")?;
        let (of, after) = parse(after)?;
        fields.push(Field::new(name, of, true));
        rest = after.strip_prefix(", ").unwrap_or(after);
    }
    Some((DataType::Struct(fields.into()), &rest[1..]))
}

/// The types with a one-word name.
const PLAIN: [DataType; 22] = {
    use DataType as D;
    [
        D::Null,
        D::Boolean,
        D::Int8,
        D::Int16,
        D::Int32,
        D::Int64,
        D::UInt8,
        D::UInt16,
        D::UInt32,
        D::UInt64,
        D::Float16,
        D::Float32,
        D::Float64,
        D::Date32,
        D::Date64,
        D::Utf8,
        D::LargeUtf8,
        D::Utf8View,
        D::Binary,
        D::LargeBinary,
        D::BinaryView,
        D::Interval(arrow_schema::IntervalUnit::MonthDayNano),
    ]
};

fn unit_of_name(name: &str) -> Option<TimeUnit> {
    [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond].into_iter().find(|unit| unit_name(*unit) == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn types() -> impl Strategy<Value = DataType> {
        let unit = || prop::sample::select(vec![TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond]);
        let leaf = prop_oneof![
            prop::sample::select(PLAIN[..21].to_vec()),
            unit().prop_map(|unit| DataType::Timestamp(unit, None)),
            unit().prop_map(|unit| DataType::Timestamp(unit, Some("Europe/Paris".into()))),
            unit().prop_map(DataType::Duration),
            (1u8..38, -3i8..9).prop_map(|(digits, scale)| DataType::Decimal128(digits, scale)),
            (0i32..99).prop_map(DataType::FixedSizeBinary),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let item = |of| Arc::new(Field::new("item", of, true));
            prop_oneof![
                inner.clone().prop_map(move |of| DataType::List(item(of))),
                (inner.clone(), 0i32..5).prop_map(move |(of, n)| DataType::FixedSizeList(item(of), n)),
                prop::collection::vec(("[a-z ,<>]{1,5}", inner.clone()), 0..3)
                    .prop_map(|fields| DataType::Struct(fields.into_iter().map(|(name, of)| Field::new(name, of, true)).collect())),
                (inner.clone(), inner).prop_map(|(key, value)| {
                    let pair = vec![Field::new("key", key, false), Field::new("value", value, true)];
                    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(pair.into()), false)), false)
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_type_is_known_by_its_name(of in types()) {
            let name = type_name(&of);
            // Some names of members make the text ambiguous. Such a type is never mistaken for another; it is
            // not found.
            match type_of_name(&name) {
                Some(found) => prop_assert_eq!(type_name(&found), name),
                None => prop_assert!(name.contains("struct"), "{}", name),
            }
        }

        #[test]
        fn any_text_is_a_name_or_none(text in "[a-z0-9_<>, :()\\[\\]]{0,30}") {
            prop_assert!(type_of_name(&text).is_none_or(|found| type_name(&found) == text));
        }
    }
}
