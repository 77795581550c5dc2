//! The place where a store is written: by one conversion at a time, and published as a whole or not at all.

use crate::write::lock::Lock;
use meds_store::manifest::MANIFEST;
use meds_store::{Code, Error, Manifest, Progress, Result};
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A locked place for a store. Dropping it removes an unfinished store.
#[derive(Debug)]
pub struct Site {
    store: PathBuf,
    /// The folder to write into.
    work: PathBuf,
    /// The name that the replaced store has until the new one is in its place.
    old: PathBuf,
    lock: Lock,
    /// The folders above the store. Dropped last, when they can be empty.
    _parents: Parents,
}

/// A hidden name beside the store.
pub fn beside(store: &Path, kind: &str) -> PathBuf {
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
        // For a link, its target is replaced: the link stays, and all names of a store share one lock.
        let store = &behind(store);
        let parents = Parents::make(store)?;
        let lock = Lock::take(beside(store, "lock"), store, progress)?;
        Self::with(store, lock, parents)
    }

    fn with(store: &Path, lock: Lock, parents: Parents) -> Result<Self> {
        // Without a lock another process may be writing here, so the names must be unique.
        let own = if lock.is_held { String::new() } else { format!("-{}", unique()) };
        let [work, old] = ["tmp", "old"].map(|kind| beside(store, &format!("{kind}{own}")));
        let site = Self { store: store.to_path_buf(), work, old, lock, _parents: parents };
        site.clear()?;
        Ok(site)
    }

    /// Removes the files of a killed conversion, and restores the store that it was replacing.
    fn clear(&self) -> Result<()> {
        if !self.lock.is_held {
            // The files may be in use, so nothing is removed. Restoring the old store does not disturb a
            // conversion that is replacing it.
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
                // The conversion was killed between the two renames of a replacement. The old store is
                // complete.
                false => rename(&self.old, &self.store)?,
            }
        }
        remove(&self.work)
    }

    /// The manifest of the existing store; `None` where there is no store. Fails for a folder that is not a
    /// store.
    pub fn existing(&self) -> Result<Option<Manifest>> {
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

    /// Renames the finished work folder to the store's path. An existing store is replaced only with
    /// `replace`: without locks, one can appear after [`Site::existing`] found none.
    pub fn finish(&self, replace: bool) -> Result<()> {
        sync(&self.work)?;
        loop {
            let replaces = replace && self.set_aside()?;
            match fs::rename(&self.work, &self.store) {
                Ok(()) => break,
                Err(e) if is_occupied(&e) && !replace => return Err(store_exists(&self.store)),
                // Without locks another conversion can be faster. The last one wins.
                Err(e) if is_occupied(&e) && !self.lock.is_held => remove(&self.old)?,
                Err(e) => {
                    if replaces {
                        // Restore the old store. The first error is the one to report.
                        let _ = fs::rename(&self.old, &self.store);
                    }
                    return Err(Error::io(&self.store, "move the store to its path", &e));
                }
            }
        }
        if let Some(parent) = self.store.parent() {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            sync_one(parent, true).map_err(|e| Error::io(parent, "save the folder to the disk", &e))?;
        }
        remove(&self.old)
    }

    /// Renames the existing store, so that its path is free. Returns `false` if there is none.
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
        // An error is ignored: with locks, the next conversion removes what is left.
        let _ = remove(&self.work);
    }
}

/// Whether this error of a rename means that a folder with files has the new name.
fn is_occupied(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists)
}

/// A name that is unique among all processes on all hosts.
fn unique() -> String {
    let nanoseconds = UNIX_EPOCH.elapsed().map_or(0, |now| now.as_nanos());
    // The keys of `RandomState` are random.
    format!("{:016x}", RandomState::new().hash_one((std::process::id(), nanoseconds)))
}

/// The old store that a conversion without a lock was replacing.
fn old_without_lock(store: &Path) -> Option<PathBuf> {
    let prefix = beside(store, "old-").file_name()?.to_string_lossy().into_owned();
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut entries = fs::read_dir(folder).ok()?.flatten();
    entries.find(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).map(|entry| entry.path())
}

/// Fails for a path where a store must not be written, before any work is done. The conversion checks again
/// when it has the lock. `force` allows a store there, which is replaced.
pub fn refuse_taken(store: &Path, force: bool) -> Result<()> {
    match look(&behind(store))? {
        Found::Store(_) if !force => Err(store_exists(store)),
        _ => Ok(()),
    }
}

/// The error for a path that already has a store.
pub fn store_exists(store: &Path) -> Error {
    Error::at(Code::StoreExists, store, "a store already exists there. Use another path, or replace it with `force` (--force).")
}

/// The content of the path for a store.
enum Found {
    Nothing,
    Empty,
    Store(Box<Manifest>),
}

/// Looks at the path for a store. Fails for anything that is not a store.
fn look(store: &Path) -> Result<Found> {
    let foreign = |what: &str| {
        let message =
            format!("exists and is not a {what}, so it is not replaced, not even with `force` (--force). Use another path, or remove it.");
        Err(Error::at(Code::StoreExists, store, message))
    };
    let unseen = |e| Error::io(store, "read the target folder", &e);
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
        // A damaged or newer store can be replaced on request.
        Err(_) => Ok(Found::Store(Box::new(Manifest::unreadable()))),
    }
}

/// The target of a link, or the path itself if it is not a link. A link without a target is refused later.
fn behind(store: &Path) -> PathBuf {
    let whole = if store.is_symlink() { fs::canonicalize(store).ok() } else { None };
    whole.unwrap_or_else(|| store.to_path_buf())
}

/// The folders above a store that were created for it, the deepest first. Dropping them removes the empty
/// ones.
#[derive(Debug)]
struct Parents(Vec<PathBuf>);

impl Parents {
    /// Creates the missing folders.
    fn make(store: &Path) -> Result<Self> {
        let parents = store.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
        let missing = Self(parents.take_while(|path| !path.exists()).map(Path::to_path_buf).collect());
        if let Some(deepest) = missing.0.first() {
            fs::create_dir_all(deepest).map_err(|e| Error::io(store, "write a store to this path", &e))?;
        }
        Ok(missing)
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        // This fails for a folder that contains the store, as it should.
        self.0.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|e| Error::io(to, "move the store to its path", &e))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(path, "remove the files of an earlier conversion", &e)),
        _ => Ok(()),
    }
}

/// Asks the system to put every file and folder below a folder on the disk.
fn sync(root: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(root).contents_first(true) {
        let entry = entry.map_err(|e| Error::io(root, "save the store", &e.into()))?;
        let done = sync_one(entry.path(), entry.file_type().is_dir());
        done.map_err(|e| Error::io(entry.path(), "save the store", &e))?;
    }
    Ok(())
}

/// Windows flushes only files that are open for writing, and writes folders to the disk by itself.
fn sync_one(path: &Path, is_folder: bool) -> std::io::Result<()> {
    match cfg!(windows) && is_folder {
        true => Ok(()),
        false => File::options().read(true).write(cfg!(windows)).open(path)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is removed when dropped.
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
            Site::with(&store, Lock::unheld(path, file, created), Parents::make(&store)?)
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
    fn without_locks_a_store_that_appears_meanwhile_is_replaced_only_on_request() -> Result<()> {
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
