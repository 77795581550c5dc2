//! Checks that read data: checksums, and the offsets that keep one patient's rows apart from another's.

use super::array::{Array, words};
use super::cursor::Found;
use super::file::File;
use super::index::{Index, Patients};
use crate::manifest::{self, hex};

/// Compares the CRC-32C of some bytes with the manifest's.
pub fn crc(bytes: &[u8], expected: &str) -> Found<()> {
    let found = hex(crc32c::crc32c(bytes));
    if found == expected { Ok(()) } else { Err(format!("has checksum {found} where the manifest says {expected}")) }
}

/// The parts of a file that say where its buffers are. A buffer that lies elsewhere holds another column's, and another patient's, bytes.
pub fn frames(bytes: &[u8], entry: &manifest::File) -> Found<()> {
    entry.frames.iter().try_for_each(|part| {
        let end = part.offset.checked_add(part.bytes).and_then(|end| usize::try_from(end).ok());
        let part_bytes = end.and_then(|end| bytes.get(part.offset as usize..end));
        let part_bytes = part_bytes.ok_or_else(|| format!("ends before byte {} of its table of buffers", part.offset))?;
        crc(part_bytes, &part.crc32c).map_err(|e| format!("{e} (table of buffers, byte {} on)", part.offset))
    })
}

/// Offsets start at 0, never fall and end inside what they cut.
pub fn offsets(array: Array) -> Found<()> {
    let bytes = array.offset_bytes();
    // A field of no slots may have no offsets.
    if array.is_empty() && bytes.is_empty() {
        return Ok(());
    }
    let name = &array.node.name;
    let mut last = 0;
    for (i, word) in words(bytes).iter().enumerate() {
        let offset = i32::from_le_bytes(*word);
        if offset < last || (i == 0 && offset != 0) {
            return Err(format!("has offset {offset} after {last} at slot {i} of \"{name}\""));
        }
        last = offset;
    }
    let end = array.node.children.first().map_or(array.data().len() as u64, |child| child.length);
    if last as u64 > end {
        return Err(format!("has offsets up to {last} in \"{name}\", which has {end}"));
    }
    Ok(())
}

fn offsets_if_any(array: Array) -> Found<()> {
    if array.node.offsets.is_some() { offsets(array) } else { Ok(()) }
}

/// [`offsets`] of a field and of all below it, dictionaries included.
pub fn all_offsets(array: Array) -> Found<()> {
    offsets_if_any(array)?;
    array.children().chain(array.dictionary()).try_for_each(all_offsets)
}

/// The offsets of one field: their checksum, and that they cut what is there.
pub fn section(file: &File, array: Array) -> Found<()> {
    let span = array.node.offsets.filter(|span| span.bytes > 0);
    let _ahead = span.and_then(|span| file.ahead(span));
    offsets(array)?;
    let Some(span) = span else { return Ok(()) };
    let listed = file.entry.offsets.iter().find(|section| section.offset == span.offset && section.bytes == span.bytes);
    let listed = listed.ok_or_else(|| format!("has offsets of \"{}\" whose checksum the manifest lacks", array.node.name))?;
    crc(array.offset_bytes(), &listed.crc32c).map_err(|e| format!("{e} (offsets of \"{}\")", array.node.name))
}

/// [`section`] of every field of a file that has offsets.
pub fn sections(file: &File) -> Found<()> {
    fn below(file: &File, array: Array) -> Found<()> {
        if array.node.offsets.is_some() {
            section(file, array)?;
        }
        array.children().try_for_each(|child| below(file, child))
    }
    file.arrays().try_for_each(|array| below(file, array))
}

/// What every reader of a shard relies on: it holds the patients that patients.arrow says, and no list reaches into the next patient's.
pub fn shard(file: &File, patients: &File, index: &Index, shard: usize) -> Found<()> {
    let column = |name| file.array(name).ok_or_else(|| format!("lacks column \"{name}\""));
    let (ids, events) = (column("subject_id")?, column("events")?);
    section(file, events)?;
    let of_patient = Patients::of(patients)?;
    let _ahead = ids.node.data.and_then(|span| file.ahead(span));
    for (row, &at) in index.rows(shard).iter().enumerate() {
        let at = at as usize;
        let (expected, found) = (of_patient.ids.i64(at), ids.i64(row));
        if expected != found {
            return Err(format!("has subject {found} in row {row} where patients.arrow says {expected}"));
        }
        let count = events.offset(row + 1) - events.offset(row);
        if count != of_patient.events.u32(at) as usize {
            return Err(format!("has {count} events of subject {found} where patients.arrow says {}", of_patient.events.u32(at)));
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

/// The last list ends where the values do: none are left over.
pub fn ends_with_child(list: Array) -> Found<()> {
    let (end, length) = (list.offset(list.len()), list.child(0).len());
    if end == length { Ok(()) } else { Err(format!("has {length} values in \"{}\" for offsets that end at {end}", list.node.name)) }
}

/// The field below `array` (itself included, dictionaries left out) whose offsets start at this byte of the file.
pub fn find_offsets(array: Array<'_>, offset: u64) -> Option<Array<'_>> {
    if array.node.offsets.is_some_and(|span| span.offset == offset && span.bytes > 0) {
        return Some(array);
    }
    array.children().find_map(|below| find_offsets(below, offset))
}

/// [`offsets`] of every dictionary below a field. They are small and have no checksums of their own.
fn dictionaries(array: Array) -> Found<()> {
    array.dictionary().map_or(Ok(()), offsets_if_any)?;
    array.children().try_for_each(dictionaries)
}
