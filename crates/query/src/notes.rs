//! Notes: rows with a text in words. Counts them, and searches their texts.

use crate::codes::Codes;
use crate::fields::{Bound, Texts};
use crate::groups::Group;
use crate::query::Query;
use meds_store::{Code, Error, Result};
use regex::bytes::Regex;
use std::collections::BTreeMap;
use std::mem::take;

/// Which rows with a text are notes.
#[derive(Clone, Debug)]
pub struct Notes {
    /// The column with the text.
    pub text: String,
    /// A column of kinds, and the kind of notes. Absent: there is no such column.
    pub kind: Option<(String, String)>,
    /// Codes of notes, for rows without a kind: ranges of ids (begin, end, begin, end, …). Absent: every row with a
    /// text is a note.
    pub codes: Option<Vec<u32>>,
}

/// The notes of each code, in order of the code.
#[derive(Debug, Default, PartialEq)]
pub struct NoteCounts {
    /// Code ids.
    pub codes: Vec<u32>,
    /// Numbers of notes, 1 or more.
    pub notes: Vec<u32>,
    /// Numbers of groups with such a note.
    pub groups: Vec<u32>,
    /// Lengths of all texts together, in units of UTF-16.
    pub length: Vec<f64>,
    /// Length of the longest text.
    pub longest: Vec<u32>,
}

/// Where texts match: an entry for each match, in the order of groups, rows and places.
#[derive(Debug, Default, PartialEq)]
pub struct NoteHits {
    /// Numbers of the groups.
    pub groups: Vec<u32>,
    /// Rows in the patient's timeline.
    pub rows: Vec<u32>,
    /// Code ids.
    pub codes: Vec<u32>,
    /// Where the matches begin in the text, in units of UTF-16.
    pub starts: Vec<u32>,
    /// Where they end.
    pub ends: Vec<u32>,
    /// Numbers of notes that were searched, of those with a match, of all matches, and of groups with a match.
    pub counts: [f64; 4],
}

/// A note: its row in the patient's timeline, its code, and its text as UTF-8.
struct Note<'a> {
    row: u32,
    code: u32,
    text: &'a [u8],
}

/// The columns of notes.
struct Reader<'a> {
    text: Bound<'a>,
    kind: Option<(Bound<'a>, &'a str)>,
    codes: Option<Codes>,
}

#[derive(Default)]
struct Cell {
    notes: u32,
    groups: u32,
    length: f64,
    longest: u32,
}

/// Length in units of UTF-16: a character beyond U+FFFF, which has four bytes in UTF-8, has two units.
fn units(text: &[u8]) -> usize {
    text.iter().map(|byte| usize::from(byte & 0xc0 != 0x80) + usize::from(*byte >= 0xf0)).sum()
}

impl<'a> Query<'a> {
    /// Counts the notes that have one of the query's codes.
    pub fn count_notes(&self, notes: &'a Notes) -> Result<NoteCounts> {
        let reader = self.reader(notes)?;
        let (parts, _) = self.each(BTreeMap::<u32, Cell>::new, |cells, groups| {
            for group in groups {
                let mut seen = vec![];
                self.each_note(&reader, group, |Note { code, text, .. }| {
                    let cell = cells.entry(code).or_default();
                    let length = units(text);
                    cell.notes += 1;
                    cell.length += length as f64;
                    cell.longest = cell.longest.max(length as u32);
                    if !seen.contains(&code) {
                        seen.push(code);
                        cell.groups += 1;
                    }
                })?;
            }
            Ok(())
        })?;
        let mut all = BTreeMap::<u32, Cell>::new();
        for (code, part) in parts.into_iter().flatten() {
            let cell = all.entry(code).or_default();
            cell.notes += part.notes;
            cell.groups += part.groups;
            cell.length += part.length;
            cell.longest = cell.longest.max(part.longest);
        }
        Ok(NoteCounts {
            codes: all.keys().copied().collect(),
            notes: all.values().map(|cell| cell.notes).collect(),
            groups: all.values().map(|cell| cell.groups).collect(),
            length: all.values().map(|cell| cell.length).collect(),
            longest: all.values().map(|cell| cell.longest).collect(),
        })
    }

