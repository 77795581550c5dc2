//! A problem that verification finds.

use super::file::corrupt;
use crate::error::Error;
use serde::Serialize;
use std::path::Path;

/// What is wrong and where. Serializes as `{ path, message, subject?, column?, row? }`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Problem {
    /// The file, relative to the store.
    pub path: String,
    /// What is wrong: a clause that follows the file's name.
    pub message: String,
    /// The patient's subject id, serialized as text because JSON numbers cannot represent every int64.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub subject: Option<i64>,
    /// The column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The row of the patient, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
}

fn as_text<S: serde::Serializer>(subject: &Option<i64>, to: S) -> Result<S::Ok, S::Error> {
    match subject {
        Some(id) => to.collect_str(id),
        None => to.serialize_none(),
    }
}

impl Problem {
    /// The same problem as an error, for a caller that requires a store without problems.
    pub fn into_error(self, root: &Path) -> Error {
        let mut found = self.message;
        let mut place = vec![];
        place.extend(self.subject.map(|id| format!("subject {id}")));
        place.extend(self.column.map(|name| format!("column \"{name}\"")));
        place.extend(self.row.map(|row| format!("row {row}")));
        if !place.is_empty() {
            found = format!("{found} ({})", place.join(", "));
        }
        corrupt(&root.join(self.path), &found)
    }
}
