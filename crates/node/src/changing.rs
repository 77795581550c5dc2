//! Rows that a transform left, on their way into a file: a part of a chunk of patients at a time.

use crate::error::guard;
use crate::store::NativeStore;
use meds_convert::{Change, Changing, NewValues, Part};
use meds_store::Result;
use napi::Env;
use napi::bindgen_prelude::{BigInt64ArraySlice, Float64ArraySlice, Int32ArraySlice, Uint8ArraySlice, Uint32ArraySlice};
use napi_derive::napi;
use std::path::Path;

/// A column that a transform adds.
#[napi(object, object_to_js = false)]
pub struct AddedColumn {
    /// Its name.
    pub name: String,
    /// Its type, as `db.columns` names types.
    pub r#type: String,
}

/// Rows of some patients: see `crates/convert/src/changed.rs`.
#[napi(object, object_to_js = false)]
pub struct ChangedRows<'env> {
    /// The patients, by their rows in the shard.
    pub patients: Uint32ArraySlice<'env>,
    /// Of each patient the number of rows.
    pub lengths: Uint32ArraySlice<'env>,
    /// Rows of the shard; 2^32 - 1 is a new one.
    pub rows: Uint32ArraySlice<'env>,
}

/// Values that some of these rows get in a column; of `numbers`, `words` and `bytes` those are there that the column's type needs, the others are empty.
#[napi(object, object_to_js = false)]
pub struct ChangedColumn<'env> {
    /// The column.
    pub column: String,
    /// Rows of the part, ascending.
    pub rows: Uint32ArraySlice<'env>,
    /// 1 where there is a value.
    pub valid: Uint8ArraySlice<'env>,
    /// Of bool, integers to 32 bits, floats, days, and times of day.
    pub numbers: Float64ArraySlice<'env>,
    /// Of all that has 64 bits.
    pub words: BigInt64ArraySlice<'env>,
    /// Of text, decimals and bytes, with one offset more than there are values.
    pub offsets: Int32ArraySlice<'env>,
    /// Of text, decimals and bytes.
    pub bytes: Uint8ArraySlice<'env>,
}

impl ChangedColumn<'_> {
    fn given(&self) -> NewValues<'_> {
        match (self.numbers.is_empty(), self.words.is_empty()) {
            (false, _) => NewValues::Numbers(&self.numbers),
            (_, false) => NewValues::Words(&self.words),
            _ => NewValues::Bytes(&self.offsets, &self.bytes),
        }
    }
}

/// A shard whose rows can be written with changes.
#[napi]
pub struct NativeChanging {
    changing: Changing,
}

#[napi]
impl NativeChanging {
    /// Writes rows and their changes to a new Parquet file.
    #[napi]
    pub fn write(&self, env: Env, path: String, rows: ChangedRows, changes: Vec<ChangedColumn>) -> napi::Result<()> {
        guard(&env, || {
            let changes: Vec<Change> = changes
                .iter()
                .map(|change| Change { column: &change.column, rows: &change.rows, valid: &change.valid, values: change.given() })
                .collect();
            let part = Part { patients: &rows.patients, lengths: &rows.lengths, rows: &rows.rows, changes: &changes };
            self.changing.write(Path::new(&path), &part)
        })
    }
}

#[napi]
impl NativeStore {
    /// A shard whose rows can be written with changes; every byte of it is compared with its checksum.
    #[napi]
    pub fn changing(&self, env: Env, shard: u32, added: Vec<AddedColumn>) -> napi::Result<NativeChanging> {
        guard(&env, || -> Result<_> {
            let added: Vec<_> = added.into_iter().map(|column| (column.name, column.r#type)).collect();
            Ok(NativeChanging { changing: Changing::open(self.share()?, shard as usize, &added)? })
        })
    }

    /// Copies the metadata files, compared with their checksums, into a folder.
    #[napi]
    pub fn copy_metadata(&self, env: Env, folder: String) -> napi::Result<()> {
        guard(&env, || meds_convert::copy_metadata(self.share()?, Path::new(&folder)))
    }
}
