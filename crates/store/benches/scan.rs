//! `MEDS_BENCH_STORE=STORE cargo bench -p meds-store --features bench`: measures the floor (see
//! `examples/support`) on one thread and on all cores.

#[path = "../examples/support/mod.rs"]
mod support;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use support::Scan;

fn scan(criterion: &mut Criterion) {
    let path = std::env::var("MEDS_BENCH_STORE").expect("MEDS_BENCH_STORE names the store to scan");
    let scan = Scan::open(&path).expect("a store");
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let mut group = criterion.benchmark_group("scan");
    let rows = scan.sum(1).expect("a sound store").rows;
    group.throughput(Throughput::Elements(rows)).sample_size(20);
    for threads in [1, all] {
        group.bench_with_input(BenchmarkId::new("threads", threads), &threads, |bencher, &threads| {
            bencher.iter(|| black_box(scan.sum(threads).expect("a sound store")));
        });
        if all == 1 {
            break;
        }
    }
    group.finish();
}

criterion_group!(benches, scan);
criterion_main!(benches);
