//! All tests of this crate are one program: each program would link Arrow and Parquet again.

mod csv;
mod database;
mod written;
