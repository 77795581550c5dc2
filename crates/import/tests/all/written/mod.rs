//! Writes databases as meds_reader's converter lays them out: the judge of the reader, made from the format's description and not from its code.

use std::fs;
use std::path::Path;

/// The values of a column, by subject and row.
#[derive(Clone, Debug)]
pub enum Cells {
    Times(Vec<Vec<Option<i64>>>),
    /// Type number and width; values as little-endian bytes.
    Fixed(u64, usize, Vec<Vec<Option<[u8; 8]>>>),
    Texts(Vec<Vec<Option<String>>>),
}

#[derive(Debug)]
pub struct Table {
    pub ids: Vec<i64>,
    pub lengths: Vec<u32>,
    pub columns: Vec<(&'static str, Cells)>,
}

fn vbyte(widths: [usize; 4], values: &[u32]) -> Vec<u8> {
    let mut controls = vec![0; values.len().div_ceil(4)];
    let mut data = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let code = (0..4).find(|&code| u64::from(*value) < 1 << (8 * widths[code])).unwrap_or(3);
        controls[at / 4] |= (code as u8) << (2 * (at % 4));
        data.extend_from_slice(&value.to_le_bytes()[..widths[code]]);
    }
    [controls, data].concat()
}

fn bits<T>(cells: &[Option<T>]) -> Vec<u8> {
    let mut bits = vec![0; 8 * cells.len().div_ceil(64)];
    for (row, _) in cells.iter().enumerate().filter(|(_, cell)| cell.is_some()) {
        bits[row / 8] |= 1 << (row % 8);
    }
    bits
}

pub fn times(cells: &[Option<i64>]) -> Vec<u8> {
    let nulls = cells.iter().filter(|cell| cell.is_none()).count();
    let known: Vec<i64> = cells.iter().flatten().copied().collect();
    let start = known.first().copied().unwrap_or(-7);
    let mut integers = vec![nulls as u32];
    let mut before = start;
    for same in known.chunk_by(|a, b| a == b) {
        for some in same.chunks(15) {
            let gap = some[0] - before;
            let (days, rest) = (gap / 86_400_000_000, gap % 86_400_000_000);
            let parts = [days, rest / 1_000_000, rest % 1_000_000];
            let last = parts.iter().rposition(|part| *part != 0).unwrap_or(0);
            for (level, part) in parts[..=last].iter().enumerate() {
                integers.push((*part as u32) << 4 | if level == last { some.len() as u32 } else { 0 });
            }
            before = some[0];
        }
    }
    [&start.to_le_bytes()[..], &(integers.len() as u32).to_le_bytes(), &vbyte([0, 1, 2, 4], &integers)].concat()
}

fn fixed(width: usize, cells: &[Option<[u8; 8]>]) -> Vec<u8> {
    let values = cells.iter().flatten().flat_map(|value| value[..width].to_vec());
    bits(cells).into_iter().chain(values).collect()
}

fn texts(cells: &[Option<String>], dictionary: &[String]) -> Vec<u8> {
    let mut own: Vec<&String> = Vec::new();
    let mut numbers = Vec::new();
    for text in cells.iter().flatten() {
        numbers.push(match dictionary.iter().position(|known| known == text) {
            Some(number) => number,
            None => {
                let number = own.iter().position(|known| *known == text).unwrap_or(own.len());
                if number == own.len() {
                    own.push(text);
                }
                dictionary.len() + number
            }
        } as u32);
    }
    let head = std::iter::once(own.len() as u32).chain(own.iter().map(|text| text.len() as u32));
    let integers: Vec<u32> = head.chain(numbers).collect();
    let count = (integers.len() as u32).to_le_bytes();
    [bits(cells), count.to_vec(), vbyte([1, 2, 3, 4], &integers), own.into_iter().flat_map(|text| text.bytes()).collect()].concat()
}

/// The payloads of a column, and its dictionary.
pub fn payloads(cells: &Cells) -> (Vec<Vec<u8>>, Vec<String>) {
    match cells {
        Cells::Times(subjects) => (subjects.iter().map(|cells| times(cells)).collect(), Vec::new()),
        Cells::Fixed(_, width, subjects) => (subjects.iter().map(|cells| fixed(*width, cells)).collect(), Vec::new()),
        Cells::Texts(subjects) => {
            let mut dictionary: Vec<String> = subjects.iter().flatten().flatten().cloned().collect();
            dictionary.sort();
            dictionary.dedup();
            let holders = |text: &String| subjects.iter().filter(|cells| cells.iter().flatten().any(|known| known == text)).count();
            dictionary.retain(|text| holders(text) > 1);
            (subjects.iter().map(|cells| texts(cells, &dictionary)).collect(), dictionary)
        }
    }
}

/// Writes the `data` file of a column.
pub fn data(folder: &Path, payloads: &[Vec<u8>]) {
    let records: Vec<Vec<u8>> = payloads
        .iter()
        .map(|payload| [&(payload.len() as u32).to_le_bytes()[..], &zstd::bulk::compress(payload, 1).expect("compresses")].concat())
        .collect();
    let mut at = 8 * (records.len() as u64 + 1);
    let mut bytes = at.to_le_bytes().to_vec();
    for record in &records {
        at += record.len() as u64;
        bytes.extend(at.to_le_bytes());
    }
    bytes.extend(records.concat());
    fs::write(folder.join("data"), bytes).expect("writes");
}

/// Writes a whole database; dictionaries in frames of three strings.
pub fn database(path: &Path, table: &Table) {
    let write = |name: &str, bytes: Vec<u8>| fs::write(path.join(name), bytes).expect("writes");
    let mut properties = Vec::new();
    for (name, cells) in &table.columns {
        let kind: u64 = match cells {
            Cells::Times(_) => 2,
            Cells::Fixed(kind, ..) => *kind,
            Cells::Texts(_) => 0,
        };
        properties.extend([&(name.len() as u64).to_le_bytes()[..], name.as_bytes(), &kind.to_le_bytes()].concat());
        let folder = path.join(name);
        fs::create_dir(&folder).expect("makes a folder");
        let (payloads, dictionary) = payloads(cells);
        data(&folder, &payloads);
        fs::write(folder.join("zdict"), b"").expect("writes");
        if matches!(cells, Cells::Texts(_)) {
            let mut bytes = Vec::new();
            for strings in dictionary.chunks(3) {
                let rows =
                    strings.iter().flat_map(|text| [&2u64.to_le_bytes()[..], &(text.len() as u64).to_le_bytes(), text.as_bytes()].concat());
                let frame = zstd::bulk::compress(&rows.collect::<Vec<u8>>(), 1).expect("compresses");
                bytes.extend([&(frame.len() as u64).to_le_bytes()[..], &frame].concat());
            }
            fs::write(folder.join("dictionary"), bytes).expect("writes");
        }
    }
    write("meds_reader.version", b"2\n".to_vec());
    write("meds_reader.properties", properties);
    write("meds_reader.length", table.lengths.iter().flat_map(|n| n.to_le_bytes()).collect());
    write("subject_id", table.ids.iter().flat_map(|n| n.to_le_bytes()).collect());
}
