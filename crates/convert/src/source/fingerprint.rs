//! The fingerprint of a source: its files by name, length and a hash of all bytes.
//!
//! A file is hashed in pieces on all threads, then the hashes of its pieces are hashed: one large file is as
//! fast as many small ones. The hash is XXH3 with 128 bits, which is faster than any disk (measured by
//! `benches/fingerprint.mjs`). It does not resist forgery, and need not, because the source belongs to the
//! user.

use crate::source::digest::hex;
use crate::source::hashes::{Hashes, Key};
use meds_store::{Code, Error, Positioned, Result};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use twox_hash::xxhash3_128::Hasher;

/// Bytes of a piece.
const PIECE: u64 = 32 << 20;
/// Bytes per read: small enough to be still in the core's own cache when they are hashed.
const READ: u64 = 256 << 10;
/// A file that changed this shortly before it was hashed may change again within one tick of the file
/// system's clock, and look the same.
const RACY: Duration = Duration::from_secs(2);

/// Called with the number of bytes hashed. An error ends the hashing.
pub type OnBytes<'a> = &'a (dyn Fn(u64) -> Result<()> + Sync);

/// A file of a source.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its path below the source, with `/`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its state when the source was opened.
    pub seen: Seen,
}

/// The state of a file as the file system reports it, without reading the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    bytes: u64,
    modified: (i64, i64),
    /// Time of the last change of content, name or rights; no program can set it. On Windows the end of time,
    /// so that no file is ever settled.
    changed: (i64, i64),
    device: u64,
    inode: u64,
}

impl Seen {
    /// Takes the state from the metadata of a file.
    #[cfg(unix)]
    pub fn of(about: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            bytes: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
            device: about.dev(),
            inode: about.ino(),
        }
    }

    /// The same.
    #[cfg(windows)]
    pub fn of(about: &Metadata) -> Self {
        use std::os::windows::fs::MetadataExt;
        let modified = (0, about.last_write_time() as i64);
        Self { bytes: about.len(), modified, changed: (i64::MAX, 0), device: 0, inode: 0 }
    }

    fn at(path: &Path) -> Result<Self> {
        std::fs::metadata(path).map(|about| Self::of(&about)).map_err(|e| Error::io(path, "read the file", &e))
    }

    /// Whether the file was written between two looks.
    fn is_rewritten(&self, now: &Self) -> bool {
        (self.bytes, self.modified) != (now.bytes, now.modified)
    }

    /// Whether a change after `hashed` would show in these times. If the clock of the file system is ahead of
    /// ours, no file is settled.
    fn is_settled(&self, hashed: SystemTime) -> bool {
        let limit = hashed.checked_sub(RACY).and_then(|limit| limit.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        self.modified.max(self.changed) < (limit.as_secs() as i64, i64::from(limit.subsec_nanos()))
    }

    fn key(&self, name: &str) -> Key {
        let mut hash = Sha256::new();
        hash.update(name);
        for number in [self.modified.0, self.modified.1, self.changed.0, self.changed.1] {
            hash.update(number.to_le_bytes());
        }
        for number in [self.bytes, self.device, self.inode] {
            hash.update(number.to_le_bytes());
        }
        let mut key = Key::default();
        key.copy_from_slice(&hash.finalize()[..size_of::<Key>()]);
        key
    }
}

impl Input {
    /// Reads the state of a file.
    pub fn at(name: impl Into<String>, path: &Path) -> Result<Self> {
        Ok(Self { name: name.into(), path: path.to_path_buf(), seen: Seen::at(path)? })
    }

    fn rewritten(&self) -> Error {
        Error::at(Code::SourceChanged, &self.path, "The file changed while it was read. Retry when nothing is writing to it.")
    }

    /// Hashes the piece that begins at `start`.
    fn hash(&self, start: u64, on_bytes: OnBytes) -> Result<u128> {
        let io = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => self.rewritten(),
            _ => Error::io(&self.path, "read the file", &e),
        };
        let file = File::open(&self.path).map_err(io)?;
        let end = self.seen.bytes.min(start + PIECE);
        let mut buffer = vec![0; READ.min(end - start) as usize];
        let mut hash = Hasher::new();
        let mut at = start;
        while at < end {
            let some = &mut buffer[..READ.min(end - at) as usize];
            file.read_exact_at(some, at).map_err(io)?;
            hash.write(some);
            at += some.len() as u64;
            on_bytes(some.len() as u64)?;
        }
        Ok(hash.finish_128())
    }
}

