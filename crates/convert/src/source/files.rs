//! The source on disk: which files contain events, and what their footers say.

use crate::source::fingerprint::{Input, Inputs, Seen};
use crate::source::folders;
use crate::source::kept::Kept;
use crate::source::metadata::broken;
use crate::source::nested::nested;
use crate::source::spill::Spill;
use crate::source::table_format;
use meds_import::{Archive, Database};
use meds_store::manifest::Note;
use meds_store::{Code, Error, Progress, Result};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    pub content: Content,
    /// Its schema, with the writer's Arrow types if the file has them.
    pub schema: arrow_schema::SchemaRef,
    /// Columns in the names of its folders.
    pub folders: folders::Values,
    /// Root columns whose Arrow types cannot be read: they have the types of Parquet.
    pub untyped: Vec<usize>,
    /// Root columns that cannot be decoded, and the reasons.
    pub undecodable: BTreeMap<usize, String>,
    /// The file, or every file of the database, as it was when it was opened. Empty for a shard.
    inputs: Vec<Input>,
}

/// The footer of a Parquet file.
pub struct Footer {
    /// Length of the file.
    pub bytes: u64,
    /// The metadata of the library.
    pub metadata: Arc<ParquetMetaData>,
    /// Its schema, as rows are read.
    pub schema: arrow_schema::SchemaRef,
    /// Root columns whose Arrow types cannot be read: they have the types of Parquet.
    pub untyped: Vec<usize>,
    /// Root columns that cannot be decoded, and the reasons.
    pub undecodable: BTreeMap<usize, String>,
    /// The state of the file when its footer was read.
    seen: Seen,
}

/// Where the rows of a file come from.
#[derive(Debug)]
pub enum Content {
    /// Parquet, with its footer.
    Parquet(Arc<ParquetMetaData>),
    /// A meds_reader database.
    Database(Database),
    /// A shard of a store.
    Kept(Box<Kept>),
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
        let metadata = beside(&path.join("metadata"), &mut notes)?;
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
    pub fn told(&self, text: &str) -> String {
        text.replace(&*self.spill.path().to_string_lossy(), &self.archive.to_string_lossy())
    }

