//! A mapped Arrow file of a store.

use super::Found;
use super::array::Array;
use super::footer::{self, Layout};
use super::map::{Access, Mapping, Scan};
use super::{REMEDY, checksum};
use crate::error::{Code, Error, Result};
use crate::layout::Span;
use crate::manifest::{self, STORE_ID_KEY};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A file, its bytes and the layout of its buffers.
#[derive(Debug)]
pub struct File {
    /// Its path.
    pub path: PathBuf,
    /// The manifest's entry for the file.
    pub entry: manifest::File,
    /// Its bytes. Code that passes them on keeps a share of the mapping.
    pub map: Arc<Mapping>,
    /// The fields and where their buffers are.
    pub layout: Layout,
}

/// The path of a file that the manifest lists. Fails for a path outside the store.
pub fn path_of(root: &Path, entry: &manifest::File) -> Result<PathBuf> {
    let path = Path::new(&entry.path);
    if !entry.path.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(root.join(path));
    }
    Err(Error::at(Code::Corrupt, root, format!("the manifest lists \"{}\", which is not a path inside the store. {REMEDY}", entry.path)))
}

impl File {
    /// Maps a file and reads its footer. `id` is the store's content id.
    pub fn open(root: &Path, entry: &manifest::File, id: &str, access: Access) -> Result<Self> {
        let path = path_of(root, entry)?;
        let map = Mapping::open(&path, entry.bytes, access)?;
        checksum::frames(map.bytes(), entry).map_err(|found| corrupt(&path, &found))?;
        let layout = footer::parse(map.bytes()).map_err(|found| corrupt(&path, &found))?;
        match layout.schema.metadata().get(STORE_ID_KEY) {
            Some(found) if found == id => {}
            Some(found) => {
                let message = format!(
                    "belongs to store {found}, but the manifest belongs to store {id}. The store was replaced, or files of two stores were mixed. \
                     Open it again; if that does not help, convert the source again with `force` (--force)."
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

    /// The top-level fields.
    pub fn arrays(&self) -> impl Iterator<Item = Array<'_>> {
        self.layout.fields.iter().map(|node| Array::new(self.map.bytes(), node))
    }

    /// Announces that a buffer is read from its beginning to its end: see [`Mapping::ahead`].
    pub fn ahead(&self, span: Span) -> Option<Scan> {
        self.map.ahead(span.offset as usize..span.offset.saturating_add(span.bytes) as usize)
    }

    /// Checks the file's bytes against the manifest's checksum.
    pub fn check_crc(&self) -> Result<()> {
        self.found_crc().map_err(|found| self.corrupt(&found))
    }

    /// The same check, with an error as a clause.
    pub fn found_crc(&self) -> Found<()> {
        let _scan = self.map.scan();
        checksum::crc(self.map.bytes(), &self.entry.crc32c)
    }

    /// An error about this file.
    pub fn corrupt(&self, found: &str) -> Error {
        corrupt(&self.path, found)
    }
}

/// An error about a damaged file, with the remedy.
pub fn corrupt(path: &Path, found: &str) -> Error {
    Error::at(Code::Corrupt, path, format!("{found}. {REMEDY}"))
}
