//! The files beside the data: dataset.json, codes.parquet, subject_splits.parquet and the labels of two
//! tasks.

use crate::fault::fault;
use crate::labels::{Labels, Task};
use crate::plan::{Plan, SPLITS};
use crate::vocabulary::Vocabulary;
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, BooleanArray, Float32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use meds_convert::plain_orders;
use meds_store::{Code, Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Writes all files except the data files.
pub(crate) fn write(folder: &Path, plan: &Plan, vocabulary: &Vocabulary, labels: &Labels) -> Result<()> {
    let (readmission, stay) = (&labels.readmission, &labels.length_of_stay);
    table(
        folder,
        "labels/readmission_30d/0.parquet",
        task(readmission, "boolean_value", Arc::new(BooleanArray::from(readmission.value.clone()))),
    )?;
    table(folder, "labels/length_of_stay/0.parquet", task(stay, "float_value", Arc::new(Float32Array::from(stay.value.clone()))))?;
    table(folder, "metadata/codes.parquet", codes(vocabulary))?;
    table(folder, "metadata/subject_splits.parquet", splits(plan))?;
    let about = serde_json::json!({
        "dataset_name": "meds-reader synthetic",
        "dataset_version": format!("seed {}", plan.seed),
        "etl_name": "meds-generate",
        "etl_version": env!("CARGO_PKG_VERSION"),
        "meds_version": "0.4.1",
        // A fixed time, so that equal options produce equal bytes.
        "created_at": "2026-01-01T00:00:00",
        "license": "CC0-1.0",
        "other_extension_columns": ["visit_id", "omop_table"],
    });
    let path = folder.join("metadata/dataset.json");
    fs::write(&path, format!("{about:#}\n")).map_err(|error| Error::io(&path, "write", &error))
}

type Columns = Vec<(&'static str, ArrayRef, bool)>;

fn task<T>(task: &Task<T>, name: &'static str, value: ArrayRef) -> Columns {
    vec![
        ("subject_id", Arc::new(Int64Array::from(task.subject_id.clone())), false),
        ("prediction_time", Arc::new(TimestampMicrosecondArray::from(task.prediction_time.clone())), false),
        (name, value, false),
    ]
}

fn codes(vocabulary: &Vocabulary) -> Columns {
    let mut parents = ListBuilder::new(StringBuilder::new());
    // Codes without a description are left out, as in most real datasets.
    let known: Vec<_> = vocabulary.codes.iter().filter(|entry| entry.description.is_some()).collect();
    for entry in &known {
        if let Some(parent) = &entry.parent {
            parents.values().append_value(parent);
        }
        parents.append(entry.parent.is_some());
    }
    vec![
        ("code", Arc::new(StringArray::from_iter_values(known.iter().map(|entry| &entry.code))), false),
        ("description", Arc::new(known.iter().map(|entry| entry.description.as_deref()).collect::<StringArray>()), true),
        ("parent_codes", Arc::new(parents.finish()), true),
    ]
}

fn splits(plan: &Plan) -> Columns {
    vec![
        ("subject_id", Arc::new(Int64Array::from(plan.ids.clone())), false),
        ("split", Arc::new(StringArray::from_iter_values(plan.splits.iter().map(|&split| SPLITS[usize::from(split)].0))), false),
    ]
}

/// Writes one small Parquet file.
fn table(folder: &Path, name: &str, columns: Columns) -> Result<()> {
    let path = folder.join(name);
    let batch = RecordBatch::try_from_iter_with_nullable(columns)
        .map_err(|error| Error::at(Code::Internal, &path, format!("the generated columns do not fit together: {error}")))?;
    let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::File::create(&path));
    let out = made.map_err(|error| Error::io(&path, "create a file", &error))?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let write = || {
        let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties))?;
        writer.write(&batch)?;
        writer.close()
    };
    plain_orders(&path, &write().map_err(|error| fault(&path, error))?)
}
