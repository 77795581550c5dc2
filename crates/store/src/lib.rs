//! The store's format: what its files contain, and how they are written, mapped and checked.
//!
//! This crate depends on neither Parquet nor Node. `docs/format.md` shows the layout. [`manifest::Manifest`]
//! lists the files, and [`layout::Node`] says where each buffer of a mapped file is.

pub mod error;
pub mod layout;
pub mod manifest;
pub mod positioned;
pub mod progress;
pub mod read;
pub mod types;
pub mod write;

pub use error::{Code, Error, Result};
pub use layout::{Node, Span};
pub use manifest::Manifest;
pub use positioned::Positioned;
pub use progress::Progress;
pub use read::Store;
