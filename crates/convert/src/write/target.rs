//! The place where a store comes to be: one conversion at a time, whole or not at all.

use meds_store::manifest::MANIFEST;
use meds_store::{Code, Error, Manifest, Progress, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// A locked place for a store. Dropping it removes what was not finished.
#[derive(Debug)]
pub struct Site {
    store: PathBuf,
    /// The folder to write into.
    work: PathBuf,
    /// The name that the replaced store has until the new one is in its place.
    old: PathBuf,
    lock: Lock,
    /// Dropped after what is in them.
    _parents: Parents,
}

/// A hidden name beside the store.
fn beside(store: &Path, kind: &str) -> PathBuf {
    let name = store.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    store.with_file_name(format!(".{name}.{kind}"))
}

impl Site {
    /// Waits until this process alone may write the store, and clears what a killed conversion left.
    pub fn lock(store: &Path, progress: &Progress) -> Result<Self> {
        if store.file_name().is_none() {
            return Err(Error::at(
                Code::InvalidArgument,
                store,
                "this is not the name of a folder that a store can be written to. Use another path.",
            ));
        }
        // What stands behind a link is what is replaced: the link stays, and all names of a store share one lock.
        let store = &behind(store);
        let parents = Parents::make(store)?;
        let lock = Lock::take(beside(store, "lock"), store, progress)?;
        Self::with(store, lock, parents)
    }

    fn with(store: &Path, lock: Lock, parents: Parents) -> Result<Self> {
        // Without a lock another process may be at work here: names that it does not have.
        let own = if lock.is_held { String::new() } else { format!("-{}", unique()) };
        let [work, old] = ["tmp", "old"].map(|kind| beside(store, &format!("{kind}{own}")));
        let site = Self { store: store.to_path_buf(), work, old, lock, _parents: parents };
        site.clear()?;
        Ok(site)
    }

    /// Removes what a killed conversion left, and restores the store that it was about to replace.
    fn clear(&self) -> Result<()> {
        if !self.lock.is_held {
            // What is here may be in use, so nothing is removed. Where it was about to replace the store, it does so all the same.
            if !self.store.exists()
                && let Some(old) = old_without_lock(&self.store)
            {
                let _ = fs::rename(old, &self.store);
            }
            return Ok(());
        }
        if self.old.exists() {
            match self.store.exists() {
                true => remove(&self.old)?,
                // Killed between the two renames of a replacement: the old store is whole.
                false => rename(&self.old, &self.store)?,
            }
        }
        remove(&self.work)
    }

    /// The manifest of the store that stands there; `None` where nothing does. A folder that is no store is refused.
    pub fn standing(&self) -> Result<Option<Manifest>> {
        match look(&self.store)? {
            Found::Nothing => Ok(None),
            Found::Empty => {
                fs::remove_dir(&self.store).map_err(|e| Error::io(&self.store, "replace the empty folder", &e))?;
                Ok(None)
            }
            Found::Store(manifest) => Ok(Some(*manifest)),
        }
    }

    /// The folder to write into.
    pub fn work(&self) -> PathBuf {
        self.work.clone()
    }

    /// Puts the finished work folder in the store's place. A store that is there is replaced only with `replace`: without locks, one can
    /// appear after `standing` found none.
    pub fn finish(&self, replace: bool) -> Result<()> {
        sync(&self.work)?;
        loop {
            let replaces = replace && self.set_aside()?;
            match fs::rename(&self.work, &self.store) {
                Ok(()) => break,
                Err(e) if is_occupied(&e) && !replace => return Err(store_exists(&self.store)),
                // Without locks: another conversion was faster. The last one wins.
                Err(e) if is_occupied(&e) && !self.lock.is_held => remove(&self.old)?,
                Err(e) => {
                    if replaces {
                        // Restore the old store. The first error is the one to report.
                        let _ = fs::rename(&self.old, &self.store);
                    }
                    return Err(Error::io(&self.store, "put the store in its place", &e));
                }
            }
        }
        if let Some(parent) = self.store.parent() {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            File::open(parent).and_then(|dir| dir.sync_all()).map_err(|e| Error::io(parent, "save the folder", &e))?;
        }
        remove(&self.old)
    }

    /// Renames the store that is there, so that its name is free; `false` where there is none.
    fn set_aside(&self) -> Result<bool> {
        match fs::rename(&self.store, &self.old) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(Error::io(&self.store, "replace the store", &e)),
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Best effort. With locks, the next conversion clears what cannot be removed now.
        let _ = remove(&self.work);
    }
}

/// Does this error of a rename mean that a folder with files has the new name?
fn is_occupied(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists)
}