/// All files that decide the content of a source's store.
#[derive(Debug, Default)]
pub struct Inputs {
    root: PathBuf,
    files: Vec<Input>,
    /// When they were hashed, and their hashes.
    hashed: OnceLock<(SystemTime, Vec<u128>)>,
}

impl Inputs {
    /// The files of a source, in the order of the fingerprint.
    pub fn new(root: &Path, files: Vec<Input>) -> Self {
        // The hashes of a source are remembered under one name, by whatever path it is opened.
        let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
        Self { root, files, hashed: OnceLock::new() }
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.seen.bytes).sum()
    }

    /// The fingerprint of names, lengths, contents and `options`. `memory` is the folder that remembers
    /// hashes.
    pub fn fingerprint(&self, options: &str, memory: Option<&Path>, on_bytes: OnBytes) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(format!("{options}\0contents"));
        for (file, content) in self.files.iter().zip(self.hashes(memory, on_bytes)?) {
            hash.update(format!("\0{}\0{}\0{content:032x}", file.name, file.seen.bytes));
        }
        Ok(hex(&hash.finalize()))
    }

    /// The files as every machine sees them: name, bytes, and modification time in seconds and nanoseconds.
    pub fn seen(&self) -> Vec<(String, u64, (i64, i64))> {
        self.files.iter().map(|Input { name, seen, .. }| (name.clone(), seen.bytes, seen.modified)).collect()
    }

    /// Hashes some pieces of the files: those of one of `parts` parts.
    pub fn hash_part(&self, part: usize, parts: usize, on_bytes: OnBytes) -> Result<Vec<u128>> {
        let pieces = pieces(&self.files);
        let of = |part: usize| part * pieces.len() / parts;
        pieces[of(part)..of(part + 1)].par_iter().map(|&(at, start)| self.files[at].hash(start, on_bytes)).collect()
    }

    /// Takes the hashes of all pieces, which the parts have made.
    pub fn join_hashes(&self, hashed: &[u128]) -> Result<()> {
        let pieces = pieces(&self.files);
        if hashed.len() != pieces.len() {
            return Err(Error::new(Code::Internal, "the parts have not hashed each piece of the source once"));
        }
        let _ = self.hashed.set((SystemTime::now(), whole(self.files.len(), &pieces, hashed)));
        Ok(())
    }

    /// The digest of names, lengths, modification times and `options`.
    pub fn times(&self, options: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{options}\0times"));
        for Input { name, seen, .. } in &self.files {
            hash.update(format!("\0{name}\0{}\0{}.{:09}", seen.bytes, seen.modified.0, seen.modified.1));
        }
        hex(&hash.finalize())
    }

    /// Whether a file was written or removed since. Reads no contents.
    pub fn are_rewritten(&self) -> bool {
        self.files.iter().any(|file| Seen::at(&file.path).map_or(true, |now| file.seen.is_rewritten(&now)))
    }

    /// Whether these files, looked at again as `later`, are still what was hashed. Reads only those again
    /// whose times cannot prove it.
    pub fn unchanged(&self, later: &Self, memory: Option<&Path>, on_bytes: OnBytes) -> Result<bool> {
        let hashes = self.hashes(memory, on_bytes)?;
        let at = self.hashed.get().map_or(UNIX_EPOCH, |(at, _)| *at);
        let same = |(old, new): (&Input, &Input)| old.name == new.name && !old.seen.is_rewritten(&new.seen);
        if self.files.len() != later.files.len() || !self.files.iter().zip(&later.files).all(same) {
            return Ok(false);
        }
        let sure = |file: usize| self.files[file].seen == later.files[file].seen && self.files[file].seen.is_settled(at);
        Ok(later.hash(|file| sure(file).then(|| hashes[file]), memory, on_bytes)? == hashes)
    }

    /// The hash of each file.
    fn hashes(&self, memory: Option<&Path>, on_bytes: OnBytes) -> Result<&[u128]> {
        if self.hashed.get().is_none() {
            let now = SystemTime::now();
            let known = Hashes::read(memory, &self.root);
            let hashes = self.hash(|file| known.get(&self.files[file].seen.key(&self.files[file].name)), memory, on_bytes)?;
            // If another thread was faster, it has the same hashes.
            let _ = self.hashed.set((now, hashes));
        }
        Ok(self.hashed.get().map_or(&[], |(_, hashes)| hashes))
    }

    /// Hashes the files whose hash is unknown, and remembers those whose times would show a change.
    fn hash(&self, known: impl Fn(usize) -> Option<u128>, memory: Option<&Path>, on_bytes: OnBytes) -> Result<Vec<u128>> {
        let now = SystemTime::now();
        let hashes: Vec<Option<u128>> = (0..self.files.len()).map(known).collect();
        let missing: Vec<&Input> = self.files.iter().zip(&hashes).filter(|(_, hash)| hash.is_none()).map(|(file, _)| file).collect();
        let mut found = hash_all(&missing, on_bytes)?.into_iter();
        let hashes: Vec<u128> = hashes.into_iter().filter_map(|hash| hash.or_else(|| found.next())).collect();
        if missing.iter().any(|file| file.seen.is_settled(now)) {
            let settled = self.files.iter().zip(&hashes).filter(|(file, _)| file.seen.is_settled(now));
            Hashes::write(memory, &self.root, settled.map(|(file, hash)| (file.seen.key(&file.name), *hash)));
        }
        Ok(hashes)
    }
}

