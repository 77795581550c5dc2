//! Sources that are packed in one file: `.zip`, `.tar.gz`, `.tar`.

use crate::data::io;
use crate::database::Database;
use crate::listing::{Content, Listing};
use flate2::read::MultiGzDecoder;
use meds_store::{Code, Error, Progress, Result};
use std::cell::Cell;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufReader, ErrorKind, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use zip::read::Config;
use zip::unstable::read::ZipIterable;

/// A tar consists of blocks of this size.
const BLOCK: usize = 512;
/// Most bytes between two files of a tar. The library keeps them in memory, and gzip can inflate few bytes to
/// gigabytes.
const BETWEEN: u64 = 1 << 20;
/// Most entries in a message.
const SHOWN: usize = 5;

#[derive(Clone, Copy, Debug)]
enum Form {
    Zip,
    TarGz,
    Tar,
}

/// An archive that is not unpacked yet.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    form: Form,
    bytes: u64,
}

impl Archive {
    /// Recognises an archive by its first bytes; `None` for other files.
    pub fn of(path: &Path) -> Result<Option<Self>> {
        // To open a pipe would be to wait for its writer. Only a file can be an archive.
        if !fs::metadata(path).map_err(|e| Error::io(path, "find the source", &e))?.is_file() {
            return Ok(None);
        }
        let file = File::open(path).map_err(|e| Error::io(path, "read the file", &e))?;
        let bytes = file.metadata().map_err(io(path))?.len();
        let head = head(&file).map_err(io(path))?;
        let form = match &head[..] {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Form::Zip,
            [0x1f, 0x8b, ..] => {
                (&file).rewind().map_err(io(path))?;
                match self::head(MultiGzDecoder::new(BufReader::new(file))) {
                    Ok(head) if !is_tar(&head) => return Err(Error::at(Code::NoData, path, single(&head))),
                    // A gzip that cannot be unpacked counts as a damaged .tar.gz.
                    _ => Form::TarGz,
                }
            }
            head if is_tar(head) => Form::Tar,
            _ => return Ok(None),
        };
        Ok(Some(Self { path: path.to_path_buf(), form, bytes }))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Unpacks everything into an existing, empty folder. Returns the folder of the only dataset in it.
    pub fn unpack(&self, into: &Path, progress: &Progress) -> Result<PathBuf> {
        self.extract(into, progress)?;
        self.root(into)
    }

    /// Unpacks everything into an existing, empty folder.
    pub fn extract(&self, into: &Path, progress: &Progress) -> Result<()> {
        let target = Target { archive: self, into, progress };
        let file = File::open(&self.path).map_err(io(&self.path))?;
        match self.form {
            Form::Zip => target.zip(file),
            Form::TarGz => target.tar(MultiGzDecoder::new(BufReader::new(file))),
            Form::Tar => target.tar(BufReader::new(file)),
        }
    }

    /// Does it contain OMOP tables, or a DuckDB database of them? The names of its files decide, and are read
    /// up to the first that does. The answer for a damaged archive is no: unpacking reports the damage.
    pub fn holds_tables(&self, progress: &Progress) -> Result<bool> {
        let (mut listing, mut content) = (Listing::default(), None);
        let mut look = |name: &Path| {
            progress.check()?;
            content = if aside(name) { None } else { listing.add(name) };
            Ok(content.is_some())
        };
        let file = File::open(&self.path).map_err(io(&self.path))?;
        let read = match self.form {
            Form::Zip => self.zip_names(file, &mut look),
            Form::TarGz => self.tar_names(MultiGzDecoder::new(BufReader::new(file)), &mut look),
            Form::Tar => self.tar_names(BufReader::new(file), &mut look),
        };
        match read {
            Err(error) if error.code != Code::SourceDamaged => Err(error),
            _ => Ok(content.or_else(|| listing.content()) == Some(Content::Tables)),
        }
    }

    fn zip_names(&self, file: File, look: &mut impl FnMut(&Path) -> Result<bool>) -> Result<()> {
        let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|e| self.damaged(e))?;
        for at in 0..zip.len() {
            let entry = zip.by_index_raw(at).map_err(|e| self.damaged(e))?;
            if look(&zip_path(&entry.name().map_err(|e| self.damaged(e))?))? {
                break;
            }
        }
        Ok(())
    }

    fn tar_names(&self, packed: impl Read, look: &mut impl FnMut(&Path) -> Result<bool>) -> Result<()> {
        let unreadable = |e| self.unreadable(e);
        let left = Rc::new(Cell::new(BETWEEN));
        let mut tar = tar::Archive::new(Stream { from: packed, left: left.clone(), zeros: 0 });
        for entry in tar.entries().map_err(unreadable)? {
            let mut entry = entry.map_err(unreadable)?;
            if look(&entry.path().map_err(unreadable)?)? {
                break;
            }
            left.set(u64::MAX);
            std::io::copy(&mut entry, &mut std::io::sink()).map_err(unreadable)?;
            left.set(BETWEEN);
        }
        Ok(())
    }

