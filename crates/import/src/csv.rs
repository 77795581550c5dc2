//! CSV files, record by record, as in RFC 4180: fields separated by commas and quoted where needed, or fields
//! separated by tabs and without quotes. All lines end in LF, in CRLF or in CR. Cases that RFC 4180 does not
//! define are errors; where their meaning is clear they are read, and [`Csv::is_plain`] is false.

use flate2::read::MultiGzDecoder;
use meds_store::{Code, Error, Progress, Result};
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

const QUOTE: u8 = b'"';
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes per read.
const BUFFER: usize = 1 << 20;
/// Most bytes of a record, so that a quote that is never closed cannot fill the memory.
const MOST: usize = 256 << 20;
/// Records above this size are not plain.
const LONG: usize = 1 << 20;

/// The uncompressed bytes of a file. `.gz`, in upper or lower case, means gzip.
pub fn contents(path: &Path) -> Result<Box<dyn Read>> {
    let file = File::open(path).map_err(|e| Error::io(path, "read the table", &e))?;
    let length = file.metadata().map_err(|e| Error::io(path, "read the table", &e))?.len();
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
        return Ok(Box::new(file));
    }
    if length == 0 {
        return Err(unreadable(path, &std::io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 18, file))))
}

/// The error for [`contents`] that cannot be read. A library's message may contain bytes of the file, so it
/// is not shown.
pub fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    match error.raw_os_error() {
        Some(_) => Error::io(path, "read the table", error),
        None => damaged(path, "this is not a whole gzip file. Replace it with a whole copy."),
    }
}

fn damaged(path: &Path, message: impl Into<String>) -> Error {
    Error::at(Code::SourceDamaged, path, message)
}

/// The fields of a record.
pub struct Record<'a> {
    text: &'a str,
    ends: &'a [usize],
    quotes: bool,
    /// The line on which it begins, counted from 1.
    pub line: u64,
}

impl Record<'_> {
    /// Number of fields.
    pub fn width(&self) -> usize {
        self.ends.len()
    }

    /// The text of the fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|end| end + 1));
        starts.zip(self.ends).map(|(start, end)| {
            let field = &self.text[start..*end];
            let inside = field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|_| self.quotes);
            match inside {
                Some(inside) if inside.contains('"') => Cow::Owned(inside.replace("\"\"", "\"")),
                Some(inside) => Cow::Borrowed(inside),
                None => Cow::Borrowed(field),
            }
        })
    }
}

/// How a record ends.
enum Step {
    /// It ends at this offset from its start; the next one starts at `next`.
    Record { end: usize, next: usize },
    /// Its end is not in the buffer yet.
    More,
}

/// An open file.
pub struct Csv<'a> {
    path: PathBuf,
    input: Box<dyn Read>,
    progress: &'a Progress,
    buffer: Vec<u8>,
    /// Offsets in the buffer: the start of the next record, and the end of the bytes read.
    at: usize,
    filled: usize,
    ended: bool,
    line: u64,
    names: Vec<String>,
    delimiter: u8,
    ends: Vec<usize>,
    /// The end of the first line.
    line_end: Option<&'static str>,
    plain: bool,
    bytes: u64,
    sum: u32,
}

impl<'a> Csv<'a> {
    /// Opens a file and reads its header.
    pub fn open(path: &Path, progress: &'a Progress) -> Result<Self> {
        let mut csv = Self {
            path: path.to_path_buf(),
            input: contents(path)?,
            progress,
            buffer: vec![0; BUFFER],
            at: 0,
            filled: 0,
            ended: false,
            line: 1,
            names: Vec::new(),
            delimiter: b',',
            ends: Vec::new(),
            line_end: None,
            plain: true,
            bytes: 0,
            sum: 0,
        };
        csv.header()?;
        Ok(csv)
    }

