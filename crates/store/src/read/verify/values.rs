//! The values of one column: ids inside their dictionary, text that is text, sentinels in null slots, and the flags that readers choose their path by.

use super::report::{Place, Report};
use crate::manifest::{Column, Storage};
use crate::read::array::Array;
use crate::read::cursor::Found;

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
        each(&|slot| {
            let index = array.index(slot);
            let right = if array.valid(slot) { index > 0 && index < entries } else { index == 0 };
            (!right).then(|| format!("has id {index}, null or not, of a dictionary of {entries}"))
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
                (true, true) if !column.sentinel => Some("has the int64 minimum as a value, which the manifest denies".into()),
                (false, false) => Some("has no int64 minimum in a null slot".into()),
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
        (true, true) if !column.nan => Some("has a real NaN, which the manifest denies".into()),
        (false, false) => Some("has no NaN in a null slot".into()),
        _ => None,
    }
}

/// Does the bitmap have as many nulls as the footer says?
fn nulls(array: Array) -> Found<()> {
    let (said, found) = (array.node.null_count, array.count_nulls());
    if said == found { Ok(()) } else { Err(format!("says {said} nulls in \"{}\" where the bitmap has {found}", array.node.name)) }
}

/// What lies inside a list, struct or map.
fn nested(array: Array) -> Found<()> {
    nulls(array)?;
    if array.node.data_type.id == "utf8" {
        utf8(array).map_err(|slot| format!("has text that is not UTF-8 in value {slot} of \"{}\"", array.node.name))?;
    }
    array.children().try_for_each(nested)
}

/// Text is UTF-8, and ASCII where the manifest says so; else the first wrong slot.
fn text(array: Array, column: &Column) -> Result<(), (usize, String)> {
    if array.node.data_type.id != "utf8" {
        return Ok(());
    }
    utf8(array).map_err(|slot| (slot, "has text that is not UTF-8".into()))?;
    let slots = 0..array.len();
    match column.ascii && !array.data().is_ascii() {
        // Some byte is not: the slot is looked for only now.
        true => Err(slots.clone().find(|slot| array.slice(*slot).is_none_or(|text| !text.is_ascii())).unwrap_or(slots.end))
            .map_err(|slot| (slot, "has text that is not ASCII, which the manifest denies".into())),
        false => Ok(()),
    }
}

/// Every slot by itself is UTF-8; else the first that is not.
fn utf8(array: Array) -> Result<(), usize> {
    let whole = std::str::from_utf8(array.data());
    let right = |slot: usize| match whole {
        // All bytes together are: only the cuts can be wrong.
        Ok(text) => text.is_char_boundary(array.offset(slot)) && text.is_char_boundary(array.offset(slot + 1)),
        Err(_) => array.slice(slot).is_some_and(|text| std::str::from_utf8(text).is_ok()),
    };
    (0..array.len()).find(|slot| !right(*slot)).map_or(Ok(()), Err)
}

/// A dictionary's values ascend from slot 1 on, and slot 0 holds none of them.
pub fn sorted(values: Array) -> Found<()> {
    let wrong = |slot: usize| Err(format!("has a dictionary whose entry {slot} is out of order or twice (\"{}\")", values.node.name));
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

/// The dictionary is the one that it should be (the same in all shards).
pub fn same_dictionary(array: Array, expected: Option<Array>, of: &str, report: &mut Report) {
    fn content(array: Array<'_>) -> (usize, &[u8], &[u8]) {
        (array.len(), array.offset_bytes(), array.data())
    }
    if array.dictionary().map(content) != expected.map(content) {
        report.check(Err(format!("has another dictionary of \"{}\" than {of}", array.node.name)));
    }
}
