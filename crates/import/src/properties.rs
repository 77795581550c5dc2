//! `meds_reader.properties`: the columns, in the order of the bytes of their names.

use arrow_schema::{DataType, TimeUnit};
use std::collections::HashSet;
use std::path::{Component, Path};

/// A column in the list.
#[derive(Debug, PartialEq)]
pub struct Property {
    /// Its name, which is also the name of its folder.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
}

/// Reads the list. The error describes what is wrong with it.
pub fn parse(mut bytes: &[u8]) -> Result<Vec<Property>, String> {
    let (mut found, mut names) = (Vec::new(), HashSet::new());
    while !bytes.is_empty() {
        let one = next(&mut bytes).ok_or_else(|| format!("the list ends within column {}", found.len()))?;
        let (name, number) = one;
        let name = std::str::from_utf8(name).map_err(|_| format!("the name of column {} is not UTF-8", found.len()))?;
        // A name is a folder inside the database (a nested folder where it contains a slash), and must not
        // lead outside.
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || name.contains('\0') || !inside {
            return Err(format!("{name:?} cannot be the name of a column"));
        }
        // The ids of the subjects are in a file of this name.
        if name == "subject_id" || !names.insert(name) {
            return Err(format!("the list contains the column {name:?} twice"));
        }
        let data_type = data_type(number).ok_or_else(|| format!("column {name:?} has an unknown type ({number})"))?;
        found.push(Property { name: name.to_string(), data_type });
    }
    Ok(found)
}

fn next<'a>(bytes: &mut &'a [u8]) -> Option<(&'a [u8], u64)> {
    let length = usize::try_from(word(bytes)?).ok()?;
    let (name, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some((name, word(bytes)?))
}

/// Removes a little-endian number from the start.
pub fn word(bytes: &mut &[u8]) -> Option<u64> {
    let (word, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*word))
}

fn data_type(number: u64) -> Option<DataType> {
    use DataType as D;
    Some(match number {
        0 => D::Utf8,
        1 => D::LargeUtf8,
        2 => D::Timestamp(TimeUnit::Microsecond, None),
        3 => D::Float32,
        4 => D::Float64,
        5 => D::Int8,
        6 => D::Int16,
        7 => D::Int32,
        8 => D::Int64,
        9 => D::UInt8,
        10 => D::UInt16,
        11 => D::UInt32,
        12 => D::UInt64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(entries: &[(&[u8], u64)]) -> Vec<u8> {
        let entry = |(name, number): &(&[u8], u64)| [&(name.len() as u64).to_le_bytes()[..], name, &number.to_le_bytes()].concat();
        entries.iter().flat_map(entry).collect()
    }

    #[test]
    fn names_and_types() {
        let found = parse(&list(&[(b"code", 0), (b"time", 2)]));
        let expected = [("code", DataType::Utf8), ("time", DataType::Timestamp(TimeUnit::Microsecond, None))];
        assert_eq!(found, Ok(expected.map(|(name, data_type)| Property { name: name.into(), data_type }).into()));
        for (name, number) in
            [(&b"../b"[..], 0), (b"/a", 0), (b"a/../../b", 0), (b".", 0), (b"a\0b", 0), (b"", 0), (b"\xff", 0), (b"time", 13)]
        {
            assert!(parse(&list(&[(name, number)])).is_err());
        }
        for (name, number) in [("code", 5), ("subject_id", 8)] {
            assert!(parse(&list(&[(b"code", 0), (name.as_bytes(), number)])).is_err());
        }
        // Any other name is a folder of the database.
        for name in [&b"a/b"[..], b"a\\b", b"..a", b"\xc3\xbc \n"] {
            assert!(parse(&list(&[(name, 0)])).is_ok());
        }
        assert!(parse(&u64::MAX.to_le_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_list_or_none(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(&bytes);
        }
    }
}
