//! The parts of a new store's manifest.

use crate::order::Ordered;
use crate::plan::facts::Facts;
use crate::plan::layout::Layout;
use crate::plan::shard::{NodeBuffers, Shard};
use crate::plan::storage::Stored;
use crate::source::column::{Column, Role};
use crate::source::metadata::Splits;
use crate::write::{index, tables};
use arrow_array::Array;
use meds_store::manifest::{self, Counts, index_name, shard_name};
use meds_store::types::type_name;
use meds_store::write::FilePlan;
use meds_store::{Progress, Result};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;

/// The entry of a column.
pub fn column(column: &Column, stored: &Stored, facts: Facts, types: &HashMap<String, String>) -> manifest::Column {
    use arrow_schema::DataType as D;
    let words = matches!(stored.data_type, D::Int64 | D::UInt64 | D::Timestamp(..) | D::Time64(_) | D::Duration(_) | D::Date64);
    manifest::Column {
        name: column.name.clone(),
        source_type: types.get(&column.name).cloned().unwrap_or_else(|| type_name(&column.source_type)),
        stored: type_name(&stored.data_type),
        storage: stored.storage,
        coded: stored.dictionary.is_some(),
        dictionary: stored.dictionary.as_ref().map_or(0, |dictionary| dictionary.values.len() as u64),
        nulls: stored.nulls,
        nan: facts.nan,
        sentinel: facts.sentinel && words && stored.dictionary.is_none(),
        ascii: matches!(stored.data_type, D::Utf8) && facts.ascii,
    }
}

/// The counts of patients, events and values. `codes` is the number of distinct codes.
pub fn counts(ordered: &Ordered, layout: &Layout, codes: u64) -> Counts {
    let (rows, patients) = (ordered.rows(), &ordered.survey.patients);
    let times = patients.iter().filter_map(|patient| patient.times);
    let mut columns = ordered.columns.list.iter().zip(&layout.stored);
    let numbers = columns.find(|(column, _)| column.role == Role::Numeric);
    Counts {
        patients: patients.len() as u64,
        events: rows,
        static_events: patients.iter().map(|patient| patient.statics).sum(),
        numeric_values: numbers.map_or(0, |(_, stored)| rows - stored.nulls),
        codes,
        longest: patients.iter().map(|patient| patient.rows).max().unwrap_or(0),
        first_time: times.clone().map(|(first, _)| first).min(),
        last_time: times.map(|(_, last)| last).max(),
    }
}

/// The number of patients in each split.
pub fn split_counts(splits: Option<&Splits>, ids: &[i64]) -> BTreeMap<String, u64> {
    // A split whose subjects have no events is still a split.
    let mut counts: BTreeMap<String, u64> = splits.iter().flat_map(|splits| splits.values()).map(|name| (name.clone(), 0)).collect();
    for split in ids.iter().filter_map(|id| splits?.get(id)) {
        *counts.entry(split.clone()).or_insert(0) += 1;
    }
    counts
}

/// The entries of some shards, with their checksums.
pub fn shards(work: &Path, layout: &Layout, shards: Range<usize>, progress: &Progress) -> Result<Vec<manifest::Shard>> {
    let entry = |at: usize| {
        let shard = &layout.shards[at];
        let file = tables::checksum(work, &shard_name(at), &frames(&shard.file), &offset_sections(shard), progress)?;
        Ok(manifest::Shard { file, patients: shard.patients.len() as u64, events: shard.rows.end - shard.rows.start })
    };
    shards.map(entry).collect()
}

/// The entries of the indexes of these shards, with their checksums.
pub fn indexes(work: &Path, shards: Range<usize>, plans: &[FilePlan], progress: &Progress) -> Result<Vec<manifest::File>> {
    let entry =
        |(at, plan): (usize, &FilePlan)| tables::checksum(work, &index_name(at), &frames(plan), &index::offset_sections(plan), progress);
    shards.zip(plans).map(entry).collect()
}

/// The entries of other files, by name, with their checksums.
pub fn files(work: &Path, names: &[String], progress: &Progress) -> Result<Vec<manifest::File>> {
    names.iter().map(|name| tables::checksum(work, name, &[], &[], progress)).collect()
}

/// The parts of a file that describe its structure.
fn frames(file: &FilePlan) -> Vec<(u64, u64)> {
    file.frames.iter().map(|span| (span.offset, span.bytes)).collect()
}

/// Every buffer of offsets in a shard.
fn offset_sections(shard: &Shard) -> Vec<(u64, u64)> {
    fn below(node: &NodeBuffers, found: &mut Vec<(u64, u64)>) {
        found.extend(node.offsets.map(|span| (span.offset, span.bytes)));
        node.children.iter().for_each(|child| below(child, found));
    }
    let mut found = vec![(shard.events.offset, shard.events.bytes)];
    for place in &shard.columns {
        found.extend(place.sparse.map(|(lists, _)| (lists.offset, lists.bytes)));
        below(&place.values, &mut found);
    }
    found
}
