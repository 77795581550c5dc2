//! A small store with every kind of column. An independent writer writes it, not the project's own.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::UInt8Type;
use arrow_array::*;
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::{DataType, Field, Fields, Schema};
use meds_store::manifest::{self, Column, Counts, Manifest, Section, Storage, hex};
use std::path::Path;
use std::sync::Arc;

pub const ID: &str = "0123456789abcdef0123456789abcdef";
pub const CODES: [&str; 5] = ["", "A//1", "B", "LAB//glucose", "Ω"];
const UNITS: [&str; 3] = ["", "mg/dL", "mmol/L"];
/// Subjects in storage order, in two shards.
pub const SUBJECTS: [&[i64]; 2] = [&[5, -3, 9_007_199_254_740_993], &[i64::MIN, 0, i64::MAX, 7]];

/// Row `i` of patient `p`.
struct Row {
    time: Option<i64>,
    code: u16,
    value: Option<f32>,
    unit: Option<u8>,
    text: Option<String>,
    tags: Option<Vec<&'static str>>,
}

/// Subject, shard, row in the shard, and rows.
type Patient = (i64, u32, u32, Vec<Row>);

fn rows(patient: usize) -> Vec<Row> {
    let (count, still) = (1 + patient * 3, if patient == 0 { 1 } else { patient % 3 });
    (0..count)
        .map(|i| Row {
            time: (i >= still).then_some(1_000 * (patient * 100 + i / 2) as i64),
            code: 1 + ((patient + i) % 4) as u16,
            value: (i % 3 == 0).then_some(i as f32 / 2.0),
            unit: (i % 3 == 0).then_some(1 + (i % 2) as u8),
            text: (i % 2 == 0).then(|| format!("note {i} of {patient} é")),
            tags: (i % 4 != 1).then(|| ["x", "yy", ""][..i % 4].to_vec()),
        })
        .collect()
}

fn list_of(item: ArrayRef, lengths: impl IntoIterator<Item = usize>) -> ListArray {
    let field = Arc::new(Field::new("item", item.data_type().clone(), false));
    ListArray::new(field, OffsetBuffer::from_lengths(lengths), item, None)
}

fn write(path: &Path, names: &[(&str, bool)], arrays: Vec<ArrayRef>, id: &str) -> Vec<u8> {
    let fields: Vec<Field> =
        names.iter().zip(&arrays).map(|((name, null), array)| Field::new(*name, array.data_type().clone(), *null)).collect();
    let schema = Arc::new(Schema::new(fields).with_metadata([(manifest::STORE_ID_KEY.to_string(), id.to_string())]));
    let options = IpcWriteOptions::try_new(64, false, arrow_ipc::MetadataVersion::V5).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &schema, options).unwrap();
    writer.write(&RecordBatch::try_new(schema, arrays).unwrap()).unwrap();
    let bytes = writer.into_inner().unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, &bytes).unwrap();
    bytes
}

