//! `verify` finds a writer's mistakes even if every checksum is right. Each test makes one mistake.
#![allow(clippy::unwrap_used, missing_docs)]

use crate::support;
use meds_store::manifest::Manifest;
use meds_store::read::{Layout, Problem};
use meds_store::{Node, Progress, Store};
use std::fs;

/// Changes shard 1 and the manifest, corrects all checksums, and verifies.
fn problems(change: impl Fn(&mut [u8], &Layout, &mut Manifest)) -> Vec<Problem> {
    let dir = tempfile::tempdir().unwrap();
    let mut manifest = support::store(dir.path(), support::ID);
    let path = dir.path().join("shards/00001.arrow");
    let mut bytes = fs::read(&path).unwrap();
    let layout = meds_store::read::parse(&bytes).unwrap();
    change(&mut bytes, &layout, &mut manifest);
    fs::write(&path, &bytes).unwrap();
    manifest.shards[1].file = support::entry_with_sections_of(&manifest.shards[1].file, &bytes);
    fs::write(dir.path().join("manifest.json"), manifest.to_bytes()).unwrap();
    Store::open(dir.path(), false).unwrap().verify(5, &Progress::default()).unwrap()
}

fn column<'a>(layout: &'a Layout, name: &str) -> &'a Node {
    layout.fields[1].children[0].children.iter().find(|node| node.name == name).unwrap()
}

/// Writes `value` at element `at` of a column's values.
fn poke<const W: usize>(bytes: &mut [u8], node: &Node, at: usize, value: [u8; W]) {
    bytes[node.data.unwrap().offset as usize + at * W..][..W].copy_from_slice(&value);
}

#[track_caller]
fn expect(found: &[Problem], message: &str, column: Option<&str>, place: Option<(i64, u64)>) {
    let hit = found.iter().any(|p| {
        p.message.contains(message)
            && (column.is_none() || p.column.as_deref() == column)
            && place.is_none_or(|(subject, row)| p.subject == Some(subject) && p.row == Some(row))
    });
    assert!(hit, "{message}: {found:#?}");
}

// Shard 1 contains i64::MIN (10 rows, none static), 0 (13 rows, 1 static), i64::MAX (16, 2), 7 (19, none).

#[test]
fn codes_outside_the_dictionary() {
    for id in [0u16, 5, 999] {
        let found = problems(|bytes, layout, _| poke(bytes, column(layout, "code"), 10, id.to_le_bytes()));
        expect(&found, "which is not between 1 and 4", Some("code"), Some((0, 0)));
    }
}

#[test]
fn counts_of_codes() {
    let found = problems(|bytes, layout, _| {
        let at = column(layout, "code").data.unwrap().offset as usize;
        let other = if bytes[at] == 1 { 2u16 } else { 1 };
        poke(bytes, column(layout, "code"), 0, other.to_le_bytes());
    });
    assert!(found.iter().all(|p| p.path == "codes.arrow" || p.path == "index/00001.arrow") && found.len() > 2, "{found:#?}");
    expect(&found, "events of the code in row", Some("events"), None);
}

#[test]
fn times_out_of_order_or_out_of_place() {
    let found = problems(|bytes, layout, _| poke(bytes, column(layout, "time"), 5, 1i64.to_le_bytes()));
    expect(&found, "before that of the previous row", Some("time"), Some((i64::MIN, 5)));
    let found = problems(|bytes, layout, _| poke(bytes, column(layout, "time"), 9, (1i64 << 40).to_le_bytes()));
    expect(&found, "but patients.arrow says", Some("time"), None);
    let found = problems(|bytes, layout, _| {
        // The static row of subject 0 and the timed row after it are swapped.
        let bits = column(layout, "time").validity.unwrap().offset as usize;
        bytes[bits + 1] ^= 0b1100;
    });
    expect(&found, "has a time, but patients.arrow says that it is a static row", Some("time"), Some((0, 0)));
}

#[test]
fn sentinels_and_flags() {
    let value = |at: usize, bits: f32| {
        move |bytes: &mut [u8], layout: &Layout, _: &mut Manifest| poke(bytes, column(layout, "numeric_value"), at, bits.to_le_bytes())
    };
    expect(&problems(value(0, f32::NAN)), "real NaN", Some("numeric_value"), Some((i64::MIN, 0)));
    expect(&problems(value(1, 0.0)), "does not have NaN in a null entry", Some("numeric_value"), Some((i64::MIN, 1)));
    let found = problems(|bytes, layout, _| poke(bytes, column(layout, "time"), 10, 0i64.to_le_bytes()));
    expect(&found, "does not have the int64 minimum", Some("time"), Some((0, 0)));
    let found = problems(|bytes, layout, _| poke(bytes, column(layout, "unit"), 1, [1u8]));
    expect(&found, "in a null entry, which must have 0", Some("unit"), Some((i64::MIN, 1)));
    let found = problems(|_, _, manifest| manifest.columns[4].ascii = true);
    expect(&found, "not ASCII", Some("text"), None);
    let found = problems(|_, _, manifest| manifest.columns[4].nulls += 1);
    expect(&found, "nulls, but the data have", Some("text"), None);
    let found = problems(|_, _, manifest| manifest.counts.numeric_values += 1);
    expect(&found, "numeric values", None, None);
}