    /// The only dataset, at any depth.
    fn root(&self, into: &Path) -> Result<PathBuf> {
        let mut found = Vec::new();
        datasets(into, &mut found)?;
        let message = match &found[..] {
            [one] => return Ok(one.clone()),
            [] => {
                let names = names(into).map_err(io(into))?;
                let found = if names.is_empty() { "nothing".into() } else { listed(&names) };
                format!(
                    "looked for a MEDS dataset (a folder \"data\"), OMOP tables (person.csv, .csv.gz or .parquet and others in one folder), a DuckDB database of these (.duckdb) or a meds_reader database (a folder with meds_reader.version) in this archive; found {found}"
                )
            }
            many => {
                let names: Vec<_> = many.iter().map(|path| shown(path.strip_prefix(into).unwrap_or(path))).collect();
                format!("it contains {} datasets ({})", names.len(), listed(&names))
            }
        };
        Err(Error::at(Code::NoData, &self.path, format!("{message}. Unpack the archive, and use the folder of the dataset.")))
    }

    /// Messages of the libraries may quote bytes of the file, so they are not passed on.
    fn unreadable(&self, error: std::io::Error) -> Error {
        match error.kind() {
            _ if error.raw_os_error().is_some() => io(&self.path)(error),
            ErrorKind::UnexpectedEof => self.damaged("its end is missing"),
            ErrorKind::Unsupported => self.damaged(error),
            _ => self.damaged("its bytes contradict each other"),
        }
    }

    fn damaged(&self, what: impl std::fmt::Display) -> Error {
        Error::at(
            Code::SourceDamaged,
            &self.path,
            format!("this archive cannot be unpacked: {what}. Replace it with a whole copy, or unpack it yourself."),
        )
    }
}

/// The first block of a file, or the whole file where it is shorter.
fn head(file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(BLOCK as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// A tar begins with a header that contains its own checksum. An empty tar begins with its end.
fn is_tar(head: &[u8]) -> bool {
    const CHECKSUM: std::ops::Range<usize> = 148..156;
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let is_own = |known: u32| known == sum(head) - sum(&head[CHECKSUM]) + 8 * u32::from(b' ');
    head.len() == BLOCK && (sum(head) == 0 || tar::Header::from_byte_slice(head).cksum().is_ok_and(is_own))
}

/// The message for a single file that is packed by gzip.
fn single(head: &[u8]) -> &'static str {
    match head.starts_with(b"PAR1") {
        true => "this is a single Parquet file, packed by gzip. Unpack it, and use the Parquet file.",
        false => {
            "looked for a .tar.gz of a dataset, tables or a database; found a single file of another kind, packed by gzip. Unpack it, and check its content."
        }
    }
}

/// The entries of a folder, in order.
fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let entries: std::io::Result<Vec<_>> = fs::read_dir(folder)?.collect();
    let mut names: Vec<_> = entries?.iter().map(|entry| shown(Path::new(&entry.file_name()))).collect();
    names.sort();
    Ok(names)
}

/// The first names, separated by commas.
fn listed(names: &[String]) -> String {
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

/// The datasets in a folder. Folders inside a dataset are part of it.
fn datasets(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    if Database::is_at(folder) {
        found.push(folder.to_path_buf());
        return Ok(());
    }
    let data = folder.join("data");
    if data.is_dir() && has_parquet(&data)? {
        found.push(folder.to_path_buf());
        return Ok(());
    }
    let before = found.len();
    let below: std::io::Result<Vec<_>> = fs::read_dir(folder).map_err(io(folder))?.collect();
    let mut below: Vec<_> = below.map_err(io(folder))?.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    below.sort();
    below.iter().try_for_each(|path| datasets(path, found))?;
    // A folder `data` without Parquet belongs to a damaged dataset, unless it contains other datasets.
    if data.is_dir() && found.len() == before {
        found.push(folder.to_path_buf());
    }
    Ok(())
}

/// Does a folder contain Parquet, at any depth.
fn has_parquet(folder: &Path) -> Result<bool> {
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        if if path.is_dir() { has_parquet(&path)? } else { path.extension().is_some_and(|extension| extension == "parquet") } {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The stream of a tar.
struct Stream<R> {
    from: R,
    /// Bytes that may be read before the content of the next file begins.
    left: Rc<Cell<u64>>,
    /// Zeros at the end of the bytes read so far. A tar ends with a block of zeros; without it, a tar that
    /// was cut between two files would look whole.
    zeros: usize,
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(out)?;
        self.left.set(self.left.get().checked_sub(read as u64).ok_or(ErrorKind::InvalidData)?);
        let zeros = out[..read].iter().rev().take_while(|byte| **byte == 0).count();
        self.zeros = if zeros == read { self.zeros.saturating_add(read) } else { zeros };
        Ok(read)
    }
}

/// A name for messages.
fn shown(name: &Path) -> String {
    name.to_string_lossy().chars().take(200).collect()
}

/// Is it one of the files that macOS adds.
fn aside(path: &Path) -> bool {
    path.components().next().is_some_and(|first| first.as_os_str() == "__MACOSX")
        || path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("._"))
}

struct Target<'a> {
    archive: &'a Archive,
    into: &'a Path,
    progress: &'a Progress,
}

