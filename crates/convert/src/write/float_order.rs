//! Column orders in the footer of a Parquet file, written so that older readers can open it.

use meds_store::{Error, Positioned, Result};
use parquet::file::metadata::ParquetMetaData;
use std::fs::File;
use std::path::Path;

/// The footer's bytes for a column in the order of its type, and for a column in the total order of IEEE 754,
/// which the writer (since parquet 60) uses for floats.
const OF_TYPE: [u8; 3] = [0x1c, 0, 0];
const TOTAL: [u8; 3] = [0x2c, 0, 0];

/// Gives all columns of a file the order of their type. Readers without support for the newer order (polars
/// up to 1.31, and Node's readers) reject the file as damaged. The order only affects the minima and maxima
/// of floats: whether they include -0 and NaN.
pub fn plain_orders(path: &Path, written: &ParquetMetaData) -> Result<()> {
    let plain = || {
        // The orders are the footer's last field. After it come the footer's end, its length and the four
        // letters of the magic.
        let columns = written.file_metadata().schema_descr().num_columns();
        let file = File::options().read(true).write(true).open(path)?;
        let mut orders = vec![0; 3 * columns];
        let start = file.metadata()?.len().saturating_sub((orders.len() + 1 + 4 + 4) as u64);
        file.read_exact_at(&mut orders, start)?;
        if is_total(&orders) {
            file.write_all_at(&OF_TYPE.repeat(columns), start)?;
        }
        Ok(())
    };
    plain().map_err(|e: std::io::Error| Error::io(path, "write the end of the file", &e))
}

/// [`plain_orders`] for the last bytes of a file, which include all of its footer.
pub fn plain_tail(bytes: &mut [u8], written: &ParquetMetaData) {
    let columns = written.file_metadata().schema_descr().num_columns();
    let end = bytes.len().saturating_sub(1 + 4 + 4);
    let orders = &mut bytes[end.saturating_sub(3 * columns)..end];
    if is_total(orders) {
        orders.copy_from_slice(&OF_TYPE.repeat(columns));
    }
}

/// Whether these are the orders of columns, and some of them the total order.
fn is_total(orders: &[u8]) -> bool {
    orders.chunks_exact(3).all(|order| order == OF_TYPE || order == TOTAL) && orders.contains(&TOTAL[0])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array, RecordBatch};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::basic::ColumnOrder;
    use std::sync::Arc;

    #[test]
    fn every_column_has_the_order_of_its_type_and_its_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let columns: [(&str, ArrayRef); 3] = [
            ("a", Arc::new(Float32Array::from(vec![Some(-0.0), None, Some(f32::NAN)]))),
            ("b", Arc::new(Int64Array::from(vec![1, 2, 3]))),
            ("c", Arc::new(Float64Array::from(vec![1.5, -2.5, 0.0]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        let written = writer.close().unwrap();
        plain_orders(&path, &written).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        let orders = reader.metadata().file_metadata().column_orders().unwrap();
        assert!(orders.len() == 3 && orders.iter().all(|order| matches!(order, ColumnOrder::TYPE_DEFINED_ORDER(_))));
        let read: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
        // NaN is not equal to itself, so the printed forms are compared.
        assert_eq!(format!("{read:?}"), format!("{:?}", vec![batch]));
    }
}
