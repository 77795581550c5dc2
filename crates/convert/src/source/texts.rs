//! A column of strings or bytes as it comes out of Parquet: with the dictionary of its page if there is one,
//! otherwise as views.

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, BinaryArray, DictionaryArray, StringArray, StringViewArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

/// Strings (or bytes) of a batch.
pub enum Texts<'a> {
    /// Keys into a dictionary.
    Coded(Coded<'a>),
    /// Views into pages.
    View(&'a StringViewArray),
    /// Plain bytes.
    Bytes(&'a BinaryArray),
}

/// A dictionary-coded batch.
pub struct Coded<'a> {
    /// The keys; those of null rows have no meaning.
    pub keys: &'a DictionaryArray<Int32Type>,
    /// The dictionary.
    pub values: &'a StringArray,
}

impl<'a> Texts<'a> {
    /// `None` where the array is of another type.
    pub fn of(array: &'a ArrayRef) -> Option<Self> {
        match array.data_type() {
            DataType::Dictionary(_, _) => {
                let keys = array.as_dictionary_opt::<Int32Type>()?;
                Some(Self::Coded(Coded { keys, values: keys.values().as_string_opt::<i32>()? }))
            }
            DataType::Utf8View => Some(Self::View(array.as_string_view())),
            DataType::Binary => Some(Self::Bytes(array.as_binary())),
            _ => None,
        }
    }

    /// The value of a row; `None` for null.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a [u8]> {
        match self {
            Self::Coded(coded) => coded.key(row).map(|key| coded.values.value(key).as_bytes()),
            Self::View(array) => array.is_valid(row).then(|| array.value(row).as_bytes()),
            Self::Bytes(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

impl Coded<'_> {
    /// The key of a row; `None` for null, including a null inside the dictionary.
    #[inline]
    pub fn key(&self, row: usize) -> Option<usize> {
        let key = self.keys.is_valid(row).then(|| self.keys.keys().values()[row] as usize)?;
        (self.values.null_count() == 0 || self.values.is_valid(key)).then_some(key)
    }

    /// The keys and the null buffer, if the dictionary itself contains no null.
    pub fn plain(&self) -> Option<(&[i32], Option<&NullBuffer>)> {
        let nulls = self.keys.nulls().filter(|nulls| nulls.null_count() > 0);
        (self.values.null_count() == 0).then(|| (&self.keys.keys().values()[..], nulls))
    }
}
