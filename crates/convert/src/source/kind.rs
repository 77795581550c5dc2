//! What a path is: a store, a source of some kind, or nothing that is known. This is the one place that knows
//! what each looks like from outside, by the names in a folder and the first bytes of a file.

use crate::source::table_format;
use meds_import::table_named;
use meds_store::{Code, Error, Result};
use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File, FileType, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder: a store of this package.
    Store,
    /// A folder: a MEDS dataset.
    Meds,
    /// A folder: a database of meds_reader.
    MedsReader,
    /// A folder: OMOP tables.
    Omop,
    /// A Parquet file.
    Parquet,
    /// A `.zip`, `.tar.gz` or `.tar` file.
    Archive,
    /// A database file of DuckDB.
    DuckDb,
}

impl Kind {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Meds => "meds",
            Self::MedsReader => "meds_reader",
            Self::Omop => "omop",
            Self::Parquet => "parquet",
            Self::Archive => "archive",
            Self::DuckDb => "duckdb",
        }
    }
}

/// What a source may be, for messages.
const LOOKED_FOR: &str = "MEDS (a folder \"data\" with Parquet files), OMOP CDM (tables such as person.csv, .csv.gz or .parquet), a DuckDB database of these, a meds_reader database (meds_reader.version)";
/// The most names in a message.
const SHOWN: usize = 5;
/// The most folders that are searched for a dataset below one that is not, and how deep.
const SEARCHED: usize = 200;
const DEPTH: usize = 2;
/// The bytes of a file that show its kind: the magic of a tar is in its first block.
const HEAD: u64 = 512;

/// What a path is; an error where it is nothing that can be read. The error says what was found, and where a
/// dataset is nearby.
pub fn kind(path: &Path) -> Result<Kind> {
    let about = match fs::metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Err(absent(path)),
        about => about.map_err(|error| Error::io(path, "look at the source", &error))?,
    };
    if !about.is_dir() {
        return file(path, &about);
    }
    let entries = entries(path)?;
    match folder(path, &entries)? {
        Some(kind) if kind != Kind::Meds || !is_input(path) => return Ok(kind),
        _ => table_format::refuse(path, [])?,
    }
    let names: Vec<_> = entries.into_iter().map(|entry| entry.name).collect();
    let found = if names.is_empty() { "an empty folder".into() } else { listed(&names) };
    Err(Error::at(Code::NoData, path, format!("looked for {LOOKED_FOR}; found {found}{}.", nearby(path))))
}

/// What a file is by its first bytes; `None` where they show no kind.
pub fn kind_of_file(path: &Path) -> Result<Option<Kind>> {
    Ok(by_magic(&head(path)?))
}

/// The sources in a folder, at any depth. What is in a source is part of it.
pub fn sources_in(root: &Path) -> Result<Vec<(PathBuf, Kind)>> {
    let entries = entries(root)?;
    match folder(root, &entries)? {
        // A folder of tables may be called data.
        Some(kind) if kind != Kind::Meds || !contains_tables(&root.join("data"))? => return Ok(vec![(root.to_path_buf(), kind)]),
        _ => {}
    }
    let mut found = Vec::new();
    for entry in entries {
        if entry.file_type.is_dir() {
            found.append(&mut sources_in(&entry.path)?);
        } else if entry.file_type.is_file() && kind_of_file(&entry.path)? == Some(Kind::DuckDb) {
            found.push((entry.path, Kind::DuckDb));
        }
    }
    Ok(found)
}

fn contains_tables(path: &Path) -> Result<bool> {
    Ok(path.is_dir() && folder(path, &entries(path)?)? == Some(Kind::Omop))
}

fn absent(path: &Path) -> Error {
    let what = match fs::read_link(path) {
        Ok(target) => format!("this link leads to {}, which does not exist. Fix the link.", target.display()),
        Err(_) => "there is no such file or folder. Check the path.".into(),
    };
    Error::at(Code::NotFound, path, what)
}

/// An entry of a folder.
struct Entry {
    name: String,
    path: PathBuf,
    /// Of the entry itself, and not of what a link leads to.
    file_type: FileType,
}

impl Entry {
    /// Links are followed. A link that cannot be followed is not a folder: what is wrong with it shows when it
    /// is read.
    fn is_folder(&self) -> bool {
        if self.file_type.is_symlink() { self.path.is_dir() } else { self.file_type.is_dir() }
    }
}

/// The entries of a folder by name.
fn entries(root: &Path) -> Result<Vec<Entry>> {
    list(root).map_err(|error| Error::io(root, "read the folder", &error))
}

