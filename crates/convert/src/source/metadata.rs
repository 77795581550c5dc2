//! The metadata folder of a source: copied byte for byte, and read for splits and codes.

use crate::source::column::SUBJECT;
use crate::source::common_type::conform;
use crate::source::dataset::{SPLITS, broken};
use crate::source::files::Source;
use crate::source::guard::guarded;
use crate::source::parquet::Footer;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader};
use arrow_schema::{DataType, Schema};
use arrow_select::concat::concat_batches;
use meds_store::manifest::Note;
use meds_store::types::type_name;
use meds_store::{Code, Error, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

/// The byte order mark that some editors put before UTF-8.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// The split of each subject that has one.
pub type Splits = HashMap<i64, String>;

/// Copies the metadata folder into the store.
pub fn copy(source: &Source, store: &Path) -> Result<()> {
    for (name, path) in &source.metadata {
        let to = store.join("metadata").join(name);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(|e| Error::io(folder, "write the store", &e))?;
        }
        fs::copy(path, &to).map_err(|e| Error::io(&to, "copy the metadata", &e))?;
    }
    Ok(())
}

/// A metadata file by its name.
pub fn find<'a>(source: &'a Source, name: &str) -> Option<&'a Path> {
    source.metadata.iter().find(|(known, _)| known == name).map(|(_, path)| path.as_path())
}

/// The file of splits: its name and its path.
pub fn splits_file(source: &Source) -> Option<(&'static str, &Path)> {
    SPLITS.into_iter().find_map(|name| Some((name, find(source, name)?)))
}

/// The column of subject ids of a splits file, by its name today or before MEDS 0.3.2.
pub fn subject_ids<'a>(table: &'a RecordBatch, path: &Path) -> Result<&'a ArrayRef> {
    let ids = SUBJECT.into_iter().find_map(|name| table.column_by_name(name));
    ids.ok_or_else(|| broken(path, "does not have a column \"subject_id\""))
}

/// Reads a Parquet file of the metadata, without the columns that cannot be decoded. Also returns the names
/// of these columns, and the reasons.
pub fn table(path: &Path) -> Result<(RecordBatch, Vec<(String, String)>)> {
    let footer = Footer::read(path).map_err(|e| Error { code: Code::Metadata, ..e })?;
    if let Some((root, contradiction)) = footer.contradicted.first_key_value() {
        return Err(Error { code: Code::Metadata, ..contradiction.error(path, footer.schema.field(*root).name()) });
    }
    let file = File::open(path).map_err(|e| Error::io(path, "read the metadata", &e))?;
    let undecodable = footer.undecodable.iter().map(|(root, why)| (footer.schema.field(*root).name().clone(), why.clone())).collect();
    let read = || -> parquet::errors::Result<RecordBatch> {
        let kept = (0..footer.schema.fields().len()).filter(|root| !footer.undecodable.contains_key(root));
        let kept = ProjectionMask::roots(footer.metadata.file_metadata().schema_descr(), kept);
        let options = ArrowReaderOptions::new().with_schema(footer.schema);
        let footer = ArrowReaderMetadata::try_new(footer.metadata, options)?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer).with_projection(kept);
        // Key-value metadata of the reader's schema can differ from that of its batches.
        let reader = reader.build()?;
        let fields = reader.schema().fields().clone();
        let batches = reader.collect::<Result<Vec<_>, _>>()?;
        let schema = batches.first().map_or_else(|| Schema::new(fields).into(), |batch| batch.schema());
        let table = concat_batches(&schema, &batches)?;
        table.columns().iter().try_for_each(|column| column.to_data().validate_full())?;
        Ok(table)
    };
    let table = guarded(read).map_err(|e| broken(path, format!("cannot be read as Parquet: {e}")))?;
    Ok((table, undecodable))
}

/// A column as plain strings.
pub fn strings(table: &RecordBatch, name: &str, path: &Path) -> Result<ArrayRef> {
    let column = column(table, name, path)?;
    conform(&column, &DataType::Utf8).map_err(|e| broken(path, format!("column {name:?} cannot be read as text: {e}")))
}

fn column(table: &RecordBatch, name: &str, path: &Path) -> Result<ArrayRef> {
    let column = table.column_by_name(name).cloned();
    column.ok_or_else(|| {
        let have: Vec<_> = table.schema().fields().iter().map(|f| f.name().clone()).collect();
        broken(path, format!("does not have a column {name:?} (its columns are {})", have.join(", ")))
    })
}

