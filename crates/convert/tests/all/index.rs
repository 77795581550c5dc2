//! The inverted index against a naive scan, read by the store's accessor and by the Arrow library.
#![allow(clippy::unwrap_used, missing_docs)]

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt16Type, UInt32Type};
use arrow_array::{Array, Int64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use meds_convert::{Options, Summary, convert};
use meds_store::{Progress, Store};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// For each patient, the numbers of the codes of its rows.
type Rows = Vec<Vec<u32>>;

fn code_name(code: u32) -> String {
    format!("CODE//{code:08}")
}

fn write(path: &Path, patients: &Rows) {
    let count = |p: &Vec<u32>| p.len();
    let ids = patients.iter().zip(0i64..).flat_map(|(p, id)| std::iter::repeat_n(id * 7, count(p)));
    let times = patients.iter().flat_map(|p| (0..p.len() as i64).map(|row| (row > 0).then_some(row)));
    let schema = Schema::new(vec![
        Field::new("subject_id", DataType::Int64, false),
        Field::new("time", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("code", DataType::Utf8, false),
    ]);
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(Int64Array::from_iter_values(ids)),
            Arc::new(times.collect::<TimestampMicrosecondArray>()),
            Arc::new(StringArray::from_iter_values(patients.iter().flatten().map(|code| code_name(*code)))),
        ],
    );
    let batch = batch.unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn made(root: &Path, name: &str, options: Options) -> Summary {
    let options = Options { source: root.join("data.parquet"), store: root.join(name), index: true, ..options };
    convert(&options, &Progress::default()).unwrap()
}

/// For each code (its row in codes.arrow) and slot, the rows.
type Found = BTreeMap<(u32, usize), Vec<u32>>;

fn naive(patients: &Rows) -> Found {
    let mut codes: Vec<u32> = patients.iter().flatten().copied().collect();
    codes.sort_unstable();
    codes.dedup();
    let mut found = Found::new();
    for (slot, rows) in patients.iter().enumerate() {
        for (row, code) in (0..).zip(rows) {
            let id = 1 + codes.binary_search(code).unwrap() as u32;
            found.entry((id, slot)).or_default().push(row);
        }
    }
    found
}

fn by_accessor(store: &Store) -> Found {
    let mut found = Found::new();
    let mut base = 0;
    for shard in 0..store.manifest().shards.len() {
        let index = store.index(shard).unwrap().unwrap();
        for code in 0..store.codes().layout.rows as u32 {
            let (mut patients, mut rows_in_all) = (0, 0);
            for entry in index.code(code) {
                let (patient, rows) = entry.unwrap();
                (patients, rows_in_all) = (patients + 1, rows_in_all + rows.len());
                found.insert((code, base + patient as usize), rows.iter().collect());
            }
            assert_eq!((index.patients(code), index.rows(code)), (patients, rows_in_all));
        }
        base += store.manifest().shards[shard].patients as usize;
    }
    found
}

/// Also returns the type of the rows.
fn by_arrow(root: &Path, store: &Store) -> (Found, DataType) {
    let mut found = Found::new();
    let mut base = 0;
    let mut data_type = DataType::Null;
    for (at, shard) in store.manifest().shards.iter().enumerate() {
        let mut reader = FileReader::try_new(File::open(root.join(format!("index/{at:05}.arrow"))).unwrap(), None).unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert!(reader.next().is_none());
        let codes: &ListArray = batch.column_by_name("patients").unwrap().as_list();
        let pairs = codes.values().as_struct();
        let patients = pairs.column_by_name("row").unwrap().as_primitive::<UInt32Type>();
        let lists: &ListArray = pairs.column_by_name("rows").unwrap().as_list();
        data_type = lists.value_type();
        let rows: Vec<u32> = match lists.values().as_primitive_opt::<UInt16Type>() {
            Some(narrow) => narrow.values().iter().map(|row| u32::from(*row)).collect(),
            None => lists.values().as_primitive::<UInt32Type>().values().to_vec(),
        };
        let range = |list: &ListArray, i: usize| list.value_offsets()[i] as usize..list.value_offsets()[i + 1] as usize;
        for code in 0..codes.len() {
            for pair in range(codes, code) {
                found.insert((code as u32, base + patients.value(pair) as usize), rows[range(lists, pair)].to_vec());
            }
        }
        base += shard.patients as usize;
    }
    (found, data_type)
}

/// Every file of the index.
fn bytes(root: &Path) -> Vec<Vec<u8>> {
    let mut names: Vec<_> = fs::read_dir(root.join("index")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn check(patients: &Rows, shard_bytes: u64) -> (Summary, DataType) {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("data.parquet"), patients);
    let summary = made(dir.path(), "one", Options { threads: 1, shard_bytes, ..Options::default() });
    made(dir.path(), "four", Options { threads: 4, shard_bytes, memory: 64 << 20, ..Options::default() });
    let root = dir.path().join("one");
    assert!(bytes(&root) == bytes(&dir.path().join("four")), "the index depends on threads or memory");
    let store = Store::open(&root, false).unwrap();
    assert_eq!(store.verify(3, &Progress::default()).unwrap(), []);
    let expected = naive(patients);
    assert!(by_accessor(&store) == expected);
    let (found, data_type) = by_arrow(&root, &store);
    assert!(found == expected);
    assert_eq!(summary.index_bytes, bytes(&root).iter().map(|file| file.len() as u64).sum::<u64>());
    (summary, data_type)
}

#[test]
fn one_patient_with_one_row() {
    let (summary, rows) = check(&vec![vec![3]], 1 << 20);
    assert_eq!((summary.shards, rows), (1, DataType::UInt16));
}

#[test]
fn row_numbers_have_32_bits_if_a_patient_has_more_than_65536_rows() {
    let long = |rows: u32| (0..rows).map(|row| row % 11).collect::<Vec<_>>();
    assert_eq!(check(&vec![vec![1], long(65_536), vec![2, 2]], 1 << 20).1, DataType::UInt16);
    assert_eq!(check(&vec![vec![1], long(65_537), vec![2, 2]], 1 << 20).1, DataType::UInt32);
}

/// An index larger than a quarter of the memory is made one range of codes at a time, from several chunks of patients.
#[test]
fn an_index_beyond_the_memory() {
    let patients: Rows = (0..40u32).map(|p| (0..75_000).map(|row| (row * 31 + p * p) % 80_000 / 3).collect()).collect();
    let (summary, rows) = check(&patients, 1 << 30);
    assert_eq!((summary.shards, rows), (1, DataType::UInt32));
    assert!(summary.index_bytes > 18 << 20, "{}", summary.index_bytes);
}

#[test]
fn an_index_can_be_cancelled_and_does_not_change_the_shards() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("data.parquet"), &vec![vec![1, 2, 1], vec![2]]);
    let options = Options { source: dir.path().join("data.parquet"), store: dir.path().join("s"), reuse: true, ..Options::default() };
    let run = |index: bool| convert(&Options { index, ..options.clone() }, &Progress::default()).unwrap();
    let plain = run(false);
    assert_eq!((plain.reused, plain.index_bytes), (false, 0));
    let shard = fs::read(dir.path().join("s/shards/00000.arrow")).unwrap();
    let indexed = run(true);
    assert!(!indexed.reused && indexed.index_bytes > 0 && indexed.store_bytes == plain.store_bytes + indexed.index_bytes);
    assert_eq!(fs::read(dir.path().join("s/shards/00000.arrow")).unwrap(), shard);
    // A store with an index can be reused when none is requested.
    assert_eq!([run(true).reused, run(false).reused], [true, true]);
    let progress = Progress::default();
    progress.cancel();
    assert!(convert(&Options { index: true, reuse: false, force: true, ..options.clone() }, &progress).is_err());
    assert!(Store::open(dir.path().join("s"), true).is_ok());
}

/// A fifth, except with `npm run test:all`.
fn cases() -> u32 {
    if std::env::var_os("MEDS_TEST_FULL").is_some() { 60 } else { 12 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn is_what_a_scan_finds(
        patients in prop::collection::vec(prop::collection::vec(prop_oneof![3 => 0u32..4, 1 => 0u32..2000], 1..60), 1..40),
        shard_bytes in prop::sample::select(vec![1024u64, 5000, 1 << 20]),
    ) {
        check(&patients, shard_bytes);
    }
}