fn list(root: &Path) -> std::io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push(Entry { name, path: entry.path(), file_type: entry.file_type()? });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// What a folder is by the names in it; `None` where they show no kind.
fn folder(root: &Path, entries: &[Entry]) -> Result<Option<Kind>> {
    let has = |name: &str| entries.iter().any(|entry| entry.name == name);
    if has("manifest.json") && has("patients.arrow") {
        return Ok(Some(Kind::Store));
    }
    // The first versions had no file of that name; they are refused as such. This comes before MEDS: a column
    // may be called "data".
    if has("meds_reader.version") || has("meds_reader.properties") || ["properties", "length", "patient_id"].into_iter().all(has) {
        return Ok(Some(Kind::MedsReader));
    }
    let tables: BTreeSet<_> = entries.iter().filter_map(|entry| table_named(&entry.name, entry.is_folder())).collect();
    let has_person = tables.contains("person");
    if has("data") && has_person && tables.len() > 1 {
        let message = format!("is both MEDS (the folder data) and OMOP CDM ({} tables). Keep only one of them.", tables.len());
        return Err(Error::at(Code::SchemaConflict, root, message));
    }
    if has("data") {
        return Ok(Some(Kind::Meds));
    }
    // One table alone may be anything: a folder of notes has a note.csv.
    Ok((has_person || tables.len() > 1).then_some(Kind::Omop))
}

/// Is the folder "data" not MEDS but the input of an ETL, whose output is beside it?
fn is_input(root: &Path) -> bool {
    // What cannot be read here is an error when the source is read.
    has_parquet(&root.join("data"), usize::MAX).is_ok_and(|has| !has) && !sources_below(root).is_empty()
}

fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Where the dataset may be that was meant: below the folder, such as an ETL's output beside its input and its
/// stages, or above it.
fn nearby(root: &Path) -> String {
    match &sources_below(root)[..] {
        [] => {}
        [one] => return format!("; its folder {one} is a dataset: use {}", root.join(one).display()),
        several => return format!("; these of its folders are datasets, use one of them: {}", listed(several)),
    }
    let path = resolved(root);
    // Not the root of the file system.
    let above = path.ancestors().skip(1).filter(|above| above.parent().is_some()).find(|above| source_at(above) == Some(true));
    above.map_or_else(String::new, |above| format!("; it is in {}: use that folder", above.display()))
}

/// The absolute path without `.` and `..`.
fn resolved(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).components() {
        match part {
            Component::ParentDir => drop(whole.pop()),
            part => whole.push(part),
        }
    }
    whole
}

/// The sources below a folder, the nearest first. Where some have metadata, the others are stages in making
/// them and are left out.
fn sources_below(root: &Path) -> Vec<String> {
    let (mut whole, mut partial) = (Vec::new(), Vec::new());
    let mut level = vec![String::new()];
    let mut searched = 0;
    for _ in 0..DEPTH {
        let names = level.iter().flat_map(|above| folders_in(&root.join(above)).into_iter().map(|name| Path::new(above).join(name)));
        let mut next = Vec::new();
        for name in names.take(SEARCHED - searched).collect::<Vec<_>>() {
            searched += 1;
            let found = source_at(&root.join(&name));
            let name = name.to_string_lossy().into_owned();
            match found {
                Some(true) => whole.push(name),
                Some(false) => partial.push(name),
                None => next.push(name),
            }
        }
        if !whole.is_empty() {
            return whole;
        }
        level = next;
    }
    partial
}

/// Whether a folder is a source, and then whether it has metadata; `None` for another folder and for one that
/// cannot be read.
fn source_at(root: &Path) -> Option<bool> {
    let entries = list(root).ok()?;
    let kind = folder(root, &entries).ok()??;
    if kind != Kind::Meds || entries.iter().any(|entry| entry.name == "metadata") {
        return Some(true);
    }
    // Many folders contain one that is called "data".
    has_parquet(&root.join("data"), DEPTH).ok()?.then_some(false)
}

/// The names of the folders in a folder that are not hidden; none where it cannot be read.
fn folders_in(root: &Path) -> Vec<String> {
    let entries = list(root).unwrap_or_default();
    entries.into_iter().filter(|entry| !entry.name.starts_with(['.', '_']) && entry.is_folder()).map(|entry| entry.name).collect()
}

/// Does a folder, or one at most `depth` folders deep in it, contain a Parquet file?
fn has_parquet(root: &Path, depth: usize) -> std::io::Result<bool> {
    find_parquet(root, depth, &mut HashSet::new())
}

