//! A column of the events, and where each file has it.

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use meds_store::{Code, Error, Result};

/// The meaning of a column in MEDS.
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
        /// The type of the values that it really has, if that is less than it declares: Null in place of
        /// parts without values.
        values: Option<DataType>,
    },
    /// In the names of its folders: the value of all rows, as an array of one row.
    Folder(ArrayRef),
}

/// A column of the events.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its meaning in MEDS.
    pub role: Role,
    /// Its type in the source.
    pub source_type: DataType,
    /// The canonical type, to which every file's values are converted.
    pub wide: DataType,
    /// Where each file has it.
    pub roots: Vec<Option<Origin>>,
}

/// All columns, and the location of the subject ids.
#[derive(Debug, Default)]
pub struct Columns {
    /// Where each file has the subject ids. Only a file without rows may lack them.
    pub subjects: Vec<Option<Origin>>,
    /// time, code, numeric_value (if present), then the others in the order of their first appearance.
    pub list: Vec<Column>,
}

/// The name of the column of subject ids: today's, and that of versions before MEDS 0.3.2.
pub const SUBJECT: [&str; 2] = ["subject_id", "patient_id"];

/// The meaning of a column of this name in MEDS.
pub fn role(name: &str) -> Role {
    match name {
        "time" => Role::Time,
        "code" => Role::Code,
        "numeric_value" => Role::Numeric,
        _ => Role::Extra,
    }
}

/// Whether a column of this name can never be left out.
pub fn makes_event(name: &str) -> bool {
    SUBJECT.contains(&name) || matches!(role(name), Role::Time | Role::Code)
}

/// The column of subject ids, in the form of the events' columns, so that the same reader reads it.
pub fn subject_column(columns: &Columns) -> Column {
    let (source_type, wide) = (DataType::Int64, DataType::Int64);
    Column { name: "subject_id".into(), role: Role::Extra, source_type, wide, roots: columns.subjects.clone() }
}

/// The column of times.
pub fn time_column(columns: &Columns) -> Result<&Column> {
    let found = columns.list.iter().find(|c| c.role == Role::Time);
    found.ok_or_else(|| Error::new(Code::Internal, "the column of times was lost"))
}

/// The advice to leave a column out, after another one; empty for a column that every event needs.
pub fn or_exclude(name: &str) -> String {
    if makes_event(name) { String::new() } else { format!(", or leave the column out with `exclude` (--exclude {name})") }
}

/// The columns of a source that a store gets; all by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Only these; time and code in any case.
    pub columns: Option<&'a [String]>,
    /// Not these.
    pub exclude: &'a [String],
}

impl Wanted<'_> {
    /// Whether the store gets a column of this name.
    pub fn includes(&self, name: &str) -> bool {
        let required = matches!(role(name), Role::Time | Role::Code);
        let kept = self.columns.is_none_or(|columns| columns.iter().any(|c| c == name));
        required || (kept && !self.exclude.iter().any(|c| c == name))
    }
}