/// The pieces of files: index of the file, and where the piece begins.
fn pieces<'a>(files: impl IntoIterator<Item = &'a Input>) -> Vec<(usize, u64)> {
    let starts = |(at, file): (usize, &Input)| (0..file.seen.bytes).step_by(PIECE as usize).map(move |start| (at, start));
    files.into_iter().enumerate().flat_map(starts).collect()
}

/// The hashes of `files` files from those of their pieces.
fn whole(files: usize, pieces: &[(usize, u64)], hashed: &[u128]) -> Vec<u128> {
    let mut whole: Vec<Hasher> = (0..files).map(|_| Hasher::new()).collect();
    for (&(at, _), piece) in pieces.iter().zip(hashed) {
        whole[at].write(&piece.to_le_bytes());
    }
    whole.iter().map(Hasher::finish_128).collect()
}

/// Hashes files, piece by piece, on all threads.
fn hash_all(files: &[&Input], on_bytes: OnBytes) -> Result<Vec<u128>> {
    let pieces = pieces(files.iter().copied());
    let hashed: Result<Vec<u128>> = pieces.par_iter().map(|&(at, start)| files[at].hash(start, on_bytes)).collect();
    let hashed = hashed?;
    // A file that was written in the meantime was hashed partly in its old state.
    for file in files {
        if file.seen.is_rewritten(&Seen::at(&file.path)?) {
            return Err(file.rewritten());
        }
    }
    Ok(whole(files.len(), &pieces, &hashed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn of(root: &Path, names: &[&str]) -> Inputs {
        Inputs::new(root, names.iter().map(|name| Input::at(*name, &root.join(name)).expect("is there")).collect())
    }

    fn fingerprint(root: &Path, names: &[&str]) -> String {
        of(root, names).fingerprint("", None, &|_| Ok(())).expect("reads")
    }

    /// Writes a file and gives it an old modification time.
    fn write(path: &Path, bytes: &[u8]) {
        fs::write(path, bytes).expect("writes");
        File::options().write(true).open(path).and_then(|file| file.set_modified(UNIX_EPOCH)).expect("is dated");
    }

    #[test]
    fn any_byte_of_any_piece_counts_and_so_do_names_and_lengths() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, path) = (folder.path(), folder.path().join("a"));
        let bytes = vec![7; 2 * PIECE as usize + 5];
        let mut found = HashSet::new();
        for at in [0, READ as usize, PIECE as usize - 1, PIECE as usize, 2 * PIECE as usize, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            write(&path, &changed);
            assert!(found.insert(fingerprint(root, &["a"])), "byte {at}");
        }
        for length in [0, 1, PIECE as usize, bytes.len(), bytes.len() - 1] {
            write(&path, &bytes[..length]);
            assert!(found.insert(fingerprint(root, &["a"])), "{length} bytes");
            fs::rename(&path, root.join("b")).expect("renames");
            assert!(found.insert(fingerprint(root, &["b"])), "{length} bytes, another name");
        }
        // Pieces in another order.
        for halves in [[1, 2], [2, 1]] {
            write(&path, &halves.map(|byte| vec![byte; PIECE as usize]).concat());
            assert!(found.insert(fingerprint(root, &["a"])));
        }
    }

    #[test]
    fn two_files_that_are_exchanged_are_another_source() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let both = |a: &[u8], b: &[u8]| {
            write(&root.join("a"), a);
            write(&root.join("b"), b);
            fingerprint(root, &["a", "b"])
        };
        let first = both(b"one", b"two");
        assert_ne!(first, both(b"two", b"one"));
        assert_ne!(first, both(b"onet", b"wo"));
        assert_eq!(first, both(b"one", b"two"));
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let bytes: Vec<u8> = (0..3 * PIECE as usize).map(|at| ((at * 31) >> 7) as u8).collect();
        write(&folder.path().join("a"), &bytes);
        let hashed = [1, 2, 5].map(|threads| crate::threads::pool(threads, || Ok(fingerprint(folder.path(), &["a"]))).expect("runs"));
        assert!(hashed.iter().all(|one| *one == hashed[0]), "{hashed:?}");
    }

    /// The result of the check at the end of a conversion, after a change to a hashed file.
    fn still(done: impl Fn(&Path)) -> bool {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        write(&path, b"before");
        let before = of(folder.path(), &["a"]);
        before.fingerprint("", None, &|_| Ok(())).expect("reads");
        done(&path);
        before.unchanged(&of(folder.path(), &["a"]), None, &|_| Ok(())).expect("reads")
    }

    #[test]
    fn a_file_that_was_written_during_a_conversion_is_noticed() {
        assert!(still(|_| ()));
        // Rights are not content.
        assert!(still(|path| fs::set_permissions(path, fs::Permissions::from_mode(0o640)).expect("is allowed")));
        assert!(!still(|path| fs::write(path, b"after.").expect("writes")));
        assert!(!still(|path| write(path, b"longer than before")));
        // Same length and modification time.
        assert!(!still(|path| write(path, b"after.")));
        // The same bytes again: there may have been others in between.
        assert!(!still(|path| fs::write(path, b"before").expect("writes")));
        // Another file that looks the same.
        let replace = |path: &Path, bytes: &[u8]| {
            write(&path.with_extension("new"), bytes);
            fs::rename(path.with_extension("new"), path).expect("renames");
        };
        assert!(!still(|path| replace(path, b"after.")));
        assert!(still(|path| replace(path, b"before")));
    }

    #[test]
    fn a_file_that_changed_after_it_was_looked_at_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        for bytes in [&b"after."[..], b"short", b""] {
            write(&path, b"before");
            let inputs = of(folder.path(), &["a"]);
            fs::write(&path, bytes).expect("writes");
            assert_eq!(inputs.fingerprint("", None, &|_| Ok(())).expect_err("refuses").code, Code::SourceChanged);
        }
    }

    #[test]
    fn files_that_may_change_within_a_tick_of_the_clock_are_not_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder.path().join("a"), b"bytes");
        let seen = of(folder.path(), &["a"]).files[0].seen;
        let now = SystemTime::now();
        // The modification time can be set, the change time cannot.
        assert!(seen.modified == (0, 0) && !seen.is_settled(now));
        assert!(seen.is_settled(now + 2 * RACY) && !seen.is_settled(now - 2 * RACY));
        assert!(!Seen { modified: (i64::MAX, 0), ..seen }.is_settled(now + 2 * RACY));
        let memory = tempfile::tempdir().expect("a folder");
        of(folder.path(), &["a"]).fingerprint("", Some(memory.path()), &|_| Ok(())).expect("reads");
        assert_eq!(fs::read_dir(memory.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_remembered_file_is_known_by_all_that_the_system_says_of_it() {
        let seen = Seen { bytes: 1, modified: (2, 3), changed: (4, 5), device: 6, inode: 7 };
        let others = [
            Seen { bytes: 2, ..seen },
            Seen { modified: (2, 4), ..seen },
            Seen { modified: (3, 3), ..seen },
            Seen { changed: (4, 6), ..seen },
            Seen { changed: (5, 5), ..seen },
            Seen { device: 7, ..seen },
            Seen { inode: 6, ..seen },
        ];
        let keys: HashSet<Key> = others.iter().map(|seen| seen.key("a")).chain([seen.key("a"), seen.key("b")]).collect();
        assert_eq!(keys.len(), others.len() + 2);
    }

    #[test]
    fn an_error_of_the_callback_ends_the_hashing() {
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder.path().join("a"), &vec![1; 3 * PIECE as usize]);
        let on_bytes = std::sync::atomic::AtomicU64::new(0);
        let stop = |bytes| {
            on_bytes.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
            Err(Error::new(Code::Cancelled, "enough"))
        };
        let error = of(folder.path(), &["a"]).fingerprint("", None, &stop).expect_err("ends");
        assert_eq!(error.code, Code::Cancelled);
        assert!(on_bytes.into_inner() <= 3 * READ);
    }
}
