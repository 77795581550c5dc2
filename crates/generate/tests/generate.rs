//! The generated dataset, read back with the Parquet reader.
#![allow(missing_docs, clippy::unwrap_used)]

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use meds_generate::{Options, generate};
use meds_store::{Code, Progress};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

fn options(out: &Path, members: serde_json::Value) -> Options {
    let mut all = serde_json::json!({ "out": out });
    all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

/// Every file with its bytes, by path relative to the dataset.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn read(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

fn ids(batch: &RecordBatch) -> &[i64] {
    batch.column(0).as_primitive::<Int64Type>().values()
}

#[test]
fn equal_options_make_equal_bytes_at_any_thread_count() {
    let folder = tempfile::tempdir().unwrap();
    for members in [serde_json::json!({ "seed": 7 }), serde_json::json!({ "seed": 7, "files": 5, "ids": "hashed", "compression": "zstd" })]
    {
        let made: Vec<_> = [1, 2, 5, 2]
            .into_iter()
            .enumerate()
            .map(|(run, threads)| {
                let out = folder.path().join(format!("{run}-{}", members.as_object().unwrap().len()));
                let mut options = options(&out, members.clone());
                options.threads = threads;
                generate(&options, &Progress::default()).unwrap();
                files(&out)
            })
            .collect();
        assert!(made.iter().all(|other| *other == made[0]));
    }
    // Another seed is another dataset.
    let other = folder.path().join("other");
    generate(&options(&other, serde_json::json!({ "seed": 8 })), &Progress::default()).unwrap();
    assert_ne!(files(&other)[Path::new("data/data.parquet")], files(&folder.path().join("0-1"))[Path::new("data/data.parquet")]);
}

#[test]
fn rows_are_meds() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("meds");
    let summary =
        generate(&options(&out, serde_json::json!({ "patients": 200, "events": 150_000, "seed": 3 })), &Progress::default()).unwrap();
    assert_eq!((summary.patients, summary.events, summary.files), (200, 150_000, 1));
    assert_eq!(summary.bytes, files(&out).values().map(|bytes| bytes.len() as u64).sum::<u64>());

    let path = out.join("data/data.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let types: Vec<String> = reader.schema().fields().iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect();
    assert_eq!(
        types,
        [
            "subject_id: Int64",
            "time: Timestamp(µs)",
            "code: Utf8",
            "numeric_value: Float32",
            "text_value: LargeUtf8",
            "unit: Utf8",
            "visit_id: Int64",
            "omop_table: Utf8"
        ]
    );
    assert!(reader.metadata().num_row_groups() > 4);

    let (mut rows, mut timed, mut numeric, mut text, mut texts, mut times, mut codes) =
        (0, 0, 0, 0, HashSet::new(), HashSet::new(), BTreeMap::new());
    let mut lengths: BTreeMap<i64, u64> = BTreeMap::new();
    let mut last: Option<(i64, Option<i64>)> = None;
    for batch in read(&path) {
        let time = batch.column(1).as_primitive::<TimestampMicrosecondType>();
        let code = batch.column(2).as_string::<i32>();
        let value = batch.column(3).as_primitive::<Float32Type>();
        let note = batch.column(4).as_string::<i64>();
        for (row, &subject) in ids(&batch).iter().enumerate() {
            let now = time.is_valid(row).then(|| time.value(row));
            match last {
                // Static rows first, then in order of time; None sorts before Some.
                Some((same, before)) if same == subject => assert!(before <= now, "subject {subject}"),
                _ => assert!(!lengths.contains_key(&subject) && now.is_none(), "subject {subject} comes twice, or without static rows"),
            }
            last = Some((subject, now));
            *lengths.entry(subject).or_default() += 1;
            *codes.entry(code.value(row).to_string()).or_insert(0u64) += 1;
            if let Some(now) = now {
                times.insert((subject, now));
            }
            if note.is_valid(row) {
                text += 1;
                texts.insert(note.value(row).to_string());
            }
            rows += 1;
            timed += u64::from(now.is_some());
            numeric += u64::from(value.is_valid(row));
        }
    }
    assert_eq!((rows, lengths.len()), (150_000, 200));
    assert!(rows - timed >= 400, "every patient has sex and race as static rows");
    assert!(times.len() as u64 * 2 < timed, "times repeat: {} of {timed}", times.len());
    assert!(numeric * 3 > rows && numeric < rows * 9 / 10, "{numeric} of {rows} rows have a value");
    assert!(texts.len() > 100 && texts.len() * 5 < text, "{} texts in {text} rows", texts.len());
    assert!(lengths.values().max().unwrap() > &(6 * 150_000 / 200), "lengths are skewed");
    assert_eq!(codes["MEDS_BIRTH"], 200);
    assert!((5..60).contains(&codes["MEDS_DEATH"]), "{} deaths", codes["MEDS_DEATH"]);
    let mut counts: Vec<u64> = codes.values().copied().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    assert!(counts[..20].iter().sum::<u64>() * 4 > rows && counts.len() > 1_000, "few codes are frequent, many are rare");
}

#[test]
fn files_and_metadata_agree() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("meds");
    let summary = generate(
        &options(&out, serde_json::json!({ "patients": 230, "events": 40_000, "files": 11, "ids": "hashed" })),
        &Progress::default(),
    )
    .unwrap();

    let mut splits: BTreeMap<i64, String> = BTreeMap::new();
    for batch in read(&out.join("metadata/subject_splits.parquet")) {
        let split = batch.column(1).as_string::<i32>();
        splits.extend(ids(&batch).iter().enumerate().map(|(row, &id)| (id, split.value(row).to_string())));
    }
    let count = |name: &str| splits.values().filter(|split| *split == name).count();
    assert_eq!((splits.len(), count("train"), count("tuning"), count("held_out")), (230, 184, 23, 23));
    assert!(splits.keys().any(|&id| id < 0) && splits.keys().any(|&id| id > 1 << 53), "hashed ids use all 64 bits");

    let data: Vec<PathBuf> = files(&out).into_keys().filter(|path| path.starts_with("data")).collect();
    assert_eq!(data.len(), 11);
    let mut seen: HashSet<i64> = HashSet::new();
    let mut rows = 0;
    for path in &data {
        let split = path.iter().nth(1).unwrap().to_str().unwrap();
        let batches = read(&out.join(path));
        let here: HashSet<i64> = batches.iter().flat_map(ids).copied().collect();
        assert!(here.iter().all(|id| splits[id] == split), "{} holds subjects of another split", path.display());
        assert!(here.iter().all(|&id| seen.insert(id)), "a subject is in two files");
        rows += batches.iter().map(RecordBatch::num_rows).sum::<usize>();
    }
    assert_eq!((rows, seen.len()), (40_000, 230));

    for (task, column) in [("readmission_30d", "boolean_value"), ("length_of_stay", "float_value")] {
        let batches = read(&out.join(format!("labels/{task}/0.parquet")));
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>() as u64, summary.labels[task]);
        assert!(summary.labels[task] > 20);
        for batch in &batches {
            let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
            assert_eq!(names, ["subject_id", "prediction_time", column]);
            assert!(ids(batch).iter().all(|id| splits.contains_key(id)));
        }
    }
    let batch = &read(&out.join("metadata/codes.parquet"))[0];
    let codes: HashSet<&str> = batch.column(0).as_string::<i32>().iter().flatten().collect();
    assert_eq!(codes.len(), batch.num_rows(), "codes are unique");
    assert!(batch.column(2).null_count() > 0 && batch.column(2).null_count() < batch.num_rows());
    let about: serde_json::Value = serde_json::from_slice(&fs::read(out.join("metadata/dataset.json")).unwrap()).unwrap();
    assert_eq!(about["dataset_name"], "meds-reader synthetic");
}

