//! How a store is written: each value at its final place, then indexes, tables of codes and patients, and
//! publishing.

pub mod buffers;
pub mod codes;
pub mod column;
pub mod emit;
pub mod file;
pub mod float_order;
pub mod index;
pub mod lock;

pub mod parquet;
pub mod pass;
pub mod site;
pub mod sort;
pub mod splits;
pub mod tables;
pub mod values;
