//! Finds files that are copies of each other: they have the same rows, whatever their writer, compression,
//! row groups or order of rows. Merging them would count every event twice.

use crate::arrays::cast::cast;
use crate::source::column::{Column, Columns, Wanted, subject_column};
use crate::source::content::Batch;
use crate::source::files::{Source, SourceFile};
use crate::source::group::{Group, groups};
use crate::source::read::Reader;
use arrow_array::new_null_array;
use arrow_row::{RowConverter, SortField};
use arrow_schema::ArrowError;
use foldhash::quality::FixedState;
use meds_store::{Code, Error, Progress, Result};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;
use std::path::Path;

/// Refuses a source in which two files have the same rows, or one file has the rows of all others together (a
/// dataset next to its own parts). Only files with the same number of rows and the same subjects are read
/// completely. `converted` contains the columns of the conversion.
pub fn refuse(source: &Source, converted: &Columns, progress: &Progress) -> Result<()> {
    let mut by_rows: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let mut all = 0;
    for (at, file) in source.files.iter().enumerate().filter(|(_, file)| file.content.parquet().is_some()) {
        let rows = (0..file.groups()).map(|group| file.rows(group)).sum();
        all += rows;
        if rows > 0 {
            by_rows.entry(rows).or_default().push(at);
        }
    }
    for (rows, files) in by_rows {
        if let Some([first, second]) = copies(source, &files, converted, progress)? {
            let what = format!("the same {rows} rows as {}: one of these files is a copy of the other", source.files[first].path.display());
            return Err(duplicate(source, second, &what));
        }
        if let [one] = files[..]
            && 2 * rows == all
            && is_all_others(source, one, converted, progress)?
        {
            let what = format!("the same {rows} rows as all other files together: it is a copy of them");
            return Err(duplicate(source, one, &what));
        }
    }
    Ok(())
}

fn duplicate(source: &Source, file: usize, what: &str) -> Error {
    let message = format!("contains {what}. Remove the copy from the source.");
    Error::at(Code::DuplicateFile, &source.files[file].path, message)
}

