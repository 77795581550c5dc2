//! The columns of a source: one schema from the schemas of all files.

use crate::source::column::{Column, Columns, Origin, Role, SUBJECT, Wanted, makes_event, role};
use crate::source::column_notes::{self, count_file};
use crate::source::common_type::{canonical, fill, join};
use crate::source::files::{Source, SourceFile};
use crate::source::{folders, parquet_types, value_types};
use arrow_schema::{DataType, TimeUnit};
use meds_store::manifest::Note;
use meds_store::types::type_name;
use meds_store::{Code, Error, Result};
use std::collections::{BTreeMap, HashMap};

/// A column in one file.
struct Found<'a> {
    at: usize,
    file: &'a SourceFile,
    origin: Origin,
    declared: DataType,
    /// The canonical type of its values; `None` if a store does not have such a type.
    values: Option<DataType>,
}

impl Columns {
    /// Combines the schemas of the files.
    pub fn unify(source: &Source, wanted: Wanted, notes: &mut Vec<Note>) -> Result<Self> {
        let mut converted: Vec<Note> = Vec::new();
        let kinds = folder_kinds(source);
        let subjects = source.files.iter().map(|file| subject(file, &kinds, &mut converted)).collect::<Result<Vec<_>>>()?;
        if subjects.iter().all(Option::is_none) {
            return Err(missing(&source.files[0], SUBJECT[0]));
        }
        let mut list: Vec<Column> = Vec::new();
        for (name, mut found) in gather(source, &kinds, wanted)? {
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

/// The types of the columns in the names of folders.
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

/// All requested columns, in the order of their first appearance, and where each file has them.
fn gather<'a>(source: &'a Source, kinds: &BTreeMap<&str, DataType>, wanted: Wanted) -> Result<Vec<(String, Vec<Found<'a>>)>> {
    let mut gathered: Vec<(String, Vec<Found>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (at, file) in source.files.iter().enumerate() {
        let subject = subject_name(file);
        let mut seen = HashMap::new();
        let mut add = |name: &'a str, origin: Origin, declared: DataType, values: Option<DataType>| {
            if subject != Some(name) && wanted.includes(name) {
                let index = *known.entry(name).or_insert_with(|| {
                    gathered.push((name.to_string(), Vec::new()));
                    gathered.len() - 1
                });
                gathered[index].1.push(Found { at, file, origin, declared, values });
            }
        };
        for (root, field) in file.schema.fields().iter().enumerate() {
            // Columns that are left out may have the same name.
            if let Some(before) = seen.insert(field.name().as_str(), root)
                && (subject == Some(field.name().as_str()) || wanted.includes(field.name()))
            {
                let message = format!("has two columns named {:?} (numbers {before} and {root}). Rename one.", field.name());
                return Err(Error::at(Code::SchemaConflict, &file.path, message));
            }
            let values = if file.undecodable.contains_key(&root) { None } else { canonical(field.data_type()) };
            add(field.name(), Origin::Root { root, values: None }, field.data_type().clone(), values);
        }
        // A column in the file takes precedence over one of the same name in a folder, and over another name
        // of the subject ids.
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

/// The type of a column in the store; `None` if there is none. If no type holds what all files declare, files
/// without values of the column do not count. If one does, they count, so that a store of some patients has
/// the same type, whether or not these patients have values.
fn resolve(name: &str, found: &mut [Found]) -> Result<Option<DataType>> {
    let declared: Vec<_> = found.iter().map(|found| found.values.clone()).collect();
    let alike = found.windows(2).all(|pair| pair[0].declared == pair[1].declared);
    let mut folded = fold(name, found);
    if folded.is_err() || (!alike && matches!(folded, Ok(None))) {
        for found in found.iter_mut() {
            if let Origin::Root { root, .. } = found.origin {
                found.values = value_types::by_statistics(found.file, root, found.values.take());
            }
        }
        folded = fold(name, found);
        if !matches!(folded, Ok(Some(_))) {
            read_values(found)?;
            folded = fold(name, found);
        }
    }
    let Some(wide) = folded? else { return Ok(None) };
    // Parts without values in any file get a type that some file declares.
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

/// Reads the rows for what the footers do not say. An unreadable column keeps its declared type: the
/// conversion reports the error.
fn read_values(found: &mut [Found]) -> Result<()> {
    for found in found.iter_mut().filter(|found| found.values != Some(DataType::Null)) {
        if let (Origin::Root { root, .. }, Some(_)) = (&found.origin, found.file.content.parquet()) {
            match value_types::by_reading(found.file, *root, found.values.clone()) {
                Err(error) if error.code != Code::SourceDamaged => return Err(error),
                Err(_) => {}
                Ok(values) => found.values = values,
            }
        }
    }
    Ok(())
}

/// The type that holds the values of all files, Null if there are none; `Ok(None)` if a store cannot hold
/// some of them.
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

/// A column of the store from those of the files.
fn column(name: &str, found: Vec<Found>, wide: DataType, files: usize, converted: &mut Vec<Note>) -> Column {
    let mut roots = vec![None; files];
    let mut source_type: Option<DataType> = None;
    let valued = found.iter().any(|found| found.values != Some(DataType::Null));
    for Found { at, file, origin, declared, values } in found {
        let natural = canonical(&declared);
        // Without any values, the source type is that of the first file that declares this type.
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
                let int96 =
                    file.content.parquet().is_some_and(|footer| parquet_types::is_int96(footer.file_metadata().schema_descr(), root));
                if let Some(message) = column_notes::converted(file.schema.field(root), int96) {
                    count_file(converted, message);
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
            Some(why) => format!("its type cannot be decoded ({why})"),
            None => format!("a store cannot hold values of type {}", type_name(&found.declared)),
        }
    });
    Note { kind: "skipped".into(), message: format!("column {name:?} is left out: {}", reason.unwrap_or_default()), count: 1 }
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
        let message = format!("columns that were read from folder names (COLUMN=VALUE below data/): {}", read.join(", "));
        notes.push(Note { kind: "converted".into(), message, count: files });
    }
    if !own.is_empty() {
        let message = format!(
            "folder names (COLUMN=VALUE below data/) that were not read as columns, because the files contain these columns: {}",
            own.join(", ")
        );
        notes.push(Note { kind: "skipped".into(), message, count: files });
    }
    notes
}

/// Fails if a name in the options is not a column of any file, or if a column that every event needs is
/// excluded.
pub fn check_names(wanted: Wanted, source: &Source) -> Result<()> {
    let known = |name: &&String| source.files.iter().any(|file| file.has(name));
    let mut named = wanted.columns.into_iter().flatten().chain(wanted.exclude);
    if let Some(name) = named.find(|name| !known(name)) {
        return Err(Error::new(
            Code::MissingColumn,
            format!("column {name:?} is named in the options, but no file has it. Check its spelling."),
        ));
    }
    match wanted.exclude.iter().find(|name| makes_event(name)) {
        Some(name) => Err(Error::new(
            Code::InvalidArgument,
            format!("column {name:?} cannot be left out, because every event needs it. Remove it from `exclude` (--exclude)."),
        )),
        None => Ok(()),
    }
}

/// The name of the column of subject ids in a file. A column in the file takes precedence over one in a
/// folder.
fn subject_name(file: &SourceFile) -> Option<&'static str> {
    let own = SUBJECT.into_iter().find(|name| file.schema.index_of(name).is_ok());
    own.or_else(|| SUBJECT.into_iter().find(|name| file.has(name)))
}

/// Where a file has its subject ids; `None` if it has neither these nor rows.
fn subject(file: &SourceFile, kinds: &BTreeMap<&str, DataType>, converted: &mut Vec<Note>) -> Result<Option<Origin>> {
    if !file.untyped.is_empty() {
        let names: Vec<_> = file.untyped.iter().map(|&root| format!("{:?}", file.schema.field(root).name())).collect();
        let message = format!("columns whose Arrow type cannot be read have the type of Parquet instead: {}", names.join(", "));
        count_file(converted, message);
    }
    let Some(name) = subject_name(file) else {
        return if has_rows(file) { Err(missing(file, SUBJECT[0])) } else { Ok(None) };
    };
    if name != SUBJECT[0] {
        count_file(converted, format!("{} was read as {}, its name since MEDS 0.3.2", SUBJECT[1], SUBJECT[0]));
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
        found[0].values = value_types::by_statistics(file, root, found[0].values.take());
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

/// The canonical type of a column of this name with such values, or else the type that MEDS requires. The
/// columns of MEDS have fixed types.
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
            "has one row per patient with nested events, as in MEDS before 0.3. Write it as MEDS 0.3 or newer, with one row per event.";
        return Error::at(Code::MissingColumn, &file.path, message);
    }
    let have = if have.is_empty() { "The file has no columns".into() } else { format!("Its columns are {}", have.join(", ")) };
    let message = format!("has no column {name:?}, which MEDS requires. {have}. Add the column, or rename one.");
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
            format!("column {name:?} cannot be decoded ({why}). MEDS requires {expected}. Write the file again with that type.")
        }
        (Origin::Folder(_), _) => format!(
            "column {name:?} is only in the names of folders ({name}=VALUE), as {kind}, but MEDS requires {expected}. Write the files again with a column {name:?} of that type."
        ),
        _ if role(name) == Role::Code && found.values.as_ref().is_some_and(DataType::is_integer) => format!(
            "column \"code\" is of type {kind}: these are tokenized data, from the normalization or tensorization stage of meds-transforms, with numbers as codes. Convert the output of the stage before, with text as codes."
        ),
        _ => format!("column {name:?} is of type {kind}, but MEDS requires {expected}. Write the file again with that type."),
    };
    Error::at(Code::ColumnType, &found.file.path, message)
}

fn conflict(name: &str, first: &Found, found: &Found) -> Error {
    let message = format!(
        "column {name:?} is of type {} here but of type {} in {}, and no type holds both without loss. Write both files with one type, or leave the column out with `exclude` (--exclude {name}).",
        type_name(&found.declared),
        type_name(&first.declared),
        first.file.path.display(),
    );
    Error::at(Code::SchemaConflict, &found.file.path, message)
}