fn shard(path: &Path, base: usize, subjects: &[i64], id: &str) -> Vec<u8> {
    let patients: Vec<Vec<Row>> = (0..subjects.len()).map(|p| rows(base + p)).collect();
    let all: Vec<&Row> = patients.iter().flatten().collect();
    let valid = |f: fn(&Row) -> bool| Some(NullBuffer::from(all.iter().map(|r| f(r)).collect::<Vec<_>>()));
    let time = TimestampMicrosecondArray::new(
        all.iter().map(|r| r.time.unwrap_or(i64::MIN)).collect::<Vec<_>>().into(),
        valid(|r| r.time.is_some()),
    );
    let code =
        UInt16DictionaryArray::new(all.iter().map(|r| r.code).collect::<Vec<_>>().into(), Arc::new(StringArray::from(CODES.to_vec())));
    let value = Float32Array::new(all.iter().map(|r| r.value.unwrap_or(f32::NAN)).collect::<Vec<_>>().into(), valid(|r| r.value.is_some()));
    let unit_ids = UInt8Array::new(all.iter().map(|r| r.unit.unwrap_or(0)).collect::<Vec<_>>().into(), valid(|r| r.unit.is_some()));
    let unit = DictionaryArray::<UInt8Type>::new(unit_ids, Arc::new(StringArray::from(UNITS.to_vec())));
    let text: StringArray = all.iter().map(|r| r.text.clone()).collect();
    let mut tags = ListBuilder::new(StringBuilder::new());
    for row in &all {
        match &row.tags {
            Some(values) => tags.append_value(values.iter().map(Some)),
            None => tags.append(false),
        }
    }
    let dense: Vec<(&str, bool, ArrayRef)> = vec![
        ("time", true, Arc::new(time)),
        ("code", false, Arc::new(code)),
        ("numeric_value", true, Arc::new(value)),
        ("unit", true, Arc::new(unit)),
        ("text", true, Arc::new(text)),
        ("tags", true, Arc::new(tags.finish())),
    ];
    let fields: Fields = dense.iter().map(|(name, null, a)| Field::new(*name, a.data_type().clone(), *null)).collect();
    let events = StructArray::new(fields, dense.into_iter().map(|(_, _, a)| a).collect(), None);
    let events = list_of(Arc::new(events), patients.iter().map(Vec::len));
    // A sparse column: the first row of every second patient.
    let lengths: Vec<usize> = (0..subjects.len()).map(|p| usize::from(p % 2 == 0)).collect();
    let values: Vec<String> = (0..subjects.len()).step_by(2).map(|p| format!("rare {p}")).collect();
    let pairs = StructArray::new(
        Fields::from(vec![Field::new("row", DataType::UInt32, false), Field::new("value", DataType::Utf8, false)]),
        vec![Arc::new(UInt32Array::from(vec![0; values.len()])), Arc::new(StringArray::from(values))],
        None,
    );
    let rare: ArrayRef = Arc::new(list_of(Arc::new(pairs), lengths));
    let sparse = StructArray::new(Fields::from(vec![Field::new("rare", rare.data_type().clone(), false)]), vec![rare], None);
    let ids = Int64Array::from(subjects.to_vec());
    write(path, &[("subject_id", false), ("events", false), ("sparse", false)], vec![Arc::new(ids), Arc::new(events), Arc::new(sparse)], id)
}

/// The inverted index of a shard. Row numbers have 16 bits in the first shard and 32 bits in the other.
fn index(path: &Path, base: usize, subjects: &[i64], id: &str) -> Vec<u8> {
    let of = |code: usize, p: usize| -> Vec<u32> {
        rows(base + p).iter().zip(0..).filter(|(row, _)| row.code as usize == code).map(|(_, at)| at).collect()
    };
    let codes: Vec<Vec<(u32, Vec<u32>)>> = (0..CODES.len())
        .map(|code| (0..subjects.len()).map(|p| (p as u32, of(code, p))).filter(|(_, rows)| !rows.is_empty()).collect())
        .collect();
    let pairs: Vec<&(u32, Vec<u32>)> = codes.iter().flatten().collect();
    let items = pairs.iter().flat_map(|(_, rows)| rows.iter().copied());
    let items: ArrayRef = match base {
        0 => Arc::new(UInt16Array::from_iter_values(items.map(|row| row as u16))),
        _ => Arc::new(UInt32Array::from_iter_values(items)),
    };
    let lists = list_of(items, pairs.iter().map(|(_, rows)| rows.len()));
    let fields = vec![Field::new("row", DataType::UInt32, false), Field::new("rows", lists.data_type().clone(), false)];
    let patients = UInt32Array::from_iter_values(pairs.iter().map(|(p, _)| *p));
    let pairs = StructArray::new(fields.into(), vec![Arc::new(patients), Arc::new(lists)], None);
    write(path, &[("patients", false)], vec![Arc::new(list_of(Arc::new(pairs), codes.iter().map(Vec::len)))], id)
}

