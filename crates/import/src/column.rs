//! A column of a database, and its encoding.

use crate::data::Data;
use crate::properties;
use crate::strings::Strings;
use arrow_schema::DataType;
use meds_store::Result;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A column with its open file.
pub(crate) struct Column {
    pub name: String,
    pub data_type: DataType,
    pub kind: Kind,
    pub data: Data,
}

/// The encoding of a column.
pub(crate) enum Kind {
    /// `time`.
    Times,
    /// Numbers, and other times.
    Values,
    /// Text, with a dictionary that is read on first use.
    Texts(Mutex<Option<Arc<Strings>>>),
}

impl Column {
    /// Opens the files of a column.
    pub fn open(database: &Path, property: properties::Property, subjects: usize) -> Result<Self> {
        let properties::Property { name, data_type } = property;
        let kind = match &data_type {
            DataType::Utf8 | DataType::LargeUtf8 => Kind::Texts(Mutex::default()),
            DataType::Timestamp(..) if name == "time" => Kind::Times,
            _ => Kind::Values,
        };
        let data = Data::open(&database.join(&name), subjects)?;
        Ok(Self { name, data_type, kind, data })
    }

    fn dictionary(&self) -> PathBuf {
        self.data.path.with_file_name("dictionary")
    }

    /// The dictionary of a column of text.
    pub fn strings(&self) -> Result<Arc<Strings>> {
        let Kind::Texts(held) = &self.kind else { return Ok(Arc::default()) };
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(strings) => Ok(strings.clone()),
            None => Ok(held.insert(Arc::new(Strings::load(&self.dictionary())?)).clone()),
        }
    }
}
