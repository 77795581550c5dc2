//! Remembers the hashes of files, so that unchanged files are not read again.
//!
//! Each source has one file in the folder. It has one line per file of the source, with a key (a hash of
//! name, length, times, device and inode) and the hash of the file's bytes. The last line is a checksum. So
//! the folder contains neither data nor paths. The file is written under another name and renamed, so any
//! number of processes can read and write it. No result depends on it: an unreadable or damaged file counts
//! as empty.

use crate::source::digest::hex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{self, DirBuilder, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The key of a file.
pub type Key = [u8; 16];

const HEADER: &str = "meds-reader hashes 1";
/// The folder of these files. Only files in it with names of our form are ever removed.
const FOLDER: &str = "hashes";
const NAME: usize = 32;
/// Most bytes of one file: enough for a quarter of a million files of a source.
const MOST: u64 = 16 << 20;
/// Most bytes of all files. The oldest are removed first.
const MOST_IN_ALL: u64 = 64 << 20;

/// The known hashes of a source.
#[derive(Debug, Default)]
pub struct Hashes(HashMap<Key, u128>);

impl Hashes {
    /// Reads the known hashes of a source.
    pub fn read(memory: Option<&Path>, root: &Path) -> Self {
        let known = || {
            let path = file_of(memory?, root);
            let about = fs::metadata(&path).ok()?;
            let text = if about.is_file() && about.len() <= MOST { fs::read_to_string(path).ok()? } else { return None };
            parse(&text)
        };
        Self(known().unwrap_or_default())
    }

    /// The hash of a file.
    pub fn get(&self, key: &Key) -> Option<u128> {
        self.0.get(key).copied()
    }

    /// Replaces the known hashes of a source.
    pub fn write(memory: Option<&Path>, root: &Path, hashes: impl Iterator<Item = (Key, u128)>) {
        let Some(memory) = memory else { return };
        let mut text = format!("{HEADER}\n");
        for (key, hash) in hashes {
            text.push_str(&format!("{:032x} {hash:032x}\n", u128::from_be_bytes(key)));
        }
        text.push_str(&format!("{:08x}\n", crc32c::crc32c(text.as_bytes())));
        if text.len() as u64 <= MOST {
            // If this fails, the work is slower, but not wrong.
            let _ = replace(&file_of(memory, root), text.as_bytes());
        }
    }
}

fn file_of(memory: &Path, root: &Path) -> PathBuf {
    let name = hex(&Sha256::digest(root.as_os_str().as_encoded_bytes()));
    memory.join(FOLDER).join(name)
}

/// The hashes in a file; `None` if it is damaged.
fn parse(text: &str) -> Option<HashMap<Key, u128>> {
    let (sealed, seal) = text.strip_suffix('\n')?.rsplit_once('\n').map(|(sealed, seal)| (&text[..=sealed.len()], seal))?;
    if seal != format!("{:08x}", crc32c::crc32c(sealed.as_bytes())) {
        return None;
    }
    let number = |text: &str| u128::from_str_radix(text, 16).ok();
    let entry = |line: &str| line.split_once(' ').and_then(|(key, hash)| Some((number(key)?.to_be_bytes(), number(hash)?)));
    sealed.strip_prefix(HEADER)?.lines().skip(1).map(entry).collect()
}

/// Replaces the bytes of a file atomically.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let unique = RandomState::new().build_hasher().finish();
    let made = path.with_extension(format!("{unique:016x}"));
    let written = File::create_new(&made).and_then(|mut file| file.write_all(bytes)).and_then(|()| fs::rename(&made, path));
    if written.is_err() {
        let _ = fs::remove_file(&made);
    }
    shrink(folder)?;
    written
}

/// Removes the oldest files until the others are small enough, including remains of killed processes.
fn shrink(folder: &Path) -> std::io::Result<()> {
    let ours = |name: &str| name.len() >= NAME && name.bytes().take(NAME).all(|byte| byte.is_ascii_hexdigit());
    let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Another process may have removed it.
        let Ok(about) = entry.metadata() else { continue };
        if about.is_file() && ours(&entry.file_name().to_string_lossy()) {
            files.push((about.modified()?, about.len(), entry.path()));
        }
    }
    files.sort();
    let mut all: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in &files {
        if all <= MOST_IN_ALL {
            break;
        }
        let _ = fs::remove_file(path);
        all -= bytes;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [7; 16];

    fn known(memory: &Path, root: &str) -> Option<u128> {
        Hashes::read(Some(memory), Path::new(root)).get(&KEY)
    }

    fn remember(memory: &Path, root: &str, hash: u128) {
        Hashes::write(Some(memory), Path::new(root), [(KEY, hash)].into_iter());
    }

    #[test]
    fn sources_are_remembered_apart_and_the_last_write_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        remember(folder.path(), "/a", 1);
        remember(folder.path(), "/b", u128::MAX);
        remember(folder.path(), "/a", 3);
        assert_eq!((known(folder.path(), "/a"), known(folder.path(), "/b"), known(folder.path(), "/c")), (Some(3), Some(u128::MAX), None));
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).expect("a folder").count(), 2);
    }

    #[test]
    fn a_damaged_file_is_ignored_whichever_bit_differs() {
        let folder = tempfile::tempdir().expect("a folder");
        remember(folder.path(), "/a", 1);
        let path = file_of(folder.path(), Path::new("/a"));
        let bytes = fs::read(&path).expect("reads");
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                fs::write(&path, damaged).expect("writes");
                assert_eq!(known(folder.path(), "/a"), None, "byte {at} bit {bit}");
            }
            fs::write(&path, &bytes[..at]).expect("writes");
            assert_eq!(known(folder.path(), "/a"), None, "{at} bytes");
        }
        remember(folder.path(), "/a", 2);
        assert_eq!(known(folder.path(), "/a"), Some(2));
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_not_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("writes");
        for memory in [&file, Path::new("/proc/none")] {
            remember(memory, "/a", 1);
        }
        assert_eq!(known(&file, "/a"), None);
        Hashes::write(None, Path::new("/a"), [(KEY, 1)].into_iter());
        // A folder in place of the file.
        fs::create_dir_all(file_of(folder.path(), Path::new("/a"))).expect("makes");
        remember(folder.path(), "/a", 1);
        assert_eq!(known(folder.path(), "/a"), None);
    }

    #[test]
    fn the_folder_stays_small_and_loses_its_oldest_files_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join(FOLDER);
        fs::create_dir(&place).expect("makes");
        let old = |name: String, bytes: u64, age: u64| {
            let file = File::create(place.join(name)).expect("makes");
            file.set_len(bytes).expect("grows");
            file.set_modified(SystemTime::now() - std::time::Duration::from_secs(age)).expect("is dated");
        };
        old(format!("{:032x}", 1), 40 << 20, 300);
        old(format!("{:032x}.left-by-a-killed-process", 2), 20 << 20, 200);
        old(format!("{:032x}", 3), 10 << 20, 100);
        old("mine".into(), 100 << 20, 400);
        remember(folder.path(), "/a", 1);
        let mut left: Vec<_> = fs::read_dir(&place).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
        left.sort();
        assert_eq!(left.len(), 4);
        assert!(left.contains(&"mine".into()) && !left.contains(&format!("{:032x}", 1).into()), "{left:?}");
        assert_eq!(known(folder.path(), "/a"), Some(1));
    }
}
