//! Repairs footers that the Parquet library refuses although their meaning is clear.
//!
//! The type of an empty list has no effect. hyparquet-writer writes type 0 there. pyarrow and DuckDB accept
//! this, but the Parquet library requires the correct type. A single column annotation that the Parquet
//! library does not accept (INTERVAL as parquet-java writes it) makes it refuse the whole file. Without the
//! annotation, all other columns can be read.

use crate::source::thrift::{LIST, NUMBERS, TEXT, Walk};
use std::collections::BTreeMap;

const EMPTY_OF_NOTHING: u8 = 0x00;
const EMPTY_OF_STRUCTS: u8 = 0x0c;

const VERSION: u64 = 1;
const SCHEMA: u64 = 2;

/// The most groups of the schema inside one another, without the root. `None` if the footer cannot be parsed:
/// the Parquet library must not read it then, because it could find other groups.
pub fn depth(footer: &[u8]) -> Option<usize> {
    let mut walk = Walk::new(footer);
    let mut deepest = 0;
    let mut id = 0;
    while let Some(kind) = walk.field(&mut id)? {
        if id == SCHEMA {
            if kind != LIST {
                return None;
            }
            deepest = deepest.max(deepest_group(&mut walk)?);
        } else if id == VERSION && !NUMBERS.contains(&kind) {
            return None;
        } else {
            walk.skip(kind, false, 0)?;
        }
    }
    Some(deepest)
}

