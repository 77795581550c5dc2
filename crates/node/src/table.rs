//! Small tables in Parquet, read and written as whole columns: what crosses is a few arrays per column, never
//! a value.

use crate::error::{caught, guard, thrown};
use meds_convert::{ColumnType, GivenColumn, GivenValues, Sheet, SheetForm, Table, TableColumn, TableValues, Wanted, table_batch};
use meds_store::{Code, Error, Result};
use napi::bindgen_prelude::{
    AsyncTask, BigInt64Array, BigInt64ArraySlice, Either4, Float32ArraySlice, Float64Array, Int32Array, Int32ArraySlice, Uint8Array,
    Uint8ArraySlice,
};
use napi::{Env, Task};
use napi_derive::napi;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A column that a table should have.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct WantedColumn {
    /// Its name.
    pub name: String,
    /// Its name in older files.
    pub older: Option<String>,
    /// What its values must be.
    #[napi(ts_type = "'integer' | 'time' | 'boolean' | 'float' | 'text' | 'anyText' | 'lists' | 'numbers'")]
    pub kind: String,
    /// A file without it is an error.
    pub required: bool,
}

/// A column that was read.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct ReadColumn {
    /// Rows without a value.
    pub nulls: f64,
    /// 1 for each row that has a value; null where all rows have one, and for values that say null
    /// themselves.
    pub valid: Option<Uint8Array>,
    /// For each row an int64 (times too), float64, truth value (255 is null) or index of a text (-1 is null);
    /// for lists the indexes or numbers of all rows.
    #[napi(ts_type = "BigInt64Array | Float64Array | Uint8Array | Int32Array")]
    pub values: Either4<BigInt64Array, Float64Array, Uint8Array, Int32Array>,
    /// The texts, in the order in which they first occur.
    pub texts: Vec<String>,
    /// For lists: the start of each row's list, and the end of the last one.
    pub offsets: Option<Int32Array>,
}

/// A table that was read.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct ReadTable {
    /// Number of rows.
    pub rows: f64,
    /// The wanted columns in their order. Null for a column that is absent, or that has another type and no
    /// value.
    pub columns: Vec<Option<ReadColumn>>,
}

impl From<TableColumn> for ReadColumn {
    fn from(column: TableColumn) -> Self {
        let (values, texts, offsets) = match column.values {
            TableValues::Integers(all) => (Either4::A(all.into()), Vec::new(), None),
            TableValues::Floats(all) => (Either4::B(all.into()), Vec::new(), None),
            TableValues::Truths(all) => (Either4::C(all.into()), Vec::new(), None),
            TableValues::Texts(all, texts) => (Either4::D(all.into()), texts, None),
            TableValues::Numbers(offsets, all) => (Either4::B(all.into()), Vec::new(), Some(offsets.into())),
            TableValues::Lists(offsets, all, texts) => (Either4::D(all.into()), texts, Some(offsets.into())),
        };
        Self { nulls: column.nulls as f64, valid: column.valid.map(Into::into), values, texts, offsets }
    }
}

/// A table that is read on a thread of libuv's pool.
pub struct Reading {
    path: PathBuf,
    what: String,
    wanted: Vec<Wanted>,
}

impl Task for Reading {
    /// An error of ours becomes a JavaScript error on the JavaScript thread only.
    type Output = Result<Table>;
    type JsValue = ReadTable;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(caught(|| meds_convert::read_table(&self.path, &self.what, &self.wanted)))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        let table = output.map_err(|error| thrown(&env, &error))?;
        let columns = table.columns.into_iter().map(|column| column.map(Into::into)).collect();
        Ok(ReadTable { rows: table.rows as f64, columns })
    }
}

