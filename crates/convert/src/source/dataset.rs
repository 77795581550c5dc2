//! The files of a MEDS folder: `data/**/*.parquet` and `metadata/`.

use crate::source::stages::stage;
use crate::source::table_format;
use meds_store::manifest::Note;
use meds_store::{Code, Error, Result};
use std::path::{Path, PathBuf};

/// The names of the splits file: today's, and that of versions before MEDS 0.3.2.
pub const SPLITS: [&str; 2] = ["subject_splits.parquet", "patient_splits.parquet"];

/// The metadata files that are read, and not only copied.
const METADATA: [&str; 4] = ["dataset.json", "codes.parquet", SPLITS[0], SPLITS[1]];

/// The error for a metadata file that cannot be used.
pub fn broken(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::at(Code::Metadata, path, format!("{what}. Fix the file, or remove it from the metadata folder."))
}

/// Every file below the metadata folder. A dangling link there is skipped. Below `data` it is an error,
/// because events would be missing.
pub fn metadata_files(root: &Path, notes: &mut Vec<Note>) -> Result<Vec<(String, PathBuf)>> {
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
fn first_entries(root: &Path) -> Result<String> {
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
        let found = first_entries(root)?;
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
    if let Some(message) = stage(events.iter().map(|(name, _)| name.as_str()), others.iter().map(|(name, _)| name.as_str())) {
        return Err(Error::at(Code::NoData, data, message));
    }
    if let Some((first, _)) = others.first() {
        let message = format!(
            "files below data/ that are not read, such as data/{first}: their names do not end in .parquet, or their names or those of their folders begin with a dot or _"
        );
        notes.push(Note { kind: "skipped".into(), message, count: others.len() as u64 });
    }
    if events.is_empty() {
        let message = format!(
            "this folder does not contain a *.parquet file (it contains {}). MEDS stores its events in data/**/*.parquet. Use the folder of a complete dataset.",
            first_entries(&data)?
        );
        return Err(Error::at(Code::NoData, data, message));
    }
    Ok(events.into_iter().map(|(name, path)| (format!("data/{name}"), path)).collect())
}
