//! What is learned before anything is written: whose each row is, how large each column is, and where each value goes.

pub mod copies;
pub mod extent;
pub mod intern;
pub mod layout;
pub mod measure;
pub mod pieces;
pub mod survey;
