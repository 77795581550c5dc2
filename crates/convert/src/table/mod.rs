//! Small tables in Parquet: labels, splits, lists of subjects, the parents of codes. They are read and
//! written as whole columns.
//!
//! A file comes from any writer and may be damaged. The annotations of Parquet alone decide the type of a
//! column: a file must mean the same with and without the Arrow schema that some writers store in it.

mod kind;
mod read;
mod values;
mod write;

pub use kind::{ColumnType, TableSchema, describe_table};
pub use read::{Wanted, read_table};
pub use values::{Table, TableColumn, TableValues};
pub use write::{GivenColumn, GivenValues, table_batch, write_table};
