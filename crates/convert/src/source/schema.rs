//! The source's columns: one schema out of all files' schemas.

use crate::options::Options;
use crate::source::files::{Content, Source, SourceFile};
use crate::source::folders;
use crate::source::lattice::{canonical, fill, join};
use crate::source::parquet_types;
use crate::source::present;
use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, TimeUnit};
use meds_store::manifest::Note;
use meds_store::types::type_name;
use meds_store::{Code, Error, Result};
use std::collections::{BTreeMap, HashMap};

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

/// Where a file has a column.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Among its root columns.
    Root {
        /// Index of the root column.
        root: usize,
        /// Its type where it has values of less than it declares: Null is in place of what has none.
        values: Option<DataType>,
    },
    /// In the names of its folders: the value of all rows, as an array of one.
    Folder(ArrayRef),
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
    /// Where each file has it.
    pub roots: Vec<Option<Origin>>,
}

/// All columns, and where the subject's id is.
#[derive(Debug)]
pub struct Columns {
    /// Where each file has the subject's id; only a file without rows may be without.
    pub subjects: Vec<Option<Origin>>,
    /// time, code, numeric_value where it is, then the others in the order of their first appearance.
    pub list: Vec<Column>,
}

/// What the column of subjects is called, and was before MEDS 0.3.2.
pub const SUBJECT: [&str; 2] = ["subject_id", "patient_id"];

/// A column in one file.
struct Found<'a> {
    at: usize,
    file: &'a SourceFile,
    origin: Origin,
    declared: DataType,
    /// The canonical type of what it has values of; `None` where that has no place in a store.
    values: Option<DataType>,
}

impl Columns {
    /// Brings the files' schemas together.
    pub fn unify(source: &Source, options: &Options, notes: &mut Vec<Note>) -> Result<Self> {
        let mut converted: Vec<Note> = Vec::new();
        let kinds = folder_kinds(source);
        let subjects = source.files.iter().map(|file| subject(file, &kinds, &mut converted)).collect::<Result<Vec<_>>>()?;
        if subjects.iter().all(Option::is_none) {
            return Err(missing(&source.files[0], SUBJECT[0]));
        }
        let mut list: Vec<Column> = Vec::new();
        for (name, mut found) in gather(source, &kinds, options)? {
            match resolve(&name, &mut found)? {
                Some(wide) => list.push(column(&name, found, wide, source.files.len(), &mut converted)),
                None => notes.push(skipped(&name, &found)),
            }
        }
        list.sort_by_key(|column| column.role as u8);
        notes.extend(of_folders(source, &list));
        notes.append(&mut converted);
        Ok(Self { subjects, list })
    }
}

/// The types of the columns that are in the names of folders.
fn folder_kinds(source: &Source) -> BTreeMap<&str, DataType> {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, value) in source.files.iter().flat_map(|file| &file.folders) {
        values.entry(key).or_default().extend(value.as_deref());
    }
    let is_text = |key: &str| {
        let own = source.files.iter().filter_map(|file| file.schema.field_with_name(key).ok());
        role(key) == Role::Code || own.map(|field| canonical(field.data_type())).any(|found| found == Some(DataType::Utf8))
    };
    let kind = |key: &str, values: Vec<&str>| if is_text(key) { DataType::Utf8 } else { folders::kind(values.into_iter()) };
    values.into_iter().map(|(key, values)| (key, kind(key, values))).collect()
}

