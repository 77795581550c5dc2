//! Sources packed in one file: `.zip`, `.tar.gz`, `.tar`.

use crate::database::Database;
use flate2::read::MultiGzDecoder;
use meds_store::{Code, Error, Progress, Result};
use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};

/// Bytes at either end that tell an archive from others: a zip's table of contents with its checksums, a gzip's checksum of all of it.
const ENDS: u64 = 64 << 10;

/// A tar is made of such blocks.
const BLOCK: u64 = 512;
/// Most entries that a message names.
const SHOWN: usize = 5;

#[derive(Clone, Copy, Debug)]
enum Form {
    Zip,
    TarGz,
    Tar,
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::io(path, "read the archive", &error)
}

/// An archive, as yet packed.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    form: Form,
    bytes: u64,
}

impl Archive {
    /// The archive that a file is by its first bytes; `None` where it is none.
    pub fn of(path: &Path) -> Result<Option<Self>> {
        // To open a pipe would be to wait for whoever writes into it; what is no file is no archive.
        if !fs::metadata(path).map_err(|e| Error::io(path, "find the source", &e))?.is_file() {
            return Ok(None);
        }
        let file = File::open(path).map_err(|e| Error::io(path, "read the file", &e))?;
        let bytes = file.metadata().map_err(io(path))?.len();
        let mut head = Vec::new();
        file.take(512).read_to_end(&mut head).map_err(io(path))?;
        let form = match &head[..] {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Form::Zip,
            [0x1f, 0x8b, ..] => Form::TarGz,
            head if head.get(257..262) == Some(b"ustar") => Form::Tar,
            _ => return Ok(None),
        };
        Ok(Some(Self { path: path.to_path_buf(), form, bytes }))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Tells `hear` what tells this archive from others: its length and its ends.
    pub fn identify(&self, mut hear: impl FnMut(&[u8])) -> Result<()> {
        let file = File::open(&self.path).map_err(io(&self.path))?;
        hear(&self.bytes.to_le_bytes());
        for start in [0, self.bytes.saturating_sub(ENDS)] {
            let mut end = vec![0; ENDS.min(self.bytes) as usize];
            file.read_exact_at(&mut end, start).map_err(io(&self.path))?;
            hear(&end);
        }
        Ok(())
    }

    /// Unpacks everything into a folder that is there and empty. The result is the dataset's folder: that one, or the only one in it.
    pub fn unpack(&self, into: &Path, progress: &Progress) -> Result<PathBuf> {
        let target = Target { archive: self, into, progress };
        let file = File::open(&self.path).map_err(io(&self.path))?;
        match self.form {
            Form::Zip => target.zip(file)?,
            Form::TarGz => {
                let mut packed = MultiGzDecoder::new(BufReader::new(file));
                let mut head = Vec::new();
                packed.by_ref().take(BLOCK).read_to_end(&mut head).map_err(|e| self.damaged(e))?;
                self.tarred(&head)?;
                target.tar(head.chain(packed))?;
            }
            Form::Tar => {
                self.whole(&file)?;
                target.tar(BufReader::new(file))?;
            }
        }
        self.root(into)
    }

    /// Anything may be packed by gzip; the first block of a tar says by its checksum that it is one, or is the zeros of an empty one.
    fn tarred(&self, head: &[u8]) -> Result<()> {
        const SUM: std::ops::Range<usize> = 148..156;
        let byte = |(at, byte): (usize, &u8)| u32::from(if SUM.contains(&at) { b' ' } else { *byte });
        let sum: u32 = head.iter().enumerate().map(byte).sum();
        let told = || {
            let digits = std::str::from_utf8(head.get(SUM)?).ok()?;
            u32::from_str_radix(digits.trim_matches([' ', '\0']), 8).ok()
        };
        if head.iter().all(|byte| *byte == 0) || told() == Some(sum) {
            return Ok(());
        }
        let message = match head.starts_with(b"PAR1") {
            true => "this is a single Parquet file, packed by gzip. Unpack it, and give the Parquet file.",
            false => {
                "looked for a .tar.gz of a MEDS dataset or a meds_reader database; found a single file of another kind, packed by gzip. Unpack it, and see what it is."
            }
        };
        Err(Error::at(Code::NoData, &self.path, message))
    }

    /// A tar has no checksum: one that was cut between two files would be a smaller archive. Zeros say that it ends.
    fn whole(&self, file: &File) -> Result<()> {
        let mut end = [0; 512];
        match self.bytes.checked_sub(512) {
            Some(start) => file.read_exact_at(&mut end, start).map_err(io(&self.path))?,
            None => end[0] = 1,
        }
        if end.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(self.damaged("its end is missing")) }
    }