    /// The names in the header; empty for a file of empty lines.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A comma or a tab.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// So far, could a reader that starts in the middle of the file find the next record at the next end of a
    /// line? This is true if no field contains the end of a line, no unquoted field contains a quote, no
    /// record is long, and lines end in LF or CRLF.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// Number of uncompressed bytes read so far, and their CRC-32C.
    pub fn read(&self) -> (u64, u32) {
        (self.bytes, self.sum)
    }

    /// The next record; `None` at the end. Empty lines are skipped.
    pub fn record(&mut self) -> Result<Option<Record<'_>>> {
        let (end, next) = loop {
            if self.at == self.filled && self.ended {
                return Ok(None);
            }
            match self.step()? {
                Step::More => self.fill()?,
                Step::Record { end: 0, next } => {
                    // In a file with one column, other readers see a row here.
                    self.plain &= self.names.len() != 1;
                    self.pass(0, next)?;
                }
                Step::Record { end, next } => break (end, next),
            }
        };
        let (start, line) = (self.at, self.line);
        self.plain &= end < LONG;
        self.pass(end, next)?;
        let bytes = &self.buffer[start..start + end];
        let text =
            std::str::from_utf8(bytes).map_err(|_| damaged(&self.path, format!("line {line} is not UTF-8. Write the file as UTF-8.")))?;
        Ok(Some(Record { text, ends: &self.ends, quotes: self.delimiter == b',', line }))
    }

    /// Skips a record and the end of its line.
    fn pass(&mut self, end: usize, next: usize) -> Result<()> {
        let record = &self.buffer[self.at..self.at + next];
        let within = if record.contains(&QUOTE) { lines(&record[..end]) } else { 0 };
        self.plain &= within == 0;
        let line_end = match &record[end..] {
            b"\n" => Some("\\n"),
            b"\r\n" => Some("\\r\\n"),
            b"\r" => Some("\\r"),
            _ => None,
        };
        if let Some(line_end) = line_end {
            if *self.line_end.get_or_insert(line_end) != line_end {
                let message = format!(
                    "line {} ends in {line_end}, but the lines before it end in {}. End all lines in the same way, and quote fields that contain the end of a line.",
                    self.line,
                    self.line_end.unwrap_or_default()
                );
                return Err(damaged(&self.path, message));
            }
            self.plain &= line_end != "\\r";
            self.line += 1 + within;
        }
        self.at += next;
        Ok(())
    }

    /// Finds the ends of the fields of the next record.
    fn step(&mut self) -> Result<Step> {
        self.ends.clear();
        let (bytes, quotes) = (&self.buffer[self.at..self.filled], self.delimiter == b',');
        let mut i = 0;
        loop {
            if quotes && bytes.get(i) == Some(&QUOTE) {
                match closed(bytes, i + 1) {
                    // A quote at the end of the buffer may be the first of two.
                    Some(end) if end < bytes.len() || self.ended => i = end,
                    None if self.ended => return Err(self.failed(i, "a quoted field begins that does not end. Close the quotes.")),
                    _ => return Ok(Step::More),
                }
            } else {
                let (end, quote) = unquoted(bytes, i, self.delimiter);
                self.plain &= !(quote && quotes);
                i = end;
            }
            match bytes.get(i) {
                Some(byte) if *byte == self.delimiter => {
                    self.ends.push(i);
                    i += 1;
                }
                Some(b'\r') if i + 1 == bytes.len() && !self.ended => return Ok(Step::More),
                None if !self.ended => return Ok(Step::More),
                None | Some(b'\n' | b'\r') => {
                    self.ends.push(i);
                    let line_end = if bytes[i..].starts_with(b"\r\n") { 2 } else { usize::from(i < bytes.len()) };
                    return Ok(Step::Record { end: i, next: i + line_end });
                }
                Some(_) => {
                    let message = "text follows the end of a quoted field. Double each quote inside a quoted field.";
                    return Err(self.failed(i, message));
                }
            }
        }
    }

    /// An error at an offset in the current record.
    fn failed(&self, at: usize, what: &str) -> Error {
        let line = self.line + lines(&self.buffer[self.at..self.at + at]);
        damaged(&self.path, format!("line {line}: {what}"))
    }

    /// Reads more bytes, after the unused rest of the buffer.
    fn fill(&mut self) -> Result<()> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        if self.filled == self.buffer.len() {
            if self.filled >= MOST {
                let message = format!(
                    "the row that begins on line {} has more than {} MiB. Close its quotes, or shorten the row.",
                    self.line,
                    MOST >> 20
                );
                return Err(damaged(&self.path, message));
            }
            self.buffer.resize(2 * self.filled, 0);
        }
        while self.filled < self.buffer.len() {
            let read = match self.input.read(&mut self.buffer[self.filled..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                read => read.map_err(|e| unreadable(&self.path, &e))?,
            };
            self.ended = read == 0;
            if self.ended {
                break;
            }
            self.sum = crc32c::crc32c_append(self.sum, &self.buffer[self.filled..self.filled + read]);
            self.bytes += read as u64;
            self.filled += read;
            self.progress.check()?;
        }
        Ok(())
    }

    fn header(&mut self) -> Result<()> {
        self.fill()?;
        if self.buffer[..self.filled].starts_with(MARK) {
            self.at = MARK.len();
        }
        let line = self.buffer[self.at..self.filled].split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| !line.is_empty());
        // Athena writes the tables of the vocabulary with tabs and without quotes.
        if line.is_some_and(|line| line.contains(&b'\t') && !line.contains(&b',')) {
            self.delimiter = b'\t';
        }
        // DuckDB reads an empty first line as the header.
        self.plain = !matches!(self.buffer[self.at], b'\n' | b'\r');
        let Some(names) = self.record()?.map(|record| record.fields().map(|name| name.trim().to_owned()).collect::<Vec<_>>()) else {
            return Ok(());
        };
        let fail = |message: &str| Err(damaged(&self.path, message));
        if names.iter().any(|name| name.contains('\0')) {
            return fail("this is not UTF-8. Write the file as UTF-8.");
        }
        if names.iter().all(String::is_empty) {
            return fail("the first line does not contain the names of the columns. Add them.");
        }
        if let [one] = &names[..]
            && one.contains([';', '|'])
        {
            return fail("the columns are separated neither by commas nor by tabs. Write the file with one of them.");
        }
        self.names = names;
        Ok(())
    }
}

