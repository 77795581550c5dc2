//! The advice to the system on how a store's files are read. `smaps` shows it per mapping (`rr`: at random).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

use crate::support;
use meds_store::Store;
use std::fs;
use std::path::Path;

/// For each mapping of a file below `folder`: whether read-ahead is off.
fn places(folder: &Path) -> Vec<bool> {
    let folder = format!(" {}/", folder.display());
    let (mut found, mut own) = (vec![], false);
    for line in fs::read_to_string("/proc/self/smaps").unwrap().lines() {
        if let Some(flags) = line.strip_prefix("VmFlags:") {
            found.extend(own.then(|| flags.split(' ').any(|flag| flag == "rr")));
        } else if line.split(' ').next().is_some_and(|range| range.contains('-')) {
            own = line.contains(&folder);
        }
    }
    found
}

fn made() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    support::store(dir.path(), support::ID);
    let store = Store::open(dir.path(), false).unwrap();
    (dir, store)
}

#[test]
fn shards_are_read_at_random_except_by_scans() {
    let (dir, store) = made();
    let shards = dir.path().join("shards");
    // Two shards, each mapped for Rust and for JavaScript.
    assert_eq!(places(&shards), [true; 4]);
    assert_eq!(places(dir.path()).iter().filter(|places| !**places).count(), 4, "patients.arrow and codes.arrow are read whole");
    let (one, both) = (store.scan([1]), store.scan([0, 1, 2]));
    assert_eq!(places(&shards), [false; 4]);
    drop(both);
    assert_eq!(places(&shards).iter().filter(|places| !**places).count(), 2, "the other scan is still active");
    drop(one);
    assert_eq!(places(&shards), [true; 4]);
}

#[test]
fn arrays_over_a_shard_are_a_scan_of_it() {
    let (dir, store) = made();
    let shards = dir.path().join("shards");
    let array = store.arrow(0).unwrap();
    assert_eq!(places(&shards).iter().filter(|places| !**places).count(), 2);
    drop(store);
    assert!(!array.is_empty() && !places(&shards).is_empty(), "the array keeps its mapping alive");
    drop(array);
    assert!(places(&shards).is_empty());
}

#[test]
fn checks_end_as_scans_do() {
    let (dir, store) = made();
    assert!(store.verify(1, &meds_store::Progress::default()).unwrap().is_empty());
    (0..2).for_each(|shard| assert!(store.index(shard).is_ok()));
    assert_eq!(places(&dir.path().join("shards")), [true; 4]);
    // A scan alone does not keep the file mapped.
    let scans = store.scan([0, 1]);
    drop(store);
    assert!(places(dir.path()).is_empty());
    drop(scans);
}

#[test]
fn a_scan_is_worth_it_if_patients_are_stored_close_together() {
    let (_dir, store) = made();
    // Three patients in the first shard and four in the second, with a few rows each.
    let dense = |slots: &[u32]| store.dense(Some(slots));
    assert_eq!(store.dense(None), [0, 1]);
    assert_eq!(dense(&[0, 1, 2, 3, 4, 5, 6]), [0, 1]);
    assert_eq!(dense(&[0, 1]), [0], "two of three are most of a shard");
    assert_eq!(dense(&[4, 6]), [1], "the same for the first and the last");
    assert_eq!(dense(&[0, 3]), [0; 0], "one of three, and one of four, are not worth a scan");
    assert_eq!(dense(&[]), [0; 0]);
}
