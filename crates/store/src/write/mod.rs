//! Laying out the store's Arrow files before their contents are known to the last byte.

mod file;

pub use file::{FilePlan, Shape};
