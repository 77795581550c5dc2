//! `cargo run --release -p meds-query --example floor -- STORE [NAME]`: measures what each operation costs
//! over the whole store, and how fast this machine reads the same mapped bytes in the same run. Prints one
//! line of JSON per measurement. `bytes` are those of the columns that the operation reads.
#![allow(clippy::print_stdout)]

use meds_query::{End, Query, Request, Windows};
use meds_store::{Progress, Result, Store};
use std::hint::black_box;
use std::time::Instant;

/// Rounds. Each measures all operations in turn, so that changes in the machine's speed affect all of them.
const ROUNDS: usize = 7;

struct Bench<'a> {
    name: String,
    threads: usize,
    /// Rows that it reads, and bytes of their columns.
    rows: f64,
    bytes: f64,
    run: Box<dyn Fn() -> Result<()> + 'a>,
    nanos: Vec<f64>,
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let store = &Store::open(std::env::args().nth(1).ok_or("STORE")?, false)?;
    let progress = &Progress::default();
    let rows = store.manifest().counts.events as f64;
    let (code, value, time) = (column(store, "code"), column(store, "numeric_value"), column(store, "time"));
    let width = |of: &[&[u8]]| of.iter().map(|part| part.len()).sum::<usize>() as f64 / rows.max(1.0);
    let (code_bytes, value_bytes) = (width(&code), width(&value));
    let rare = ranges(store);
    let windows = windows(store)?;
    let in_windows = Query::new(store, &Request { windows: Some(windows.clone()), ..Request::default() }, progress)?.rows() as f64;

    let mut benches: Vec<Bench> = vec![];
    for threads in [1, 2] {
        for (name, parts) in [("read codes", vec![&code]), ("read codes and values", vec![&code, &value]), ("read times", vec![&time])] {
            let parts: Vec<&[u8]> = parts.into_iter().flatten().copied().collect();
            let bytes = parts.iter().map(|part| part.len() as f64).sum();
            let run = Box::new(move || {
                read(&parts, threads);
                Ok(())
            });
            benches.push(Bench { name: name.into(), threads, rows, bytes, run, nanos: vec![] });
        }
        type Run = fn(&Query) -> Result<usize>;
        let operations: [(&str, bool, bool, Run); 11] = [
            ("countCodes", false, false, |query| query.count_codes().map(|all| all.patients.len())),
            ("countCodesEach", false, false, |query| query.count_codes_each().map(|all| all.offsets.len())),
            ("firstOf a rare code", true, false, |query| query.occurrence(End::First).map(|all| all.rows.len())),
            ("lastOf a rare code", true, false, |query| query.occurrence(End::Last).map(|all| all.rows.len())),
            ("rowsWithCode, a rare code", true, false, |query| query.rows_with_code().map(|all| all.rows.len())),
            ("rowsWithCode, all", false, false, |query| query.rows_with_code().map(|all| all.rows.len())),
            ("aggregate", false, false, |query| query.aggregate().map(|all| all.offsets.len())),
            ("aggregate a rare code", true, false, |query| query.aggregate().map(|all| all.offsets.len())),
            ("windows: find the rows", false, true, |query| Ok(query.rows())),
            ("windows: countCodesEach", false, true, |query| query.count_codes_each().map(|all| all.offsets.len())),
            ("windows: aggregate", false, true, |query| query.aggregate().map(|all| all.offsets.len())),
        ];
        for (name, some, windowed, ask) in operations {
            let request =
                Request { codes: some.then(|| rare.clone()), windows: windowed.then(|| windows.clone()), threads, ..Request::default() };
            let rows = if windowed { in_windows } else { rows };
            let bytes = rows * if name.contains("aggregate") { code_bytes + value_bytes } else { code_bytes };
            let run = Box::new(move || {
                black_box(ask(&Query::new(store, &request, progress)?)?);
                Ok(())
            });
            benches.push(Bench { name: name.into(), threads, rows, bytes, run, nanos: vec![] });
        }
    }
    if let Some(name) = std::env::args().nth(2) {
        benches.retain(|bench| bench.name.contains(&name));
    }
    for _ in 0..=ROUNDS {
        for bench in &mut benches {
            let start = Instant::now();
            (bench.run)()?;
            bench.nanos.push(start.elapsed().as_nanos() as f64);
        }
    }
    for Bench { name, threads, rows, bytes, nanos, .. } in &mut benches {
        // The first round maps the pages.
        let nanos = &mut nanos[1..];
        nanos.sort_unstable_by(f64::total_cmp);
        let median = nanos[nanos.len() / 2];
        let per_event = (median / rows.max(1.0) * 1e4).round() / 1e4;
        let speed = (*bytes / median * 1e2).round() / 1e2;
        let figures = serde_json::json!({ "name": name, "threads": threads, "events": rows, "nanosPerEvent": per_event, "milliseconds": (median / 1e4).round() / 1e2,
            "bytes": bytes.round(), "gigabytesPerSecond": speed, "fastest": nanos[0].round(), "slowest": nanos[nanos.len() - 1].round() });
        println!("{figures}");
    }
    Ok(())
}

/// The bytes of a column in each shard.
fn column<'a>(store: &'a Store, name: &str) -> Vec<&'a [u8]> {
    let shards = (0..store.manifest().shards.len()).filter_map(|shard| store.shard(shard).ok());
    shards.filter_map(|file| Some(file.array("events")?.child(0).named(name)?.data())).collect()
}

/// Adds up all words: the least work that reads every byte.
fn read(parts: &[&[u8]], threads: usize) -> u64 {
    let sum = |bytes: &[u8]| bytes.as_chunks::<8>().0.iter().fold(0u64, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)));
    let share = |part: &[u8], thread: usize| {
        let at = |n: usize| part.len() / threads * n / 64 * 64;
        at(thread)..if thread + 1 == threads { part.len() } else { at(thread + 1) }
    };
    let own = |thread: usize| parts.iter().fold(0u64, |all, part| all.wrapping_add(sum(&part[share(part, thread)])));
    black_box(std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|thread| scope.spawn(move || own(thread))).collect();
        others.into_iter().fold(own(0), |all, other| all.wrapping_add(other.join().unwrap_or_default()))
    }))
}

/// A code in the middle of the table.
fn ranges(store: &Store) -> Vec<u32> {
    let middle = (store.manifest().counts.codes / 2) as u32 + 1;
    vec![middle, middle + 1]
}

/// Fifty windows of 256 rows per patient, at the patient's own times.
fn windows(store: &Store) -> std::result::Result<Windows, Box<dyn std::error::Error>> {
    let mut windows = Windows { end: Some(vec![]), last: Some(256), ..Windows::default() };
    let people = meds_store::read::Patients::of(store.patients())?;
    let mut state = 1u64;
    for i in 0..people.ids.len() {
        let (first, last) = (people.first_time.i64(i), people.last_time.i64(i));
        for _ in 0..50 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            windows.subjects.push(people.ids.i64(i));
            windows.end.get_or_insert_default().push(first + ((state >> 11) as f64 / (1u64 << 53) as f64 * (last - first) as f64) as i64);
        }
    }
    Ok(windows)
}
