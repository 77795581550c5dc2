//! Reads time, code and value of every event, as `benches/ours.mjs` does: the floor for the measurements of
//! all other readers.

use meds_store::read::File;
use meds_store::{Node, Span, Store};
use std::ops::Range;
use std::thread;

pub type Failure = Box<dyn std::error::Error>;

/// Number of rows, number of rows at or before 1970-01-01, UTF-16 length of all codes, and sum of all values.
#[derive(Default, PartialEq, Clone, Copy, Debug)]
pub struct Sum {
    pub rows: u64,
    pub before: u64,
    pub chars: u64,
    pub total: f64,
}

/// A store, and for each code its length in UTF-16 units, as JavaScript counts it.
pub struct Scan {
    store: Store,
    lengths: Vec<u64>,
}

impl Scan {
    /// Opens a store and checks every shard, so that a scan does not include the checks.
    pub fn open(path: &str) -> Result<Self, Failure> {
        let store = Store::open(path, false)?;
        (0..store.manifest().shards.len()).try_for_each(|shard| store.shard(shard).map(drop))?;
        let lengths = lengths(&store)?;
        Ok(Self { store, lengths })
    }

    /// Sums everything. With two threads or more, each thread sums its own patients, so the last bits of
    /// `total` differ.
    pub fn sum(&self, threads: usize) -> Result<Sum, Failure> {
        let shards = 0..self.store.manifest().shards.len();
        let shards = shards.map(|shard| Shard::new(self.store.shard(shard)?)).collect::<Result<Vec<_>, Failure>>()?;
        if threads == 1 {
            let mut sum = Sum::default();
            shards.iter().for_each(|shard| shard.sum(0..shard.patients(), &self.lengths, &mut sum));
            return Ok(sum);
        }
        let part = |number: usize| {
            let mut sum = Sum::default();
            shards.iter().for_each(|shard| shard.sum(shard.part(number, threads), &self.lengths, &mut sum));
            sum
        };
        let part = &part;
        let parts = thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|number| scope.spawn(move || part(number))).collect();
            running.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(parts.into_iter().fold(Sum::default(), |a, b| Sum {
            rows: a.rows + b.rows,
            before: a.before + b.before,
            chars: a.chars + b.chars,
            total: a.total + b.total,
        }))
    }
}

fn lengths(store: &Store) -> Result<Vec<u64>, Failure> {
    let file = store.codes();
    let node = named(&file.layout.fields, "code")?;
    let bytes = file.map.bytes();
    let (offsets, text) = (words::<4>(bytes, node.offsets), span(bytes, node.data));
    let ends = offsets.windows(2).map(|pair| (u32::from_le_bytes(pair[0]) as usize, u32::from_le_bytes(pair[1]) as usize));
    ends.map(|(begin, end)| Ok(std::str::from_utf8(&text[begin..end])?.encode_utf16().count() as u64)).collect()
}

struct Shard<'a> {
    offsets: &'a [[u8; 4]],
    times: &'a [[u8; 8]],
    ids: (u8, &'a [u8]),
    values: (u32, &'a [u8]),
}

impl<'a> Shard<'a> {
    fn new(file: &'a File) -> Result<Self, Failure> {
        let bytes = file.map.bytes();
        let events = named(&file.layout.fields, "events")?;
        let columns = &events.children[0].children;
        let (time, code, value) = (named(columns, "time")?, named(columns, "code")?, named(columns, "numeric_value")?);
        Ok(Self {
            offsets: words(bytes, events.offsets),
            times: words(bytes, time.data),
            ids: (code.dictionary.as_ref().map_or(4, |d| d.index_width), span(bytes, code.data)),
            values: (value.data_type.width.unwrap_or(4), span(bytes, value.data)),
        })
    }

    fn patients(&self) -> usize {
        self.offsets.len() - 1
    }

    fn offset(&self, patient: usize) -> usize {
        u32::from_le_bytes(self.offsets[patient]) as usize
    }

    /// The patients of one of `parts` parts with about the same number of rows.
    fn part(&self, number: usize, parts: usize) -> Range<usize> {
        let rows = self.offset(self.patients());
        let cut = |number: usize| self.offsets.partition_point(|word| (u32::from_le_bytes(*word) as usize) < rows * number / parts);
        cut(number)..if number + 1 == parts { self.patients() } else { cut(number + 1) }
    }

    fn sum(&self, patients: Range<usize>, lengths: &[u64], sum: &mut Sum) {
        let (ids, values) = (self.ids.1, self.values.1);
        let (ids16, ids32) = (ids.as_chunks::<2>().0, ids.as_chunks::<4>().0);
        let (singles, doubles) = (values.as_chunks::<4>().0, values.as_chunks::<8>().0);
        let single = |row: usize| f64::from(f32::from_le_bytes(singles[row]));
        let double = |row: usize| f64::from_le_bytes(doubles[row]);
        let length8 = |row: usize| lengths[usize::from(ids[row])];
        let length16 = |row: usize| lengths[usize::from(u16::from_le_bytes(ids16[row]))];
        let length32 = |row: usize| lengths[u32::from_le_bytes(ids32[row]) as usize];
        // One loop per width, as V8 compiles one per width that it sees.
        match (self.ids.0, self.values.0) {
            (1, 8) => self.each(patients, sum, length8, double),
            (1, _) => self.each(patients, sum, length8, single),
            (2, 8) => self.each(patients, sum, length16, double),
            (2, _) => self.each(patients, sum, length16, single),
            (_, 8) => self.each(patients, sum, length32, double),
            (_, _) => self.each(patients, sum, length32, single),
        }
    }

    fn each(&self, patients: Range<usize>, sum: &mut Sum, length: impl Fn(usize) -> u64, value: impl Fn(usize) -> f64) {
        for patient in patients {
            let rows = self.offset(patient)..self.offset(patient + 1);
            sum.rows += rows.len() as u64;
            for row in rows {
                let time = i64::from_le_bytes(self.times[row]);
                sum.before += u64::from(time != i64::MIN && time <= 0);
                sum.chars += length(row);
                let value = value(row);
                if !value.is_nan() {
                    sum.total += value;
                }
            }
        }
    }
}

fn named<'a>(nodes: &'a [Node], name: &str) -> Result<&'a Node, String> {
    nodes.iter().find(|node| node.name == name).ok_or_else(|| format!("field {name} is missing"))
}

fn span(bytes: &[u8], span: Option<Span>) -> &[u8] {
    span.map_or(&[], |span| &bytes[span.offset as usize..][..span.bytes as usize])
}

fn words<const W: usize>(bytes: &[u8], at: Option<Span>) -> &[[u8; W]] {
    span(bytes, at).as_chunks::<W>().0
}
