//! The rows of the groups that have one of the codes, as a table.

use crate::fields::{Bound, Place, lower};
use crate::gather::{Gathered, NONE, TOO_LARGE, gather, plain_type};
use crate::query::Query;
use crate::work;
use arrow_array::{Array as _, ArrayRef, DictionaryArray, Int64Array, RecordBatch, UInt8Array, UInt16Array, UInt32Array, make_array};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use arrow_select::concat::concat;
use arrow_select::interleave::interleave;
use meds_store::read::{Array, File};
use meds_store::{Code, Error, Result};
use std::sync::Arc;

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `subject_id`: int64.
    Subject,
    /// `window`: the number of the window, uint32. The number of the query's first window is this.
    Window(u32),
    /// A column of the store.
    Column(String),
}

/// A row that was found: its group, patient (the row of the shard's lists) and row of the shard.
struct Found {
    group: u32,
    shard: u32,
    patient: u32,
    first: u32,
    row: u32,
}

impl<'a> Query<'a> {
    /// The rows that have one of the codes, in the order of the groups: at most `most` of them. `compact`:
    /// dictionaries contain only values that occur, if that makes them smaller.
    pub fn select(&self, wanted: &'a [Wanted], most: usize, compact: bool) -> Result<RecordBatch> {
        let subjects = self.subjects()?;
        let bind = |wanted: &'a Wanted| match wanted {
            Wanted::Column(name) => self.bind(name).map(Some),
            _ => Ok(None),
        };
        let bound = wanted.iter().map(bind).collect::<Result<Vec<_>>>()?;
        let (_, parts) = self.each_range(
            || (),
            |(), chunk| {
                let mut found = self.found(chunk)?;
                found.truncate(most);
                let column = |(wanted, bound): (&Wanted, &Option<Bound>)| -> Result<ArrayRef> {
                    Ok(match (wanted, bound) {
                        (_, Some(bound)) => self.column(bound, &found)?,
                        (Wanted::Window(base), _) => Arc::new(UInt32Array::from_iter_values(found.iter().map(|row| base + row.group))),
                        _ => Arc::new(Int64Array::from_iter_values(found.iter().map(|row| subjects[row.group as usize]))),
                    })
                };
                wanted.iter().zip(&bound).map(column).collect::<Result<Vec<_>>>()
            },
        )?;
        let rows = parts.iter().map(|columns| columns.first().map_or(0, |column| column.len())).sum::<usize>().min(most);
        let columns = work::each(
            &(0..wanted.len()).map(|at| at..at + 1).collect::<Vec<_>>(),
            self.threads(),
            self.progress(),
            || (),
            |(), _, at| {
                self.joined(bound[at.start].as_ref(), parts.iter().map(|columns| &columns[at.start]), rows, &wanted[at.start], compact)
            },
        )?;
        let fields = wanted.iter().zip(&columns.1).map(|(wanted, column)| {
            let (name, nullable) = match wanted {
                Wanted::Subject => ("subject_id", false),
                Wanted::Window(_) => ("window", false),
                Wanted::Column(name) => (name.as_str(), name != "code"),
            };
            Field::new(name, column.data_type().clone(), nullable)
        });
        let schema = Schema::new(fields.collect::<Vec<_>>());
        RecordBatch::try_new(Arc::new(schema), columns.1).map_err(|e| internal(&e))
    }

    fn found(&self, chunk: std::ops::Range<usize>) -> Result<Vec<Found>> {
        let mut found = vec![];
        for at in chunk {
            let group = &self.groups[at];
            let patient = group.slot - self.base[group.shard as usize] as u32;
            let one = |row: usize| Found { group: at as u32, shard: group.shard, patient, first: group.first, row: row as u32 };
            self.matches(group, |row, _| found.push(one(row)))?;
        }
        Ok(found)
    }

    /// The values of rows of any shards.
    fn column(&self, bound: &Bound, found: &[Found]) -> Result<ArrayRef> {
        let mut used: Vec<u32> = found.iter().map(|row| row.shard).collect();
        used.sort_unstable();
        used.dedup();
        let of_shard = |shard: u32| -> Result<ArrayRef> {
            let file = self.store.shard(shard as usize)?;
            let place = bound.places[shard as usize].ok_or_else(|| file.corrupt(&format!("does not have column {:?}", bound.name)))?;
            let own = found.iter().filter(|row| row.shard == shard);
            let at: Gathered<Vec<u32>> = match place {
                Place::Dense(_) => Ok(own.map(|row| row.row).collect()),
                Place::Sparse { lists, rows, .. } => entries(lists, rows, own),
            };
            let data = at.and_then(|at| gather(place.values(), &bound.of, &at)).map_err(|clause| clause_of(file, &clause))?;
            Ok(make_array(data))
        };
        let arrays = used.iter().map(|shard| of_shard(*shard)).collect::<Result<Vec<_>>>()?;
        match &arrays[..] {
            [] => Ok(arrow_array::new_empty_array(&plain_type(&bound.of))),
            [one] => Ok(one.clone()),
            many => {
                let mut next = vec![0; many.len()];
                let place = |row: &Found| {
                    let at = used.partition_point(|shard| *shard < row.shard);
                    next[at] += 1;
                    (at, next[at] - 1)
                };
                let places: Vec<(usize, usize)> = found.iter().map(place).collect();
                let all: Vec<&dyn arrow_array::Array> = many.iter().map(AsRef::as_ref).collect();
                interleave(&all, &places).map_err(|e| internal(&e))
            }
        }
    }

    /// The parts of a column as one array, with its dictionary.
    fn joined<'b>(
        &self,
        bound: Option<&Bound>,
        parts: impl Iterator<Item = &'b ArrayRef>,
        rows: usize,
        wanted: &Wanted,
        compact: bool,
    ) -> Result<ArrayRef> {
        let parts: Vec<&dyn arrow_array::Array> = parts.map(AsRef::as_ref).collect();
        let all = match parts[..] {
            [] => arrow_array::new_empty_array(&match (wanted, bound) {
                (_, Some(bound)) => plain_type(&bound.of),
                (Wanted::Window(_), _) => DataType::UInt32,
                _ => DataType::Int64,
            }),
            _ => concat(&parts).map_err(|e| internal(&e))?.slice(0, rows),
        };
        let Some(bound) = bound else { return Ok(all) };
        let DataType::Dictionary(_, values) = &bound.of else { return Ok(all) };
        if **values != DataType::Utf8 {
            return Ok(all);
        }
        let Some((shard, place)) = bound.places.iter().enumerate().find_map(|(shard, place)| Some((shard, (*place)?))) else {
            return Ok(all);
        };
        let file = self.store.shard(shard)?;
        let texts = place.values().dictionary().ok_or_else(|| file.corrupt("has codes without a dictionary"))?;
        let made = coded(&all, texts, compact).map_err(|clause| clause_of(file, &clause))?;
        Ok(made)
    }
}

