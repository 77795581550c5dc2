//! The metadata folder of an export, as the `meds` package requires it.

use super::make;
use crate::source::common_type::conform;
use crate::source::dataset::{SPLITS, broken};
use crate::source::files::{Source, SourceFile};
use crate::source::metadata::{BOM, find, splits, splits_file, subject_ids, table};
use crate::write::codes;
use crate::write::parquet::write_table;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use meds_store::manifest::Note;
use meds_store::{Code, Error, Result, Store};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Writes the metadata folder. Files are copied, except those that MEDS 0.4 requires in another form. Missing
/// files that it requires are made.
pub fn write(source: &Source, store: &Store, folder: &Path, notes: &mut Vec<Note>) -> Result<()> {
    let mut converted = |message: String, count: u64| notes.push(Note { kind: "converted".into(), message, count });
    // The table as MEDS requires it, and how many rows it leaves out; `None` if the file already conforms.
    let conforming = |name: &str, conform: fn(&Path, RecordBatch) -> Result<RecordBatch>| -> Result<Option<(RecordBatch, usize)>> {
        let Some(path) = find(source, name) else { return Ok(None) };
        let ((given, _), plain) = (table(path)?, SourceSchema::of(path)?);
        let rows = given.num_rows();
        let table = conform(path, given)?;
        let left_out = rows - table.num_rows();
        Ok((!plain.is(&table) || left_out > 0).then_some((table, left_out)))
    };
    let splits_name = splits_file(source).map_or(SPLITS[0], |(name, _)| name);
    let rewritten = [
        (splits_name, SPLITS[0], conforming(splits_name, split_table)?),
        ("codes.parquet", "codes.parquet", conforming("codes.parquet", code_table)?),
    ];
    // A conversion reports errors in the splits in the same way.
    splits(source)?;
    for (name, path) in &source.metadata {
        let found = rewritten.iter().find(|(from, _, table)| from == name && table.is_some());
        match found {
            Some((from, to, Some((table, left_out)))) => {
                write_table(&folder.join(to), table)?;
                converted(
                    format!("metadata/{from} was rewritten as metadata/{to}, with the columns and types of MEDS 0.4"),
                    table.num_rows() as u64,
                );
                if *left_out > 0 {
                    let message =
                        format!("rows of metadata/{from} were left out: MEDS 0.4 does not allow nulls in subject_id, split and code");
                    converted(message, *left_out as u64);
                }
            }
            _ => {
                let to = folder.join(name);
                to.parent().map_or(Ok(()), make)?;
                fs::copy(path, &to).map_err(|e| Error::io(&to, "copy the metadata", &e))?;
            }
        }
        if name == "dataset.json" {
            let bytes = fs::read(path).map_err(|e| Error::io(path, "read the metadata", &e))?;
            if let Some(bare) = bytes.strip_prefix(BOM) {
                let to = folder.join(name);
                fs::write(&to, bare).map_err(|e| Error::io(&to, "write the metadata", &e))?;
                converted("metadata/dataset.json was written without its byte order mark, which Python refuses in JSON".into(), 1);
            }
        }
    }
    let required = "MEDS 0.4 requires it, and the source of the store did not have it";
    if find(source, "codes.parquet").is_none() {
        let rows = create_codes(store, folder)?;
        converted(format!("metadata/codes.parquet was created: {required}"), rows);
    }
    if find(source, "dataset.json").is_none() {
        let path = folder.join("dataset.json");
        fs::write(&path, "{\"meds_version\": \"0.4.1\"}\n").map_err(|e| Error::io(&path, "write the metadata", &e))?;
        converted(format!("metadata/dataset.json was created: {required}"), 1);
    }
    Ok(())
}

/// Creates a `codes.parquet` with the codes of the store and returns their number.
fn create_codes(store: &Store, folder: &Path) -> Result<u64> {
    let codes = store.codes().array("code").ok_or_else(|| store.codes().corrupt("has no codes"))?;
    let text = |at| codes.slice(at).and_then(|code| std::str::from_utf8(code).ok()).unwrap_or_default();
    let names: ArrayRef = Arc::new(StringArray::from_iter_values((1..codes.len()).map(text)));
    let schema = Schema::new(vec![Field::new("code", DataType::Utf8, false)]);
    let table = RecordBatch::try_new(Arc::new(schema), vec![names]).map_err(|e| Error::new(Code::Internal, e.to_string()))?;
    write_table(&folder.join("codes.parquet"), &table)?;
    Ok(table.num_rows() as u64)
}

/// The schema of a metadata file as another reader sees it.
struct SourceSchema(SchemaRef);

impl SourceSchema {
    fn of(path: &Path) -> Result<Self> {
        Ok(Self(SourceFile::open(String::new(), path.to_path_buf())?.schema))
    }

    /// Whether the file has these columns with these types, in any order.
    fn is(&self, table: &RecordBatch) -> bool {
        let same =
            |field: &FieldRef| self.0.field_with_name(field.name()).is_ok_and(|found| found.data_type().equals_datatype(field.data_type()));
        self.0.fields().len() == table.num_columns() && table.schema().fields().iter().all(same)
    }
}

/// `subject_id` and `split`, without nulls.
fn split_table(path: &Path, given: RecordBatch) -> Result<RecordBatch> {
    let id = subject_ids(&given, path)?;
    let split = given.column_by_name("split").ok_or_else(|| broken(path, "has no column \"split\""))?;
    typed(path, &[("subject_id", id, DataType::Int64), ("split", split, DataType::Utf8)], 2)
}

/// `code`, `description` and `parent_codes` with the types of MEDS, and all other columns.
fn code_table(path: &Path, given: RecordBatch) -> Result<RecordBatch> {
    let schema = given.schema();
    let mut columns = Vec::new();
    for (field, column) in schema.fields().iter().zip(given.columns()) {
        let (to, column) = match field.name().as_str() {
            "code" => (DataType::Utf8, column.clone()),
            "description" | "parent_codes" => match codes::target(field, column) {
                Some(target) => target,
                // A conversion also leaves it out, and reports it.
                None => continue,
            },
            _ => (column.data_type().clone(), column.clone()),
        };
        columns.push((field.name().as_str(), column, to));
    }
    columns.sort_by_key(|(name, ..)| *name != "code");
    let columns: Vec<_> = columns.iter().map(|(name, column, to)| (*name, column, to.clone())).collect();
    typed(path, &columns, 1)
}

/// A table of these columns, converted to these types. Rows in which one of the first `required` columns is
/// null are left out.
fn typed(path: &Path, columns: &[(&str, &ArrayRef, DataType)], required: usize) -> Result<RecordBatch> {
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (name, column, to) in columns {
        let array = conform(column, to).map_err(|e| broken(path, format!("column {name:?}: {e}")))?;
        fields.push(Field::new(*name, to.clone(), true));
        arrays.push(array);
    }
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| broken(path, e))?;
    let whole = (0..table.num_rows()).map(|row| table.columns()[..required].iter().all(|column| column.is_valid(row)));
    filter_record_batch(&table, &whole.collect::<Vec<bool>>().into()).map_err(|e| broken(path, e))
}
