//! One mapped Arrow file of a store.

use super::array::Array;
use super::cursor::Found;
use super::footer::{self, Layout};
use super::map::{Access, Mapping, Scan};
use super::{REMEDY, check};
use crate::error::{Code, Error, Result};
use crate::layout::Span;
use crate::manifest::{self, STORE_ID_KEY};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A file, its bytes and where its buffers lie.
#[derive(Debug)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What the manifest says of it.
    pub entry: manifest::File,
    /// Its bytes; whoever hands them out holds a share.
    pub map: Arc<Mapping>,
    /// What it holds and where.
    pub layout: Layout,
}

/// Where a file of the manifest is; one outside the store is refused.
pub fn path_of(root: &Path, entry: &manifest::File) -> Result<PathBuf> {
    let path = Path::new(&entry.path);
    if !entry.path.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(root.join(path));
    }
    Err(Error::at(Code::Corrupt, root, format!("the manifest lists \"{}\", which is no path inside the store. {REMEDY}", entry.path)))
}

impl File {
    /// Maps a file and reads its footer; `id` is the store's.
    pub fn open(root: &Path, entry: &manifest::File, id: &str, access: Access) -> Result<Self> {
        let path = path_of(root, entry)?;
        let map = Mapping::open(&path, entry.bytes, access)?;
        check::frames(map.bytes(), entry).map_err(|found| corrupt(&path, &found))?;
        let layout = footer::parse(map.bytes()).map_err(|found| corrupt(&path, &found))?;
        match layout.schema.metadata().get(STORE_ID_KEY) {
            Some(found) if found == id => {}
            Some(found) => {
                let message = format!(
                    "belongs to store {found}, the manifest to {id}: the store was replaced, or files of two stores were mixed. \
                     Open it again; if that does not help, convert the source again (--force)."
                );
                return Err(Error::at(Code::StoreReplaced, path, message));
            }
            None => return Err(corrupt(&path, "does not say which store it belongs to")),
        }
        Ok(Self { path, entry: entry.clone(), map: Arc::new(map), layout })
    }

    /// The top-level field of this name.
    pub fn array(&self, name: &str) -> Option<Array<'_>> {
        self.arrays().find(|array| array.node.name == name)
    }

    /// All top-level fields.
    pub fn arrays(&self) -> impl Iterator<Item = Array<'_>> {
        self.layout.fields.iter().map(|node| Array::new(self.map.bytes(), node))
    }

    /// A buffer is about to be read from its beginning to its end: see [`Mapping::ahead`].
    pub fn ahead(&self, span: Span) -> Option<Scan> {
        self.map.ahead(span.offset as usize..span.offset.saturating_add(span.bytes) as usize)
    }

    /// Checks every byte against the manifest.
    pub fn check_crc(&self) -> Result<()> {
        self.found_crc().map_err(|found| self.corrupt(&found))
    }

    /// The same, as a clause.
    pub fn found_crc(&self) -> Found<()> {
        let _scan = self.map.scan();
        check::crc(self.map.bytes(), &self.entry.crc32c)
    }

    /// An error about this file.
    pub fn corrupt(&self, found: &str) -> Error {
        corrupt(&self.path, found)
    }
}

/// What was found in a file, as an error with the remedy.
pub fn corrupt(path: &Path, found: &str) -> Error {
    Error::at(Code::Corrupt, path, format!("{found}. {REMEDY}"))
}
