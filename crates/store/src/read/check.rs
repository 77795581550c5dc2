//! Checks that read data: the offsets that separate one patient's rows from the next
//! patient's.

use super::Found;
use super::array::{Array, words};
use super::checksum::crc;
use super::file::File;
use super::patients::{Patients, StorageOrder};

/// Checks that offsets start at 0, never decrease, and end inside the values that they cut.
pub fn offsets(array: Array) -> Found<()> {
    let bytes = array.offset_bytes();
    // A field without slots may lack offsets.
    if array.is_empty() && bytes.is_empty() {
        return Ok(());
    }
    let name = &array.node.name;
    let mut last = 0;
    for (i, word) in words(bytes).iter().enumerate() {
        let offset = i32::from_le_bytes(*word);
        if offset < last || (i == 0 && offset != 0) {
            return Err(format!("has offset {offset} after offset {last} at slot {i} of \"{name}\""));
        }
        last = offset;
    }
    let end = array.node.children.first().map_or(array.data().len() as u64, |child| child.length);
    if last as u64 > end {
        return Err(format!("has offsets up to {last} in \"{name}\", which contains {end} values or bytes"));
    }
    Ok(())
}

fn offsets_if_any(array: Array) -> Found<()> {
    if array.node.offsets.is_some() { offsets(array) } else { Ok(()) }
}

/// Checks the [`offsets`] of a field, of all its children and of their dictionaries.
pub fn all_offsets(array: Array) -> Found<()> {
    offsets_if_any(array)?;
    array.children().chain(array.dictionary()).try_for_each(all_offsets)
}

/// Checks the offsets of one field: their checksum, and that they end inside its values.
pub fn section(file: &File, array: Array) -> Found<()> {
    let span = array.node.offsets.filter(|span| span.bytes > 0);
    let _ahead = span.and_then(|span| file.ahead(span));
    offsets(array)?;
    let Some(span) = span else { return Ok(()) };
    let listed = file.entry.offsets.iter().find(|section| section.offset == span.offset && section.bytes == span.bytes);
    let listed = listed.ok_or_else(|| format!("has offsets of \"{}\", but the manifest does not list their checksum", array.node.name))?;
    crc(array.offset_bytes(), &listed.crc32c).map_err(|e| format!("{e} (offsets of \"{}\")", array.node.name))
}

/// Checks the offsets of every field of a file ([`section`]).
pub fn sections(file: &File) -> Found<()> {
    fn below(file: &File, array: Array) -> Found<()> {
        if array.node.offsets.is_some() {
            section(file, array)?;
        }
        array.children().try_for_each(|child| below(file, child))
    }
    file.arrays().try_for_each(|array| below(file, array))
}

/// Checks what every reader of a shard relies on: the shard contains the patients that patients.arrow lists,
/// and no list reaches into the rows of the next patient.
pub fn shard(file: &File, patients: &File, order: &StorageOrder, shard: usize) -> Found<()> {
    let column = |name| file.array(name).ok_or_else(|| format!("does not have column \"{name}\""));
    let (ids, events) = (column("subject_id")?, column("events")?);
    section(file, events)?;
    let of_patient = Patients::of(patients)?;
    let _ahead = ids.node.data.and_then(|span| file.ahead(span));
    for (row, &at) in order.rows(shard).iter().enumerate() {
        let at = at as usize;
        let (expected, found) = (of_patient.ids.i64(at), ids.i64(row));
        if expected != found {
            return Err(format!("has subject {found} in row {row}, but patients.arrow says {expected}"));
        }
        let count = events.offset(row + 1) - events.offset(row);
        if count != of_patient.events.u32(at) as usize {
            return Err(format!("has {count} events of subject {found}, but patients.arrow says {}", of_patient.events.u32(at)));
        }
    }
    ends_with_child(events)?;
    file.arrays().try_for_each(dictionaries)?;
    for list in file.array("sparse").iter().flat_map(Array::children) {
        section(file, list)?;
        ends_with_child(list)?;
    }
    Ok(())
}

/// Checks that the last list ends where the values end, so that no values are left over.
pub fn ends_with_child(list: Array) -> Found<()> {
    let (end, length) = (list.offset(list.len()), list.child(0).len());
    if end == length { Ok(()) } else { Err(format!("has {length} values in \"{}\", but its offsets end at {end}", list.node.name)) }
}

/// Finds the field whose offsets start at this byte of the file: `array` or one of its children, but not a
/// dictionary.
pub fn find_offsets(array: Array<'_>, offset: u64) -> Option<Array<'_>> {
    if array.node.offsets.is_some_and(|span| span.offset == offset && span.bytes > 0) {
        return Some(array);
    }
    array.children().find_map(|below| find_offsets(below, offset))
}

/// Checks the [`offsets`] of every dictionary of a field and of its children. They are small and do not have
/// checksums of their own.
fn dictionaries(array: Array) -> Found<()> {
    array.dictionary().map_or(Ok(()), offsets_if_any)?;
    array.children().try_for_each(dictionaries)
}
