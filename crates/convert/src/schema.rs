//! The source's columns: one schema out of all files' schemas.

use crate::common::{canonical, join};
use crate::int96;
use crate::options::Options;
use crate::source::{Content, Source, SourceFile};
use arrow_schema::{DataType, Field, TimeUnit};
use meds_store::manifest::Note;
use meds_store::types::type_name;
use meds_store::{Code, Error, Result};
use std::collections::HashMap;

/// What a column is to MEDS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `time`.
    Time,
    /// `code`.
    Code,
    /// `numeric_value`.
    Numeric,
    /// Any other.
    Extra,
}

/// A column of the events.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it is to MEDS.
    pub role: Role,
    /// Its type in the source.
    pub source_type: DataType,
    /// The canonical type that every file's values are brought to.
    pub wide: DataType,
    /// Its index among each file's root columns.
    pub roots: Vec<Option<usize>>,
}

/// All columns, and where the subject's id is.
#[derive(Debug)]
pub struct Columns {
    /// Index of the subject's id among each file's root columns.
    pub subjects: Vec<usize>,
    /// time, code, numeric_value where it is, then the others in the order of their first appearance.
    pub list: Vec<Column>,
}

/// What the column of subjects is called, and was before MEDS 0.3.2.
pub const SUBJECT: [&str; 2] = ["subject_id", "patient_id"];

impl Columns {
    /// Brings the files' schemas together.
    pub fn unify(source: &Source, options: &Options, notes: &mut Vec<Note>) -> Result<Self> {
        let mut subjects = Vec::with_capacity(source.files.len());
        let mut list: Vec<Column> = Vec::new();
        // Where each column was first seen, to name both files of a conflict.
        let mut known: HashMap<String, (usize, usize)> = HashMap::new();
        let mut skipped: HashMap<String, String> = HashMap::new();
        let mut converted: Vec<Note> = Vec::new();
        for (at, file) in source.files.iter().enumerate() {
            let subject = subject(file)?;
            subjects.push(subject);
            if file.is_untyped() {
                let message = "the Arrow types of its writer cannot be read: its columns are of the types that Parquet has";
                tell(&mut converted, message.into());
            }
            if file.schema.field(subject).name() != SUBJECT[0] {
                tell(&mut converted, format!("{} was read as {}, its name since MEDS 0.3.2", SUBJECT[1], SUBJECT[0]));
            }
            let mut seen = HashMap::new();
            for (root, field) in file.schema.fields().iter().enumerate() {
                if let Some(before) = seen.insert(field.name(), root) {
                    let message = format!("has two columns named {:?} (numbers {before} and {root}). Rename one.", field.name());
                    return Err(Error::at(Code::SchemaConflict, &file.path, message));
                }
                if root == subject || !wanted(field.name(), options) {
                    continue;
                }
                let Some(wide) = wide(field.name(), field.data_type(), file)? else {
                    skipped.insert(field.name().clone(), type_name(field.data_type()));
                    continue;
                };
                let int96 = matches!(&file.content, Content::Parquet(footer) if int96::is_in(footer.file_metadata().schema_descr(), root));
                if let Some(message) = described(field, int96) {
                    tell(&mut converted, message);
                }
                match known.get(field.name()) {
                    Some(&(index, first)) => {
                        let column = &mut list[index];
                        column.wide =
                            join(&column.wide, &wide).ok_or_else(|| conflict(column, &source.files[first], field.data_type(), file))?;
                        if &column.source_type != field.data_type() {
                            column.source_type = column.wide.clone();
                        }
                        column.roots[at] = Some(root);
                    }
                    None => {
                        known.insert(field.name().clone(), (list.len(), at));
                        let mut roots = vec![None; source.files.len()];
                        roots[at] = Some(root);
                        let role = role(field.name());
                        list.push(Column { name: field.name().clone(), role, source_type: field.data_type().clone(), wide, roots });
                    }
                }
            }
            for required in ["time", "code"] {
                if !seen.contains_key(&required.to_string()) {
                    return Err(missing(file, required));
                }
            }
        }
        list.retain(|column| !skipped.contains_key(&column.name));
        let mut skipped: Vec<_> = skipped.into_iter().collect();
        skipped.sort();
        for (name, kind) in skipped {
            let message = format!("column {name:?}: values of type {kind} have no place in a store");
            notes.push(Note { kind: "skipped".into(), message, count: 1 });
        }
        list.sort_by_key(|column| column.role as u8);
        notes.append(&mut converted);
        Ok(Self { subjects, list })
    }
}

/// What a column of this name is to MEDS.
pub fn role(name: &str) -> Role {
    match name {
        "time" => Role::Time,
        "code" => Role::Code,
        "numeric_value" => Role::Numeric,
        _ => Role::Extra,
    }
}

fn wanted(name: &str, options: &Options) -> bool {
    let required = matches!(role(name), Role::Time | Role::Code);
    let kept = options.columns.as_ref().is_none_or(|columns| columns.iter().any(|c| c == name));
    required || (kept && !options.exclude.iter().any(|c| c == name))
}

