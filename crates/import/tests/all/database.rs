//! Databases that the tests write, read back; and such with damage anywhere.
#![allow(clippy::expect_used)]

use crate::written::{Cells, Table, data, database, payloads};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use meds_import::Database;
use meds_store::{Code, Error};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// Every column of every run, as arrays; the error of what could not be read.
fn read(path: &Path) -> Result<Vec<Vec<ArrayRef>>, Error> {
    let opened = Database::open(path)?;
    Database::files(path)?;
    let column = |column| -> Result<Vec<ArrayRef>, Error> {
        let mut batches = Vec::new();
        for run in 0..opened.runs() {
            let (mut reader, mut rows) = (opened.reader(run, column)?, 0);
            while let Some(batch) = reader.batch()? {
                rows += batch.len() as u64;
                batches.push(batch);
            }
            assert_eq!(rows, opened.rows(run));
        }
        Ok(batches)
    };
    (0..opened.schema().fields().len()).map(column).collect()
}

/// The rows of a column as text, from what was written and from what was read.
fn expected(cells: &Cells) -> Vec<Option<Vec<u8>>> {
    match cells {
        Cells::Times(subjects) => subjects.iter().flatten().map(|cell| cell.map(|time| time.to_le_bytes().to_vec())).collect(),
        Cells::Fixed(_, width, subjects) => subjects.iter().flatten().map(|cell| cell.map(|value| value[..*width].to_vec())).collect(),
        Cells::Texts(subjects) => subjects.iter().flatten().map(|cell| cell.clone().map(String::into_bytes)).collect(),
    }
}

fn found(batches: &[ArrayRef]) -> Vec<Option<Vec<u8>>> {
    let row = |array: &ArrayRef, row: usize| -> Vec<u8> {
        if let Some(texts) = array.as_dictionary_opt::<Int32Type>() {
            return texts.values().as_string::<i32>().value(texts.keys().value(row) as usize).as_bytes().to_vec();
        }
        if let Some(times) = array.as_primitive_opt::<TimestampMicrosecondType>() {
            return times.value(row).to_le_bytes().to_vec();
        }
        let width = array.data_type().primitive_width().expect("a width");
        array.to_data().buffers()[0][row * width..][..width].to_vec()
    };
    batches.iter().flat_map(|array| (0..array.len()).map(move |at| array.is_valid(at).then(|| row(array, at)))).collect()
}