    fn root(&self, into: &Path) -> Result<PathBuf> {
        let mut root = into.to_path_buf();
        loop {
            if Database::is_at(&root) || root.join("data").is_dir() {
                return Ok(root);
            }
            let found: std::io::Result<Vec<_>> = fs::read_dir(&root).map_err(io(&root))?.collect();
            let mut below = found.map_err(io(&root))?;
            below.retain(|entry| entry.path().is_dir() && !aside(Path::new(&entry.file_name())));
            match &below[..] {
                [one] => root = one.path(),
                _ => {
                    let mut names: Vec<_> = names(into).map_err(io(into))?;
                    names.truncate(SHOWN);
                    let found = if names.is_empty() { "nothing".into() } else { names.join(", ") };
                    let message = format!(
                        "looked for a MEDS dataset (a folder \"data\") or a meds_reader database (a folder with meds_reader.version) in this archive; found {found}. Unpack it, and give the folder of the dataset."
                    );
                    return Err(Error::at(Code::NoData, &self.path, message));
                }
            }
        }
    }

    fn damaged(&self, what: impl std::fmt::Display) -> Error {
        Error::at(
            Code::SourceDamaged,
            &self.path,
            format!("cannot be unpacked: {what}. Replace it by a whole copy, or unpack it yourself."),
        )
    }
}

/// The entries of a folder, in order.
fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let entries: std::io::Result<Vec<_>> = fs::read_dir(folder)?.collect();
    let mut names: Vec<_> = entries?.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// What macOS puts beside the files.
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
        let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|e| self.archive.damaged(e))?;
        for at in 0..zip.len() {
            let mut entry = zip.by_index(at).map_err(|e| self.archive.damaged(e))?;
            let name = PathBuf::from(entry.name().map_err(|e| self.archive.damaged(e))?.into_owned());
            match (entry.is_dir(), entry.is_symlink()) {
                (true, _) => {}
                (_, true) => return Err(self.strange(&name)),
                _ => self.write(&name, &mut entry)?,
            }
        }
        Ok(())
    }

    fn tar(&self, packed: impl Read) -> Result<()> {
        let mut tar = tar::Archive::new(packed);
        for entry in tar.entries().map_err(|e| self.archive.damaged(e))? {
            let mut entry = entry.map_err(|e| self.archive.damaged(e))?;
            let name = entry.path().map_err(|e| self.archive.damaged(e))?.into_owned();
            match entry.header().entry_type() {
                kind if kind.is_dir() || kind.is_pax_global_extensions() => {}
                kind if kind.is_file() => self.write(&name, &mut entry)?,
                _ => return Err(self.strange(&name)),
            }
        }
        // The checksum stands at the very end.
        std::io::copy(&mut tar.into_inner(), &mut std::io::sink()).map_err(|e| self.archive.damaged(e))?;
        Ok(())
    }

    /// Writes a file, below the folder and nowhere else.
    fn write(&self, name: &Path, from: &mut impl Read) -> Result<()> {
        if aside(name) {
            return Ok(());
        }
        if !name.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(self.archive.damaged(format!("its file {} would lie outside of it", name.display())));
        }
        let path = self.into.join(name);
        let failed = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::AlreadyExists => self.archive.damaged(format!("it has two files {}", name.display())),
            _ => Error::io(&path, "unpack the archive", &e),
        };
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        let mut to = File::create_new(&path).map_err(failed)?;
        let mut held = vec![0; 1 << 18];
        loop {
            self.progress.check()?;
            match from.read(&mut held).map_err(|e| self.archive.damaged(e))? {
                0 => return Ok(()),
                some => to.write_all(&held[..some]).map_err(failed)?,
            }
        }
    }

    fn strange(&self, name: &Path) -> Error {
        self.archive.damaged(format!("{} is neither a file nor a folder", name.display()))
    }
}
