//! Verifies the values of one column: ids are inside their dictionary, text is UTF-8, null entries contain
//! sentinels, and the flags are right by which readers choose their code path.

use super::place::Place;
use super::report::Report;
use crate::manifest::{Column, Storage};
use crate::read::Found;
use crate::read::array::Array;

/// Checks a column's slots one by one.
pub fn check(place: &Place, array: Array, column: &Column, report: &mut Report) {
    if column.storage == Storage::Dense {
        report.nulls += array.node.null_count;
    }
    report.check(nulls(array));
    let mut each = |wrong: &dyn Fn(usize) -> Option<String>| {
        for slot in 0..array.len() {
            if let Some(message) = wrong(slot) {
                report.problem(place.problem(column, slot, message));
                if report.full() {
                    return;
                }
            }
        }
    };
    if let Some(dictionary) = array.dictionary() {
        let entries = dictionary.len() as u32;
        each(&|slot| match (array.index(slot), array.valid(slot)) {
            (index, true) if index == 0 || index >= entries => {
                Some(format!("has dictionary index {index}, which is not between 1 and {}", entries.saturating_sub(1)))
            }
            (index, false) if index > 0 => Some(format!("has dictionary index {index} in a null entry, which must have 0")),
            _ => None,
        });
        let name = &column.name;
        report.check(sorted(dictionary));
        report.check(text(dictionary, column).map_err(|(slot, message)| format!("{message} (dictionary of \"{name}\", entry {slot})")));
        return;
    }
    match array.node.data_type.id {
        "float32" => {
            let values = array.words::<4>();
            each(&|slot| float(f32::from_le_bytes(values[slot]).is_nan(), array.valid(slot), column));
        }
        "float64" => {
            let values = array.words::<8>();
            each(&|slot| float(f64::from_le_bytes(values[slot]).is_nan(), array.valid(slot), column));
        }
        "int64" | "timestamp" | "time64" | "duration" | "date64" => {
            each(&|slot| match (array.i64(slot) == i64::MIN, array.valid(slot)) {
                (true, true) if !column.sentinel => Some("has the int64 minimum as a value, but the manifest says that no value is".into()),
                (false, false) => Some("does not have the int64 minimum in a null entry".into()),
                _ => None,
            });
        }
        "utf8" => {
            if let Err((slot, message)) = text(array, column) {
                report.problem(place.problem(column, slot, message));
            }
        }
        _ => array.children().for_each(|child| {
            report.check(nested(child).map_err(|found| format!("{found} (column \"{}\")", column.name)));
        }),
    }
}

fn float(nan: bool, valid: bool, column: &Column) -> Option<String> {
    match (nan, valid) {
        (true, true) if !column.nan => Some("has a real NaN, but the manifest says that no value is NaN".into()),
        (false, false) => Some("does not have NaN in a null entry".into()),
        _ => None,
    }
}

/// Checks that the bitmap has as many nulls as the footer says.
fn nulls(array: Array) -> Found<()> {
    let (said, found) = (array.node.null_count, array.count_nulls());
    if said == found { Ok(()) } else { Err(format!("says {said} nulls in \"{}\", but the bitmap has {found}", array.node.name)) }
}

/// Checks the values inside a list, struct or map.
fn nested(array: Array) -> Found<()> {
    nulls(array)?;
    if array.node.data_type.id == "utf8" {
        utf8(array).map_err(|slot| format!("has text that is not UTF-8 in value {slot} of \"{}\"", array.node.name))?;
    }
    array.children().try_for_each(nested)
}

/// Checks that text is UTF-8, and ASCII where the manifest says so. The error has the first wrong slot.
fn text(array: Array, column: &Column) -> Result<(), (usize, String)> {
    if array.node.data_type.id != "utf8" {
        return Ok(());
    }
    utf8(array).map_err(|slot| (slot, "has text that is not UTF-8".into()))?;
    let slots = 0..array.len();
    match column.ascii && !array.data().is_ascii() {
        // Some byte is not ASCII. Only now is its slot searched.
        true => Err(slots.clone().find(|slot| array.slice(*slot).is_none_or(|text| !text.is_ascii())).unwrap_or(slots.end))
            .map_err(|slot| (slot, "has text that is not ASCII, but the manifest says that all text is".into())),
        false => Ok(()),
    }
}

/// Checks that every slot by itself is UTF-8. The error is the first slot that is not.
fn utf8(array: Array) -> Result<(), usize> {
    let whole = std::str::from_utf8(array.data());
    let right = |slot: usize| match whole {
        // All bytes together are UTF-8, so only the cuts between slots can be wrong.
        Ok(text) => text.is_char_boundary(array.offset(slot)) && text.is_char_boundary(array.offset(slot + 1)),
        Err(_) => array.slice(slot).is_some_and(|text| std::str::from_utf8(text).is_ok()),
    };
    (0..array.len()).find(|slot| !right(*slot)).map_or(Ok(()), Err)
}

/// Checks that a dictionary's values ascend from entry 1 on, and that entry 0 is none of them.
pub fn sorted(values: Array) -> Found<()> {
    let wrong = |slot: usize| Err(format!("has a dictionary whose entry {slot} is out of order or a duplicate (\"{}\")", values.node.name));
    if values.is_empty() || values.node.null_count > 0 {
        return Err(format!("has a dictionary without its unused entry 0, or with nulls (\"{}\")", values.node.name));
    }
    fn first_wrong<T: Ord>(count: usize, value: impl Fn(usize) -> T) -> Option<usize> {
        let unused = value(0);
        (1..count).find(|slot| value(*slot) == unused || (*slot > 1 && value(slot - 1) >= value(*slot)))
    }
    let found = match values.node.data_type.id {
        "utf8" | "binary" => first_wrong(values.len(), |slot| values.slice(slot)),
        "uint64" => first_wrong(values.len(), |slot| values.i64(slot) as u64),
        _ if values.node.data_type.width == Some(8) => first_wrong(values.len(), |slot| values.i64(slot)),
        _ => None,
    };
    found.map_or(Ok(()), wrong)
}

/// Checks that the dictionary is the expected one (the same in all shards).
pub fn same_dictionary(array: Array, expected: Option<Array>, of: &str, report: &mut Report) {
    fn content(array: Array<'_>) -> (usize, &[u8], &[u8]) {
        (array.len(), array.offset_bytes(), array.data())
    }
    if array.dictionary().map(content) != expected.map(content) {
        report.check(Err(format!("has a dictionary of \"{}\" that differs from that of {of}", array.node.name)));
    }
}
