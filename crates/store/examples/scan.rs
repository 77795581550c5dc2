//! `cargo run --release -p meds-store --example scan -- STORE`: time, code and value of every event on one thread, as `benches/ours.mjs` scans
//! them; the floor that JavaScript is measured against. Prints what it summed, so that equal work can be checked.
#![allow(clippy::print_stdout)]

use meds_store::{Node, Span, Store};
use std::time::Instant;

/// Rows, timed rows at or before 1970, UTF-16 length of all codes, sum of all values.
#[derive(Default, PartialEq, Clone, Copy, Debug)]
struct Sum {
    rows: u64,
    before: u64,
    chars: u64,
    total: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open(std::env::args().nth(1).ok_or("STORE")?, false)?;
    let lengths = lengths(&store)?;
    let mut best = (f64::INFINITY, Sum::default());
    for _ in 0..5 {
        let start = Instant::now();
        let sum = scan(&store, &lengths)?;
        let nanos = start.elapsed().as_nanos() as f64 / sum.rows as f64;
        if nanos < best.0 {
            best = (nanos, sum);
        }
    }
    let (nanos, Sum { rows, before, chars, total }) = best;
    println!("{}", serde_json::json!({ "nanosPerEvent": nanos, "rows": rows, "before": before, "chars": chars, "total": total }));
    Ok(())
}

/// Of each code its length as JavaScript counts it.
fn lengths(store: &Store) -> Result<Vec<u64>, Box<dyn std::error::Error>> {
    let file = store.codes();
    let node = named(&file.layout.fields, "code")?;
    let bytes = file.map.bytes();
    let (offsets, text) = (words::<4>(bytes, node.offsets), span(bytes, node.data));
    let ends = offsets.windows(2).map(|pair| (u32::from_le_bytes(pair[0]) as usize, u32::from_le_bytes(pair[1]) as usize));
    ends.map(|(begin, end)| Ok(std::str::from_utf8(&text[begin..end])?.encode_utf16().count() as u64)).collect()
}

fn scan(store: &Store, lengths: &[u64]) -> Result<Sum, Box<dyn std::error::Error>> {
    let mut sum = Sum::default();
    for shard in 0..store.manifest().shards.len() {
        let file = store.shard(shard)?;
        let bytes = file.map.bytes();
        let events = named(&file.layout.fields, "events")?;
        let columns = &events.children[0].children;
        let (time, code, value) = (named(columns, "time")?, named(columns, "code")?, named(columns, "numeric_value")?);
        let rows = Rows { times: words::<8>(bytes, time.data), offsets: words::<4>(bytes, events.offsets), lengths };
        let (ids8, ids16, ids32) = (span(bytes, code.data), words::<2>(bytes, code.data), words::<4>(bytes, code.data));
        let (singles, doubles) = (words::<4>(bytes, value.data), words::<8>(bytes, value.data));
        let single = |row: usize| f64::from(f32::from_le_bytes(singles[row]));
        let double = |row: usize| f64::from_le_bytes(doubles[row]);
        let id8 = |row: usize| usize::from(ids8[row]);
        let id16 = |row: usize| usize::from(u16::from_le_bytes(ids16[row]));
        let id32 = |row: usize| u32::from_le_bytes(ids32[row]) as usize;
        // One loop a width, as V8 compiles one for the widths that it meets.
        match (code.dictionary.as_ref().map_or(4, |d| d.index_width), value.data_type.width) {
            (1, Some(8)) => rows.sum(&mut sum, id8, double),
            (1, _) => rows.sum(&mut sum, id8, single),
            (2, Some(8)) => rows.sum(&mut sum, id16, double),
            (2, _) => rows.sum(&mut sum, id16, single),
            (_, Some(8)) => rows.sum(&mut sum, id32, double),
            (_, _) => rows.sum(&mut sum, id32, single),
        }
    }
    Ok(sum)
}

struct Rows<'a> {
    times: &'a [[u8; 8]],
    offsets: &'a [[u8; 4]],
    lengths: &'a [u64],
}

impl Rows<'_> {
    fn sum(&self, sum: &mut Sum, id: impl Fn(usize) -> usize, value: impl Fn(usize) -> f64) {
        for pair in self.offsets.windows(2) {
            let rows = u32::from_le_bytes(pair[0]) as usize..u32::from_le_bytes(pair[1]) as usize;
            sum.rows += rows.len() as u64;
            for row in rows {
                let time = i64::from_le_bytes(self.times[row]);
                sum.before += u64::from(time != i64::MIN && time <= 0);
                sum.chars += self.lengths[id(row)];
                let value = value(row);
                if !value.is_nan() {
                    sum.total += value;
                }
            }
        }
    }
}

fn named<'a>(nodes: &'a [Node], name: &str) -> Result<&'a Node, String> {
    nodes.iter().find(|node| node.name == name).ok_or_else(|| format!("no field {name}"))
}

fn span(bytes: &[u8], span: Option<Span>) -> &[u8] {
    span.map_or(&[], |span| &bytes[span.offset as usize..][..span.bytes as usize])
}

fn words<const W: usize>(bytes: &[u8], at: Option<Span>) -> &[[u8; W]] {
    span(bytes, at).as_chunks::<W>().0
}
