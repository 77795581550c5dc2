//! Days in milliseconds, over the range of 64 bits.
#![allow(clippy::unwrap_used, missing_docs)]

use arrow_array::{Date64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use meds_convert::{Options, convert};
use meds_store::{Progress, Store};
use parquet::arrow::ArrowWriter;
use std::fs::File;
use std::sync::Arc;

const DAY: i64 = 86_400_000;

#[test]
fn days_outside_date32_are_not_changed() {
    for (days, stored) in [(i64::from(i32::MAX), "date32"), (3_000_000_000, "date64"), (-3_000_000_000, "date64")] {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("events.parquet");
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("subject_id", Arc::new(Int64Array::from(vec![1])) as _, false),
            ("time", Arc::new(TimestampMicrosecondArray::from(vec![5])) as _, true),
            ("code", Arc::new(StringArray::from(vec!["A"])) as _, false),
            ("day", Arc::new(Date64Array::from(vec![days * DAY])) as _, true),
        ])
        .unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let store = root.path().join("s.medsdb");
        convert(&Options { source: path, store: store.clone(), ..Options::default() }, &Progress::default()).unwrap();
        let store = Store::open(&store, true).unwrap();
        let column = &store.manifest().columns[2];
        assert_eq!((column.name.as_str(), column.stored.as_str()), ("day", stored));
    }
}