/// A name that no other process has, on no host.
fn unique() -> String {
    let nanoseconds = UNIX_EPOCH.elapsed().map_or(0, |now| now.as_nanos());
    // Its keys are random.
    format!("{:016x}", RandomState::new().hash_one((std::process::id(), nanoseconds)))
}

/// The store that a conversion without a lock was about to replace.
fn old_without_lock(store: &Path) -> Option<PathBuf> {
    let prefix = beside(store, "old-").file_name()?.to_string_lossy().into_owned();
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut entries = fs::read_dir(folder).ok()?.flatten();
    entries.find(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).map(|entry| entry.path())
}

/// The lock file of a store. Dropping it removes the file, and then unlocks.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    /// Whether the file is locked: not every file system has locks.
    is_held: bool,
    /// Whether this process made the file, as far as can be known.
    created: bool,
    /// The system unlocks when it closes the file, also when the process is killed.
    _file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Without the lock, a file that was there before may be another process's.
        if self.is_held || self.created {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Lock {
    /// Opens and locks the lock file, once no other process has it.
    fn take(path: PathBuf, store: &Path, progress: &Progress) -> Result<Self> {
        loop {
            let created = !path.exists();
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
            let file = file.map_err(|e| Error::io(store, "write a store there", &e))?;
            let is_held = match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => {
                    progress.enter(meds_store::progress::Phase::Wait, 0, 0);
                    progress.check()?;
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                }
                // A file system without locks: each conversion then writes a folder of its own, and the last rename wins.
                Err(TryLockError::Error(e)) if has_no_locks(&e) => false,
                Err(TryLockError::Error(e)) => {
                    // A file that was there before may be another process's lock.
                    if created {
                        let _ = fs::remove_file(&path);
                    }
                    return Err(Error::io(path, "lock the store", &e));
                }
            };
            // The one before may have removed the file between our opening and our locking it. Without locks that does not matter.
            let is_ours = || fs::metadata(&path).is_ok_and(|now| file.metadata().is_ok_and(|ours| now.ino() == ours.ino()));
            if !is_held || is_ours() {
                return Ok(Self { path, is_held, created, _file: file });
            }
        }
    }
}

/// Does this error mean that the file system has no locks? It does not know them (ENOSYS, EOPNOTSUPP), or its lock manager is missing (ENOLCK: NFS).
fn has_no_locks(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported || error.raw_os_error() == Some(libc::ENOLCK)
}

/// Refuses a path where no store may be written, before any work is done for one; who writes there asks again, with the lock. `force` replaces a store.
pub fn refuse_taken(store: &Path, force: bool) -> Result<()> {
    match look(&behind(store))? {
        Found::Store(_) if !force => Err(store_exists(store)),
        _ => Ok(()),
    }
}

/// A store is where another one is to be.
pub fn store_exists(store: &Path) -> Error {
    Error::at(Code::StoreExists, store, "a store is there already. Give another path, or --force to replace it.")
}

/// What stands where a store is to be.
enum Found {
    Nothing,
    Empty,
    Store(Box<Manifest>),
}

/// Looks at the place of a store; what stands there and is none is an error.
fn look(store: &Path) -> Result<Found> {
    let foreign = |what: &str| {
        let message =
            format!("something is there, and is no {what}: it is not replaced, not even with --force. Choose another path or remove it.");
        Err(Error::at(Code::StoreExists, store, message))
    };
    let unseen = |e| Error::io(store, "look at the target", &e);
    match fs::symlink_metadata(store) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(e) => return Err(unseen(e)),
        Ok(about) if !about.is_dir() => return foreign("folder"),
        Ok(_) => {}
    }
    if fs::read_dir(store).map_err(unseen)?.next().is_none() {
        return Ok(Found::Empty);
    }
    let Ok(bytes) = fs::read(store.join(MANIFEST)) else { return foreign("store") };
    match Manifest::from_bytes(&bytes) {
        Ok(manifest) => Ok(Found::Store(Box::new(manifest))),
        Err(meds_store::manifest::ManifestError::Foreign) => foreign("store"),
        // A damaged or newer store may be replaced by who asks for it.
        Err(_) => Ok(Found::Store(Box::new(Manifest::unreadable()))),
    }
}

