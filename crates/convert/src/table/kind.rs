//! What a column of a table is, by the annotations of Parquet.

use crate::source::parquet::Footer;
use meds_store::Result;
use parquet::basic::{ConvertedType, LogicalType, Repetition, Type};
use parquet::schema::types::Type as Node;
use std::path::Path;

/// What the values of a column must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Whole numbers that fit int64.
    Integer,
    /// Times of any unit, as microseconds since 1970-01-01.
    Time,
    /// True or false.
    Boolean,
    /// Floating-point numbers.
    Float,
    /// Text.
    Text,
    /// Any single values, as text.
    AnyText,
    /// Lists of any single values, as text. A column of single values is one of lists of one.
    Lists,
    /// Lists of numbers. A column of single numbers is one of lists of one.
    Numbers,
}

impl ColumnType {
    /// The type of a name that [`ColumnType::name`] returns.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Integer, Self::Time, Self::Boolean, Self::Float, Self::Text, Self::AnyText, Self::Lists, Self::Numbers]
            .into_iter()
            .find(|t| t.name() == name)
    }

    /// Its name on the other side of the binding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Time => "time",
            Self::Boolean => "boolean",
            Self::Float => "float",
            Self::Text => "text",
            Self::AnyText => "anyText",
            Self::Lists => "lists",
            Self::Numbers => "numbers",
        }
    }

    /// Its Arrow type, for messages.
    pub fn arrow(self) -> &'static str {
        match self {
            Self::Integer => "int64",
            Self::Time => "timestamp[us]",
            Self::Boolean => "bool",
            Self::Float => "float32",
            Self::Text | Self::AnyText => "string",
            Self::Lists => "list<string>",
            Self::Numbers => "list<float>",
        }
    }

    /// Whether a column of a file is of this type.
    pub fn fits(self, column: &Node) -> bool {
        match self {
            Self::AnyText => column.is_primitive() && !is_repeated(column),
            // The Arrow type shows later whether it is a list of single values.
            Self::Lists | Self::Numbers => true,
            other => found(column) == Some(other),
        }
    }
}

fn is_repeated(column: &Node) -> bool {
    let about = column.get_basic_info();
    about.has_repetition() && about.repetition() == Repetition::REPEATED
}

fn found(column: &Node) -> Option<ColumnType> {
    use ConvertedType as C;
    if !column.is_primitive() || is_repeated(column) {
        return None;
    }
    let about = column.get_basic_info();
    let (logical, converted) = (about.logical_type_ref(), about.converted_type());
    match column.get_physical_type() {
        Type::BOOLEAN => Some(ColumnType::Boolean),
        Type::INT96 => Some(ColumnType::Time),
        Type::FLOAT | Type::DOUBLE => Some(ColumnType::Float),
        Type::BYTE_ARRAY => {
            let is_text = matches!(logical, Some(LogicalType::String | LogicalType::Enum)) || matches!(converted, C::UTF8 | C::ENUM);
            is_text.then_some(ColumnType::Text)
        }
        Type::INT32 | Type::INT64 => match (logical, converted) {
            (Some(LogicalType::Timestamp(_) | LogicalType::Date), _) => Some(ColumnType::Time),
            (None, C::TIMESTAMP_MILLIS | C::TIMESTAMP_MICROS | C::DATE) => Some(ColumnType::Time),
            (Some(LogicalType::Integer(_)), _) | (None, C::NONE | C::INT_8 | C::INT_16 | C::INT_32 | C::INT_64) => {
                Some(ColumnType::Integer)
            }
            (None, C::UINT_8 | C::UINT_16 | C::UINT_32 | C::UINT_64) => Some(ColumnType::Integer),
            _ => None,
        },
        _ => None,
    }
}

/// The rows and columns of a Parquet file, by its footer.
#[derive(Debug)]
pub struct TableSchema {
    /// Number of rows.
    pub rows: u64,
    /// Each column's name, and its type as Parquet calls it, in lower case; no type where the column is
    /// nested without an annotation.
    pub columns: Vec<(String, Option<String>)>,
}

/// Reads the schema of a Parquet file.
pub fn describe_table(path: &Path) -> Result<TableSchema> {
    let footer = Footer::read(path)?;
    let about = footer.metadata.file_metadata();
    let columns = about.schema_descr().root_schema().get_fields();
    let columns = columns.iter().map(|column| (column.name().to_string(), type_name(column)));
    Ok(TableSchema { rows: about.num_rows().unsigned_abs(), columns: columns.collect() })
}

/// The name of a column's annotation, or of its physical type.
pub fn type_name(column: &Node) -> Option<String> {
    let about = column.get_basic_info();
    let logical = about.logical_type_ref().filter(|logical| !matches!(logical, LogicalType::File | LogicalType::_Unknown { .. }));
    let name = match (logical, about.converted_type()) {
        (Some(LogicalType::Unknown), _) => "null".into(),
        (Some(logical), _) => {
            let all = format!("{logical:?}");
            all.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_string()
        }
        (None, ConvertedType::NONE) if column.is_primitive() => column.get_physical_type().to_string(),
        (None, ConvertedType::NONE) => return None,
        (None, converted) => converted.to_string(),
    };
    Some(name.to_lowercase())
}
