//! Small tables in Parquet: what is written is read, and INT96 beyond int64 is an error.
#![allow(clippy::unwrap_used, missing_docs)]

use meds_convert::{ColumnType, GivenColumn, GivenValues, Table, TableValues, Wanted, read_table, write_table};
use meds_store::{Code, Result};
use parquet::data_type::{Int64Type, Int96, Int96Type};
use parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

fn read(path: &Path, columns: &[(&str, ColumnType)]) -> Result<Table> {
    let wanted = |(name, kind): &(&str, ColumnType)| Wanted { name: (*name).into(), older: None, kind: *kind, required: true };
    read_table(path, "labels", &columns.iter().map(wanted).collect::<Vec<_>>())
}

#[test]
fn reads_what_it_writes() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("t.parquet");
    let rows = 1500;
    let times: Vec<i64> = (0..rows).map(|row| row - 700).collect();
    let valid: Vec<u8> = (0..rows).map(|row| u8::from(row % 3 == 0)).collect();
    let truths: Vec<u8> = (0..rows).map(|row| [0, 1, 255][row as usize % 3]).collect();
    let indexes: Vec<i32> = (0..rows).map(|row| (row % 3) as i32 - 1).collect();
    let texts = ["b".to_string(), "a".to_string()];
    let column = |name, valid, values| GivenColumn { name, valid, values };
    let given = [
        column("time", None, GivenValues::Times(&times)),
        column("integer", Some(&valid[..]), GivenValues::Integers(&times)),
        column("truth", None, GivenValues::Truths(&truths)),
        column("text", None, GivenValues::Texts(&indexes, &texts)),
    ];
    write_table(&path, &given).unwrap();
    let types = [("time", ColumnType::Time), ("integer", ColumnType::Integer), ("truth", ColumnType::Boolean), ("text", ColumnType::Text)];
    let table = read(&path, &types).unwrap();
    let [time, integer, truth, text] = &table.columns[..] else { panic!() };
    let (time, integer) = (time.as_ref().unwrap(), integer.as_ref().unwrap());
    assert!(matches!(&time.values, TableValues::Integers(values) if *values == times) && time.nulls == 0);
    assert_eq!((integer.valid.as_ref(), integer.nulls), (Some(&valid), 1000));
    assert!(matches!(&truth.as_ref().unwrap().values, TableValues::Truths(values) if *values == truths));
    assert!(matches!(&text.as_ref().unwrap().values, TableValues::Texts(found, all) if *found == indexes && *all == texts));
    // What is there is never overwritten.
    assert_eq!(write_table(&path, &given).unwrap_err().code, Code::Io);
    assert_eq!(read(&path, &[("integer", ColumnType::Text)]).unwrap_err().code, Code::ColumnType);
    assert_eq!(read(&path, &[("absent", ColumnType::Text)]).unwrap_err().code, Code::MissingColumn);
}

#[test]
fn int96_is_read_beyond_2262_and_refused_beyond_int64() {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, days: &[u32]| {
        let path = root.path().join(name);
        let schema = Arc::new(parse_message_type("message m { REQUIRED INT96 time; }").unwrap());
        let mut writer = SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::new(WriterProperties::default())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<Int96> = days.iter().map(|day| Int96::from(vec![5_000, 0, *day])).collect();
        column.typed::<Int96Type>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        path
    };
    // Julian days of 1970-01-01, of the day before, and of 9999-12-31.
    let table = read(&write("known.parquet", &[2_440_588, 2_440_587, 5_373_484]), &[("time", ColumnType::Time)]).unwrap();
    let Some(TableValues::Integers(found)) = table.columns[0].as_ref().map(|column| &column.values) else { panic!() };
    assert_eq!(found[..], [5, 5 - 86_400_000_000, 253_402_214_400_000_005]);
    let error = read(&write("beyond.parquet", &[2_440_588, 0x7fff_ffff]), &[("time", ColumnType::Time)]).unwrap_err();
    assert_eq!(error.code, Code::ValueRange);
    assert!(error.message.contains("row 1"), "{error}");
}

#[test]
fn a_dictionary_at_offset_0_is_ignored() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("t.parquet");
    let schema = Arc::new(parse_message_type("message m { REQUIRED INT64 id; }").unwrap());
    let plain = Arc::new(WriterProperties::builder().set_dictionary_enabled(false).build());
    let mut writer = SerializedFileWriter::new(File::create(&path).unwrap(), schema, plain).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&[7, -3], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();

    let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(&path).unwrap()).unwrap();
    let mut builder = metadata.into_builder();
    let mut group = builder.take_row_groups().remove(0).into_builder();
    let chunk = group.take_columns().remove(0).into_builder().set_dictionary_page_offset(Some(0)).build().unwrap();
    let group = group.set_column_metadata(vec![chunk]).build().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let length = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize;
    bytes.truncate(bytes.len() - 8 - length);
    ParquetMetaDataWriter::new(&mut bytes, &builder.set_row_groups(vec![group]).build()).finish().unwrap();
    std::fs::write(&path, bytes).unwrap();

    let table = read(&path, &[("id", ColumnType::Integer)]).unwrap();
    assert!(matches!(&table.columns[0].as_ref().unwrap().values, TableValues::Integers(values) if values[..] == [7, -3]));
}
