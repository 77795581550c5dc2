//! Records of CSV files, compared with what they were written from.

use meds_import::csv::Csv;
use meds_store::{Progress, Result};
use proptest::prelude::*;
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;

type Rows = Vec<Vec<String>>;

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("the file is written");
    path
}

/// The header and the records of a file, and whether it is plain.
fn read(name: &str, bytes: &[u8]) -> Result<(Rows, bool)> {
    let folder = TempDir::new().expect("a folder");
    let progress = Progress::default();
    let mut csv = Csv::open(&written(&folder, name, bytes), &progress)?;
    let mut rows = vec![csv.names().to_vec()];
    while let Some(record) = csv.record()? {
        rows.push(record.fields().map(|field| field.into_owned()).collect());
    }
    let plain = csv.is_plain();
    assert_eq!(csv.read(), (bytes.len() as u64, crc32c::crc32c(bytes)), "{name}");
    Ok((rows, plain))
}

fn rows(text: &str) -> (Rows, bool) {
    read("t.csv", text.as_bytes()).unwrap_or_else(|e| panic!("{text:?}: {e}"))
}

fn wrong(text: &str) -> String {
    match read("t.csv", text.as_bytes()) {
        Ok((rows, _)) => panic!("{text:?} was read as {rows:?}"),
        Err(error) => error.message,
    }
}

fn table(rows: &[&[&str]]) -> Rows {
    rows.iter().map(|row| row.iter().map(|field| (*field).to_owned()).collect()).collect()
}

#[test]
fn every_field_counts_also_empty_ones_at_the_end() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,2,", ",", "3", "4,5,,", "6,\"\",7"].join(end);
        let expected = table(&[&["a", "b"], &["1", "2", ""], &["", ""], &["3"], &["4", "5", "", ""], &["6", "", "7"]]);
        assert_eq!(rows(&text), (expected.clone(), end != "\r"));
        assert_eq!(rows(&format!("{text}{end}{end}")).0, expected);
        assert_eq!(rows(&format!("\u{feff}{text}")).0, expected);
    }
    assert_eq!(rows("a\tb\n1\t\t\n\"2\t3\"\n").0, table(&[&["a", "b"], &["1", "", ""], &["\"2", "3\""]]));
}

#[test]
fn quotes_are_those_of_rfc_4180() {
    let text = "a,b\n\"x, \"\"y\"\"\nz\",1\n5\" pipe, \"q\"\n";
    assert_eq!(rows(text), (table(&[&["a", "b"], &["x, \"y\"\nz", "1"], &["5\" pipe", " \"q\""]]), false));
    assert!(rows("a,b\n\"x, \"\"y\",\"1\"\n").1);
    assert!(!rows("a,b\n5\" pipe,1\n").1);
    assert!(!rows("a,b\n\"x\ny\",1\n").1);
    assert_eq!(wrong("a,b\n1,2\n\"x\"y,1\n").split(':').next(), Some("line 3"));
    assert!(wrong("a,b\n1,2\n3,\"x\ny\n").starts_with("line 3: a quoted field begins that does not end"));
    assert!(wrong("a,b\n\"x\r\n\ry\"z,1\n").starts_with("line 4: text follows the end of a quoted field"));
}

#[test]
fn what_is_not_a_table_is_reported() {
    assert!(wrong("a,b\r\n1,2\n").starts_with("line 2 ends in \\n"));
    assert!(wrong("a;b\n1;2\n").contains("neither by commas nor by tabs"));
    assert!(wrong(",\n1,2\n").contains("names of the columns"));
    assert!(wrong("a\0,b\n1,2\n").contains("UTF-8"));
    assert!(read("t.csv", b"a,b\n1,2\n3,\xff\n").is_err_and(|e| e.message.starts_with("line 3 is not UTF-8")));
    assert_eq!(rows("\n\n").0, vec![Vec::<String>::new()]);
    assert_eq!(rows("\n\na,b\n1,2\n"), (table(&[&["a", "b"], &["1", "2"]]), false));
}

#[test]
fn gzip_in_any_case_is_read_to_its_end() {
    let text = "a,b\n1,2\n".repeat(40_000);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).expect("it is compressed");
    let gz = gz.finish().expect("it is compressed");
    let folder = TempDir::new().expect("a folder");
    let progress = Progress::default();
    let count = |name: &str, bytes: &[u8]| -> Result<u64> {
        let mut csv = Csv::open(&written(&folder, name, bytes), &progress)?;
        let mut rows = 0;
        while csv.record()?.is_some() {
            rows += 1;
        }
        Ok(rows)
    };
    for name in ["t.csv.gz", "T.CSV.GZ", "t.csv.Gz"] {
        assert_eq!(count(name, &gz).ok(), Some(79_999));
        // Two whole streams are one file.
        assert_eq!(count(name, &[&gz[..], &gz[..]].concat()).ok(), Some(159_999));
        for cut in [&gz[..gz.len() - 1], &gz[..gz.len() / 2], &[], text.as_bytes()] {
            assert!(count(name, cut).is_err_and(|e| e.message.contains("not a whole gzip file")), "{}", cut.len());
        }
    }
}

#[test]
fn a_row_larger_than_any_buffer_is_read() {
    let long = "1,2,\"3\"\n".repeat(800_000);
    let text = format!("a,b\n1,\"{}\"\n2,x\n", long.replace('"', "\"\""));
    let (found, plain) = rows(&text);
    assert!(!plain);
    assert_eq!(found.len(), 3);
    assert!(found[1][1] == long);
    assert_eq!(found[2], ["2", "x"]);
}

/// The last record counts as well when no end of a line follows it.
#[test]
fn a_last_field_of_two_lines_is_not_plain() {
    for text in ["a\n\"\n\"", "a,b\n1,\"x\ny\"", "a,b\n1,2\n3,\"\r\n\""] {
        assert!(!rows(text).1, "{text:?}");
    }
    assert!(rows("a,b\n1,\"x, y\"").1);
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z0-9 .]{0,12}",
        2 => "[a-z,\"\n\r\tµ€]{0,20}",
        // Longer than what is read at once, now and then.
        1 => ("[a-z,\"\n]{1,9}", 0..200_000_usize).prop_map(|(text, times)| text.repeat(times / 9)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_was_written_is_read(
        rows in (1..5_usize).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(field(), width), 1..30)),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        last in any::<bool>(),
    ) {
        let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
        let needs = |field: &String| field.is_empty() || field.contains([',', '"', '\n', '\r']) || field.len().is_multiple_of(3);
        let line = |row: &Vec<String>| row.iter().map(|f| if needs(f) { quoted(f) } else { f.clone() }).collect::<Vec<_>>().join(",");
        let header: Vec<String> = (0..rows[0].len()).map(|i| format!("n{i}")).collect();
        let mut text = std::iter::once(&header).chain(&rows).map(line).collect::<Vec<_>>().join(end);
        if last {
            text.push_str(end);
        }
        // A comma, so that a tab separates nothing.
        prop_assume!(header.len() > 1 || !rows.iter().flatten().any(|field| field.contains('\t')));
        let (found, plain) = read("t.csv", text.as_bytes()).map_err(|e| TestCaseError::fail(e.message))?;
        prop_assert_eq!(&found[0], &header);
        prop_assert!(found[1..] == rows[..]);
        if rows.iter().flatten().any(|field| field.contains(['\n', '\r'])) {
            prop_assert!(!plain);
        }
    }
}