fn deepest_group(walk: &mut Walk) -> Option<usize> {
    // The children that are still missing, for each group that contains the element.
    let mut open: Vec<u64> = Vec::new();
    let mut deepest = 0;
    for _ in 0..walk.list()?.0 {
        let children = walk.element()?.children;
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(missing) = open.last_mut() {
            *missing -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        deepest = deepest.max(open.len());
    }
    Some(deepest.saturating_sub(1))
}

/// The physical type of each chunk of each row group, by its number in Parquet's enum; `None` for a chunk
/// without one. `None` if the footer cannot be parsed.
pub fn chunk_types(footer: &[u8]) -> Option<Vec<Vec<Option<u64>>>> {
    const GROUPS: u64 = 4;
    const COLUMNS: u64 = 1;
    const METADATA: u64 = 3;
    const TYPE: u64 = 1;
    let mut types = Vec::new();
    Walk::new(footer).structs(GROUPS, &mut |group| {
        let mut chunks = Vec::new();
        group.structs(COLUMNS, &mut |chunk| {
            let mut found = None;
            chunk.fields(&mut |chunk, id, _| match id {
                METADATA => {
                    chunk.fields(&mut |about, id, _| match id {
                        TYPE => {
                            found = Some(about.varint()? >> 1);
                            Some(true)
                        }
                        _ => Some(false),
                    })?;
                    Some(true)
                }
                _ => Some(false),
            })?;
            chunks.push(found);
            Some(())
        })?;
        types.push(chunks);
        Some(())
    })?;
    Some(types)
}

/// The footer with the correct type for its empty lists (every list at its top is a list of structs: schema,
/// row groups, key-value pairs, column orders), and with question marks in place of key-value pairs that are
/// not UTF-8. `None` if it has no such list or pair, or cannot be parsed.
pub fn repaired(footer: &[u8]) -> Option<Vec<u8>> {
    const PAIRS: u64 = 5;
    let mut walk = Walk::new(footer);
    let mut repairs = Vec::new();
    let mut id = 0;
    while let Some(kind) = walk.field(&mut id)? {
        if kind == LIST && footer.get(walk.at) == Some(&EMPTY_OF_NOTHING) {
            repairs.push((walk.at..walk.at + 1, EMPTY_OF_STRUCTS));
        }
        if kind != LIST || id != PAIRS {
            walk.skip(kind, false, 0)?;
            continue;
        }
        for _ in 0..walk.list()?.0 {
            let mut texts = Vec::new();
            walk.fields(&mut |pair, _, kind| {
                let is_text = kind == TEXT;
                if is_text {
                    texts.push(pair.text()?);
                }
                Some(is_text)
            })?;
            if texts.iter().any(|text| std::str::from_utf8(&footer[text.clone()]).is_err()) {
                repairs.extend(texts.into_iter().map(|text| (text, b'?')));
            }
        }
    }
    let mut repaired = footer.to_vec();
    repairs.iter().for_each(|(range, byte)| repaired[range.clone()].fill(*byte));
    (!repairs.is_empty()).then_some(repaired)
}

/// The footer without the logical types that the Parquet library does not know, where the columns also have
/// converted types, which then say what the columns are. `None` if it has no such column, or cannot be parsed.
pub fn converted(footer: &[u8]) -> Option<Vec<u8>> {
    let mut walk = Walk::new(footer);
    let mut unknown = Vec::new();
    walk.structs(SCHEMA, &mut |walk| {
        unknown.extend(walk.element()?.unknown);
        Some(())
    })?;
    let mut converted = footer.to_vec();
    for range in unknown.iter().rev() {
        converted.drain(range.clone());
    }
    (!unknown.is_empty()).then_some(converted)
}

/// The footer without the annotations of the root columns that cannot be read, and the reason for each of
/// them. `read` reads a footer with one root column and no rows. `None` if the footer cannot be parsed, or if
/// every column can be read.
pub fn plain(footer: &[u8], read: impl Fn(&[u8]) -> Result<(), String>) -> Option<(Vec<u8>, BTreeMap<usize, String>)> {
    let mut walk = Walk::new(footer);
    let mut id = 0;
    loop {
        let kind = walk.field(&mut id)??;
        if id == SCHEMA && kind == LIST {
            break;
        }
        walk.skip(kind, false, 0)?;
    }
    let count = walk.list()?.0;
    let start = walk.at;
    let elements = (0..count).map(|_| walk.element()).collect::<Option<Vec<_>>>()?;
    let root = elements.first()?;
    let mut plain = [&footer[..start], &footer[root.bytes.clone()]].concat();
    let mut refused = BTreeMap::new();
    let mut at = 1;
    for column in 0..root.children {
        let first = at;
        let mut open = 1;
        while open > 0 {
            open = (open - 1_u64).checked_add(elements.get(at)?.children)?;
            at += 1;
        }
        let whole: Vec<u8> = elements[first..at].iter().flat_map(|element| &footer[element.bytes.clone()]).copied().collect();
        match read(&alone(&whole, at - first)) {
            Ok(()) => plain.extend(whole),
            Err(why) => {
                for element in &elements[first..at] {
                    plain.extend(&footer[element.bytes.start..element.annotations]);
                    plain.push(0);
                }
                refused.insert(usize::try_from(column).ok()?, why);
            }
        }
    }
    plain.extend(&footer[walk.at..]);
    (at == elements.len() && !refused.is_empty()).then_some((plain, refused))
}

/// A footer with one root column of `elements` elements: version 1, the root and the column, 0 rows, no row
/// groups.
fn alone(column: &[u8], elements: usize) -> Vec<u8> {
    let mut footer = vec![0x15, 0x02, 0x19, 0xfc];
    let mut count = elements + 1;
    while count > 0x7f {
        footer.push(count as u8 | 0x80);
        count >>= 7;
    }
    footer.push(count as u8);
    footer.extend([0x48, 0x01, b'r', 0x15, 0x02, 0x00]);
    footer.extend(column);
    footer.extend([0x16, 0x00, 0x19, EMPTY_OF_STRUCTS, 0x00]);
    footer
}

/// Whether a readable footer names an encryption algorithm for its columns.
pub fn encrypts(footer: &[u8]) -> bool {
    const ALGORITHM: u64 = 8;
    let mut walk = Walk::new(footer);
    let mut id = 0;
    while let Some(Some(kind)) = walk.field(&mut id) {
        if id == ALGORITHM {
            return true;
        }
        if walk.skip(kind, false, 0).is_none() {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{chunk_types, converted, depth, encrypts, plain, repaired};

    /// A footer by hyparquet-writer: version, a schema of the root alone, 0 rows, no row groups.
    const FOOTER: &[u8] = &[0x15, 0x04, 0x19, 0x1c, 0x48, 0x04, b'r', b'o', b'o', b't', 0x15, 0x00, 0x00, 0x16, 0x00, 0x19, 0x00, 0x00];

    #[test]
    fn an_empty_list_gets_its_type_and_nothing_else_changes() {
        let mut expected = FOOTER.to_vec();
        expected[16] = 0x0c;
        assert_eq!(repaired(FOOTER), Some(expected.clone()));
        assert_eq!(repaired(&expected), None);
    }

    #[test]
    fn an_algorithm_shows_that_columns_are_encrypted() {
        assert!(!encrypts(FOOTER));
        // Four fields later: AES_GCM_V1, an empty member of the union.
        let end = FOOTER.len() - 1;
        let encrypted = [&FOOTER[..end], &[0x4c, 0x1c, 0x00, 0x00, 0x00]].concat();
        assert!(encrypts(&encrypted));
        // The same field number in its long form.
        let long_form = [&FOOTER[..end], &[0x0c, 0x10, 0x1c, 0x00, 0x00, 0x00]].concat();
        assert!(encrypts(&long_form));
    }

    #[test]
    fn only_refused_columns_lose_their_annotations() {
        // a: INT32, converted type DATE, field id 7; b: INT32, DATE.
        let a = [0x15, 0x02, 0x25, 0x02, 0x18, 0x01, b'a', 0x25, 0x0c, 0x36, 0x0e, 0x00];
        let b = [0x15, 0x02, 0x25, 0x02, 0x18, 0x01, b'b', 0x25, 0x0c, 0x00];
        let head = [0x15, 0x04, 0x19, 0x3c, 0x48, 0x04, b'r', b'o', b'o', b't', 0x15, 0x04, 0x00];
        let tail = [0x16, 0x00, 0x19, 0x0c, 0x00];
        let footer = [&head[..], &a, &b, &tail].concat();
        let refuse = |name: u8| move |column: &[u8]| if column.contains(&name) { Err("no".to_string()) } else { Ok(()) };
        let bare = [&head[..], &a[..7], &[0], &b, &tail].concat();
        assert_eq!(plain(&footer, refuse(b'a')), Some((bare, [(0, "no".to_string())].into())));
        assert_eq!(plain(&footer, |_| Ok(())), None);
    }

    #[test]
    fn a_pair_that_is_not_utf_8_is_ignored() {
        let footer = |first: &[u8], second: &[u8]| {
            let pair = |key: &[u8], value: &[u8]| [&[0x18, 2], key, &[0x18, 2], value, &[0]].concat();
            [&FOOTER[..16], &[0x0c, 0x19, 0x3c], &pair(b"ab", first), &pair(b"cd", b"ok"), &pair(second, b"ef"), &[0]].concat()
        };
        let question = [0x18, 2, b'?', b'?', 0x18, 2, b'?', b'?', 0].as_slice();
        let repairs = repaired(&footer(b"\xff\xfe", b"gh")).unwrap_or_default();
        assert_eq!(repairs[19..28], *question);
        assert_eq!(repairs[28..], footer(b"", b"gh")[26..]);
        assert_eq!(repaired(&footer(b"ok", b"a\xff")).unwrap_or_default()[37..46], *question);
        assert_eq!(repaired(&footer(b"ok", b"gh")), None);
    }

    #[test]
    fn a_converted_type_replaces_an_unknown_logical_type() {
        // Columns: INT64, TIMESTAMP_MICROS and a logical type by its number; the same without the converted type.
        let column = |annotations: &[u8]| [&[0x15, 0x04, 0x25, 0x02, 0x18, 0x01, b'a'][..], annotations, &[0]].concat();
        let footer = |column: &[u8]| {
            [&[0x15, 0x04, 0x19, 0x2c, 0x48, 0x01, b'r', 0x15, 0x02, 0x00][..], column, &[0x16, 0x00, 0x19, 0x0c, 0x00]].concat()
        };
        let [unknown, known] = [60, 8].map(|number: u8| [0x0c, number * 2, 0x00, 0x00]);
        let both = |logical: [u8; 4]| footer(&column(&[&[0x25, 0x14, 0x4c][..], &logical].concat()));
        assert_eq!(converted(&both(unknown)), Some(footer(&column(&[0x25, 0x14]))));
        assert_eq!(converted(&both(known)), None);
        assert_eq!(converted(&footer(&column(&[&[0x6c][..], &unknown].concat()))), None);
    }

    /// A schema of some groups, each inside the one before, a leaf in the last, and a leaf beside the first.
    fn nested(groups: usize) -> Vec<u8> {
        let count = groups + 3;
        let mut footer = vec![0x15, 0x04, 0x19, 0xfc];
        footer.extend(if count < 0x80 { vec![count as u8] } else { vec![count as u8 | 0x80, (count >> 7) as u8] });
        footer.extend([0x48, 0x01, b'r', 0x15, 0x04, 0x00]);
        (0..groups).for_each(|_| footer.extend([0x35, 0x02, 0x18, 0x01, b'g', 0x15, 0x02, 0x00]));
        (0..2).for_each(|_| footer.extend([0x15, 0x02, 0x25, 0x02, 0x18, 0x01, b'x', 0x00]));
        footer.extend([0x16, 0x00, 0x19, 0x0c, 0x00]);
        footer
    }

    #[test]
    fn the_groups_inside_one_another_are_counted() {
        assert_eq!(depth(FOOTER), Some(0));
        for groups in [0, 1, 2, 100, 101, 200] {
            assert_eq!(depth(&nested(groups)), Some(groups));
        }
        // A version that is not a number; a name that is a number.
        let mut damaged = nested(1);
        damaged[0] = 0x17;
        assert_eq!(depth(&damaged), None);
        damaged = nested(1);
        damaged[13] = 0x15;
        assert_eq!(depth(&damaged), None);
        // Deep enough to crash a parser that calls itself for each level.
        assert_eq!(depth(&nested(10_000)), Some(10_000));
    }

    #[test]
    fn the_chunks_have_types() {
        assert_eq!(chunk_types(FOOTER), Some(vec![]));
        // Two row groups of two chunks: INT64 and BYTE_ARRAY, INT32 and none. A chunk has a file offset and the
        // metadata; these have their type and their codec.
        let chunk = |number: u8| [0x26, 0x00, 0x1c, 0x15, number, 0x35, 0x00, 0x00, 0x00];
        let none = [0x26, 0x00, 0x1c, 0x45, 0x00, 0x00, 0x00];
        let group = |chunks: [&[u8]; 2]| [&[0x19, 0x2c], chunks[0], chunks[1], &[0x16, 0x00, 0x16, 0x02, 0x00]].concat();
        let head = &FOOTER[..FOOTER.len() - 2];
        let groups = [group([&chunk(4), &chunk(12)]), group([&chunk(2), &none])].concat();
        let footer = [head, &[0x2c], &groups, &[0x00]].concat();
        assert_eq!(chunk_types(&footer), Some(vec![vec![Some(2), Some(6)], vec![Some(1), None]]));
    }

    #[test]
    fn walks_any_bytes_to_an_end() {
        for cut in 0..FOOTER.len() {
            assert_eq!(repaired(&FOOTER[..cut]), None, "{cut} bytes");
            assert_eq!(depth(&FOOTER[..cut]), None, "{cut} bytes");
        }
        for at in 0..FOOTER.len() {
            for byte in 0..=255 {
                let mut damaged = FOOTER.to_vec();
                damaged[at] = byte;
                repaired(&damaged);
                encrypts(&damaged);
                depth(&damaged);
                chunk_types(&damaged);
                converted(&damaged);
                plain(&damaged, |_| Err("refused".into()));
            }
        }
        // Deeply nested structs, and a list with more members than there are bytes.
        assert_eq!(repaired(&[0x1c; 4096]), None);
        assert_eq!(repaired(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00]), None);
    }
}