fn entry(path: &str, bytes: &[u8]) -> manifest::File {
    let layout = meds_store::read::parse(bytes).unwrap();
    let mut offsets = vec![];
    fn collect(node: &meds_store::Node, bytes: &[u8], to: &mut Vec<Section>) {
        if let Some(span) = node.offsets.filter(|span| span.bytes > 0) {
            let crc = crc32c::crc32c(&bytes[span.offset as usize..(span.offset + span.bytes) as usize]);
            to.push(Section { offset: span.offset, bytes: span.bytes, crc32c: hex(crc) });
        }
        node.children.iter().for_each(|child| collect(child, bytes, to));
    }
    layout.fields.iter().for_each(|node| collect(node, bytes, &mut offsets));
    manifest::File { path: path.into(), bytes: bytes.len() as u64, crc32c: hex(crc32c::crc32c(bytes)), frames: vec![], offsets }
}

/// The manifest's entry of a changed file, with right checksums. Its buffers are still where `old` says.
pub fn entry_with_sections_of(old: &manifest::File, bytes: &[u8]) -> manifest::File {
    let mut new = manifest::File { bytes: bytes.len() as u64, crc32c: hex(crc32c::crc32c(bytes)), ..old.clone() };
    for section in &mut new.offsets {
        section.crc32c = hex(crc32c::crc32c(&bytes[section.offset as usize..(section.offset + section.bytes) as usize]));
    }
    new
}

fn column(name: &str, stored: &str, storage: Storage, dictionary: u64) -> Column {
    Column {
        name: name.into(),
        source_type: stored.into(),
        stored: stored.into(),
        storage,
        coded: dictionary > 0,
        dictionary,
        nulls: 0,
        nan: false,
        sentinel: false,
        ascii: false,
    }
}

