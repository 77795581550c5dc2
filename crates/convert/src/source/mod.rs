//! What is read: the files of a source, their schema, columns and rows. See each file for the question it
//! answers.

pub mod chunk;
pub mod copies;
pub mod files;
pub mod fingerprint;
pub mod folders;
pub mod footer;
pub mod hashes;
pub mod held;
pub mod kept;
pub mod lattice;
pub mod metadata;
pub mod nested;
pub mod parquet_types;
pub mod present;
pub mod read;
pub mod schema;
pub mod spill;
pub mod table_format;
pub mod texts;