#[test]
fn the_smallest_and_odd_sizes() {
    let folder = tempfile::tempdir().unwrap();
    for (run, (patients, events, files)) in
        [(1, 4, 1), (3, 12, 3), (3, 13, 3), (10, 40, 10), (7, 5_000, 4), (1_000, 4_000, 17)].into_iter().enumerate()
    {
        let out = folder.path().join(run.to_string());
        let summary =
            generate(&options(&out, serde_json::json!({ "patients": patients, "events": events, "files": files })), &Progress::default())
                .unwrap();
        assert_eq!((summary.patients, summary.events, summary.files), (patients, events, files));
        let paths: Vec<_> = self::files(&out).into_keys().filter(|path| path.starts_with("data")).collect();
        let batches: Vec<_> = paths.iter().flat_map(|path| read(&out.join(path))).collect();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>() as u64, events);
        assert_eq!(batches.iter().flat_map(ids).collect::<HashSet<_>>().len() as u64, patients);
    }
}

#[test]
fn refuses_what_it_cannot_make_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("meds");
    for members in [
        serde_json::json!({ "patients": 0 }),
        serde_json::json!({ "patients": 10, "events": 39 }),
        serde_json::json!({ "files": 0 }),
        serde_json::json!({ "files": 2 }),
        serde_json::json!({ "patients": 5, "files": 6 }),
        serde_json::json!({ "codes": 3 }),
    ] {
        assert_eq!(generate(&options(&out, members), &Progress::default()).unwrap_err().code, Code::InvalidArgument);
    }
    let cancelled = Progress::default();
    cancelled.cancel();
    assert_eq!(generate(&options(&out, serde_json::json!({})), &cancelled).unwrap_err().code, Code::Cancelled);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    fs::create_dir(&out).unwrap();
    fs::write(out.join("mine"), "").unwrap();
    assert_eq!(generate(&options(&out, serde_json::json!({})), &Progress::default()).unwrap_err().code, Code::InvalidArgument);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    fs::remove_file(out.join("mine")).unwrap();
    generate(&options(&out, serde_json::json!({ "patients": 3 })), &Progress::default()).unwrap();
}

/// `cargo test --release -p meds-generate -- --ignored --nocapture`: the time and memory of the largest preset; MEDS_OUT keeps it.
#[test]
#[ignore = "writes 42 million rows"]
fn ehrshot() {
    let folder = tempfile::tempdir().unwrap();
    let out = std::env::var_os("MEDS_OUT").map_or_else(|| folder.path().join("ehrshot"), PathBuf::from);
    let members = match std::env::var("MEDS_OPTIONS") {
        Ok(text) => serde_json::from_str(&text).unwrap(),
        Err(_) => serde_json::json!({ "preset": "ehrshot" }),
    };
    let summary = generate(&options(&out, members), &Progress::default()).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    eprintln!("{summary:?}\n{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("peak memory unknown"));
    assert!(summary.seconds < 60.0);
}
