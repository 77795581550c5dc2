//! `cargo run --release -p meds-store --example verify -- STORE`: opens and verifies a store without Node,
//! for profiles.
#![allow(clippy::print_stdout)]

use meds_store::{Progress, Store};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: verify STORE")?;
    let start = Instant::now();
    let store = Store::open(&path, false)?;
    println!("open {:?}", start.elapsed());
    for (i, shard) in store.manifest().shards.iter().enumerate() {
        let start = Instant::now();
        store.shard(i)?;
        let touched = start.elapsed();
        let start = Instant::now();
        shard.file.offsets.iter().try_for_each(|section| store.check_offsets(i, section.offset))?;
        println!("{}: first touch {touched:?}, all {} buffers of offsets {:?}", shard.file.path, shard.file.offsets.len(), start.elapsed());
    }
    let start = Instant::now();
    let problems = store.verify(100, &Progress::default())?;
    println!("verify {:?}, {} problems", start.elapsed(), problems.len());
    for problem in problems {
        println!("  {problem:?}");
    }
    Ok(())
}
