//! The source on disk: which files contain events, and what their footers say.

use crate::source::content::Content;
use crate::source::dataset::{events, metadata_files};
use crate::source::fingerprint::{Input, Inputs};
use crate::source::folders;
use crate::source::parquet::{Footer, ParquetFile};
use crate::source::spill::Spill;
use arrow_schema::SchemaRef;
use meds_import::{Archive, Database};
use meds_store::manifest::Note;
use meds_store::{Code, Error, Progress, Result};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A Parquet file of events, a meds_reader database, or patients of a store. It is read in groups (row
/// groups, runs of subjects) and column by column.
#[derive(Debug)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the source, with `/`. Files are in the byte order of these names.
    pub name: String,
    /// Length of the file.
    pub bytes: u64,
    /// Where its rows come from.
    pub content: Box<dyn Content>,
    /// Its schema, with the writer's Arrow types if the file has them.
    pub schema: SchemaRef,
    /// Columns in the names of its folders.
    pub folders: folders::Values,
    /// Root columns whose Arrow types cannot be read: they have the types of Parquet.
    pub untyped: Vec<usize>,
    /// Root columns that cannot be decoded, and the reasons.
    pub undecodable: BTreeMap<usize, String>,
    /// The file, or every file of the database, as it was when it was opened. Empty for a shard.
    inputs: Vec<Input>,
}

/// A whole source.
#[derive(Debug, Default)]
pub struct Source {
    /// The files of events, in order.
    pub files: Vec<SourceFile>,
    /// Files below `metadata/`: path below that folder, and path.
    pub metadata: Vec<(String, PathBuf)>,
    /// What was skipped.
    pub notes: Vec<Note>,
    /// The source that these files are a sorted copy of. Errors in rows are reported for that source.
    pub copy_of: Option<PathBuf>,
    /// The archive that contains the source. There are no files before [`Source::unpack`].
    archive: Option<Archive>,
}

impl Source {
    /// Finds the files and reads their footers.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_dir()
            && let Some(archive) = Archive::of(path)?
        {
            return Ok(Self { archive: Some(archive), ..Self::default() });
        }
        let mut notes = Vec::new();
        let source = match Database::is_at(path) {
            true => Self { files: vec![SourceFile::database(path)?], ..Self::default() },
            false if path.is_file() && !is_parquet(path) => return Err(unknown(path)),
            false => Self::of_files(events(path, &mut notes)?)?,
        };
        let metadata = metadata_files(&path.join("metadata"), &mut notes)?;
        Ok(Self { metadata, notes, ..source })
    }

    /// A source of these files (name and path), in this order.
    pub fn of_files(names: Vec<(String, PathBuf)>) -> Result<Self> {
        // All files are opened, so that of several errors the first file's is reported, for any number of
        // threads.
        let files: Vec<Result<_>> = names.into_par_iter().map(|(name, path)| SourceFile::open(name, path)).collect();
        Ok(Self { files: files.into_iter().collect::<Result<_>>()?, ..Self::default() })
    }

    /// Unpacks a source in an archive into the folder for temporary files, or into `work`. The files exist as
    /// long as the result.
    pub fn unpack(&mut self, temp: Option<&Path>, work: &Path, progress: &Progress) -> Result<Option<UnpackedArchive>> {
        let Some(archive) = &self.archive else { return Ok(None) };
        let unpacked = UnpackedArchive { spill: Spill::new(temp, work, "unpacked")?, archive: archive.path().to_path_buf() };
        let source = Self::open(&archive.unpack(unpacked.spill.path(), progress)?).map_err(|error| unpacked.error(error))?;
        let archive = self.archive.take();
        *self = Self { archive, ..source };
        Ok(Some(unpacked))
    }

    /// Bytes of all files of events, or of an archive that is not unpacked.
    pub fn bytes(&self) -> u64 {
        match &self.archive {
            Some(archive) if self.files.is_empty() => archive.bytes(),
            _ => self.files.iter().map(|f| f.bytes).sum(),
        }
    }

    /// Every file that decides the content of a store of this source. `root` is the path that the source was
    /// opened by.
    pub fn inputs(&self, root: &Path) -> Result<Inputs> {
        // The name of an archive does not matter.
        if let Some(archive) = &self.archive {
            return Ok(Inputs::new(root, vec![Input::at("", archive.path())?]));
        }
        let mut inputs: Vec<Input> = self.files.iter().flat_map(|file| file.inputs.iter().cloned()).collect();
        for (name, path) in &self.metadata {
            inputs.push(Input::at(format!("metadata/{name}"), path)?);
        }
        Ok(Inputs::new(root, inputs))
    }
}

