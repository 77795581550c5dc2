//! `cargo run --release -p meds-store --example scan -- STORE [THREADS] [turns]`: scans a store five times
//! (see `support`). Prints the best time and the sums, which prove that two programs do equal work. With
//! `turns` it scans once per line of its input and prints one line each, so that a program can alternate its
//! measurements.
#![allow(clippy::print_stdout)]

mod support;

use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;
use support::{Failure, Scan, Sum};

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let scan = Scan::open(&arguments.next().ok_or("STORE [THREADS] [turns]")?)?;
    let rest: Vec<String> = arguments.collect();
    let threads = rest.iter().find_map(|word| word.parse().ok()).unwrap_or(1).max(1);
    if rest.iter().any(|word| word == "turns") {
        for line in stdin().lock().lines() {
            line?;
            let (nanos, sum) = timed(&scan, threads)?;
            print(nanos, sum, threads);
            stdout().flush()?;
        }
        return Ok(());
    }
    let runs = (0..5).map(|_| timed(&scan, threads)).collect::<Result<Vec<_>, _>>()?;
    let (nanos, sum) = runs.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).ok_or("no run")?;
    print(nanos, sum, threads);
    Ok(())
}

/// Nanoseconds per event, and the sums.
fn timed(scan: &Scan, threads: usize) -> Result<(f64, Sum), Failure> {
    let start = Instant::now();
    let sum = scan.sum(threads)?;
    Ok((start.elapsed().as_nanos() as f64 / sum.rows as f64, sum))
}

fn print(nanos: f64, Sum { rows, before, chars, total }: Sum, threads: usize) {
    let mut line = serde_json::json!({ "nanosPerEvent": nanos, "rows": rows, "before": before, "chars": chars, "total": total });
    if threads > 1 {
        line["threads"] = threads.into();
    }
    println!("{line}");
}
