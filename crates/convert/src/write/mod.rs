//! How a store is written: each value at its final place, then indexes, tables of codes and patients, and publishing.

pub mod codes;
pub mod emit;
pub mod inverted;
pub mod orders;
pub mod parquet;
pub mod positioned;
pub mod sort;
pub mod splits;
pub mod tables;
pub mod target;
