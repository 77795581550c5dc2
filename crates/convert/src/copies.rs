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

/// Refuses a source in which two files have the same rows. Only files with as many rows and the same subjects are read whole.
pub fn refuse(source: &Source, progress: &Progress) -> Result<()> {
    let mut by_rows: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, file) in source.files.iter().enumerate() {
        let rows = (0..file.groups()).map(|group| file.rows(group)).sum();
        if rows > 0 && matches!(file.content, Content::Parquet(_)) {
            by_rows.entry(rows).or_default().push(at);
        }
    }
    for (rows, files) in by_rows {
        let Some([first, second]) = copies(source, &files, progress)? else { continue };
        let message = format!(
            "contains the same {rows} rows as {}: one of these files is a copy of the other. Remove one of them from the source.",
            source.files[first].path.display()
        );
        return Err(Error::at(Code::DuplicateFile, &source.files[second].path, message));
    }
    Ok(())
}

/// The first two of some files that have the same rows.
fn copies(source: &Source, files: &[usize], progress: &Progress) -> Result<Option<[usize; 2]>> {
    if files.len() < 2 {
        return Ok(None);
    }
    let named = |at: &usize| (source.files[*at].name.clone(), source.files[*at].path.clone());
    let some = Source::of_files(files.iter().map(named).collect())?;
    // All columns, also those that the conversion leaves out: rows that differ in these alone are not copies.
    let Ok(columns) = Columns::unify(&some, &Options::default(), &mut Vec::new()) else { return Ok(None) };
    let subjects = subject_column(&columns);
    let every: Vec<&Column> = std::iter::once(&subjects).chain(&columns.list).collect();
    let all: Vec<usize> = (0..files.len()).collect();
    for same in equal(&some, &all, &every[..1], progress)? {
        if let Some(same) = equal(&some, &same, &every, progress)?.first() {
            return Ok(Some([files[same[0]], files[same[1]]]));
        }
    }
    Ok(None)
}

/// Of some files those that have the same values in some columns, in any order of the rows: groups of two files or more.
fn equal(source: &Source, files: &[usize], columns: &[&Column], progress: &Progress) -> Result<Vec<Vec<usize>>> {
    let parts: Vec<Group> = groups(source).into_iter().filter(|group| files.contains(&group.file)).collect();
    let sums: Result<Vec<u128>> = parts.par_iter().map(|part| sum(source, *part, columns, progress)).collect();
    let mut of_file: BTreeMap<usize, u128> = BTreeMap::new();
    for (part, sum) in parts.iter().zip(sums?) {
        let whole = of_file.entry(part.file).or_default();
        *whole = whole.wrapping_add(sum);
    }
    let mut by_sum: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
    for (file, sum) in of_file {
        by_sum.entry(sum).or_default().push(file);
    }
    Ok(by_sum.into_values().filter(|files| files.len() > 1).collect())
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
