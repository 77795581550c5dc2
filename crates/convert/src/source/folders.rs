//! Columns in the names of folders: COLUMN=VALUE below data/, as Spark, Hive, DuckDB and pyarrow write
//! partitioned files. The files themselves lack the column.

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, Int64Array, NullArray, StringArray, cast::AsArray};
use arrow_schema::{ArrowError, DataType};
use meds_store::{Code, Error, Result};
use std::path::Path;
use std::sync::Arc;

/// The folder of rows without a value in Hive, Spark and DuckDB.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// Columns and their values, which are the same for each row of a file; `None` is null.
pub type Values = Vec<(String, Option<String>)>;

/// The columns in a file's name below the source, from the outermost folder to the innermost.
pub fn values(name: &str, path: &Path) -> Result<Values> {
    let mut values = Values::new();
    let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
    for (key, value) in folders.split('/').filter_map(|folder| folder.split_once('=')).filter(|(key, _)| !key.is_empty()) {
        let (key, value) = (decoded(key), (value != NULL).then(|| decoded(value)));
        match values.iter().find(|(known, _)| *known == key) {
            Some((_, known)) if *known == value => {}
            Some(_) => {
                let message = format!("the names of its folders contain two values of column {key:?}. Rename one of the folders.");
                return Err(Error::at(Code::SchemaConflict, path, message));
            }
            None => values.push((key, value)),
        }
    }
    Ok(values)
}

/// A name with each `%xx` decoded; unchanged if the result would not be UTF-8.
fn decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_string())
}

/// The value as an int64; `None` if it is not a whole number in that range.
fn whole(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok()).flatten()
}

/// The type of a column with these values: int64 if all are whole numbers, otherwise text.
pub fn kind<'a>(mut values: impl Iterator<Item = &'a str>) -> DataType {
    match values.all(|value| whole(value).is_some()) {
        true => DataType::Int64,
        false => DataType::Utf8,
    }
}

/// A value as an array of one row.
pub fn one(value: Option<&str>, kind: &DataType) -> ArrayRef {
    match (value, kind) {
        (None, _) => Arc::new(NullArray::new(1)),
        (Some(value), DataType::Int64) => Arc::new(Int64Array::from_iter([whole(value)])),
        (Some(value), _) => Arc::new(StringArray::from_iter_values([value])),
    }
}

/// The one row, repeated. Text has a dictionary, like text from Parquet.
pub fn repeated(one: &ArrayRef, rows: usize) -> Result<ArrayRef, ArrowError> {
    Ok(match one.data_type() {
        DataType::Null => Arc::new(NullArray::new(rows)),
        DataType::Int64 => Arc::new(Int64Array::from_value(one.as_primitive::<arrow_array::types::Int64Type>().value(0), rows)),
        _ => Arc::new(DictionaryArray::<Int32Type>::try_new(Int32Array::from_value(0, rows), one.clone())?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Vec<(String, Option<String>)> {
        values(name, Path::new(name)).unwrap_or_default()
    }

    #[test]
    fn reads_the_names_of_folders_and_not_that_of_the_file() {
        let pair = |key: &str, value: &str| (key.to_string(), Some(value.to_string()));
        assert_eq!(of("data/a=1/b=x=y/c=3.parquet"), [pair("a", "1"), pair("b", "x=y")]);
        assert_eq!(of("data/a b=%C3%A4%2F/0.parquet"), [pair("a b", "ä/")]);
        assert_eq!(of("data/a=%zz%f/b=%FF/c=/=d/0.parquet"), [pair("a", "%zz%f"), pair("b", "%FF"), pair("c", "")]);
        assert_eq!(of("data/a=__HIVE_DEFAULT_PARTITION__/0.parquet"), [("a".to_string(), None)]);
        assert_eq!(of("a=1.parquet"), []);
        assert_eq!(of("data/a=1/a=1/0.parquet"), [pair("a", "1")]);
        assert!(values("data/a=1/a=2/0.parquet", Path::new("p")).is_err());
    }

    #[test]
    fn takes_whole_numbers_of_int64_and_nothing_else_for_numbers() {
        for (values, expected) in [
            (vec!["1", "-2", "007", "9223372036854775807"], DataType::Int64),
            (vec!["9223372036854775808"], DataType::Utf8),
            (vec!["1", "x"], DataType::Utf8),
            (vec!["1.0"], DataType::Utf8),
            (vec!["+1"], DataType::Utf8),
            (vec!["-"], DataType::Utf8),
            (vec![""], DataType::Utf8),
        ] {
            assert_eq!(kind(values.iter().copied()), expected, "{values:?}");
        }
    }
}