/// The end of a quoted field that begins before `at`: the offset after its last quote.
fn closed(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(QUOTE, &bytes[at..])? + 1;
        if bytes.get(at) != Some(&QUOTE) {
            return Some(at);
        }
        at += 1;
    }
}

/// The end of an unquoted field, and whether it contains a quote. It reads eight bytes at a time, because
/// fields are short.
fn unquoted(bytes: &[u8], mut at: usize, delimiter: u8) -> (usize, bool) {
    let (start, mut quote) = (at, false);
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        quote |= has(word, QUOTE) != 0;
        let stop = has(word, delimiter) | has(word, b'\n') | has(word, b'\r');
        if stop != 0 {
            let end = at + stop.trailing_zeros() as usize / 8;
            // The quote may be after the end.
            return (end, quote && bytes[start..end].contains(&QUOTE));
        }
        at += 8;
    }
    let rest = bytes[at..].iter().position(|byte| *byte == delimiter || matches!(byte, b'\n' | b'\r'));
    let end = rest.map_or(bytes.len(), |rest| at + rest);
    (end, quote || bytes[at..end].contains(&QUOTE))
}

/// The lowest set bit is in the first byte of the word that equals `byte`. No bit is set if no byte equals
/// it.
fn has(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let zero = word ^ (ONES * u64::from(byte));
    zero.wrapping_sub(ONES) & !zero & HIGH
}

/// Number of ends of lines.
fn lines(bytes: &[u8]) -> u64 {
    let ends = bytes.iter().zip(bytes.iter().skip(1).map(Some).chain([None]));
    ends.filter(|(byte, next)| **byte == b'\n' || (**byte == b'\r' && *next != Some(&b'\n'))).count() as u64
}