    /// The places where the texts of notes match a regular expression, without empty matches. `most`: the most
    /// matches that are returned; all are counted.
    pub fn search_notes(&self, notes: &'a Notes, pattern: &str, most: usize) -> Result<NoteHits> {
        let wrong = |error: regex::Error| {
            let remedy = match error {
                regex::Error::CompiledTooBig(_) => "Shorten it, or its repetitions.",
                _ => "Leave out what the search does not have, such as scripts (\\p{Script=…}).",
            };
            Error::new(Code::InvalidArgument, format!("The regular expression cannot be compiled. {remedy} ({error})"))
        };
        let expression = Regex::new(pattern).map_err(wrong)?;
        let reader = self.reader(notes)?;
        let (_, mut parts) = self.each_range(
            || (),
            |(), chunk| {
                let mut hits = NoteHits::default();
                for at in chunk {
                    let before = hits.counts[1];
                    self.each_note(&reader, &self.groups[at], |Note { row, code, text }| {
                        hits.counts[0] += 1.0;
                        let mut found = expression.find_iter(text).filter(|hit| !hit.is_empty()).peekable();
                        hits.counts[1] += f64::from(u8::from(found.peek().is_some()));
                        let (mut bytes, mut length) = (0, 0);
                        let mut units_to = |end: usize| {
                            length += units(&text[bytes..end]);
                            bytes = end;
                            length as u32
                        };
                        for hit in found {
                            hits.counts[2] += 1.0;
                            if hits.rows.len() < most {
                                hits.groups.push(at as u32);
                                hits.rows.push(row);
                                hits.codes.push(code);
                                hits.starts.push(units_to(hit.start()));
                                hits.ends.push(units_to(hit.end()));
                            }
                        }
                    })?;
                    hits.counts[3] += f64::from(u8::from(hits.counts[1] > before));
                }
                Ok(hits)
            },
        )?;
        // The sum of no numbers would be -0.
        let counts = [0, 1, 2, 3].map(|at| parts.iter().fold(0.0, |sum, part| sum + part.counts[at]));
        let mut column = |of: fn(&mut NoteHits) -> &mut Vec<u32>| {
            let mut all = self.join(parts.iter_mut().map(|part| take(of(part))));
            all.truncate(most);
            all
        };
        Ok(NoteHits {
            groups: column(|part| &mut part.groups),
            rows: column(|part| &mut part.rows),
            codes: column(|part| &mut part.codes),
            starts: column(|part| &mut part.starts),
            ends: column(|part| &mut part.ends),
            counts,
        })
    }

    fn reader(&self, Notes { text, kind, codes }: &'a Notes) -> Result<Reader<'a>> {
        let kind = kind.as_ref().map(|(column, kind)| Ok::<_, Error>((self.bind(column)?, kind.as_str()))).transpose()?;
        let codes = codes.as_ref().map(|ranges| Codes::of(ranges, self.codes.last()));
        Ok(Reader { text: self.bind(text)?, kind, codes })
    }

    /// Calls `found` for each note of a group, in order. A text that is empty is no note.
    fn each_note(&self, reader: &Reader<'a>, group: &Group, mut found: impl FnMut(Note<'a>)) -> Result<()> {
        let patient = group.slot as usize - self.base[group.shard as usize];
        let file = self.store.shard(group.shard as usize)?;
        let texts = |bound: &Bound<'a>| {
            let place = bound.places[group.shard as usize].ok_or("does not have a column of texts")?;
            Texts::new(place, patient, group.first)
        };
        let corrupt = |clause: &str| file.corrupt(clause);
        let mut text = texts(&reader.text).map_err(corrupt)?;
        let mut kind = reader.kind.as_ref().map(|(bound, kind)| Ok((texts(bound)?, *kind))).transpose().map_err(corrupt)?;
        let rows = self.rows_with_text(group, &text)?;
        let mut one = |row: u32, code: u32| -> std::result::Result<(), &'static str> {
            let own = match &mut kind {
                Some((kinds, wanted)) => kinds.at(row)?.map(|kind| kind == wanted.as_bytes()),
                None => None,
            };
            if own.unwrap_or_else(|| reader.codes.as_ref().is_none_or(|codes| codes.has(code)))
                && let Some(text) = text.at(row)?.filter(|text| !text.is_empty())
            {
                found(Note { row: row - group.first, code, text });
            }
            Ok(())
        };
        for (row, code) in rows {
            one(row, code).map_err(corrupt)?;
        }
        Ok(())
    }

    /// The rows of a group that have one of the codes and perhaps a text, with their codes.
    fn rows_with_text(&self, group: &Group, text: &Texts) -> Result<Vec<(u32, u32)>> {
        let mut found = vec![];
        for run in group.runs() {
            let Some(rows) = text.rows_in(run).filter(|_| self.hits.is_none()) else {
                found.clear();
                self.matches(group, |row, code| found.push((row as u32, code)))?;
                break;
            };
            // Few rows have a text: only their codes are read.
            for row in rows {
                let code = self.shard(group).id(row as usize, self.codes.last())?;
                if self.codes.has(code) {
                    found.push((row, code));
                }
            }
        }
        Ok(found)
    }
}
