//! Small tables in Parquet: labels, splits, lists of subjects, the parents of codes. They are read and written as whole columns.
//!
//! A file comes from any writer and may be damaged. What a column means is decided by the annotations of Parquet alone, because writers that
//! store Arrow types beside them do so for fewer files than not, and both kinds of file must mean the same.

mod kind;
mod read;
mod values;
mod write;

pub use kind::{ColumnType, TableSchema, describe_table};
pub use read::{Wanted, read_table};
pub use values::{Table, TableColumn, TableValues};
pub use write::{GivenColumn, GivenValues, write_table};
