//! `manifest.json`: what the store contains, and the size and checksum of each of its files.

use serde::{Deserialize, Serialize};

/// `format` of every manifest that this library writes.
pub const FORMAT: &str = "meds-reader store";
/// The version of the layout that this build writes and reads. A reader refuses a newer one.
pub const VERSION: u32 = 1;
/// File name of the manifest.
pub const MANIFEST: &str = "manifest.json";
/// File name of the index of patients.
pub const PATIENTS: &str = "patients.arrow";
/// File name of the table of codes.
pub const CODES: &str = "codes.arrow";
/// File name of the table of ancestors: the codes without events that codes of events reach through
/// `parent_codes`. Absent where there are none.
pub const ANCESTORS: &str = "ancestors.arrow";
/// Folder of the inverted index.
pub const INDEX: &str = "index/";
/// Key of the store's content id in each Arrow file's schema metadata.
pub const STORE_ID_KEY: &str = "meds_reader.store_id";

/// The whole manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: String,
    /// [`VERSION`] of the writer.
    pub version: u32,
    /// Content id: 32 hexadecimal digits derived from the fingerprint and the format version. Every Arrow
    /// file contains it too.
    pub id: String,
    /// Fingerprint of the options that change the store, and of the source's files: their relative paths,
    /// sizes and hashes of all their bytes.
    pub fingerprint: String,
    /// Fingerprint of the same options, and of the files' relative paths, sizes and times of modification.
    /// Present only where the conversion trusts these times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<String>,
    /// The options that change the store.
    pub options: serde_json::Value,
    /// The columns in the source's order, without `subject_id`.
    pub columns: Vec<Column>,
    /// Totals.
    pub counts: Counts,
    /// Patients (with rows) in each split, ordered by name.
    pub splits: std::collections::BTreeMap<String, u64>,
    /// What the conversion skipped, converted or repaired, and why.
    pub notes: Vec<Note>,
    /// One entry per shard, in storage order.
    pub shards: Vec<Shard>,
    /// All other files of the store. Where the store has an inverted index, they include [`index_name`] of
    /// each shard.
    pub files: Vec<File>,
}

/// File name of a shard.
pub fn shard_name(shard: usize) -> String {
    format!("shards/{shard:05}.arrow")
}

/// File name of a shard's inverted index.
pub fn index_name(shard: usize) -> String {
    format!("{INDEX}{shard:05}.arrow")
}

/// How a column is stored. Dense and sparse columns can both be dictionary-coded (`coded`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// A value or a null for every row.
    Dense,
    /// Only the rows that have a value: a list of (row, value) pairs per patient.
    Sparse,
}

/// A column of the events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The name in the source.
    pub name: String,
    /// The source's type as [`crate::types::type_name`] writes it, after widening where files differ.
    #[serde(rename = "type")]
    pub source_type: String,
    /// The type of the values in the store, written the same way, without the dictionary.
    pub stored: String,
    /// Dense or sparse.
    pub storage: Storage,
    /// Dictionary-coded: values are indexes into a dictionary that is the same in all shards.
    pub coded: bool,
    /// Entries of the dictionary, entry 0 included. 0 when the column is not coded.
    pub dictionary: u64,
    /// Null rows in the whole store.
    pub nulls: u64,
    /// Float columns: some value is a real NaN, so a NaN alone does not mean null.
    pub nan: bool,
    /// 64-bit integer and time columns that are not coded: some value is the int64 minimum, so this sentinel
    /// alone does not mean null.
    pub sentinel: bool,
    /// utf8 columns: every byte is ASCII, so text can be sliced as Latin-1.
    pub ascii: bool,
}

/// Totals of the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Subjects with at least one row.
    pub patients: u64,
    /// Rows.
    pub events: u64,
    /// Rows without a time.
    pub static_events: u64,
    /// Rows with a numeric value.
    pub numeric_values: u64,
    /// Distinct codes.
    pub codes: u64,
    /// Rows of the longest patient.
    pub longest: u64,
    /// The earliest time, microseconds since 1970-01-01.
    pub first_time: Option<i64>,
    /// The latest time, microseconds since 1970-01-01.
    pub last_time: Option<i64>,
}

/// Something that the user of a store must know: a note of its conversion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// `dropped` (a table that lost more than a tenth of its rows), `skipped`, `converted`, `repaired`,
    /// `missing` (a file that the source lacks) or `warning`.
    pub kind: String,
    /// What happened, and why.
    pub message: String,
    /// A count. The message says of what (files, rows, ids).
    pub count: u64,
}

/// A shard: the patients at slots `[base, base + patients)`, where `base` is the number of patients in the
/// shards before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// The file.
    #[serde(flatten)]
    pub file: File,
    /// Patients in it.
    pub patients: u64,
    /// Events in it.
    pub events: u64,
}

/// A file of the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// Path relative to the store, with `/`.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// CRC-32C of the whole file, 8 hexadecimal digits.
    pub crc32c: String,
    /// CRC-32C of the parts that say where the buffers are (messages and footer). They prove a table of
    /// buffers without a read of the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Section>,
    /// CRC-32C of the buffers of offsets in the file. They prove one column's offsets without a read of the
    /// rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offsets: Vec<Section>,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// First byte in the file, equal to that of the node's [`crate::layout::Span`].
    pub offset: u64,
    /// Number of bytes.
    pub bytes: u64,
    /// CRC-32C, 8 hexadecimal digits.
    pub crc32c: String,
}

