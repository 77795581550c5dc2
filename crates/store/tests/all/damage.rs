//! Damages every byte. `verify` always finds the damage. Opening and the first access of a shard never panic,
//! and never let a read reach another patient.
#![allow(clippy::unwrap_used, missing_docs)]

use crate::support;
use meds_store::{Code, Node, Progress, Result, Store};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const FILES: [&str; 8] = [
    "manifest.json",
    "patients.arrow",
    "codes.arrow",
    "shards/00000.arrow",
    "shards/00001.arrow",
    "index/00000.arrow",
    "index/00001.arrow",
    "metadata/dataset.json",
];

fn made() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    support::store(dir.path(), support::ID);
    dir
}

/// Subject ids and the offsets of events and sparse lists: they say which rows belong to which patient.
fn ownership(store: &Store) -> Result<Vec<Vec<u8>>> {
    let mut found = vec![];
    for shard in 0..store.manifest().shards.len() {
        let file = store.shard(shard)?;
        let mut take = |span: Option<meds_store::Span>| {
            let span = span.unwrap();
            found.push(file.map.bytes()[span.offset as usize..][..span.bytes as usize].to_vec());
        };
        take(file.layout.fields[0].data);
        take(file.layout.fields[1].offsets);
        file.layout.fields[2].children.iter().for_each(|list| take(list.offsets));
    }
    Ok(found)
}

/// Checks that no span of a layout is outside the file.
fn inside(node: &Node, bytes: u64) -> bool {
    let spans = [node.validity, node.offsets, node.data];
    spans.into_iter().flatten().all(|span| span.offset.checked_add(span.bytes).is_some_and(|end| end <= bytes) && span.offset % 64 == 0)
        && node.children.iter().chain(node.dictionary.as_ref().map(|d| &d.values)).all(|below| inside(below, bytes))
}

/// Opens a damaged store: this fails, or verification finds the damage and every patient has its own rows.
fn found(root: &Path, whole: &[Vec<u8>], what: &str) {
    let Ok(store) = Store::open(root, false) else { return };
    // The index returns rows inside the shard, or an error.
    for shard in 0..store.manifest().shards.len() {
        if let Ok(Some(index)) = store.index(shard) {
            (0..6).flat_map(|code| index.code(code)).flatten().for_each(|(patient, rows)| {
                assert!((patient as usize) < support::SUBJECTS[shard].len() && rows.iter().all(|row| row < 19), "{what}");
            });
        }
    }
    if let Ok(found) = ownership(&store) {
        assert_eq!(found, whole, "{what}");
    }
    let problems = store.verify(10, &Progress::default()).unwrap();
    assert!(!problems.is_empty() && problems.len() <= 10, "{what}");
    assert!(problems.iter().all(|p| !p.path.is_empty() && !p.message.is_empty()), "{problems:?}");
}

#[test]
fn a_whole_store_has_no_problems() {
    let dir = made();
    assert_eq!(Store::open(dir.path(), false).unwrap().verify(10, &Progress::default()).unwrap(), []);
}

