//! Arrays as arrays of another type, and as text: the pairs of types that sources, stores and transforms
//! have. No value is lost: one that does not fit the other type is an error.

mod bytes;
pub mod cast;
mod decimals;
pub mod lists;
mod numbers;
pub mod text;
pub mod times;
