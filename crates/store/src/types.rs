//! Arrow types as the store knows them: a closed set, named once for people and once for programs.

use arrow_schema::{DataType, TimeUnit};
use serde::Serialize;

/// A type as TypeScript sees it: `id` selects the decoder, the other members refine it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Type {
    /// `bool`, `int8`…`uint64`, `float32`, `float64`, `decimal`, `utf8`, `binary`, `fixed_size_binary`, `date32`, `date64`,
    /// `time32`, `time64`, `timestamp`, `duration`, `list`, `struct`, `map`, `null`.
    pub id: &'static str,
    /// `s`, `ms`, `us` or `ns` for times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// Bytes a value: fixed_size_binary, decimal (16 or 32), and all fixed-width numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Digits after the point of a decimal.
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
    /// The store's type for an Arrow type; `None` for types that a store never holds (large, view, union, …: they are converted or skipped
    /// when the store is written). A dictionary gives the type of its values.
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

/// A type's name for people, in the manifest and in `db.columns`: `timestamp[us]`, `list<utf8>`, `dictionary<int32, utf8>`.
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
        // The rest have names of one word that Arrow writes in capitals.
        other => other.to_string().to_lowercase(),
    }
}
