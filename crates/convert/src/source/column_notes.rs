//! Notes about columns that are converted when they are stored.

use crate::source::column::{Role, role};
use crate::source::common_type::canonical;
use arrow_schema::{DataType, Field, TimeUnit};
use meds_store::manifest::Note;
use meds_store::types::type_name;

/// Adds a note, or counts one more file for an existing note of the same text.
pub fn count_file(notes: &mut Vec<Note>, message: String) {
    match notes.iter_mut().find(|note| note.message == message) {
        Some(note) => note.count += 1,
        None => notes.push(Note { kind: "converted".into(), message, count: 1 }),
    }
}

/// The note about a file's column that is converted when it is stored.
pub fn converted(field: &Field, int96: bool) -> Option<String> {
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
