//! All tests of this crate are one program: each program would link Arrow and Parquet again.

mod advice;
mod damage;
mod open;
mod support;
mod verify;
