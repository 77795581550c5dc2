//! Reading some columns of a Parquet file as a whole.

use crate::source::guard::{guarded, reason};
use crate::source::parquet::{Footer, RootColumn, unproven, unsupported};
use crate::table::kind::{ColumnType, type_name};
use crate::table::values::{Column, Refused, Table, TableColumn};
use arrow_array::types::{TimestampMicrosecondType, TimestampSecondType};
use arrow_array::{Array, ArrayRef, cast::AsArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use meds_store::{Code, Error, Result};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::Type;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::schema::types::TypePtr;
use std::fs::File;
use std::path::Path;

/// Rows of a batch.
const ROWS: usize = 1 << 16;

/// A column that a table should have.
#[derive(Debug)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Its name in older files.
    pub older: Option<String>,
    /// What its values must be.
    pub kind: ColumnType,
    /// A file without it is an error.
    pub required: bool,
}

/// Reads columns of a file. `what` says whose columns they are, for messages: "labels".
///
/// # Errors
/// `MEDS_MISSING_COLUMN` without a required column; `MEDS_COLUMN_TYPE` for a column that has values of
/// another type; `MEDS_SCHEMA_CONFLICT` for two columns of one name; `MEDS_VALUE_RANGE` for what does not fit
/// int64; `MEDS_SOURCE_DAMAGED`; and what the system reports.
pub fn read_table(path: &Path, what: &str, wanted: &[Wanted]) -> Result<Table> {
    if path.is_dir() {
        return Err(Error::at(Code::Io, path, "this is a folder, not a Parquet file. Check the path."));
    }
    let file = TableFile::open(path, what)?;
    let roots = wanted.iter().map(|column| file.root(column)).collect::<Result<Vec<_>>>()?;
    let columns = wanted.iter().zip(roots).map(|(column, root)| root.map_or(Ok(None), |root| file.column(column.kind, root)));
    Ok(Table { rows: file.rows, columns: columns.collect::<Result<_>>()? })
}

/// A file whose footer has been read.
struct TableFile<'a> {
    path: &'a Path,
    what: &'a str,
    footer: Footer,
    /// Its schema by the annotations of Parquet alone.
    schema: Schema,
    rows: usize,
}

impl<'a> TableFile<'a> {
    fn open(path: &'a Path, what: &'a str) -> Result<Self> {
        let footer = Footer::read_or(path, "write it again")?;
        let about = footer.metadata.file_metadata();
        let damaged = |found: &str| Error::at(Code::SourceDamaged, path, format!("{found}. {WHOLE}"));
        let schema = guarded(|| parquet_to_arrow_schema(about.schema_descr(), None));
        let schema = schema.map_err(|e| damaged(&format!("the footer cannot be read: {}", reason(&e))))?;
        let rows: u64 = footer.metadata.row_groups().iter().map(rows_of).sum();
        if u64::try_from(about.num_rows()) != Ok(rows) {
            return Err(damaged("the row groups of this file do not have the rows that the file claims to have"));
        }
        Ok(Self { path, what, schema, rows: rows as usize, footer })
    }

    fn fields(&self) -> &[TypePtr] {
        self.footer.metadata.file_metadata().schema_descr().root_schema().get_fields()
    }

    /// The root of a wanted column; `None` where the file does not have it.
    fn root(&self, Wanted { name, older, kind, required }: &Wanted) -> Result<Option<usize>> {
        let fields = self.fields();
        let all = |name: &str| (0..fields.len()).filter(|root| fields[*root].name() == name).collect::<Vec<_>>();
        let mut found = all(name);
        if let (true, Some(older)) = (found.is_empty(), older) {
            found = all(older);
        }
        match found[..] {
            [root] => Ok(Some(root)),
            [] if !required => Ok(None),
            [] => {
                let has: Vec<_> = fields.iter().map(|field| format!("{:?}", field.name())).collect();
                let has = if has.is_empty() { "none".into() } else { has.join(", ") };
                let message =
                    format!("{} must have a column {name:?} ({}). The columns of this file: {has}.", capital(self.what), kind.arrow());
                Err(Error::at(Code::MissingColumn, self.path, message))
            }
            [root, ..] => {
                let message = format!("two columns have the name {:?}. Rename or remove one of them.", fields[root].name());
                Err(Error::at(Code::SchemaConflict, self.path, message))
            }
        }
    }

    /// Reads a column. One without any value may have any type, because pandas writes such columns: it is
    /// `None`.
    fn column(&self, kind: ColumnType, root: usize) -> Result<Option<TableColumn>> {
        let node = &self.fields()[root];
        if self.footer.undecodable.contains_key(&root) || !kind.fits(node) || !is_list(kind, self.schema.field(root)) {
            return if kind == ColumnType::Lists { Ok(None) } else { self.without_values(kind, root).map(|()| None) };
        }
        let mut column = Column::default();
        if kind == ColumnType::Time && node.get_physical_type() == Type::INT96 {
            self.refuse_wrapped(root)?;
        }
        self.batches(root, Some(kind), |first, array| {
            column.add(kind, array).map_err(|refused| match refused {
                Refused::Range(row, value) => self.out_of_range(root, first + row, &value),
                Refused::Type(error) => self.damaged(root, &error.to_string()),
            })
        })?;
        Ok(Some(column.finished(kind)))
    }