/// Writes the store. Every call writes the same bytes, except for the id.
pub fn store(root: &Path, id: &str) -> Manifest {
    let mut base = 0;
    let mut shards = vec![];
    let mut patients: Vec<Patient> = vec![];
    let mut files = vec![];
    for (s, subjects) in SUBJECTS.iter().enumerate() {
        let path = format!("shards/{s:05}.arrow");
        let bytes = shard(&root.join(&path), base, subjects, id);
        let events = (0..subjects.len()).map(|p| rows(base + p).len() as u64).sum();
        let name = manifest::index_name(s);
        files.push(entry(&name, &index(&root.join(&name), base, subjects, id)));
        shards.push(manifest::Shard { file: entry(&path, &bytes), patients: subjects.len() as u64, events });
        patients.extend(subjects.iter().enumerate().map(|(row, subject)| (*subject, s as u32, row as u32, rows(base + row))));
        base += subjects.len();
    }
    patients.sort_by_key(|(subject, ..)| *subject);
    let still = |rows: &[Row]| rows.iter().filter(|row| row.time.is_none()).count() as u32;
    let first: Vec<Option<i64>> = patients.iter().map(|(.., rows)| rows.iter().find_map(|row| row.time)).collect();
    let last: Vec<Option<i64>> = patients.iter().map(|(.., rows)| rows.iter().rev().find_map(|row| row.time)).collect();
    let split: DictionaryArray<UInt8Type> = DictionaryArray::new(
        UInt8Array::from(patients.iter().enumerate().map(|(i, _)| (i != 1).then_some(1 + (i % 2) as u8)).collect::<Vec<_>>()),
        Arc::new(StringArray::from(vec!["", "held_out", "train"])),
    );
    let u32s = |f: &dyn Fn(&Patient) -> u32| -> ArrayRef { Arc::new(UInt32Array::from_iter_values(patients.iter().map(f))) };
    let bytes = write(
        &root.join(manifest::PATIENTS),
        &[
            ("subject_id", false),
            ("shard", false),
            ("row", false),
            ("events", false),
            ("static_events", false),
            ("first_time", true),
            ("last_time", true),
            ("split", true),
        ],
        vec![
            Arc::new(Int64Array::from_iter_values(patients.iter().map(|p| p.0))),
            u32s(&|p| p.1),
            u32s(&|p| p.2),
            u32s(&|p| p.3.len() as u32),
            u32s(&|p| still(&p.3)),
            Arc::new(TimestampMicrosecondArray::from(first.clone())),
            Arc::new(TimestampMicrosecondArray::from(last.clone())),
            Arc::new(split),
        ],
        id,
    );
    files.push(entry(manifest::PATIENTS, &bytes));
    let events = |code: usize| patients.iter().flat_map(|p| &p.3).filter(|row| row.code as usize == code).count() as i64;
    let holders = |code: usize| patients.iter().filter(|p| p.3.iter().any(|row| row.code as usize == code)).count() as i64;
    let bytes = write(
        &root.join(manifest::CODES),
        &[("code", false), ("events", false), ("patients", false), ("description", true)],
        vec![
            Arc::new(StringArray::from(CODES.to_vec())),
            Arc::new(Int64Array::from_iter_values((0..CODES.len()).map(events))),
            Arc::new(Int64Array::from_iter_values((0..CODES.len()).map(holders))),
            Arc::new(StringArray::from(vec![None, Some("one"), None, Some("glucose"), None])),
        ],
        id,
    );
    files.push(entry(manifest::CODES, &bytes));
    std::fs::create_dir_all(root.join("metadata")).unwrap();
    std::fs::write(root.join("metadata/dataset.json"), b"{}").unwrap();
    files.push(manifest::File {
        path: "metadata/dataset.json".into(),
        bytes: 2,
        crc32c: hex(crc32c::crc32c(b"{}")),
        frames: vec![],
        offsets: vec![],
    });
    let all: Vec<&Row> = patients.iter().flat_map(|p| &p.3).collect();
    let count = |f: fn(&Row) -> bool| all.iter().filter(|row| f(row)).count() as u64;
    let mut columns = vec![
        column("time", "timestamp[us]", Storage::Dense, 0),
        column("code", "utf8", Storage::Dense, CODES.len() as u64),
        column("numeric_value", "float32", Storage::Dense, 0),
        column("unit", "utf8", Storage::Dense, UNITS.len() as u64),
        column("text", "utf8", Storage::Dense, 0),
        column("tags", "list<utf8>", Storage::Dense, 0),
        column("rare", "utf8", Storage::Sparse, 0),
    ];
    columns[0].nulls = count(|r| r.time.is_none());
    columns[2].nulls = count(|r| r.value.is_none());
    columns[3].nulls = count(|r| r.unit.is_none());
    columns[4].nulls = count(|r| r.text.is_none());
    columns[5].nulls = count(|r| r.tags.is_none());
    columns[6].nulls = all.len() as u64 - SUBJECTS.iter().map(|s| s.len().div_ceil(2) as u64).sum::<u64>();
    columns[6].ascii = true;
    let manifest = Manifest {
        format: manifest::FORMAT.into(),
        version: manifest::VERSION,
        id: id.into(),
        fingerprint: "f".into(),
        times: None,
        options: serde_json::json!({}),
        columns,
        counts: Counts {
            patients: patients.len() as u64,
            events: all.len() as u64,
            static_events: count(|r| r.time.is_none()),
            numeric_values: count(|r| r.value.is_some()),
            codes: CODES.len() as u64 - 1,
            longest: patients.iter().map(|p| p.3.len() as u64).max().unwrap(),
            first_time: first.iter().flatten().min().copied(),
            last_time: last.iter().flatten().max().copied(),
        },
        splits: [("held_out".to_string(), 4), ("train".to_string(), 2)].into(),
        notes: vec![],
        shards,
        files,
    };
    std::fs::write(root.join(manifest::MANIFEST), manifest.to_bytes()).unwrap();
    manifest
}