#[test]
fn null_counts_of_bitmaps() {
    let found = problems(|bytes, layout, _| bytes[column(layout, "text").validity.unwrap().offset as usize] ^= 2);
    expect(&found, "but the bitmap has", None, None);
}

#[test]
fn bytes_that_are_not_text() {
    let found = problems(|bytes, layout, _| poke(bytes, column(layout, "text"), 0, [0xffu8]));
    expect(&found, "not UTF-8", Some("text"), Some((i64::MIN, 0)));
    let found = problems(|bytes, layout, _| poke(bytes, &column(layout, "tags").children[0], 0, [0xffu8]));
    expect(&found, "not UTF-8", None, None);
}

#[test]
fn dictionaries_that_differ_or_are_unsorted() {
    let found = problems(|bytes, layout, _| {
        let values = &column(layout, "unit").dictionary.as_ref().unwrap().values;
        poke(bytes, values, 0, *b"z");
    });
    expect(&found, "out of order", None, None);
    expect(&found, "that differs from that of", None, None);
}

#[test]
fn sparse_rows_of_another_patient() {
    let found = problems(|bytes, layout, _| {
        let row = &layout.fields[2].children[0].children[0].children[0];
        poke(bytes, row, 0, 10u32.to_le_bytes());
    });
    expect(&found, "beyond the patient's 10 rows", Some("rare"), Some((i64::MIN, 10)));
}

/// Changes the index of shard 1, corrects its checksums, and verifies.
fn index_problems(change: impl Fn(&mut [u8], [&Node; 3])) -> Vec<Problem> {
    let dir = tempfile::tempdir().unwrap();
    let mut manifest = support::store(dir.path(), support::ID);
    let path = dir.path().join("index/00001.arrow");
    let mut bytes = fs::read(&path).unwrap();
    let layout = meds_store::read::parse(&bytes).unwrap();
    let pairs = &layout.fields[0].children[0];
    change(&mut bytes, [&layout.fields[0], &pairs.children[0], &pairs.children[1]]);
    fs::write(&path, &bytes).unwrap();
    let entry = manifest.files.iter_mut().find(|file| file.path == "index/00001.arrow").unwrap();
    *entry = support::entry_with_sections_of(entry, &bytes);
    fs::write(dir.path().join("manifest.json"), manifest.to_bytes()).unwrap();
    let found = Store::open(dir.path(), false).unwrap().verify(5, &Progress::default()).unwrap();
    assert!(found.iter().all(|p| p.path == "index/00001.arrow"), "{found:#?}");
    found
}

/// Writes an offset.
fn cut(bytes: &mut [u8], node: &Node, at: usize, value: i32) {
    bytes[node.offsets.unwrap().offset as usize + at * 4..][..4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn wrong_index_entries() {
    // Code 1 of the first patient: rows 1, 5 and 9.
    expect(
        &index_problems(|bytes, [_, _, rows]| poke(bytes, &rows.children[0], 0, 2u32.to_le_bytes())),
        "has code 1, but",
        Some("code"),
        None,
    );
    expect(&index_problems(|bytes, [_, _, rows]| poke(bytes, &rows.children[0], 1, 1u32.to_le_bytes())), "out of order", None, None);
    expect(
        &index_problems(|bytes, [_, _, rows]| poke(bytes, &rows.children[0], 2, 13u32.to_le_bytes())),
        "beyond the patient's 10",
        None,
        None,
    );
    expect(&index_problems(|bytes, [_, patients, _]| poke(bytes, patients, 0, 4u32.to_le_bytes())), "outside of the 4", None, None);
    expect(&index_problems(|bytes, [_, patients, _]| poke(bytes, patients, 1, 0u32.to_le_bytes())), "patient 0 out of order", None, None);
    expect(&index_problems(|bytes, [_, _, rows]| cut(bytes, rows, 1, 0)), "that are missing", None, None);
    expect(&index_problems(|bytes, [codes, _, _]| cut(bytes, codes, 1, 1)), "has code 0, but", Some("code"), None);
    expect(&index_problems(|bytes, [codes, _, _]| cut(bytes, codes, 5, 15)), "but its offsets end at 15", None, None);
}

#[test]
fn a_limit_is_kept() {
    let found = problems(|bytes, layout, _| (0..50).for_each(|at| poke(bytes, column(layout, "code"), at, 77u16.to_le_bytes())));
    assert_eq!(found.len(), 5);
}
