//! The place where a store comes to be: one conversion at a time, whole or not at all.

use meds_store::manifest::MANIFEST;
use meds_store::{Code, Error, Manifest, Progress, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A locked place for a store. Dropping it removes what was not finished.
#[derive(Debug)]
pub struct Site {
    store: PathBuf,
    lock_path: PathBuf,
    /// Held, not read: the system gives the lock up with the file, also when the process is killed.
    _lock: File,
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
            return Err(Error::at(Code::InvalidArgument, store, "this names no folder that a store could be written to."));
        }
        // What stands behind a link is what is replaced: the link stays, and all names of a store share one lock.
        let store = &behind(store);
        let parents = Parents::make(store)?;
        let lock_path = beside(store, "lock");
        let lock = locked(&lock_path, store, progress)?;
        let site = Self { store: store.clone(), lock_path, _lock: lock, _parents: parents };
        let old = beside(store, "old");
        if old.exists() {
            match store.exists() {
                true => remove(&old)?,
                // Killed between the two renames of a replacement: the old store is whole, give it its name back.
                false => rename(&old, store)?,
            }
        }
        remove(&site.work())?;
        Ok(site)
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
        beside(&self.store, "tmp")
    }

    /// Puts the finished work folder in the store's place.
    pub fn finish(&self) -> Result<()> {
        let work = self.work();
        sync(&work)?;
        let old = beside(&self.store, "old");
        let replaces = self.store.exists();
        if replaces {
            rename(&self.store, &old)?;
        }
        if let Err(error) = rename(&work, &self.store) {
            if replaces {
                // Give the old store its name back; the first error is the one to tell.
                let _ = rename(&old, &self.store);
            }
            return Err(error);
        }
        if let Some(parent) = self.store.parent() {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            File::open(parent).and_then(|dir| dir.sync_all()).map_err(|e| Error::io(parent, "save the folder", &e))?;
        }
        remove(&old)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Best effort: the next conversion clears what cannot be removed now.
        let _ = remove(&self.work());
        let _ = fs::remove_file(&self.lock_path);
    }
}

/// Opens and locks the lock file, once no other process has it.
fn locked(path: &Path, store: &Path, progress: &Progress) -> Result<File> {
    loop {
        let created = !path.exists();
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(|e| Error::io(store, "write a store there", &e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress.enter(meds_store::progress::Phase::Wait, 0, 0);
                progress.check()?;
                std::thread::sleep(Duration::from_millis(20));
                continue;
            }
            // A file system without locks: two conversions at once then end in one winner's rename.
            Err(TryLockError::Error(e)) if has_no_locks(&e) => {}
            Err(TryLockError::Error(e)) => {
                // A file that was there before may be another process's lock.
                if created {
                    let _ = fs::remove_file(path);
                }
                return Err(Error::io(path, "lock the store", &e));
            }
        }
        // The one before may have removed the file between our opening and our locking it.
        if fs::metadata(path).is_ok_and(|now| file.metadata().is_ok_and(|ours| now.ino() == ours.ino())) {
            return Ok(file);
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
        Found::Store(_) if !force => Err(taken(store)),
        _ => Ok(()),
    }
}

/// A store is where another one is to be.
pub fn taken(store: &Path) -> Error {
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