/// Notes about files that a MEDS dataset lacks. A single Parquet file or the database of another program need
/// not have them.
pub fn missing(source: &Source) -> Vec<Note> {
    let expected = [
        (&SPLITS[..], "no patient is in a split"),
        (&["codes.parquet"], "codes have no descriptions and no parents"),
        (&["dataset.json"], "the dataset has no name and no version"),
    ];
    let is_dataset = source.files.iter().any(|file| file.name.starts_with("data/"));
    let absent = expected.iter().filter(|(names, _)| is_dataset && names.iter().all(|name| find(source, name).is_none()));
    let note =
        |(names, so): &(&[&str], &str)| Note { kind: "missing".into(), message: format!("no metadata/{}: {so}", names[0]), count: 1 };
    absent.map(note).collect()
}

/// Fails if there is a `dataset.json` that is not a JSON object.
pub fn check_dataset(source: &Source) -> Result<()> {
    let Some(path) = find(source, "dataset.json") else { return Ok(()) };
    let bytes = fs::read(path).map_err(|e| Error::io(path, "read the metadata", &e))?;
    let text = bytes.strip_prefix(BOM).unwrap_or(&bytes);
    match serde_json::from_slice::<serde_json::Value>(&without_nan(text)) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err(broken(path, "does not contain a JSON object")),
        Err(e) => Err(broken(path, format!("is not JSON: {e}"))),
    }
}

/// Python's JSON as standard JSON: `NaN`, `Infinity` and `-Infinity` outside of strings become null. Only for
/// this check: the copy keeps them.
fn without_nan(text: &[u8]) -> Vec<u8> {
    let mut json = Vec::with_capacity(text.len());
    let (mut at, mut quoted) = (0, false);
    while at < text.len() {
        let rest = &text[at..];
        let word = [&b"NaN"[..], b"Infinity", b"-Infinity"].into_iter().find(|word| !quoted && rest.starts_with(word));
        if let Some(word) = word {
            json.extend_from_slice(b"null");
            at += word.len();
            continue;
        }
        // A backslash also consumes the next byte, which may be a quote.
        let taken = if quoted && rest[0] == b'\\' { rest.len().min(2) } else { 1 };
        quoted ^= rest[0] == b'"';
        json.extend_from_slice(&rest[..taken]);
        at += taken;
    }
    json
}

/// Reads the [`SPLITS`]. A subject in two splits is an error, because a model must not be tested on its
/// training data.
pub fn splits(source: &Source) -> Result<Option<Splits>> {
    let Some((_, path)) = splits_file(source) else { return Ok(None) };
    let (table, _) = table(path)?;
    let id = SUBJECT.into_iter().find(|name| table.column_by_name(name).is_some()).unwrap_or(SUBJECT[0]);
    let ids = column(&table, id, path)?;
    let plain = match ids.data_type() {
        DataType::Dictionary(_, values) => values,
        other => other,
    };
    // A column without values may have any type, because data frames without rows have none.
    if !plain.is_integer() && ids.logical_null_count() < ids.len() {
        return Err(broken(path, format!("column {id:?} is of type {}, but must be int64", type_name(ids.data_type()))));
    }
    let ids = conform(&ids, &DataType::Int64).map_err(|e| broken(path, format!("column {id:?}: {e}")))?;
    let names = strings(&table, "split", path)?;
    let mut splits = Splits::new();
    for (id, split) in ids.as_primitive::<Int64Type>().iter().zip(names.as_string::<i32>().iter()) {
        let (Some(id), Some(split)) = (id, split) else { continue };
        match splits.insert(id, split.to_string()) {
            Some(other) if other != split => {
                let message =
                    format!("subject {id} is in two splits, {other:?} and {split:?}. A subject can be in only one. Remove the other row.");
                return Err(Error::at(Code::SplitConflict, path, message));
            }
            _ => {}
        }
    }
    Ok(Some(splits))
}

/// Notes about subjects in a split that have no events, and about subjects that are in no split.
pub fn split_notes(splits: &Splits, ids: &[i64], notes: &mut Vec<Note>) {
    let named = ids.iter().filter(|id| splits.contains_key(id)).count();
    let mut note = |message: &str, count: usize| {
        if count > 0 {
            notes.push(Note { kind: "warning".into(), message: message.into(), count: count as u64 });
        }
    };
    note("subjects in the file of splits that have no events", splits.len() - named);
    note("subjects that are in no split", ids.len() - named);
}
