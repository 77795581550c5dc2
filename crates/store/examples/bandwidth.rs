//! `cargo run --release -p meds-store --example bandwidth [-- THREADS …]`: measures how fast this machine
//! reads memory, in GB/s. No scan can be faster. The default is 1 and 2 threads. Prints `{"bytes": …,
//! "gigabytesPerSecond": {"1": …, "2": …}}`.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::thread;
use std::time::Instant;

/// Far larger than any cache.
const BYTES: usize = 512 << 20;
const RUNS: usize = 7;

fn main() {
    let named: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).filter(|threads| *threads > 0).collect();
    let counts = if named.is_empty() { vec![1, 2] } else { named };
    // Each page is written once. Otherwise all of them are the same page of zeros.
    let words = vec![1u64; BYTES / 8];
    let speeds = counts.iter().map(|threads| (threads.to_string(), serde_json::json!(best(&words, *threads))));
    let speeds: serde_json::Map<_, _> = speeds.collect();
    println!("{}", serde_json::json!({ "bytes": BYTES, "gigabytesPerSecond": speeds }));
}

/// The best of several runs.
fn best(words: &[u64], threads: usize) -> f64 {
    let run = |_| {
        let start = Instant::now();
        thread::scope(|scope| {
            for part in words.chunks(words.len().div_ceil(threads)) {
                scope.spawn(|| black_box(sum(part)));
            }
        });
        size_of_val(words) as f64 / start.elapsed().as_nanos() as f64
    };
    (0..RUNS).map(run).fold(0.0, f64::max)
}

/// Adds up eight sums at once, because a single sum waits for its own additions.
fn sum(words: &[u64]) -> u64 {
    let mut sums = [0u64; 8];
    for chunk in words.as_chunks::<8>().0 {
        for (sum, word) in sums.iter_mut().zip(chunk) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sums.iter().fold(0, |a, b| a.wrapping_add(*b))
}