/// All columns that are wanted, in the order of their first appearance, and what each file has of them.
fn gather<'a>(source: &'a Source, kinds: &BTreeMap<&str, DataType>, options: &Options) -> Result<Vec<(String, Vec<Found<'a>>)>> {
    let mut gathered: Vec<(String, Vec<Found>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (at, file) in source.files.iter().enumerate() {
        let subject = subject_name(file);
        let mut seen = HashMap::new();
        let mut add = |name: &'a str, origin: Origin, declared: DataType, values: Option<DataType>| {
            if subject != Some(name) && wanted(name, options) {
                let index = *known.entry(name).or_insert_with(|| {
                    gathered.push((name.to_string(), Vec::new()));
                    gathered.len() - 1
                });
                gathered[index].1.push(Found { at, file, origin, declared, values });
            }
        };
        for (root, field) in file.schema.fields().iter().enumerate() {
            // Of columns that are left out there may be several of one name.
            if let Some(before) = seen.insert(field.name().as_str(), root)
                && (subject == Some(field.name().as_str()) || wanted(field.name(), options))
            {
                let message = format!("has two columns named {:?} (numbers {before} and {root}). Rename one.", field.name());
                return Err(Error::at(Code::SchemaConflict, &file.path, message));
            }
            let values = if file.undecodable.contains_key(&root) { None } else { canonical(field.data_type()) };
            add(field.name(), Origin::Root { root, values: None }, field.data_type().clone(), values);
        }
        // A file's own column counts, and its own subjects have no other name.
        let own_subject = subject.is_some_and(|subject| seen.contains_key(subject));
        for (key, value) in &file.folders {
            let is_own = seen.contains_key(key.as_str()) || (own_subject && SUBJECT.contains(&key.as_str()));
            if !is_own {
                let one = folders::one(value.as_deref(), &kinds[key.as_str()]);
                let kind = one.data_type().clone();
                add(key, Origin::Folder(one), kind.clone(), Some(kind));
            }
        }
    }
    for required in ["time", "code"] {
        let has = |file: &&SourceFile| file.has(required);
        let lacks = source.files.iter().find(|file| !has(file) && has_rows(file));
        let none = source.files.first().filter(|_| !source.files.iter().any(|file| has(&file)));
        if let Some(file) = lacks.or(none) {
            return Err(missing(file, required));
        }
    }
    Ok(gathered)
}

fn has_rows(file: &SourceFile) -> bool {
    (0..file.groups()).any(|group| file.rows(group) > 0)
}

/// The type of a column in the store; `None` where it has none. Where no type holds what the files declare, files in which the column has no value do not
/// count. Where one does, they do: a store of some patients then has the same type, whether or not these have a value.
fn resolve(name: &str, found: &mut [Found]) -> Result<Option<DataType>> {
    let declared: Vec<_> = found.iter().map(|found| found.values.clone()).collect();
    let alike = found.windows(2).all(|pair| pair[0].declared == pair[1].declared);
    let mut folded = fold(name, found);
    if folded.is_err() || (!alike && matches!(folded, Ok(None))) {
        for found in found.iter_mut() {
            if let Origin::Root { root, .. } = found.origin {
                found.values = present::by_statistics(found.file, root, found.values.take());
            }
        }
        folded = fold(name, found);
        if !matches!(folded, Ok(Some(_))) {
            read_values(found)?;
            folded = fold(name, found);
        }
    }
    let Some(wide) = folded? else { return Ok(None) };
    // What no file has a value of is of a type that some file declares.
    let filled = declared.into_iter().flatten().fold(wide, |wide, declared| match role(name) {
        Role::Numeric if !matches!(declared, DataType::Float32 | DataType::Float64) => wide,
        Role::Extra | Role::Numeric => fill(wide, &declared),
        _ => wide,
    });
    match (role(name), filled) {
        (Role::Extra, filled) => Ok(Some(filled)),
        (_, filled) => wide_of(name, Some(&filled)).map_or_else(|_| Ok(None), |wide| Ok(Some(wide))),
    }
}

/// Looks at the rows for what the footers do not say. What cannot be read counts as what it declares: its error is one of the conversion.
fn read_values(found: &mut [Found]) -> Result<()> {
    for found in found.iter_mut().filter(|found| found.values != Some(DataType::Null)) {
        if let (Origin::Root { root, .. }, Content::Parquet(_)) = (&found.origin, &found.file.content) {
            match present::by_reading(found.file, *root, found.values.clone()) {
                Err(error) if error.code != Code::SourceDamaged => return Err(error),
                Err(_) => {}
                Ok(values) => found.values = values,
            }
        }
    }
    Ok(())
}

/// The type that holds the values of all files, Null where they have none; `Ok(None)` where some have no place in a store.
fn fold(name: &str, found: &[Found]) -> Result<Option<DataType>> {
    let mut wide: Option<(DataType, &Found)> = None;
    for next in found.iter().filter(|found| found.values != Some(DataType::Null)) {
        if role(name) == Role::Extra && next.values.is_none() {
            return Ok(None);
        }
        let values = wide_of(name, next.values.as_ref()).map_err(|expected| mistyped(name, next, expected))?;
        wide = Some(match wide {
            None => (values, next),
            Some((wide, first)) => (join(&wide, &values).ok_or_else(|| conflict(name, first, next))?, first),
        });
    }
    Ok(Some(wide.map_or(DataType::Null, |(wide, _)| wide)))
}