    /// Throws where a column of another type has a value.
    fn without_values(&self, kind: ColumnType, root: usize) -> Result<()> {
        let node = &self.fields()[root];
        let wrong = || {
            let own = type_name(node).unwrap_or_else(|| "nested".into());
            let message = format!(
                "column {:?} has the type {own}, and {} must have {}. Cast the column and write the file again.",
                node.name(),
                self.what,
                kind.arrow()
            );
            Error::at(Code::ColumnType, self.path, message)
        };
        if self.footer.undecodable.contains_key(&root) {
            return if self.rows == 0 { Ok(()) } else { Err(wrong()) };
        }
        self.batches(root, None, |_, array| if array.logical_null_count() == array.len() { Ok(()) } else { Err(wrong()) })
    }

    /// INT96 in microseconds wraps around where seconds do not: a time beyond int64 would become another
    /// time.
    fn refuse_wrapped(&self, root: usize) -> Result<()> {
        let mut seconds = Vec::with_capacity(self.rows.min(ROWS));
        let unit = DataType::Timestamp(TimeUnit::Second, None);
        self.batches_as(root, Some(&unit), |_, array| {
            seconds.extend_from_slice(array.as_primitive::<TimestampSecondType>().values());
            Ok(())
        })?;
        self.batches(root, Some(ColumnType::Time), |first, array| {
            let micros = array.as_primitive::<TimestampMicrosecondType>();
            let wrong = |row: &usize| micros.is_valid(*row) && (micros.value(*row) / 1_000_000 - seconds[first + *row]).abs() > 1;
            match (0..micros.len()).find(wrong) {
                Some(row) => Err(self.out_of_range(root, first + row, &format!("{} seconds", seconds[first + row]))),
                None => Ok(()),
            }
        })
    }

    fn out_of_range(&self, root: usize, row: usize, value: &str) -> Error {
        let message = format!("row {row}: {value} in column {:?} does not fit int64. Correct the value.", self.fields()[root].name());
        Error::at(Code::ValueRange, self.path, message)
    }

    fn damaged(&self, root: usize, found: &str) -> Error {
        Error::at(Code::SourceDamaged, self.path, format!("column {:?} cannot be read: {found}. {WHOLE}", self.fields()[root].name()))
    }

    fn unreadable(&self, root: usize, error: &ParquetError) -> Error {
        let Some(feature) = unsupported(error) else { return self.damaged(root, &reason(error)) };
        let name = self.fields()[root].name();
        let message = format!("column {name:?} is written in a way that cannot be read: {feature}. Write the file again in another way.");
        Error::at(Code::SourceDamaged, self.path, message)
    }

    /// Shows each batch of a column, and the number of its first row.
    fn batches(&self, root: usize, kind: Option<ColumnType>, each: impl FnMut(usize, &ArrayRef) -> Result<()>) -> Result<()> {
        let wanted = match kind {
            Some(ColumnType::Time) if self.fields()[root].get_physical_type() == Type::INT96 => {
                Some(DataType::Timestamp(TimeUnit::Microsecond, None))
            }
            Some(ColumnType::Text) => Some(DataType::Utf8View),
            _ => None,
        };
        self.batches_as(root, wanted.as_ref(), each)
    }

    /// As [`TableFile::batches`], in another Arrow type than the column's own.
    fn batches_as(&self, root: usize, wanted: Option<&DataType>, mut each: impl FnMut(usize, &ArrayRef) -> Result<()>) -> Result<()> {
        if let Some(contradiction) = self.footer.contradicted.get(&root) {
            return Err(contradiction.error(self.path, self.fields()[root].name()));
        }
        let groups = self.footer.metadata.row_groups();
        let proof = unproven(self.footer.metadata.file_metadata().schema_descr(), root);
        let mut first = 0;
        // Writers state offsets of pages that they did not write for row groups without rows.
        for (at, group) in groups.iter().enumerate().filter(|(_, group)| rows_of(group) > 0) {
            let mut reader = guarded(|| self.reader(root, at, wanted)).map_err(|e| self.unreadable(root, &e))?;
            let mut left = rows_of(group);
            while let Some(batch) = guarded(|| Ok(reader.next().transpose()?)).map_err(|e| self.unreadable(root, &e))? {
                let array = batch.column(0);
                left = left.checked_sub(array.len() as u64).ok_or_else(|| self.damaged(root, "it has more rows than its row group"))?;
                if proof {
                    array.to_data().validate_full().map_err(|e| self.damaged(root, &e.to_string()))?;
                }
                each(first, array)?;
                first += array.len();
            }
            if left > 0 {
                return Err(self.damaged(root, &format!("{left} rows of row group {at} are missing")));
            }
        }
        Ok(())
    }

    fn reader(&self, root: usize, group: usize, wanted: Option<&DataType>) -> parquet::errors::Result<ParquetRecordBatchReader> {
        let column = RootColumn::new(&self.footer.metadata, group, root);
        let wanted = match wanted {
            Some(DataType::Utf8View) => column.text_type(),
            Some(wanted) => wanted.clone(),
            None => self.schema.field(root).data_type().clone(),
        };
        column.reader(File::open(self.path)?, self.footer.bytes, &self.schema, &wanted, ROWS)
    }
}

const WHOLE: &str = "Replace the file with a whole copy, or write it again.";

fn rows_of(group: &RowGroupMetaData) -> u64 {
    group.num_rows().unsigned_abs()
}

/// Whether a column that must have lists has single values, or lists of them.
fn is_list(kind: ColumnType, field: &Field) -> bool {
    let item = match field.data_type() {
        DataType::List(item) => item.data_type(),
        other => other,
    };
    match kind {
        ColumnType::Lists => !item.is_nested(),
        ColumnType::Numbers => item.is_numeric(),
        _ => true,
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