/// A name that is asked for, or left out, but stands in no file, is a mistake.
pub fn check_names(options: &Options, source: &Source) -> Result<()> {
    let known = |name: &&String| source.files.iter().any(|file| file.schema.index_of(name).is_ok());
    let mut named = options.columns.iter().flatten().chain(&options.exclude);
    if let Some(name) = named.find(|name| !known(name)) {
        return Err(Error::new(Code::MissingColumn, format!("column {name:?} was named in the options, but no file has it.")));
    }
    match options.exclude.iter().find(|name| makes_event(name)) {
        Some(name) => Err(Error::new(Code::InvalidArgument, format!("column {name:?} cannot be left out: it is what makes an event."))),
        None => Ok(()),
    }
}

/// Whether a column of this name can never be left out.
pub fn makes_event(name: &str) -> bool {
    SUBJECT.contains(&name) || matches!(role(name), Role::Time | Role::Code)
}

fn subject(file: &SourceFile) -> Result<usize> {
    let found = SUBJECT.iter().find_map(|name| file.schema.index_of(name).ok());
    let root = found.ok_or_else(|| missing(file, "subject_id"))?;
    let field = file.schema.field(root);
    let value = match field.data_type() {
        DataType::Dictionary(_, value) => value,
        other => other,
    };
    if !value.is_integer() {
        return Err(mistyped(file, field.name(), field.data_type(), "int64"));
    }
    Ok(root)
}

/// The canonical type of a column; `None` where it must be skipped. MEDS's own columns have types of their own.
fn wide(name: &str, source: &DataType, file: &SourceFile) -> Result<Option<DataType>> {
    let found = canonical(source);
    match (role(name), found) {
        (Role::Extra, found) => Ok(found),
        (Role::Time, Some(DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 | DataType::Null)) => {
            Ok(Some(DataType::Timestamp(TimeUnit::Microsecond, None)))
        }
        (Role::Time, _) => Err(mistyped(file, name, source, "timestamp[us]")),
        (Role::Code, Some(DataType::Utf8 | DataType::Binary)) => Ok(Some(DataType::Utf8)),
        (Role::Code, _) => Err(mistyped(file, name, source, "utf8 (a string)")),
        (Role::Numeric, Some(DataType::Float32 | DataType::Null)) => Ok(Some(DataType::Float32)),
        (Role::Numeric, Some(DataType::Float64)) => Ok(Some(DataType::Float64)),
        (Role::Numeric, Some(t)) if t.is_integer() => Ok(Some(DataType::Float64)),
        (Role::Numeric, _) => Err(mistyped(file, name, source, "float32 (or float64, or an integer)")),
    }
}

fn missing(file: &SourceFile, name: &str) -> Error {
    let have: Vec<_> = file.schema.fields().iter().map(|f| f.name().as_str()).collect();
    if have.contains(&"events") {
        let message =
            "has one row a patient with its events nested in it, as MEDS before 0.3 had. Write it as MEDS 0.3 or newer: a row an event.";
        return Error::at(Code::MissingColumn, &file.path, message);
    }
    let have = if have.is_empty() { "it has none at all".into() } else { format!("its columns are {}", have.join(", ")) };
    let message = format!("has no column {name:?}, which MEDS requires; {have}.");
    Error::at(Code::MissingColumn, &file.path, message)
}

fn mistyped(file: &SourceFile, name: &str, found: &DataType, expected: &str) -> Error {
    let message =
        format!("column {name:?} is of type {}, but MEDS wants {expected}. Write the file anew with that type.", type_name(found));
    Error::at(Code::ColumnType, &file.path, message)
}

fn conflict(column: &Column, first: &SourceFile, found: &DataType, file: &SourceFile) -> Error {
    let message = format!(
        "column {:?} is of type {} here but of type {} in {}, and no type holds both without loss. Bring the files to one type, or leave the column out (--exclude {}).",
        column.name,
        type_name(found),
        type_name(&column.source_type),
        first.path.display(),
        column.name
    );
    Error::at(Code::SchemaConflict, &file.path, message)
}

/// Says something of a file, or that it holds for one more.
fn tell(notes: &mut Vec<Note>, message: String) {
    match notes.iter_mut().find(|note| note.message == message) {
        Some(note) => note.count += 1,
        None => notes.push(Note { kind: "converted".into(), message, count: 1 }),
    }
}

/// What to say of a file's column that is not stored as it was given.
fn described(field: &Field, int96: bool) -> Option<String> {
    let name = field.name();
    if int96 {
        return Some(format!("{name} was of type INT96: stored as microseconds, finer digits cut off"));
    }
    let plain = match field.data_type() {
        DataType::Dictionary(_, values) => values,
        other => other,
    };
    match (role(name), plain) {
        (Role::Time, DataType::Timestamp(TimeUnit::Microsecond, None) | DataType::Null) => None,
        (Role::Time, DataType::Timestamp(_, Some(zone))) => Some(format!("time was in zone {zone}: stored as UTC microseconds")),
        (Role::Time, other) => Some(format!("time was of type {}: stored as microseconds", type_name(other))),
        (Role::Numeric, t) if t.is_integer() => Some(format!("numeric_value was of type {}: stored as float64", type_name(t))),
        (Role::Code, t) if canonical(t) == Some(DataType::Binary) => Some(format!("code was of type {}: read as UTF-8", type_name(t))),
        _ => None,
    }
}
