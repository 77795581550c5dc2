//! The lock file of a store.

use meds_store::progress::Phase;
use meds_store::{Error, Progress, Result};
use same_file::Handle;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The lock file of a store. Dropping it removes the file, and then unlocks.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Whether the file is locked: not every file system has locks.
    pub is_held: bool,
    /// Whether this process probably made the file.
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
    /// A lock as on a file system without locks.
    #[cfg(test)]
    pub fn unheld(path: PathBuf, file: File, created: bool) -> Self {
        Self { path, is_held: false, created, _file: file }
    }

    /// Opens and locks the lock file, when no other process has locked it.
    pub fn take(path: PathBuf, store: &Path, progress: &Progress) -> Result<Self> {
        loop {
            let created = !path.exists();
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
            let file = file.map_err(|e| Error::io(store, "write a store to this path", &e))?;
            let is_held = match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => {
                    progress.enter(Phase::Wait, 0, 0);
                    progress.check()?;
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                }
                // The file system does not have locks. Then each conversion writes its own folder, and the
                // last rename wins.
                Err(TryLockError::Error(e)) if has_no_locks(&e) => false,
                Err(TryLockError::Error(e)) => {
                    // A file that was there before may be another process's lock.
                    if created {
                        let _ = fs::remove_file(&path);
                    }
                    return Err(Error::io(path, "lock the store", &e));
                }
            };
            // The previous owner can remove the file after we open it and before we lock it. Without locks
            // that does not matter.
            if !is_held || is_at(&file, &path) {
                return Ok(Self { path, is_held, created, _file: file });
            }
        }
    }
}

/// Whether the path still names this file.
fn is_at(file: &File, path: &Path) -> bool {
    let ours = file.try_clone().and_then(Handle::from_file);
    ours.is_ok_and(|ours| Handle::from_path(path).is_ok_and(|now| now == ours))
}

/// Whether this error means that the file system does not have locks: it does not support them (ENOSYS,
/// EOPNOTSUPP), or its lock manager is missing (ENOLCK: NFS).
fn has_no_locks(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported || cfg!(unix) && error.raw_os_error() == Some(libc::ENOLCK)
}

#[cfg(test)]
mod tests {
    use super::is_at;
    use std::fs::{self, File};

    #[test]
    fn a_lock_file_that_was_replaced_after_it_was_opened_is_not_the_one_at_the_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let file = File::create(&path).expect("a file");
        assert!(is_at(&file, &path));
        fs::rename(&path, folder.path().join("before")).expect("a rename");
        assert!(!is_at(&file, &path));
        fs::write(&path, "").expect("another file");
        assert!(!is_at(&file, &path));
        assert!(is_at(&file, &folder.path().join("before")));
    }
}
