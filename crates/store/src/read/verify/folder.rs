//! Verifies the store's folder: it contains every file that the manifest lists, and no other.

use super::report::Report;
use crate::error::{Error, Result};
use crate::manifest::{CODES, MANIFEST, PATIENTS};
use crate::read::file::path_of;
use crate::read::{Access, Mapping, Problem, Store, checksum};
use std::collections::BTreeSet;
use std::path::Path;

/// Checks the bytes of all files except the shards, and looks for foreign files. (`open` has checked every
/// byte of patients.arrow and codes.arrow.)
pub fn check(store: &Store, report: &mut Report) -> Result<()> {
    for entry in store.manifest.files.iter().filter(|entry| entry.path != PATIENTS && entry.path != CODES) {
        let path = path_of(&store.root, entry)?;
        let found = Mapping::open(&path, entry.bytes, Access::Whole).map_err(|e| e.message);
        let found = found.and_then(|map| checksum::crc(map.bytes(), &entry.crc32c));
        absorb(report, &entry.path, found);
    }
    let shards = store.manifest.shards.iter().map(|shard| &shard.file);
    let mut listed: BTreeSet<String> = store.manifest.files.iter().chain(shards).map(|entry| entry.path.clone()).collect();
    listed.insert(MANIFEST.into());
    let mut found = vec![];
    walk(&store.root, "", &mut found)?;
    for path in found.iter().filter(|path| !listed.contains(*path)) {
        absorb(report, path, Err("does not belong to the store: the manifest does not list it. Move it to another folder".into()));
    }
    Ok(())
}

fn absorb(report: &mut Report, path: &str, found: Result<(), String>) {
    if let Err(message) = found {
        let mut one = Report::new(path, 1);
        one.problem(Problem { message, ..Problem::default() });
        report.absorb(one);
    }
}

/// Collects every file below a folder as a relative path with `/`, ordered by name.
fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) -> Result<()> {
    let failed = |e: std::io::Error| Error::io(folder, "list the store's folder", &e);
    let mut entries = std::fs::read_dir(folder).map_err(failed)?.collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // A link to a folder counts as a file, so nothing outside the store is listed.
        if entry.file_type().map_err(failed)?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
