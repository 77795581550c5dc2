//! Opens stores, intact and damaged.
#![allow(clippy::unwrap_used, missing_docs)]

use crate::support;
use meds_store::{Code, Store};
use std::fs;
use std::path::Path;

fn made() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    support::store(dir.path(), support::ID);
    dir
}

/// Opens a store and runs all checks of a reader.
fn touch(root: &Path) -> meds_store::Result<Store> {
    let store = Store::open(root, false)?;
    for shard in 0..store.manifest().shards.len() {
        let offsets: Vec<u64> = store.manifest().shards[shard].file.offsets.iter().map(|section| section.offset).collect();
        store.shard(shard)?;
        store.index(shard)?;
        offsets.into_iter().try_for_each(|offset| store.check_offsets(shard, offset))?;
    }
    Ok(store)
}

fn code(root: &Path) -> Code {
    let error = touch(root).map(|_| ()).unwrap_err();
    assert!(error.message.contains(['.', ';']) && error.path.is_some(), "{error}");
    error.code
}

#[test]
fn a_whole_store_opens() {
    let dir = made();
    let store = touch(dir.path()).unwrap();
    assert_eq!(store.patients().layout.rows, 7);
    assert_eq!(store.codes().layout.rows, 5);
    let events = &store.shard(1).unwrap().layout.fields[1];
    assert_eq!(events.children[0].children.len(), 6);
    assert!(store.shard(2).is_err());
    assert_eq!(store.check_offsets(0, 1).unwrap_err().code, Code::InvalidArgument);
    assert!(Store::open(dir.path(), true).is_ok());
}

#[test]
fn a_shard_is_an_arrow_array_that_keeps_the_mapping_alive() {
    let dir = made();
    let store = touch(dir.path()).unwrap();
    let arrays: Vec<_> = (0..2).map(|shard| store.arrow(shard).unwrap()).collect();
    assert!(store.arrow(2).is_err());
    let start = store.shard(0).unwrap().map.bytes().as_ptr_range();
    let times = arrays[0].child_data()[1].child_data()[0].child_data()[0].buffers()[0].as_ptr();
    assert!(start.contains(&times), "not a view of the mapping");
    drop(store);
    for (array, subjects) in arrays.iter().zip(support::SUBJECTS) {
        array.validate_full().unwrap();
        let batch = arrow_array::StructArray::from(array.clone());
        let ids = batch.column_by_name("subject_id").unwrap();
        assert_eq!(ids.as_any().downcast_ref::<arrow_array::Int64Array>().unwrap().values(), subjects);
    }
}

#[test]
fn a_folder_that_is_not_a_store_differs_from_a_damaged_store() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("x.medsdb");
    assert_eq!(code(&root), Code::NotFound);
    fs::create_dir(dir.path().join(".x.medsdb.old")).unwrap();
    let error = Store::open(&root, false).unwrap_err();
    assert!(error.message.contains(".x.medsdb.old"), "{error}");
    fs::write(&root, "text").unwrap();
    assert_eq!(code(&root), Code::NotAStore);
    fs::remove_file(&root).unwrap();
    fs::create_dir(&root).unwrap();
    assert_eq!(code(&root), Code::NotAStore);
    fs::create_dir(root.join("data")).unwrap();
    let error = Store::open(&root, false).unwrap_err();
    assert!(error.code == Code::NotAStore && error.message.contains("To convert it first"), "{error}");
    fs::write(root.join("manifest.json"), "{}").unwrap();
    assert_eq!(code(&root), Code::NotAStore);
    fs::write(root.join("manifest.json"), "{").unwrap();
    assert_eq!(code(&root), Code::Corrupt);
    fs::write(root.join("manifest.json"), r#"{"format": "meds-reader store", "version": 99}"#).unwrap();
    assert_eq!(code(&root), Code::StoreVersion);
    fs::remove_file(root.join("manifest.json")).unwrap();
    fs::create_dir(root.join("manifest.json")).unwrap();
    assert_eq!(code(&root), Code::Io);
}

