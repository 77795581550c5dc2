//! How a store is written: each value at its final place, then indexes, tables of codes and patients, and
//! publishing.

pub mod codes;
pub mod emit;
pub mod inverted;
pub mod narrowed;
pub mod orders;
pub mod positioned;
pub mod sort;
pub mod tables;
pub mod target;