fn table() -> impl Strategy<Value = Table> {
    let lengths = prop::collection::vec(prop_oneof![4 => 1usize..20, 1 => 60usize..200], 1..6);
    lengths.prop_flat_map(|lengths| {
        let column = |cell: BoxedStrategy<Option<u64>>| lengths.iter().map(|n| prop::collection::vec(cell.clone(), *n)).collect::<Vec<_>>();
        let words = || column(prop::option::of(any::<u64>()).boxed());
        let few = || column(prop::option::of(0..9u64).boxed());
        let gap = prop_oneof![3 => Just(0), 1 => 0..300u64, 1 => 0..400_000_000u64, 1 => 0..900_000_000_000u64].prop_map(Some).boxed();
        let ids = prop::collection::btree_set(any::<i64>(), lengths.len());
        let starts = prop::collection::vec((0usize..4, -4_000_000_000_000_000i64..4_000_000_000_000_000), lengths.len());
        let lengths: Vec<u32> = lengths.iter().map(|n| *n as u32).collect();
        (ids, starts, column(gap), few(), few(), words(), 3u64..13).prop_map(move |(ids, starts, gaps, codes, notes, words, kind)| {
            let text = |n: u64| Some(if n == 0 { String::new() } else { format!("{}é{n}", "x".repeat((n * n) as usize)) });
            let times = gaps.iter().zip(&starts).map(|(gaps, &(nulls, start))| {
                let mut time = start;
                let mut next = |gap: &Option<u64>| {
                    time += gap.unwrap_or(0) as i64;
                    Some(time)
                };
                gaps.iter().enumerate().map(|(row, gap)| if row < nulls { None } else { next(gap) }).collect()
            });
            let width = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8][kind as usize - 3];
            let fixed =
                |words: &[Vec<Option<u64>>]| words.iter().map(|w| w.iter().map(|cell| cell.map(u64::to_le_bytes)).collect()).collect();
            let texts = |subjects: &[Vec<Option<u64>>], own: bool| -> Vec<Vec<Option<String>>> {
                let text = |subject: usize, n: u64| if own && n > 4 { Some(format!("{subject} says {n}")) } else { text(n) };
                let of = |(subject, cells): (usize, &Vec<Option<u64>>)| cells.iter().map(|n| n.and_then(|n| text(subject, n))).collect();
                subjects.iter().enumerate().map(of).collect()
            };
            let columns = vec![
                ("code", Cells::Texts(texts(&codes, false))),
                ("note", Cells::Texts(texts(&notes, true))),
                ("seen", Cells::Fixed(2, 8, fixed(&words))),
                ("time", Cells::Times(times.collect())),
                ("value", Cells::Fixed(kind, width, fixed(&words))),
            ];
            Table { ids: ids.into_iter().collect(), lengths: lengths.clone(), columns }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read(table in table()) {
        let folder = tempfile::tempdir().expect("a folder");
        database(folder.path(), &table);
        let columns = read(folder.path()).expect("reads");
        let ids = table.ids.iter().zip(&table.lengths).flat_map(|(id, n)| vec![Some(id.to_le_bytes().to_vec()); *n as usize]);
        prop_assert_eq!(found(&columns[0]), ids.collect::<Vec<_>>());
        for ((name, cells), read) in table.columns.iter().zip(&columns[1..]) {
            prop_assert_eq!(found(read), expected(cells), "{}", name);
        }
    }

    /// Damage inside of records, where zstd does not find it.
    #[test]
    fn damaged_records_are_errors_or_values(table in table(), column in 0usize..5, hits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>(), cuts in any::<bool>()) {
        let folder = tempfile::tempdir().expect("a folder");
        database(folder.path(), &table);
        let (name, cells) = &table.columns[column];
        let (mut payloads, _) = payloads(cells);
        for (record, byte, value) in hits {
            let record = record.get_mut(&mut payloads);
            *byte.get_mut(record) = value;
        }
        if cuts {
            let record = cut.get_mut(&mut payloads);
            record.truncate(cut.index(record.len()));
        }
        data(&folder.path().join(name), &payloads);
        if let Err(error) = read(folder.path()) {
            prop_assert_eq!(error.code, Code::SourceDamaged, "{}", error);
            prop_assert!(error.message.contains("subject"), "{}", error);
        }
    }

    /// Damage anywhere in any file.
    #[test]
    fn damaged_files_are_errors_or_values(table in table(), file in any::<prop::sample::Index>(), hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>(), cuts in any::<bool>()) {
        let folder = tempfile::tempdir().expect("a folder");
        database(folder.path(), &table);
        let files = ["meds_reader.version", "meds_reader.properties", "meds_reader.length", "subject_id", "code/data", "code/dictionary", "code/zdict", "time/data", "value/data", "note/data"];
        let path = folder.path().join(file.get(&files));
        let mut bytes = fs::read(&path).expect("reads");
        if !bytes.is_empty() {
            for (at, value) in hits {
                *at.get_mut(&mut bytes) = value;
            }
            if cuts {
                bytes.truncate(cut.index(bytes.len()));
            }
        }
        fs::write(&path, bytes).expect("writes");
        if let Err(error) = read(folder.path()) {
            prop_assert!(matches!(error.code, Code::SourceDamaged | Code::SourceVersion | Code::NotFound), "{}", error);
        }
    }
}

/// What a fingerprint has to cover.
#[test]
fn all_files_of_a_database_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let columns = vec![("code", Cells::Texts(vec![vec![Some("A".into())]])), ("value", Cells::Fixed(3, 4, vec![vec![None]]))];
    database(folder.path(), &Table { ids: vec![5], lengths: vec![1], columns });
    let mut named = Database::files(folder.path()).expect("reads");
    named.sort();
    let below = |path: &Path| fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>();
    let (folders, mut files): (Vec<_>, Vec<_>) = below(folder.path()).into_iter().partition(|path| path.is_dir());
    folders.iter().for_each(|path| files.extend(below(path)));
    let mut there: Vec<_> = files.iter().map(|path| path.strip_prefix(folder.path()).expect("below").display().to_string()).collect();
    there.sort();
    assert_eq!(named, there);
}

/// Subjects that would be taken for one, or be lost.
#[test]
fn subjects_ascend_and_have_rows() {
    for (ids, lengths, expected) in [
        (vec![5, 5], vec![1, 1], "subject 5 comes before subject 5"),
        (vec![5, 3], vec![1, 1], "subject 5 comes before subject 3"),
        (vec![3, 5], vec![2, 0], "subject 5 has no rows"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let texts = lengths.iter().map(|n| vec![Some("A".to_string()); *n as usize]).collect();
        database(folder.path(), &Table { ids, lengths, columns: vec![("code", Cells::Texts(texts))] });
        let error = read(folder.path()).expect_err("refuses");
        assert_eq!(error.code, Code::SourceDamaged);
        assert!(error.message.contains(expected), "{error}");
    }
}

/// A record, and a list of rows, that claim more than any disk has: nothing is allocated for it.
#[test]
fn sizes_are_accepted_only_if_the_file_has_as_many_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table { ids: vec![5], lengths: vec![1], columns: vec![("code", Cells::Texts(vec![vec![Some("A".into())]]))] };
    database(folder.path(), &table);
    // A frame header that says 2^62 bytes: magic, 8 bytes of size, a window.
    let frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x00][..], &(1u64 << 62).to_le_bytes(), &[1, 0, 0]].concat();
    let record = [&u32::MAX.to_le_bytes()[..], &frame].concat();
    let bytes = [&16u64.to_le_bytes()[..], &(16 + record.len() as u64).to_le_bytes(), &record].concat();
    fs::write(folder.path().join("code/data"), bytes).expect("writes");
    let error = read(folder.path()).expect_err("refuses");
    assert!(error.message.contains("subject 5") && error.message.contains("cannot inflate"), "{error}");

    fs::write(folder.path().join("meds_reader.length"), u32::MAX.to_le_bytes()).expect("writes");
    let error = read(folder.path()).expect_err("refuses");
    assert!(error.message.contains("4294967295 rows"), "{error}");

    // 64 KiB that would inflate to 2 GiB.
    let columns = vec![("value", Cells::Fixed(3, 4, vec![vec![None]]))];
    database(folder.path(), &Table { ids: vec![5], lengths: vec![1], columns });
    data(&folder.path().join("value"), &[vec![0; (1 << 31) - 1]]);
    let error = read(folder.path()).expect_err("refuses");
    assert!(error.message.contains("inflates to 2147483647 bytes, more than the limit of 12"), "{error}");
}

#[test]
fn other_versions_are_refused_by_their_number() {
    let folder = tempfile::tempdir().expect("a folder");
    database(folder.path(), &Table { ids: vec![], lengths: vec![], columns: vec![("code", Cells::Texts(vec![]))] });
    assert!(read(folder.path()).is_ok());
    fs::write(folder.path().join("meds_reader.version"), "1\n").expect("writes");
    let error = read(folder.path()).expect_err("refuses");
    assert_eq!(error.code, Code::SourceVersion);
    assert!(error.message.contains("version 1"), "{error}");
}