/// Whether a file has the rows of all others, and no other rows.
fn is_all_others(source: &Source, file: usize, converted: &Columns, progress: &Progress) -> Result<bool> {
    let files: Vec<usize> = (0..source.files.len()).collect();
    let Some(compared) = Compared::of(source, &files, converted)? else { return Ok(false) };
    for subjects_alone in [true, false] {
        let sums = if subjects_alone { compared.subject_sums(&files, progress)? } else { compared.row_sums(&files, progress)? };
        let one = sums.get(&file).copied().unwrap_or_default();
        if sums.values().fold(0u128, |all, sum| all.wrapping_add(*sum)) != one.wrapping_mul(2) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The first two of some files that have the same rows.
fn copies(source: &Source, files: &[usize], converted: &Columns, progress: &Progress) -> Result<Option<[usize; 2]>> {
    let Some(compared) = Compared::of(source, files, converted)? else { return Ok(None) };
    let all: Vec<usize> = (0..files.len()).collect();
    for same in equal(compared.subject_sums(&all, progress)?) {
        if let Some(same) = equal(compared.row_sums(&same, progress)?).first() {
            return Ok(Some([files[same[0]], files[same[1]]]));
        }
    }
    Ok(None)
}

/// Files whose rows are compared in all columns, including columns that the conversion leaves out: rows that
/// differ only in these are not copies. A column that the conversion leaves out is compared only if it can be
/// read and has a common type.
struct Compared {
    source: Source,
    subjects: Column,
    columns: Columns,
    /// The columns of the conversion.
    converted: Vec<String>,
}

impl Compared {
    /// Opens files; `None` if there is nothing to compare.
    fn of(source: &Source, files: &[usize], converted: &Columns) -> Result<Option<Self>> {
        if files.len() < 2 {
            return Ok(None);
        }
        let named = |at: &usize| (source.files[*at].name.clone(), source.files[*at].path.clone());
        let source = Source::of_files(files.iter().map(named).collect())?;
        let converted: Vec<_> = converted.list.iter().map(|column| column.name.clone()).collect();
        let unify = |columns: Option<Vec<String>>| {
            let wanted = Wanted { columns: columns.as_deref(), ..Wanted::default() };
            Columns::unify(&source, wanted, &mut Vec::new())
        };
        let columns = match unify(None) {
            Ok(columns) => columns,
            Err(_) => {
                let left_out: HashSet<_> = names(&source).filter(|name| !converted.contains(name)).collect();
                let is_unified = |name: &String| unify(Some([&converted[..], std::slice::from_ref(name)].concat())).is_ok();
                unify(Some(converted.iter().cloned().chain(left_out.into_iter().filter(is_unified)).collect()))?
            }
        };
        Ok(Some(Self { subjects: subject_column(&columns), source, columns, converted }))
    }

    fn subject_sums(&self, files: &[usize], progress: &Progress) -> Result<BTreeMap<usize, u128>> {
        self.sums(files, &[&self.subjects], progress)
    }

    fn row_sums(&self, files: &[usize], progress: &Progress) -> Result<BTreeMap<usize, u128>> {
        let mut columns: Vec<_> = std::iter::once(&self.subjects).chain(&self.columns.list).collect();
        match self.sums(files, &columns, progress) {
            Err(error) if error.code != Code::Cancelled => {
                let is_converted = |column: &Column| column.name == self.subjects.name || self.converted.contains(&column.name);
                columns.retain(|column| is_converted(column) || self.sums(files, &[column], progress).is_ok());
                self.sums(files, &columns, progress)
            }
            sums => sums,
        }
    }

    /// For each file, the sum of its hashed rows. Files with the same rows have the same sum, in any order of
    /// the rows.
    fn sums(&self, files: &[usize], columns: &[&Column], progress: &Progress) -> Result<BTreeMap<usize, u128>> {
        let files: HashSet<usize> = files.iter().copied().collect();
        let parts: Vec<Group> = groups(&self.source).into_iter().filter(|group| files.contains(&group.file)).collect();
        let sums: Result<Vec<u128>> = parts.par_iter().map(|part| sum(&self.source, *part, columns, progress)).collect();
        let mut of_file: BTreeMap<usize, u128> = BTreeMap::new();
        for (part, sum) in parts.iter().zip(sums?) {
            let whole = of_file.entry(part.file).or_default();
            *whole = whole.wrapping_add(sum);
        }
        Ok(of_file)
    }
}

/// The names of all columns of some files, including those in the names of their folders.
fn names(source: &Source) -> impl Iterator<Item = String> {
    let own = |file: &SourceFile| file.schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    source.files.iter().flat_map(move |file| own(file).into_iter().chain(file.folders.iter().map(|(key, _)| key.clone())))
}

/// Files with the same sum: groups of two files or more.
fn equal(sums: BTreeMap<usize, u128>) -> Vec<Vec<usize>> {
    let mut by_sum: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
    for (file, sum) in sums {
        by_sum.entry(sum).or_default().push(file);
    }
    by_sum.into_values().filter(|files| files.len() > 1).collect()
}

/// The sum of the hashed rows of a row group; independent of their order.
fn sum(source: &Source, group: Group, columns: &[&Column], progress: &Progress) -> Result<u128> {
    let state = FixedState::default();
    let mut hashes = vec![0u64; (group.end - group.start) as usize];
    for column in columns {
        let unhashed = |error: ArrowError| unhashed(&source.files[group.file].path, &column.name, &error);
        let converter = RowConverter::new(vec![SortField::new(column.wide.clone())]).map_err(unhashed)?;
        let mut reader = Reader::open(&source.files[group.file], group.file, group.group, column)?;
        let mut left = hashes.iter_mut();
        while let Some(batch) = reader.next()? {
            progress.check()?;
            let array = match batch {
                Batch::Array(array) => cast(&array, &column.wide).map_err(unhashed)?,
                Batch::Nulls(rows) => new_null_array(&column.wide, rows),
            };
            let rows = converter.convert_columns(&[array]).map_err(unhashed)?;
            for (hash, row) in left.by_ref().zip(&rows) {
                *hash = state.hash_one((*hash, row.data()));
            }
        }
    }
    Ok(hashes.into_iter().map(u128::from).sum())
}

fn unhashed(path: &Path, column: &str, error: &ArrowError) -> Error {
    if let ArrowError::OffsetOverflowError(_) = error {
        let message =
            format!("column {column:?} has 2 GiB of text or more in one batch of rows. Leave that column out with `exclude` (--exclude).");
        return Error::at(Code::PatientTooLarge, path, message);
    }
    Error::at(Code::Internal, path, format!("the values of column {column:?} cannot be compared with those of other files: {error}"))
}

#[cfg(test)]
mod tests {
    use crate::Options;
    use crate::convert;
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
    use meds_store::{Code, Progress};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
    use parquet::errors::Result;
    use std::fs::{self, File};
    use std::path::Path;
    use std::sync::Arc;

    /// Writes a file of two subjects.
    fn write(source: &Path, name: &str, codes: [&str; 2], extra: &[(&str, ArrayRef)]) -> Result<()> {
        fs::create_dir_all(source.join("data"))?;
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("subject_id", Arc::new(Int64Array::from(vec![1, 2]))),
            ("time", Arc::new(TimestampMicrosecondArray::from(vec![1, 2]))),
            ("code", Arc::new(StringArray::from(codes.to_vec()))),
        ];
        columns.extend(extra.iter().cloned());
        let rows = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))?;
        let mut writer = ArrowWriter::try_new(File::create(source.join("data").join(name))?, rows.schema(), None)?;
        writer.write(&rows)?;
        writer.close()?;
        Ok(())
    }

    /// Makes the pages of a file's last column unreadable.
    fn damage(file: &Path) -> Result<()> {
        let footer = ArrowReaderMetadata::load(&File::open(file)?, ArrowReaderOptions::new())?;
        let group = footer.metadata().row_group(0);
        let (start, length) = group.column(group.num_columns() - 1).byte_range();
        let mut bytes = fs::read(file)?;
        bytes[start as usize..(start + length) as usize].fill(0xff);
        Ok(fs::write(file, bytes)?)
    }

    fn repaired(source: &Path) -> std::result::Result<u64, Code> {
        let exclude = vec!["x".to_string()];
        let options = Options { source: source.into(), store: source.join("store"), repair: true, exclude, ..Options::default() };
        convert(&options, &Progress::default()).map(|done| done.events).map_err(|error| error.code)
    }

    fn numbers(values: [i64; 2]) -> ArrayRef {
        Arc::new(Int64Array::from(values.to_vec()))
    }

    #[test]
    fn a_copy_is_found_where_only_a_column_that_is_left_out_conflicts() -> Result<()> {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        for (y, expected) in [([5, 6], Err(Code::DuplicateFile)), ([5, 7], Ok(4))] {
            let source = tempfile::tempdir()?;
            write(source.path(), "0.parquet", ["A", "B"], &[("x", numbers([1, 2])), ("y", numbers([5, 6]))])?;
            write(source.path(), "1.parquet", ["A", "B"], &[("x", texts.clone()), ("y", numbers(y))])?;
            assert_eq!(repaired(source.path()), expected);
        }
        Ok(())
    }

    #[test]
    fn a_column_that_is_left_out_may_be_unreadable() -> Result<()> {
        for (codes, expected) in [(["A", "B"], Err(Code::DuplicateFile)), (["A", "C"], Ok(4))] {
            let source = tempfile::tempdir()?;
            for (name, codes) in [("0.parquet", ["A", "B"]), ("1.parquet", codes)] {
                write(source.path(), name, codes, &[("x", numbers([1, 2]))])?;
                damage(&source.path().join("data").join(name))?;
            }
            assert_eq!(repaired(source.path()), expected);
        }
        Ok(())
    }
}