/// A column of the store, of what the files have.
fn column(name: &str, found: Vec<Found>, wide: DataType, files: usize, converted: &mut Vec<Note>) -> Column {
    let mut roots = vec![None; files];
    let mut source_type: Option<DataType> = None;
    let valued = found.iter().any(|found| found.values != Some(DataType::Null));
    for Found { at, file, origin, declared, values } in found {
        let natural = canonical(&declared);
        // Without any value, the type is that of the first file that declares it.
        let counts = match valued {
            true => values != Some(DataType::Null),
            false => source_type.is_none() && natural.as_ref() == Some(&wide),
        };
        if counts {
            match &source_type {
                Some(known) if *known != declared => source_type = Some(wide.clone()),
                _ => source_type = Some(declared),
            }
            if let Origin::Root { root, .. } = origin {
                let int96 = matches!(&file.content, Content::Parquet(footer) if parquet_types::is_int96(footer.file_metadata().schema_descr(), root));
                if let Some(message) = described(file.schema.field(root), int96) {
                    tell(converted, message);
                }
            }
        }
        roots[at] = Some(match origin {
            Origin::Root { root, .. } => {
                let less = values.filter(|values| natural.as_ref() != Some(values) || *values == DataType::Null);
                Origin::Root { root, values: less }
            }
            folder => folder,
        });
    }
    Column { name: name.into(), role: role(name), source_type: source_type.unwrap_or_else(|| wide.clone()), wide, roots }
}

/// The note about a column that is left out.
fn skipped(name: &str, found: &[Found]) -> Note {
    let reason = found.iter().find(|found| found.values.is_none()).map(|found| {
        let root = match found.origin {
            Origin::Root { root, .. } => found.file.undecodable.get(&root),
            Origin::Folder(_) => None,
        };
        match root {
            Some(why) => format!("it is not read, because its type cannot be decoded ({why})"),
            None => format!("values of type {} have no place in a store", type_name(&found.declared)),
        }
    });
    Note { kind: "skipped".into(), message: format!("column {name:?}: {}", reason.unwrap_or_default()), count: 1 }
}

/// The notes about columns in the names of folders.
fn of_folders(source: &Source, list: &[Column]) -> Vec<Note> {
    let in_folders = |origin: &&Option<Origin>| matches!(origin, Some(Origin::Folder(_)));
    let read = list.iter().filter(|column| column.roots.iter().any(|origin| in_folders(&origin)));
    let read: Vec<_> = read.map(|column| format!("{:?} ({})", column.name, type_name(&column.source_type))).collect();
    let files = source.files.iter().filter(|file| !file.folders.is_empty()).count() as u64;
    let mut own: Vec<_> =
        source.files.iter().flat_map(|file| file.folders.iter().filter(|(key, _)| file.schema.index_of(key).is_ok())).collect();
    own.sort();
    own.dedup_by(|a, b| a.0 == b.0);
    let own: Vec<_> = own.into_iter().map(|(key, _)| format!("{key:?}")).collect();
    let mut notes = Vec::new();
    if !read.is_empty() {
        let message =
            format!("columns that are in the names of folders (COLUMN=VALUE below data/) were read from there: {}", read.join(", "));
        notes.push(Note { kind: "converted".into(), message, count: files });
    }
    if !own.is_empty() {
        let message =
            format!("names of folders (COLUMN=VALUE below data/) were not read where the files have the column: {}", own.join(", "));
        notes.push(Note { kind: "skipped".into(), message, count: files });
    }
    notes
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
    let known = |name: &&String| source.files.iter().any(|file| file.has(name));
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

/// What the column of subjects is called in a file: its own name for it before that of a folder.
fn subject_name(file: &SourceFile) -> Option<&'static str> {
    let own = SUBJECT.into_iter().find(|name| file.schema.index_of(name).is_ok());
    own.or_else(|| SUBJECT.into_iter().find(|name| file.has(name)))
}

