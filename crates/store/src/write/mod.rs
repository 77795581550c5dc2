//! Plans the store's Arrow files before their values are known.

mod file;

pub use file::{FilePlan, Shape};