/// Formats a checksum as the manifest writes it.
pub fn hex(crc: u32) -> String {
    format!("{crc:08x}")
}

/// The manifest's own checksum is its last member. It covers every byte before this text.
const SEAL: &str = ",\n\"crc32c\": \"";

impl Manifest {
    /// The bytes of `manifest.json`: one member per line, then a checksum over everything before it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let value = serde_json::to_value(self).unwrap_or_default();
        let members = value.as_object().into_iter().flatten();
        let lines: Vec<String> = members
            .map(|(key, value)| {
                // One file, shard, column or note per line is easiest to read.
                let text = match value.as_array() {
                    Some(items) if !items.is_empty() => {
                        let items: Vec<String> = items.iter().map(|item| format!("  {item}")).collect();
                        format!("[\n{}\n]", items.join(",\n"))
                    }
                    _ => value.to_string(),
                };
                format!("\"{key}\": {text}")
            })
            .collect();
        let mut text = format!("{{\n{}", lines.join(",\n"));
        let crc = crc32c::crc32c(text.as_bytes());
        text.push_str(&format!("{SEAL}{}\"\n}}\n", hex(crc)));
        text.into_bytes()
    }

    /// The inverted index of a shard.
    pub fn index(&self, shard: usize) -> Option<&File> {
        let name = index_name(shard);
        self.files.iter().find(|file| file.path == name)
    }

    /// Whether the store has an inverted index.
    pub fn has_index(&self) -> bool {
        self.files.iter().any(|file| file.path.starts_with(INDEX))
    }

    /// Bytes of the inverted index; 0 where the store has none.
    pub fn index_bytes(&self) -> u64 {
        self.files.iter().filter(|file| file.path.starts_with(INDEX)).map(|file| file.bytes).sum()
    }

    /// A placeholder for a manifest that cannot be read. It does not match any source.
    pub fn unreadable() -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            id: String::new(),
            fingerprint: String::new(),
            times: None,
            options: serde_json::Value::Null,
            columns: Vec::new(),
            counts: Counts::default(),
            splits: std::collections::BTreeMap::new(),
            notes: Vec::new(),
            shards: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Reads a manifest. The error says what is wrong with it, in words that continue "the manifest …". The
    /// version is checked first: a newer manifest can differ in every other way.
    pub fn from_bytes(bytes: &[u8]) -> std::result::Result<Self, ManifestError> {
        let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::Damaged("is not UTF-8 text".into()))?;
        let value: serde_json::Value = serde_json::from_str(text).map_err(|e| ManifestError::Damaged(format!("is not JSON ({e})")))?;
        if value.get("format").and_then(|v| v.as_str()) != Some(FORMAT) {
            return Err(ManifestError::Foreign);
        }
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(v) if v == u64::from(VERSION) => {}
            Some(v) if v > u64::from(VERSION) => return Err(ManifestError::Newer(v)),
            _ => return Err(ManifestError::Damaged("does not have a valid version".into())),
        }
        let manifest: Self = serde_json::from_value(value).map_err(|e| ManifestError::Damaged(format!("is incomplete ({e})")))?;
        // The bytes are a function of the content: a manifest whose bytes differ was not written by this
        // library.
        if manifest.to_bytes() != bytes {
            return Err(ManifestError::Damaged("does not match its own checksum".into()));
        }
        Ok(manifest)
    }
}

/// Why a manifest was refused.
#[derive(Debug, PartialEq)]
pub enum ManifestError {
    /// Written by another program.
    Foreign,
    /// Written by a newer version of this library.
    Newer(u64),
    /// Changed since it was written. The text continues "the manifest …".
    Damaged(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        Manifest {
            format: FORMAT.into(),
            version: VERSION,
            id: "0".repeat(32),
            fingerprint: "f".into(),
            times: None,
            options: serde_json::json!({"shard_bytes": 1}),
            columns: vec![],
            counts: Counts::default(),
            splits: [("train".to_string(), 3)].into(),
            notes: vec![Note { kind: "skipped".into(), message: "a \"quoted\" name".into(), count: 1 }],
            shards: vec![],
            files: vec![File { path: "codes.arrow".into(), bytes: 7, crc32c: hex(5), frames: vec![], offsets: vec![] }],
        }
    }

    #[test]
    fn reads_what_it_writes() {
        assert_eq!(Manifest::from_bytes(&sample().to_bytes()), Ok(sample()));
    }

    #[test]
    fn any_flipped_bit_is_found() {
        let bytes = sample().to_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                assert!(Manifest::from_bytes(&damaged).is_err(), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_newer_version_is_not_damage() {
        let text = String::from_utf8(sample().to_bytes()).expect("text").replace("\"version\": 1", "\"version\": 2");
        assert_eq!(Manifest::from_bytes(text.as_bytes()), Err(ManifestError::Newer(2)));
    }
}
