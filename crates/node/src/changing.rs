//! Writes the rows that a transform returns into files: one part of a shard's patients at a time.

use crate::error::guard;
use crate::store::NativeStore;
use meds_convert::{Change, Changing, NewValues, Part};
use meds_store::Result;
use napi::Env;
use napi::bindgen_prelude::{BigInt64ArraySlice, Float64ArraySlice, Int32ArraySlice, Uint8ArraySlice, Uint32ArraySlice};
use napi_derive::napi;
use std::path::Path;

/// A new column of a transform.
#[napi(object, object_to_js = false)]
pub struct AddedColumn {
    /// The column's name.
    pub name: String,
    /// The column's type, written as in `db.columns`.
    pub r#type: String,
}

/// Rows of a part's patients: see `crates/convert/src/changes.rs`.
#[napi(object, object_to_js = false)]
pub struct ChangedRows<'env> {
    /// The patients, as rows of the shard.
    pub patients: Uint32ArraySlice<'env>,
    /// Number of rows of each patient.
    pub lengths: Uint32ArraySlice<'env>,
    /// Rows of the shard; 2^32 - 1 is a new row.
    pub rows: Uint32ArraySlice<'env>,
}

/// New values in a column for some of these rows. The column's type determines which of `numbers`, `words`
/// and `bytes` has the values; the others are empty.
#[napi(object, object_to_js = false)]
pub struct ChangedColumn<'env> {
    /// Name of the column.
    pub column: String,
    /// Rows of the part, ascending.
    pub rows: Uint32ArraySlice<'env>,
    /// 1 for a value, 0 for null.
    pub valid: Uint8ArraySlice<'env>,
    /// Values of bool, integers up to 32 bits, floats, date32 and time32.
    pub numbers: Float64ArraySlice<'env>,
    /// Values of all 64-bit types.
    pub words: BigInt64ArraySlice<'env>,
    /// Offsets of text, decimals and bytes: one more than there are values.
    pub offsets: Int32ArraySlice<'env>,
    /// Bytes of text, decimals and bytes.
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
    /// Writes rows with their changes to a new Parquet file.
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
    /// Opens a shard whose rows can be written with changes. This compares every byte of it with its
    /// checksum.
    #[napi]
    pub fn changing(&self, env: Env, shard: u32, added: Vec<AddedColumn>) -> napi::Result<NativeChanging> {
        guard(&env, || -> Result<_> {
            let added: Vec<_> = added.into_iter().map(|column| (column.name, column.r#type)).collect();
            Ok(NativeChanging { changing: Changing::open(self.share()?, shard as usize, &added)? })
        })
    }

    /// Copies the metadata files into a folder and compares them with their checksums.
    #[napi]
    pub fn copy_metadata(&self, env: Env, folder: String) -> napi::Result<()> {
        guard(&env, || meds_convert::copy_metadata(self.share()?, Path::new(&folder)))
    }
}