    /// Does the same for an error.
    pub fn error(&self, Error { code, message, path }: Error) -> Error {
        let path = path.map(|path| path.strip_prefix(self.spill.path()).map(|inside| self.archive.join(inside)).unwrap_or(path));
        Error { code, message: self.told(&message), path }
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

/// The first 32 hexadecimal digits of a hash.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// The metadata files that are read, and not only copied.
const METADATA: [&str; 4] = ["dataset.json", "codes.parquet", "subject_splits.parquet", "patient_splits.parquet"];

/// Every file below the metadata folder. A dangling link there is skipped. Below `data` it is an error,
/// because events would be missing.
fn beside(root: &Path, notes: &mut Vec<Note>) -> Result<Vec<(String, PathBuf)>> {
    if !root.exists() {
        return Ok(Vec::new());
    }
    if !root.is_dir() {
        return Err(broken(root, "this is not a folder"));
    }
    METADATA.iter().map(|name| root.join(name)).filter(|path| path.exists()).try_for_each(|path| table_format::refuse(&path, []))?;
    if let Some(name) = METADATA.iter().find(|name| root.join(name).is_dir()) {
        return Err(broken(&root.join(name), "this is a folder, not a file"));
    }
    let mut dangling = Vec::new();
    let found = walk(root, |link| dangling.push(below(root, link)))?;
    dangling.sort();
    let (found, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, path)| path.is_file() && path.to_str().is_some());
    let others: Vec<_> = others.into_iter().map(|(name, _)| name).collect();
    for (what, names) in [
        ("links below metadata/ whose target does not exist", dangling),
        ("entries below metadata/ that are not files, or whose names are not UTF-8", others),
    ] {
        if let Some(first) = names.first() {
            let message = format!("{what}, such as metadata/{first}");
            notes.push(Note { kind: "skipped".into(), message, count: names.len() as u64 });
        }
    }
    Ok(found)
}

/// A path relative to a folder, with `/`.
fn below(root: &Path, path: &Path) -> String {
    let parts: Vec<_> = path.strip_prefix(root).unwrap_or(path).components().map(|c| c.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// Everything below a folder except folders, by path. Follows links. A loop of links is an error. `dangling`
/// is called for each link whose target does not exist.
fn walk(root: &Path, mut dangling: impl FnMut(&Path)) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(root).follow_links(true) {
        if let Err(error) = &entry
            && error.io_error().is_some_and(|io| io.kind() == std::io::ErrorKind::NotFound)
            && let Some(link) = error.path().filter(|path| path.is_symlink())
        {
            dangling(link);
            continue;
        }
        let entry = entry.map_err(|e| {
            let path = e.path().unwrap_or(root).to_path_buf();
            match e.io_error() {
                Some(io) => Error::io(path, "read the folder", io),
                None => Error::at(Code::Io, path, "this link leads back to a folder above it. Remove the link."),
            }
        })?;
        if !entry.file_type().is_dir() {
            found.push((below(root, entry.path()), entry.path().to_path_buf()));
        }
    }
    found.sort();
    Ok(found)
}

/// The first entries of a folder, for error messages.
fn held(root: &Path) -> Result<String> {
    const SHOWN: usize = 5;
    let unreadable = |e: std::io::Error| Error::io(root, "read the folder", &e);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        names.push(format!("{}{}", entry.file_name().to_string_lossy(), if entry.path().is_dir() { "/" } else { "" }));
    }
    names.sort();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    Ok(match (names.is_empty(), more) {
        (true, _) => "nothing".into(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    })
}

/// The files of events of a MEDS folder, or the given file: name and path, in order.
pub fn events(root: &Path, notes: &mut Vec<Note>) -> Result<Vec<(String, PathBuf)>> {
    table_format::refuse(root, [])?;
    if !root.is_dir() {
        let name = root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        return Ok(vec![(name, root.to_path_buf())]);
    }
    let data = root.join("data");
    if data.exists() && !data.is_dir() {
        return Err(Error::at(Code::NoData, data, "this is not a folder. MEDS stores its events in data/**/*.parquet."));
    }
    if !data.is_dir() {
        let found = held(root)?;
        let message = format!(
            "this folder does not contain a folder \"data\" (it contains {found}). MEDS stores its events in data/**/*.parquet. Use the folder that contains \"data\", one Parquet file, a folder of OMOP tables (person.csv and others), a DuckDB database of these, or a meds_reader database (a folder with meds_reader.version)."
        );
        return Err(Error::at(Code::NoData, root, message));
    }
    let mut dangling = None;
    let found = walk(&data, |link| dangling = dangling.take().or(Some(link.to_path_buf())))?;
    if let Some(link) = dangling {
        return Err(Error::at(Code::NotFound, link, "what this link points to does not exist. Fix the link, or remove it."));
    }
    table_format::refuse(&data, found.iter().map(|(_, path)| path.as_path()))?;
    // Hidden files and folders are left by writers: checkpoints and snapshots (_temporary,
    // .ipynb_checkpoints). They are copies of events.
    let hidden = |name: &str| name.split('/').any(|part| part.starts_with(['.', '_']));
    let (events, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(name, _)| name.ends_with(".parquet") && !hidden(name));
    // ETLs write their logs there. They are not events, so they need no note.
    let others: Vec<_> = others.into_iter().filter(|(name, _)| !name.split('/').rev().skip(1).any(|folder| folder == ".logs")).collect();
    if let Some(message) = nested(events.iter().map(|(name, _)| name.as_str()), others.iter().map(|(name, _)| name.as_str())) {
        return Err(Error::at(Code::NoData, data, message));
    }
    if let Some((first, _)) = others.first() {
        let message = format!(
            "files below data/ that are not read: their names do not end in .parquet, or begin with a dot or _ (or their folders' do), such as data/{first}"
        );
        notes.push(Note { kind: "skipped".into(), message, count: others.len() as u64 });
    }
    if events.is_empty() {
        let message = format!(
            "this folder does not contain a *.parquet file (it contains {}). MEDS stores its events in data/**/*.parquet.",
            held(&data)?
        );
        return Err(Error::at(Code::NoData, data, message));
    }
    Ok(events.into_iter().map(|(name, path)| (format!("data/{name}"), path)).collect())
}

impl SourceFile {
    /// Patients of a store.
    pub fn of_kept(path: PathBuf, name: String, bytes: u64, kept: Kept) -> Self {
        // Columns of a shard are found by name, and the fingerprint comes from the store.
        let schema = Arc::new(arrow_schema::Schema::empty());
        Self::plain(path, name, bytes, Content::Kept(Box::new(kept)), schema)
    }

    /// Opens a Parquet file.
    pub fn open(name: String, path: PathBuf) -> Result<Self> {
        let Footer { bytes, metadata, schema, untyped, undecodable, seen } = Footer::read(&path)?;
        let inputs = vec![Input { name: name.clone(), path: path.clone(), seen }];
        let folders = folders::values(&name, &path)?;
        Ok(Self { folders, untyped, undecodable, inputs, ..Self::plain(path, name, bytes, Content::Parquet(metadata), schema) })
    }

    /// Opens a meds_reader database.
    pub fn database(path: &Path) -> Result<Self> {
        // The files are recorded before any of them is read, so that later changes are noticed.
        let inputs: Result<_> = Database::files(path)?.into_iter().map(|name| Input::at(&name, &path.join(&name))).collect();
        let inputs = inputs?;
        let database = Database::open(path)?;
        let (bytes, schema) = (database.bytes(), database.schema().clone());
        Ok(Self { inputs, ..Self::plain(path.into(), String::new(), bytes, Content::Database(database), schema) })
    }

    /// A file whose columns are all in its schema and readable.
    fn plain(path: PathBuf, name: String, bytes: u64, content: Content, schema: arrow_schema::SchemaRef) -> Self {
        let (folders, untyped, undecodable, inputs) = Default::default();
        Self { path, name, bytes, content, schema, folders, untyped, undecodable, inputs }
    }

    /// Number of its groups.
    pub fn groups(&self) -> usize {
        match &self.content {
            Content::Parquet(footer) => footer.num_row_groups(),
            Content::Database(database) => database.runs(),
            Content::Kept(kept) => kept.groups().len(),
        }
    }

    /// Rows of a group.
    pub fn rows(&self, group: usize) -> u64 {
        match &self.content {
            Content::Parquet(footer) => footer.row_group(group).num_rows().unsigned_abs(),
            Content::Database(database) => database.rows(group),
            Content::Kept(kept) => kept.groups()[group].end - kept.groups()[group].start,
        }
    }

    /// Whether the file has a column, in its schema or in the names of its folders.
    pub fn has(&self, column: &str) -> bool {
        self.schema.index_of(column).is_ok() || self.folders.iter().any(|(key, _)| key == column)
    }
}

fn encrypted(path: &Path) -> Error {
    Error::at(Code::SourceDamaged, path, "this Parquet file is encrypted, which is not supported. Write it again without encryption.")
}

impl Footer {
    /// Reads the footer of a file.
    pub fn read(path: &Path) -> Result<Self> {
        let damaged = |what: String| {
            Error::at(Code::SourceDamaged, path, format!("{what}. Replace the file with a whole copy, or remove it from the source."))
        };
        let io = |e: std::io::Error| Error::io(path, "read the file", &e);
        // Opening a pipe would wait for its writer.
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(damaged("this is not a file, but a pipe, a socket or a device".into()));
        }
        let file = File::open(path).map_err(io)?;
        let about = file.metadata().map_err(io)?;
        let (bytes, seen) = (about.len(), Seen::of(&about));
        if bytes < 12 {
            return Err(damaged(format!("{bytes} bytes are too few for a Parquet file")));
        }
        let mut end = [0; 8];
        file.read_exact_at(&mut end, bytes - 8).map_err(io)?;
        let (length, magic) = end.split_at(4);
        match magic {
            b"PAR1" => {}
            b"PARE" => return Err(encrypted(path)),
            _ => return Err(damaged("this is not a Parquet file, or its end is missing (the last four bytes are not PAR1)".into())),
        }
        let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
        if length + 12 > bytes {
            return Err(damaged(format!("the footer claims to have {length} bytes, but the file has only {bytes}")));
        }
        let mut footer = vec![0; length as usize];
        file.read_exact_at(&mut footer, bytes - 8 - length).map_err(io)?;
        if crate::source::footer::encrypts(&footer) {
            return Err(encrypted(path));
        }
        let read = |footer: &[u8]| crate::source::read::guarded(|| parsed(footer, bytes));
        let mut undecodable = BTreeMap::new();
        let parsed = read(&footer).or_else(|error| {
            let whole = crate::source::footer::mended(&footer);
            let whole = whole.as_deref().unwrap_or(&footer);
            read(whole).or_else(|_| {
                let alone = |column: &[u8]| read(column).map(drop).map_err(|e| e.to_string());
                let (plain, refused) = crate::source::footer::plain(whole, alone).ok_or(error)?;
                undecodable = refused;
                read(&plain)
            })
        });
        let (metadata, schema, untyped) = parsed.map_err(|e| damaged(format!("the footer cannot be read: {e}")))?;
        for root in crate::source::parquet_types::variants(metadata.file_metadata().schema_descr()) {
            undecodable.insert(root, "VARIANT is not supported".into());
        }
        Ok(Self { bytes, metadata: Arc::new(metadata), schema: Arc::new(schema), untyped, undecodable, seen })
    }
}

/// Parses the footer of a file of `bytes` bytes: the metadata, its schema, and the root columns whose Arrow
/// types cannot be read.
fn parsed(footer: &[u8], bytes: u64) -> parquet::errors::Result<(ParquetMetaData, arrow_schema::Schema, Vec<usize>)> {
    let metadata = ParquetMetaDataReader::decode_metadata(footer)?;
    let (schema, untyped) = crate::source::parquet_types::schema(metadata.file_metadata())?;
    // Sizes control allocation and the order of rows. Refuse impossible ones before anything is read.
    for group in metadata.row_groups() {
        let impossible = group.num_rows() < 0
            || group.columns().iter().any(|chunk| {
                let (start, length) = chunk.byte_range();
                chunk.uncompressed_size() < 0 || start.checked_add(length).is_none_or(|end| end > bytes)
            });
        if impossible {
            return Err(ParquetError::General("it claims sizes that the file does not have".into()));
        }
    }
    Ok((metadata, schema, untyped))
}