impl Target<'_> {
    fn zip(&self, file: File) -> Result<()> {
        let mut zip = zip::ZipArchive::new(BufReader::new(&file)).map_err(|e| self.archive.damaged(e))?;
        if zip.has_duplicate_names() {
            self.no_file_twice(BufReader::new(&file))?;
        }
        for at in 0..zip.len() {
            let mut entry = zip.by_index(at).map_err(|e| self.archive.damaged(e))?;
            let name = zip_path(&entry.name().map_err(|e| self.archive.damaged(e))?);
            if entry.is_symlink() {
                return Err(self.strange(&name));
            }
            if !entry.is_dir() && !aside(&name) {
                self.write(&name, &mut entry)?;
            }
        }
        Ok(())
    }

    /// Refuses two files with one name: the library only sees the later one.
    fn no_file_twice(&self, file: impl Read + Seek) -> Result<()> {
        let mut entries = ZipIterable::try_new(file, Config::default()).map_err(|e| self.archive.damaged(e))?;
        let mut seen = HashSet::new();
        for entry in entries.files().map_err(|e| self.archive.damaged(e))? {
            let entry = entry.map_err(|e| self.archive.damaged(e))?;
            let name = zip_path(&entry.name().map_err(|e| self.archive.damaged(e))?);
            if !entry.is_dir() && !aside(&name) && !seen.insert(name.clone()) {
                return Err(self.twice(&name));
            }
        }
        Ok(())
    }

    fn tar(&self, packed: impl Read) -> Result<()> {
        let unreadable = |e| self.archive.unreadable(e);
        let left = Rc::new(Cell::new(BETWEEN));
        let mut tar = tar::Archive::new(Stream { from: packed, left: left.clone(), zeros: 0 });
        for entry in tar.entries().map_err(unreadable)? {
            let mut entry = entry.map_err(unreadable)?;
            let (name, size) = (entry.path().map_err(unreadable)?.into_owned(), entry.size());
            left.set(u64::MAX);
            let length = match entry.header().entry_type() {
                kind if kind.is_dir() || kind.is_pax_global_extensions() || aside(&name) => {
                    std::io::copy(&mut entry, &mut std::io::sink()).map_err(unreadable)?
                }
                kind if kind.is_file() => self.write(&name, &mut entry)?,
                _ => return Err(self.strange(&name)),
            };
            if length != size {
                return Err(unreadable(ErrorKind::UnexpectedEof.into()));
            }
            left.set(BETWEEN);
        }
        left.set(u64::MAX);
        // The checksum of a gzip is at its very end.
        let mut rest = tar.into_inner();
        std::io::copy(&mut rest, &mut std::io::sink()).map_err(unreadable)?;
        if rest.zeros < BLOCK { Err(unreadable(ErrorKind::UnexpectedEof.into())) } else { Ok(()) }
    }

    /// Writes a file, below the folder and nowhere else. Returns its length.
    fn write(&self, name: &Path, from: &mut impl Read) -> Result<u64> {
        if !name.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(self.archive.damaged(format!("the path of its file {} leads outside the archive", shown(name))));
        }
        let path = self.into.join(name);
        let failed = |e: std::io::Error| match e.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => self.twice(name),
            ErrorKind::InvalidFilename | ErrorKind::InvalidInput => {
                self.archive.damaged(format!("{} cannot be the name of a file", shown(name)))
            }
            _ => Error::io(&path, "unpack the archive", &e),
        };
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        let mut to = File::create_new(&path).map_err(failed)?;
        let (mut held, mut length) = (vec![0; 1 << 18], 0);
        loop {
            self.progress.check()?;
            let some = from.read(&mut held).map_err(|e| self.archive.unreadable(e))?;
            if some == 0 {
                return Ok(length);
            }
            to.write_all(&held[..some]).map_err(failed)?;
            length += some as u64;
        }
    }

    fn twice(&self, name: &Path) -> Error {
        let message =
            format!("this archive contains {} twice, or once as a file and once as a folder. Pack the dataset again.", shown(name));
        Error::at(Code::SourceDamaged, &self.archive.path, message)
    }

    fn strange(&self, name: &Path) -> Error {
        self.archive.damaged(format!("{} is neither a plain file nor a folder (but a link, for example)", shown(name)))
    }
}

/// The path of a name in a .zip. Old programs on Windows write `data\0.parquet`.
fn zip_path(name: &str) -> PathBuf {
    PathBuf::from(name.replace('\\', "/"))
}