#[test]
fn missing_short_and_foreign_files_are_refused() {
    for name in ["patients.arrow", "codes.arrow", "shards/00000.arrow", "shards/00001.arrow", "index/00001.arrow", "metadata/dataset.json"]
    {
        let dir = made();
        let path = dir.path().join(name);
        fs::rename(&path, dir.path().join("aside")).unwrap();
        assert_eq!(code(dir.path()), Code::Corrupt, "{name} missing");
        fs::write(&path, b"").unwrap();
        assert_eq!(code(dir.path()), Code::Corrupt, "{name} empty");
        if name.ends_with(".arrow") {
            support::store(dir.path(), support::ID);
            let other = tempfile::tempdir().unwrap();
            support::store(other.path(), &support::ID.replace('0', "f"));
            fs::copy(other.path().join(name), &path).unwrap();
            assert_eq!(code(dir.path()), Code::StoreReplaced, "{name} of another store");
        }
    }
}

#[test]
fn an_index_is_whole_or_absent() {
    let dir = made();
    let mut manifest = support::store(dir.path(), support::ID);
    manifest.files.retain(|file| file.path != "index/00001.arrow");
    fs::write(dir.path().join("manifest.json"), manifest.to_bytes()).unwrap();
    assert_eq!(code(dir.path()), Code::Corrupt);
    manifest.files.retain(|file| !file.path.starts_with("index/"));
    fs::write(dir.path().join("manifest.json"), manifest.to_bytes()).unwrap();
    assert!(touch(dir.path()).unwrap().index(0).unwrap().is_none());
    assert_eq!((manifest.has_index(), manifest.index_bytes()), (false, 0));
}

#[test]
fn an_index_has_the_rows_of_a_code() {
    let dir = made();
    let store = touch(dir.path()).unwrap();
    // Row i of patient p has code 1 + (p + i) % 4; the second shard starts with patient 3, which has 10 rows.
    let index = store.index(1).unwrap().unwrap();
    let found: Vec<(u32, Vec<u32>)> = index.code(4).map(|found| found.map(|(p, rows)| (p, rows.iter().collect())).unwrap()).collect();
    assert_eq!(found[0], (0, vec![0, 4, 8]));
    assert_eq!((index.patients(4), index.rows(4)), (found.len(), found.iter().map(|(_, rows)| rows.len()).sum()));
    for none in [0, 5, u32::MAX] {
        assert_eq!((index.patients(none), index.rows(none), index.code(none).count()), (0, 0, 0));
    }
    // Patient 0 has one row, with code 1. The first row of patient 1 with code 1 is row 3.
    let (patient, rows) = store.index(0).unwrap().unwrap().code(1).nth(1).unwrap().unwrap();
    assert_eq!((patient, rows.len(), rows.get(0), rows.get(1), rows.is_empty()), (1, 1, Some(3), None, false));
}

#[test]
fn shards_that_change_places_are_found() {
    let dir = made();
    let mut manifest = support::store(dir.path(), support::ID);
    let (a, b) = (manifest.shards[0].file.path.clone(), manifest.shards[1].file.path.clone());
    manifest.shards[0].file.path = b;
    manifest.shards[1].file.path = a;
    fs::write(dir.path().join("manifest.json"), manifest.to_bytes()).unwrap();
    assert_eq!(code(dir.path()), Code::Corrupt);
}

#[test]
fn paths_out_of_the_store_are_refused() {
    for path in ["/etc/hostname", "../x", "", "shards/../../x"] {
        let dir = made();
        let mut manifest = support::store(dir.path(), support::ID);
        manifest.shards[0].file.path = path.into();
        fs::write(dir.path().join("manifest.json"), manifest.to_bytes()).unwrap();
        assert_eq!(code(dir.path()), Code::Corrupt, "{path}");
    }
}

#[test]
fn a_replacement_does_not_reach_an_open_store() {
    let parent = tempfile::tempdir().unwrap();
    let (root, old) = (parent.path().join("s"), parent.path().join("old"));
    support::store(&root, support::ID);
    let store = Store::open(&root, false).unwrap();
    let before = store.shard(0).unwrap().map.bytes().to_vec();
    fs::rename(&root, &old).unwrap();
    support::store(&root, &support::ID.replace('0', "f"));
    fs::remove_dir_all(&old).unwrap();
    assert!(store.shard(1).is_ok());
    assert_eq!(store.shard(0).unwrap().map.bytes(), before);
}
