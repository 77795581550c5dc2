//! Writing Parquet files.

use crate::write::float_order::plain_orders;
use arrow_array::RecordBatch;
use arrow_schema::DataType;
use meds_store::{Code, Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::fs::File;
use std::path::Path;

/// Writes a small table as Parquet.
pub fn write_table(path: &Path, table: &RecordBatch) -> Result<()> {
    let file = File::create(path).map_err(|e| Error::io(path, "write the metadata", &e))?;
    let write = || {
        let plain = WriterProperties::builder().set_statistics_enabled(EnabledStatistics::None).build();
        let mut writer = ArrowWriter::try_new(file, table.schema(), Some(plain))?;
        writer.write(table)?;
        writer.close()
    };
    plain_orders(path, &write().map_err(|e| failed(path, e))?)
}

/// Number of Parquet columns of a type.
pub fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::List(item) | DataType::Map(item, _) => leaves(item.data_type()),
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        _ => 1,
    }
}

/// The error of a failed write to a Parquet file.
pub fn failed(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(io) => Error::io(path, "write the dataset", &io),
            Err(cause) => Error::at(Code::Io, path, format!("cannot write the dataset: {cause}. Check the path and the disk.")),
        },
        other => Error::at(Code::Io, path, format!("cannot write the dataset: {other}. Check the path and the disk.")),
    }
}