/// Where a file has its subjects; `None` where it has none, and no rows either.
fn subject(file: &SourceFile, kinds: &BTreeMap<&str, DataType>, converted: &mut Vec<Note>) -> Result<Option<Origin>> {
    if !file.untyped.is_empty() {
        let names: Vec<_> = file.untyped.iter().map(|&root| format!("{:?}", file.schema.field(root).name())).collect();
        let message = format!("columns whose Arrow type cannot be read are of the type that Parquet has: {}", names.join(", "));
        tell(converted, message);
    }
    let Some(name) = subject_name(file) else {
        return if has_rows(file) { Err(missing(file, SUBJECT[0])) } else { Ok(None) };
    };
    if name != SUBJECT[0] {
        tell(converted, format!("{} was read as {}, its name since MEDS 0.3.2", SUBJECT[1], SUBJECT[0]));
    }
    let Ok(root) = file.schema.index_of(name) else {
        let value = file.folders.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.as_deref());
        let one = folders::one(value, &kinds[name]);
        let (declared, values) = (one.data_type().clone(), Some(one.data_type().clone()));
        let found = Found { at: 0, file, origin: Origin::Folder(one), declared, values };
        return match found.declared {
            DataType::Utf8 => Err(mistyped(name, &found, "int64")),
            _ => Ok(Some(found.origin)),
        };
    };
    let declared = file.schema.field(root).data_type().clone();
    let mut found = [Found { at: 0, file, origin: Origin::Root { root, values: None }, values: canonical(&declared), declared }];
    let fits = |found: &Found| found.values.as_ref().is_some_and(|values| values.is_integer() || *values == DataType::Null);
    if !fits(&found[0]) {
        found[0].values = present::by_statistics(file, root, found[0].values.take());
    }
    if !fits(&found[0]) {
        read_values(&mut found)?;
    }
    let [found] = found;
    match found.values {
        Some(DataType::Null) => Ok(Some(Origin::Root { root, values: Some(DataType::Null) })),
        _ if fits(&found) => Ok(Some(found.origin)),
        _ => Err(mistyped(name, &found, "int64")),
    }
}

/// The canonical type of a column of this name that has such values, or what MEDS expects. MEDS's own columns have types of their own.
fn wide_of(name: &str, values: Option<&DataType>) -> Result<DataType, &'static str> {
    match (role(name), values) {
        (Role::Extra, Some(values)) => Ok(values.clone()),
        (Role::Extra, None) => Err("a type that a store has"),
        (Role::Time, Some(DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 | DataType::Null)) => {
            Ok(DataType::Timestamp(TimeUnit::Microsecond, None))
        }
        (Role::Time, _) => Err("timestamp[us]"),
        (Role::Code, Some(DataType::Utf8 | DataType::Binary | DataType::Null)) => Ok(DataType::Utf8),
        (Role::Code, _) => Err("utf8 (a string)"),
        (Role::Numeric, Some(DataType::Float32 | DataType::Null)) => Ok(DataType::Float32),
        (Role::Numeric, Some(DataType::Float64)) => Ok(DataType::Float64),
        (Role::Numeric, Some(t)) if t.is_integer() => Ok(DataType::Float64),
        (Role::Numeric, _) => Err("float32 (or float64, or an integer)"),
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

fn mistyped(name: &str, found: &Found, expected: &str) -> Error {
    let kind = type_name(&found.declared);
    let undecodable = match found.origin {
        Origin::Root { root, .. } => found.file.undecodable.get(&root),
        Origin::Folder(_) => None,
    };
    let message = match (&found.origin, undecodable) {
        (_, Some(why)) => {
            format!("column {name:?} cannot be decoded ({why}). MEDS requires {expected}: write the file anew with that type.")
        }
        (Origin::Folder(_), _) => format!(
            "column {name:?} is only in the names of folders ({name}=VALUE), as {kind}, but MEDS requires {expected}. Write the file anew with a column {name:?} of that type."
        ),
        _ if role(name) == Role::Code && found.values.as_ref().is_some_and(DataType::is_integer) => format!(
            "column \"code\" is of type {kind}: these are tokenized data, as the normalization and tensorization stages of meds-transforms write them, whose codes are numbers. Convert the output of the stage before, whose codes are text."
        ),
        _ => format!("column {name:?} is of type {kind}, but MEDS requires {expected}. Write the file anew with that type."),
    };
    Error::at(Code::ColumnType, &found.file.path, message)
}

fn conflict(name: &str, first: &Found, found: &Found) -> Error {
    let message = format!(
        "column {name:?} is of type {} here but of type {} in {}, and no type holds both without loss. Bring the files to one type, or leave the column out (--exclude {name}).",
        type_name(&found.declared),
        type_name(&first.declared),
        first.file.path.display(),
    );
    Error::at(Code::SchemaConflict, &found.file.path, message)
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
