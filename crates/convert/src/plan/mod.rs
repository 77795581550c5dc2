//! The plan of a conversion before it writes: to which patient each row belongs, how large each column is,
//! and where each value goes.

pub mod copies;
pub mod extent;
pub mod facts;
pub mod group_measure;
pub mod intern;
pub mod layout;
pub mod measure;
pub mod pieces;
pub mod shard;
pub mod static_rows;
pub mod storage;
pub mod survey;