#[test]
fn every_flipped_byte_is_found() {
    let dir = made();
    let whole = ownership(&Store::open(dir.path(), false).unwrap()).unwrap();
    for name in FILES {
        let path = dir.path().join(name);
        let bytes = fs::read(&path).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        for (at, byte) in bytes.iter().enumerate() {
            // Written in place. That is not allowed for an open store, but here it is closed.
            file.write_all_at(&[byte ^ [0x01, 0x80, 0xff, 0x10][at % 4]], at as u64).unwrap();
            found(dir.path(), &whole, &format!("{name} byte {at}"));
            file.write_all_at(&[*byte], at as u64).unwrap();
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let dir = made();
    for name in FILES {
        let path = dir.path().join(name);
        let bytes = fs::read(&path).unwrap();
        for length in (0..bytes.len()).step_by(if bytes.len() > 100 { 100 } else { 1 }) {
            fs::write(&path, &bytes[..length]).unwrap();
            let error = Store::open(dir.path(), false).unwrap_err();
            assert!(matches!(error.code, Code::Corrupt), "{name} cut to {length}: {error}");
        }
        fs::write(&path, &bytes).unwrap();
    }
}

#[test]
fn missing_and_foreign_files_are_found() {
    let dir = made();
    let store = Store::open(dir.path(), false).unwrap();
    for name in ["x", "shards/00002.arrow", "metadata/more/x.json"] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x").unwrap();
        let problems = store.verify(10, &Progress::default()).unwrap();
        assert!(problems.len() == 1 && problems[0].path == name, "{problems:?}");
        fs::remove_file(&path).unwrap();
    }
    fs::write(dir.path().join("metadata/dataset.json"), "[]").unwrap();
    let error = Store::open(dir.path(), true).unwrap_err();
    assert!(error.code == Code::Corrupt && error.path.unwrap().ends_with("metadata/dataset.json"), "{}", error.message);
    fs::remove_file(dir.path().join("metadata/dataset.json")).unwrap();
    assert_eq!(store.verify(10, &Progress::default()).unwrap().len(), 1);
}

#[test]
fn verification_can_be_cancelled() {
    let dir = made();
    let progress = Progress::default();
    progress.cancel();
    assert_eq!(Store::open(dir.path(), false).unwrap().verify(1, &progress).unwrap_err().code, Code::Cancelled);
}

/// Parses a layout without its checksums, as a crafted file could.
fn parses_safely(bytes: &[u8]) {
    if let Ok(layout) = meds_store::read::parse(bytes) {
        assert!(layout.fields.iter().all(|node| inside(node, bytes.len() as u64)));
    }
}

fn shard_bytes() -> Vec<u8> {
    fs::read(made().path().join("shards/00001.arrow")).unwrap()
}

#[test]
fn every_flipped_bit_of_a_footer_parses_safely() {
    let bytes = shard_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            parses_safely(&damaged);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    /// Writes numbers that are hard for parsers at several offsets at once, and cuts or lengthens the file.
    #[test]
    fn replaced_bytes_parse_safely(
        places in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![
            0i64, 1, -1, 63, 64, 255, i64::from(i32::MAX), i64::from(i32::MIN), i64::MAX, i64::MIN, 1 << 32, 4096,
        ]), prop::sample::select(vec![1usize, 2, 4, 8])), 0..6),
        end in prop::option::of(any::<prop::sample::Index>()),
    ) {
        thread_local!(static SHARD: Vec<u8> = shard_bytes());
        let mut bytes = SHARD.with(Clone::clone);
        for (place, value, width) in places {
            let at = place.index(bytes.len() - 8);
            bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
        }
        if let Some(end) = end {
            bytes.truncate(end.index(bytes.len()));
        }
        parses_safely(&bytes);
    }

    #[test]
    fn arbitrary_bytes_parse_safely(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut file = b"ARROW1\0\0".to_vec();
        file.extend(&bytes);
        file.extend((bytes.len() as i32).to_le_bytes());
        file.extend(b"ARROW1");
        parses_safely(&bytes);
        parses_safely(&file);
    }
}

/// A file whose footer is wrong, in a manifest with right checksums: opening the store fails.
fn crafted(change: impl Fn(&mut Vec<u8>, &meds_store::read::Layout)) -> meds_store::Error {
    let dir = made();
    let mut manifest = support::store(dir.path(), support::ID);
    let path: PathBuf = dir.path().join("shards/00000.arrow");
    let mut bytes = fs::read(&path).unwrap();
    let layout = meds_store::read::parse(&bytes).unwrap();
    change(&mut bytes, &layout);
    fs::write(&path, &bytes).unwrap();
    manifest.shards[0].file = support::entry_with_sections_of(&manifest.shards[0].file, &bytes);
    fs::write(dir.path().join("manifest.json"), manifest.to_bytes()).unwrap();
    let opened = Store::open(dir.path(), false);
    opened.and_then(|store| store.shard(0).map(|_| ())).unwrap_err()
}

/// Replaces an int64 wherever it occurs in the file's flatbuffers.
fn replace(bytes: &mut [u8], from: i64, to: i64) -> usize {
    let from = from.to_le_bytes();
    let places: Vec<usize> = (0..bytes.len() - 8).step_by(8).filter(|at| bytes[*at..*at + 8] == from).collect();
    places.iter().for_each(|at| bytes[*at..*at + 8].copy_from_slice(&to.to_le_bytes()));
    places.len()
}

#[test]
fn crafted_footers_are_refused() {
    for to in [1 << 40, -64, i64::MAX, i64::MIN, 1 << 20, 65] {
        let error = crafted(|bytes, layout| {
            // The offset of the events' times in the body, as the record batch's message contains it.
            let data = layout.fields[1].children[0].children[0].data.unwrap();
            let body = layout.fields[0].data.unwrap().offset;
            assert!(replace(bytes, (data.offset - body) as i64, to) > 0);
        });
        assert_eq!(error.code, Code::Corrupt, "{to}: {error}");
    }
}

#[test]
fn crafted_offsets_are_refused_at_the_first_touch() {
    for (at, to) in [(1, -1), (1, 1_000_000), (3, 11), (0, 1), (2, 0), (2, 4)] {
        let error = crafted(|bytes, layout| {
            let offsets = layout.fields[1].offsets.unwrap().offset as usize;
            bytes[offsets + at * 4..][..4].copy_from_slice(&i32::to_le_bytes(to));
        });
        assert_eq!(error.code, Code::Corrupt, "offset {at} = {to}: {error}");
    }
}
