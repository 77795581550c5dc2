//! Files that are copies of each other: they have the same rows, whatever their writer, compression, row groups or order of rows.
//! To merge them would count every event twice.

use crate::options::Options;
use crate::read::{Batch, Reader};
use crate::schema::{Column, Columns};
use crate::sort::plain;
use crate::source::{Content, Source};
use crate::survey::{Group, groups, subject_column};
use arrow_array::new_null_array;
use arrow_row::{RowConverter, SortField};
use arrow_schema::ArrowError;
use foldhash::quality::FixedState;
use meds_store::{Code, Error, Progress, Result};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

/// Refuses a source in which two files have the same rows, or one has the rows of all others together (a dataset beside its own shards). Only files
/// with as many rows and the same subjects are read whole.
pub fn refuse(source: &Source, progress: &Progress) -> Result<()> {
    let mut by_rows: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let mut all = 0;
    for (at, file) in source.files.iter().enumerate().filter(|(_, file)| matches!(file.content, Content::Parquet(_))) {
        let rows = (0..file.groups()).map(|group| file.rows(group)).sum();
        all += rows;
        if rows > 0 {
            by_rows.entry(rows).or_default().push(at);
        }
    }
    for (rows, files) in by_rows {
        if let Some([first, second]) = copies(source, &files, progress)? {
            let what = format!("the same {rows} rows as {}: one of these files is a copy of the other", source.files[first].path.display());
            return Err(duplicate(source, second, &what));
        }
        if let [one] = files[..]
            && 2 * rows == all
            && is_all_others(source, one, progress)?
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

/// Has a file the rows of all others, and no other rows?
fn is_all_others(source: &Source, file: usize, progress: &Progress) -> Result<bool> {
    let files: Vec<usize> = (0..source.files.len()).collect();
    let Some(compared) = Compared::of(source, &files)? else { return Ok(false) };
    for columns in [&compared.every()[..1], &compared.every()] {
        let sums = compared.sums(&files, columns, progress)?;
        let one = sums.get(&file).copied().unwrap_or_default();
        if sums.values().fold(0u128, |all, sum| all.wrapping_add(*sum)) != one.wrapping_mul(2) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The first two of some files that have the same rows.
fn copies(source: &Source, files: &[usize], progress: &Progress) -> Result<Option<[usize; 2]>> {
    let Some(compared) = Compared::of(source, files)? else { return Ok(None) };
    let all: Vec<usize> = (0..files.len()).collect();
    for same in compared.equal(&all, &compared.every()[..1], progress)? {
        if let Some(same) = compared.equal(&same, &compared.every(), progress)?.first() {
            return Ok(Some([files[same[0]], files[same[1]]]));
        }
    }
    Ok(None)
}

/// Files whose rows are compared, in all columns, also those that the conversion leaves out: rows that differ in these alone are not copies.
struct Compared {
    source: Source,
    subjects: Column,
    columns: Columns,
}

impl Compared {
    /// Opens files; `None` where there is nothing to compare, or their columns have no types in common.
    fn of(source: &Source, files: &[usize]) -> Result<Option<Self>> {
        if files.len() < 2 {
            return Ok(None);
        }
        let named = |at: &usize| (source.files[*at].name.clone(), source.files[*at].path.clone());
        let source = Source::of_files(files.iter().map(named).collect())?;
        let columns = Columns::unify(&source, &Options::default(), &mut Vec::new()).ok();
        Ok(columns.map(|columns| Self { subjects: subject_column(&columns), source, columns }))
    }

    /// All columns, the subjects first.
    fn every(&self) -> Vec<&Column> {
        std::iter::once(&self.subjects).chain(&self.columns.list).collect()
    }

    /// Of each of some files the sum of its hashed rows: files with the same rows have the same sum, in any order of the rows.
    fn sums(&self, files: &[usize], columns: &[&Column], progress: &Progress) -> Result<BTreeMap<usize, u128>> {
        let parts: Vec<Group> = groups(&self.source).into_iter().filter(|group| files.contains(&group.file)).collect();
        let sums: Result<Vec<u128>> = parts.par_iter().map(|part| sum(&self.source, *part, columns, progress)).collect();
        let mut of_file: BTreeMap<usize, u128> = BTreeMap::new();
        for (part, sum) in parts.iter().zip(sums?) {
            let whole = of_file.entry(part.file).or_default();
            *whole = whole.wrapping_add(sum);
        }
        Ok(of_file)
    }

    /// Of some files those that have the same values in some columns: groups of two files or more.
    fn equal(&self, files: &[usize], columns: &[&Column], progress: &Progress) -> Result<Vec<Vec<usize>>> {
        let mut by_sum: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
        for (file, sum) in self.sums(files, columns, progress)? {
            by_sum.entry(sum).or_default().push(file);
        }
        Ok(by_sum.into_values().filter(|files| files.len() > 1).collect())
    }
}

/// The sum of a row group's hashed rows: the same in any order of them.
fn sum(source: &Source, group: Group, columns: &[&Column], progress: &Progress) -> Result<u128> {
    let state = FixedState::default();
    let mut hashes = vec![0u64; (group.end - group.start) as usize];
    for column in columns {
        let converter = RowConverter::new(vec![SortField::new(column.wide.clone())]).map_err(|e| unhashed(&e))?;
        let mut reader = Reader::open(&source.files[group.file], group.file, group.group, column)?;
        let mut left = hashes.iter_mut();
        while let Some(batch) = reader.next()? {
            progress.check()?;
            let array = match batch {
                Batch::Array(array) => plain(&array, column)?,
                Batch::Nulls(rows) => new_null_array(&column.wide, rows),
            };
            let rows = converter.convert_columns(&[array]).map_err(|e| unhashed(&e))?;
            for (hash, row) in left.by_ref().zip(&rows) {
                *hash = state.hash_one((*hash, row.data()));
            }
        }
    }
    Ok(hashes.into_iter().map(u128::from).sum())
}

fn unhashed(error: &ArrowError) -> Error {
    Error::new(Code::Internal, format!("cannot compare the rows of two files: {error}"))
}
