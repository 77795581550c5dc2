//! The store's format: what its files hold, how they are written, mapped and checked.
//!
//! This crate knows neither Parquet nor Node. `docs/format.md` shows the layout; [`manifest::Manifest`]
//! is its index, [`layout::Node`] says where each buffer of a mapped file lies.

pub mod error;
pub mod layout;
pub mod manifest;
pub mod progress;
pub mod read;
pub mod types;
pub mod write;

pub use error::{Code, Error, Result};
pub use layout::{Node, Span};
pub use manifest::Manifest;
pub use progress::Progress;
pub use read::Store;
