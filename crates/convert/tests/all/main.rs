//! All tests of this crate are one program: each program would link Arrow and Parquet again.

mod dates;
mod index;
mod table;