/// Looks into each real folder once: links may lead back, in more ways than can be followed.
fn find_parquet(root: &Path, depth: usize, seen: &mut HashSet<PathBuf>) -> std::io::Result<bool> {
    if !seen.insert(root.canonicalize()?) {
        return Ok(false);
    }
    if list(root)?.iter().any(|entry| entry.name.ends_with(".parquet")) {
        return Ok(true);
    }
    if depth > 0 {
        for name in folders_in(root) {
            if find_parquet(&root.join(name), depth - 1, seen)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What a file is; an error where it is nothing that can be read.
fn file(path: &Path, about: &Metadata) -> Result<Kind> {
    let refused = |found: String| {
        table_format::refuse(path, [])?;
        let message = format!(
            "looked for {LOOKED_FOR}, a Parquet file, or an archive (.zip, .tar.gz, .tar) of a dataset or database; found {found}."
        );
        Err(Error::at(Code::NoData, path, message))
    };
    // A pipe is not opened: that would wait for a writer.
    if !about.is_file() {
        return refused(special(about.file_type()).into());
    }
    let head = head(path)?;
    if let Some(kind) = by_magic(&head).or_else(|| by_name(path)) {
        return Ok(kind);
    }
    refused(match columns(&head) {
        Some(names) => format!("a text file with the columns {}. Write a MEDS table as Parquet first", listed(&names)),
        None if head.is_empty() => "an empty file".into(),
        None => "a file of another kind".into(),
    })
}

#[cfg(unix)]
fn special(what: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match what.is_fifo() {
        true => "a pipe",
        false if what.is_socket() => "a socket",
        false => "a device",
    }
}

#[cfg(windows)]
fn special(_: FileType) -> &'static str {
    "a device"
}

fn head(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.map_err(|error| Error::io(path, "read the file", &error))?;
    Ok(head)
}

fn by_magic(head: &[u8]) -> Option<Kind> {
    match head {
        // An encrypted Parquet file begins with PARE; the error for it says so.
        [b'P', b'A', b'R', b'1' | b'E', ..] => Some(Kind::Parquet),
        _ if head.get(8..12) == Some(b"DUCK") => Some(Kind::DuckDb),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [0x1f, 0x8b, ..] => Some(Kind::Archive),
        _ if head.get(257..262) == Some(b"ustar") => Some(Kind::Archive),
        _ => None,
    }
}

/// A file with one of these names that lost its first bytes is damaged, and not of another kind. A tar may be
/// older than its magic.
fn by_name(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let ends = |forms: &[&str]| forms.iter().any(|form| name.ends_with(form));
    match () {
        () if ends(&[".parquet"]) => Some(Kind::Parquet),
        () if ends(&[".zip", ".tar", ".tar.gz", ".tgz"]) => Some(Kind::Archive),
        () => None,
    }
}

/// The first line of a text, where it can only be names of columns. Other lines may be data, which no message
/// may quote.
fn columns(head: &[u8]) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(head);
    let (line, _) = text.strip_prefix('\u{feff}').unwrap_or(&text).split_once('\n')?;
    let unquoted = |name: &str| name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name).to_string();
    let names: Vec<String> = line.split([',', ';', '\t']).map(|name| unquoted(name.trim())).collect();
    let is_word = |name: &String| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    (names.len() > 1 && names.iter().all(is_word)).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_show_the_kind_of_a_file() {
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (head, kind) in [
            (&b"PAR1"[..], Some(Kind::Parquet)),
            (b"PARE", Some(Kind::Parquet)),
            (b"PAR", None),
            (b"01234567DUCK", Some(Kind::DuckDb)),
            (b"PK\x03\x04", Some(Kind::Archive)),
            (b"\x1f\x8b", Some(Kind::Archive)),
            (&tar, Some(Kind::Archive)),
            (&[0; 512], None),
            (b"", None),
        ] {
            assert_eq!(by_magic(head), kind, "{head:?}");
        }
    }

    #[test]
    fn only_a_line_of_names_is_quoted() {
        for (head, names) in [
            ("\u{feff}subject_id, \"time\";code\r\n1,2,3\n", Some(vec!["subject_id", "time", "code"])),
            ("subject_id,time", None),
            ("a\n", None),
            ("a,b c\n", None),
            ("1,2\n", None),
        ] {
            assert_eq!(columns(head.as_bytes()), names.map(|names| names.into_iter().map(String::from).collect()), "{head:?}");
        }
    }
}