/// The path that a link leads to; the path itself where it is none. A link that leads nowhere is refused later, as what it is.
fn behind(store: &Path) -> PathBuf {
    let whole = if store.is_symlink() { fs::canonicalize(store).ok() } else { None };
    whole.unwrap_or_else(|| store.to_path_buf())
}

/// Folders above a store that were made for it, the deepest first. Dropping them removes those that are empty.
#[derive(Debug)]
struct Parents(Vec<PathBuf>);

impl Parents {
    /// Makes those that are not there.
    fn make(store: &Path) -> Result<Self> {
        let parents = store.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
        let missing = Self(parents.take_while(|path| !path.exists()).map(Path::to_path_buf).collect());
        if let Some(deepest) = missing.0.first() {
            fs::create_dir_all(deepest).map_err(|e| Error::io(store, "write a store there", &e))?;
        }
        Ok(missing)
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        // Refused, and rightly so, where something is in them: the store.
        self.0.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|e| Error::io(to, "put the store in its place", &e))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(path, "clear what an earlier conversion left", &e)),
        _ => Ok(()),
    }
}

/// Asks the system to put every file and folder below a folder on the disk.
fn sync(root: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(root).contents_first(true) {
        let entry = entry.map_err(|e| Error::io(root, "save the store", &e.into()))?;
        let done = File::open(entry.path()).and_then(|file| file.sync_all());
        done.map_err(|e| Error::io(entry.path(), "save the store", &e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is gone when dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Result<Self> {
            let folder = std::env::temp_dir().join(format!("meds-site-{name}-{}", unique()));
            fs::create_dir(&folder).map_err(|e| Error::io(&folder, "make the folder", &e))?;
            Ok(Self(folder))
        }

        /// A place for a store where locks fail.
        fn site(&self) -> Result<Site> {
            let (store, path) = (self.0.join("s"), self.0.join(".s.lock"));
            let created = !path.exists();
            let file = File::create(&path).map_err(|e| Error::io(&path, "make the file", &e))?;
            Site::with(&store, Lock { path, is_held: false, created, _file: file }, Parents::make(&store)?)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn write(site: &Site, text: &str) -> Result<()> {
        let file = site.work().join("file");
        let written = fs::create_dir_all(site.work()).and_then(|()| fs::write(&file, text));
        written.map_err(|e| Error::io(&file, "write the file", &e))
    }

    fn read(folder: &Folder) -> Option<String> {
        fs::read_to_string(folder.0.join("s").join("file")).ok()
    }

    #[test]
    fn without_locks_two_at_once_have_a_folder_each_and_the_last_one_wins() -> Result<()> {
        let folder = Folder::new("two")?;
        let one = folder.site()?;
        write(&one, "one")?;
        let two = folder.site()?;
        write(&two, "two")?;
        assert_ne!(one.work(), two.work());
        one.finish(true)?;
        assert_eq!(read(&folder).as_deref(), Some("one"));
        two.finish(true)?;
        drop(one);
        drop(two);
        assert_eq!((read(&folder).as_deref(), folder.names()), (Some("two"), vec!["s".to_string()]));
        Ok(())
    }

    #[test]
    fn without_locks_a_store_that_appears_meanwhile_is_not_replaced_unless_asked_for() -> Result<()> {
        let folder = Folder::new("taken")?;
        let (one, two) = (folder.site()?, folder.site()?);
        write(&one, "one")?;
        write(&two, "two")?;
        one.finish(false)?;
        assert_eq!(two.finish(false).map_err(|error| error.code), Err(Code::StoreExists));
        drop(one);
        drop(two);
        assert_eq!((read(&folder).as_deref(), folder.names()), (Some("one"), vec!["s".to_string()]));
        Ok(())
    }

    #[test]
    fn without_locks_a_store_is_restored_that_a_killed_conversion_was_about_to_replace() -> Result<()> {
        let folder = Folder::new("restored")?;
        let killed = folder.site()?;
        write(&killed, "one")?;
        killed.finish(false)?;
        assert!(killed.set_aside()?);
        let next = folder.site()?;
        assert_eq!(read(&folder).as_deref(), Some("one"));
        // It was not killed after all.
        write(&killed, "two")?;
        killed.finish(true)?;
        drop(next);
        drop(killed);
        assert_eq!((read(&folder).as_deref(), folder.names()), (Some("two"), vec!["s".to_string()]));
        Ok(())
    }
}