/// The files of an archive, on disk as long as this value lives.
#[derive(Debug)]
pub struct UnpackedArchive {
    spill: Spill,
    archive: PathBuf,
}

impl UnpackedArchive {
    /// Replaces the temporary folder by the archive in a text, because the folder is removed before anyone
    /// reads the text.
    pub fn in_archive(&self, text: &str) -> String {
        text.replace(&*self.spill.path().to_string_lossy(), &self.archive.to_string_lossy())
    }

    /// Does the same for an error.
    pub fn error(&self, Error { code, message, path }: Error) -> Error {
        let path = path.map(|path| path.strip_prefix(self.spill.path()).map(|inside| self.archive.join(inside)).unwrap_or(path));
        Error { code, message: self.in_archive(&message), path }
    }
}

/// The error for a single file that does not begin like Parquet. Most likely it is an unsupported archive.
pub fn unknown(path: &Path) -> Error {
    let message = "this is neither a Parquet file nor an archive (.zip, .tar.gz, .tar): it is damaged or has another format. Replace it with a whole copy, or unpack it and use the folder.";
    Error::at(Code::SourceDamaged, path, message)
}

/// Whether a file begins like Parquet, even if encrypted. True also for unreadable files. Both have errors of
/// their own later.
fn is_parquet(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4).read_to_end(&mut head));
    read.is_err() || head == b"PAR1" || head == b"PARE"
}

impl SourceFile {
    /// A file whose columns are all in its schema and readable.
    pub fn new(path: PathBuf, name: String, bytes: u64, content: Box<dyn Content>, schema: SchemaRef) -> Self {
        let (folders, untyped, undecodable, inputs) = Default::default();
        Self { path, name, bytes, content, schema, folders, untyped, undecodable, inputs }
    }

    /// Opens a Parquet file.
    pub fn open(name: String, path: PathBuf) -> Result<Self> {
        let footer = Footer::read(&path)?;
        let inputs = vec![Input { name: name.clone(), path: path.clone(), seen: footer.seen }];
        let folders = folders::values(&name, &path)?;
        let content = Box::new(ParquetFile::new(&path, &footer));
        let Footer { bytes, schema, untyped, undecodable, .. } = footer;
        Ok(Self { folders, untyped, undecodable, inputs, ..Self::new(path, name, bytes, content, schema) })
    }

    /// Opens a meds_reader database.
    pub fn database(path: &Path) -> Result<Self> {
        // The files are recorded before any of them is read, so that later changes are noticed.
        let inputs: Result<_> = Database::files(path)?.into_iter().map(|name| Input::at(&name, &path.join(&name))).collect();
        let inputs = inputs?;
        let database = Database::open(path)?;
        let (bytes, schema) = (database.bytes(), database.schema().clone());
        Ok(Self { inputs, ..Self::new(path.into(), String::new(), bytes, Box::new(database), schema) })
    }

    /// Number of its groups.
    pub fn groups(&self) -> usize {
        self.content.groups()
    }

    /// Rows of a group.
    pub fn rows(&self, group: usize) -> u64 {
        self.content.rows(group)
    }

    /// Whether the file has a column, in its schema or in the names of its folders.
    pub fn has(&self, column: &str) -> bool {
        self.schema.index_of(column).is_ok() || self.folders.iter().any(|(key, _)| key == column)
    }
}