/// For each row its entry among the values of a sparse column.
fn entries<'b>(lists: Array, rows: Array, found: impl Iterator<Item = &'b Found>) -> Gathered<Vec<u32>> {
    let outside = || format!("has rows outside the values of \"{}\"", lists.node.name);
    let (mut patient, mut run) = (None, 0..0);
    let mut at = vec![];
    for row in found {
        if patient != Some(row.patient) {
            run = lists.offset(row.patient as usize)..lists.offset(row.patient as usize + 1);
            patient = Some(row.patient);
            if run.start > run.end || run.end > rows.len() {
                return Err(outside());
            }
        }
        let wanted = row.row - row.first;
        let low = lower(run.clone(), |entry| rows.row(entry) < wanted);
        at.push(if low < run.end && rows.row(low) == wanted { low as u32 } else { NONE });
    }
    Ok(at)
}

/// Keys with their dictionary.
fn coded(keys: &ArrayRef, texts: Array, compact: bool) -> Gathered<ArrayRef> {
    let failed = |e: ArrowError| format!("has damaged keys ({e})");
    if compact && keys.len() < texts.len() {
        let own = wide(keys);
        let mut used = own.clone();
        used.sort_unstable();
        used.dedup();
        let values = make_array(gather(texts, &DataType::Utf8, &used)?);
        let found = own.iter().enumerate().map(|(i, key)| keys.is_valid(i).then(|| used.partition_point(|own| own < key) as u32));
        let array = DictionaryArray::try_new(UInt32Array::from_iter(found), values).map_err(failed)?;
        return Ok(Arc::new(array));
    }
    let every: Vec<u32> = (0..texts.len() as u32).collect();
    let values = make_array(gather(texts, &DataType::Utf8, &every)?);
    let any = keys.as_any();
    Ok(if let Some(keys) = any.downcast_ref::<UInt8Array>() {
        Arc::new(DictionaryArray::try_new(keys.clone(), values).map_err(failed)?)
    } else if let Some(keys) = any.downcast_ref::<UInt16Array>() {
        Arc::new(DictionaryArray::try_new(keys.clone(), values).map_err(failed)?)
    } else if let Some(keys) = any.downcast_ref::<UInt32Array>() {
        Arc::new(DictionaryArray::try_new(keys.clone(), values).map_err(failed)?)
    } else {
        return Err("has keys of an unknown type".into());
    })
}

/// Keys in 32 bits.
fn wide(keys: &ArrayRef) -> Vec<u32> {
    let any = keys.as_any();
    if let Some(keys) = any.downcast_ref::<UInt8Array>() {
        keys.values().iter().map(|key| u32::from(*key)).collect()
    } else if let Some(keys) = any.downcast_ref::<UInt16Array>() {
        keys.values().iter().map(|key| u32::from(*key)).collect()
    } else {
        any.downcast_ref::<UInt32Array>().map_or_else(Vec::new, |keys| keys.values().to_vec())
    }
}

fn clause_of(file: &File, clause: &str) -> Error {
    if clause == TOO_LARGE { too_large() } else { file.corrupt(clause) }
}

fn too_large() -> Error {
    let message = "A column of the table would exceed 2 GiB of text or of list items. Select fewer rows or columns at a time.";
    Error::new(Code::InvalidArgument, message)
}

fn internal(error: &ArrowError) -> Error {
    match error {
        ArrowError::OffsetOverflowError(_) => too_large(),
        other => Error::new(Code::Internal, format!("the rows cannot be made into a table: {other}.")),
    }
}