/// Reads some columns of a Parquet file. `what` says whose columns they are, for messages: "labels".
#[napi(ts_return_type = "Promise<ReadTable>")]
pub fn read_table(env: Env, path: String, what: String, columns: Vec<WantedColumn>) -> napi::Result<AsyncTask<Reading>> {
    guard(&env, || {
        let wanted = columns.into_iter().map(|WantedColumn { name, older, kind, required }| {
            let known = ColumnType::named(&kind);
            let kind = known.ok_or_else(|| Error::new(Code::InvalidArgument, format!("There is no type of column \"{kind}\".")))?;
            Ok(Wanted { name, older, kind, required })
        });
        Ok(AsyncTask::new(Reading { path: path.into(), what, wanted: wanted.collect::<Result<_>>()? }))
    })
}

/// The values of a column to write: int64, float32, truth (255 is null) or the index of a text (-1 is null),
/// for each row.
type Values<'env> = Either4<BigInt64ArraySlice<'env>, Float32ArraySlice<'env>, Uint8ArraySlice<'env>, Int32ArraySlice<'env>>;

/// A column to write.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct WrittenColumn<'env> {
    /// Its name.
    pub name: String,
    /// The int64 values are times.
    pub is_time: bool,
    /// 1 for each row that has a value; null where all rows have one, and for values that say null
    /// themselves.
    pub valid: Option<Uint8ArraySlice<'env>>,
    /// The values.
    pub values: Values<'env>,
    /// The texts.
    pub texts: Vec<String>,
}

/// Writes a table to a new Parquet file.
#[napi]
pub fn write_table(env: Env, path: String, columns: Vec<WrittenColumn>) -> napi::Result<()> {
    guard(&env, || meds_convert::write_table(Path::new(&path), &given(&columns)))
}

fn given<'a>(columns: &'a [WrittenColumn]) -> Vec<GivenColumn<'a>> {
    let one = |column: &'a WrittenColumn| GivenColumn {
        name: &column.name,
        valid: column.valid.as_deref(),
        values: match &column.values {
            Either4::A(all) if column.is_time => GivenValues::Times(all),
            Either4::A(all) => GivenValues::Integers(all),
            Either4::B(all) => GivenValues::Floats(all),
            Either4::C(all) => GivenValues::Truths(all),
            Either4::D(all) => GivenValues::Texts(all, &column.texts),
        },
    };
    columns.iter().map(one).collect()
}

/// A Parquet file that is written piece by piece. All pieces have the same columns.
#[napi]
pub struct TableFile {
    sheet: Mutex<Sheet>,
}

#[napi]
impl TableFile {
    /// A file without rows.
    #[napi(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { sheet: Mutex::new(Sheet::new(SheetForm::Parquet)) }
    }

    /// Adds rows. Returns the next bytes of the file.
    #[napi]
    pub fn add(&self, env: Env, columns: Vec<WrittenColumn>) -> napi::Result<Uint8Array> {
        guard(&env, || self.sheet.lock().unwrap_or_else(PoisonError::into_inner).add(&table_batch(&given(&columns))?).map(Uint8Array::new))
    }

    /// The last bytes of the file.
    #[napi]
    pub fn finish(&self, env: Env) -> napi::Result<Uint8Array> {
        guard(&env, || self.sheet.lock().unwrap_or_else(PoisonError::into_inner).finish().map(Uint8Array::new))
    }
}

/// A column of a Parquet file, as its footer has it.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DescribedColumn {
    /// Its name.
    pub name: String,
    /// Its type as Parquet calls it, in lower case; null for a nested one without an annotation.
    pub r#type: Option<String>,
}

/// The rows and columns of a Parquet file.
#[napi(object, object_from_js = false)]
pub struct DescribedTable {
    /// Number of rows.
    pub rows: f64,
    /// The columns, in the file's order.
    pub columns: Vec<DescribedColumn>,
}

/// Reads the rows and columns of a Parquet file from its footer.
#[napi]
pub fn describe_table(env: Env, path: String) -> napi::Result<DescribedTable> {
    guard(&env, || {
        let found = meds_convert::describe_table(Path::new(&path))?;
        let columns = found.columns.into_iter().map(|(name, r#type)| DescribedColumn { name, r#type }).collect();
        Ok(DescribedTable { rows: found.rows as f64, columns })
    })
}
