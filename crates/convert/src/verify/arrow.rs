//! A store as the Arrow library reads it.

use crate::arrays::cast::cast;
use crate::source::guard::guarded;
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type};
use arrow_array::{ArrayRef, ListArray, RecordBatch, StructArray, TimestampMicrosecondArray, UInt64Array};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::root_as_footer;
use arrow_schema::ArrowError;
use arrow_select::take::take;
use meds_store::read::Mapping;
use meds_store::{Code, Error, Result, Store};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Where the rows of a patient are.
pub struct Location {
    pub shard: usize,
    /// Row number of the patient in the shard.
    pub row: usize,
    pub first: usize,
    pub statics: usize,
    pub events: usize,
}

/// A shard as the Arrow library reads it.
pub struct Shard {
    pub events: StructArray,
    pub sparse: Option<StructArray>,
    pub times: TimestampMicrosecondArray,
    /// For each run of equal times, at its first row: how many rows of the source were matched to it.
    pub taken: Vec<u32>,
}

impl Shard {
    /// Reads a shard.
    pub fn open(store: &Store, at: usize) -> Result<Self> {
        let batch = shard(store, at)?;
        let events: StructArray = batch.column(1).as_list::<i32>().values().as_struct().clone();
        let times = events.column_by_name("time").map(|c| c.as_primitive::<TimestampMicrosecondType>().clone());
        let times = times.ok_or_else(|| Error::new(Code::Corrupt, "a shard has no times. Convert the source again."))?;
        let sparse = batch.column_by_name("sparse").map(|c| c.as_struct().clone());
        Ok(Self { taken: vec![0; times.len()], events, sparse, times })
    }

    /// First row of the run of `time` among the timed rows of a patient, or where it would be. `near`: the
    /// run of the row before.
    pub fn run(&self, timed: Range<usize>, time: i64, near: Option<usize>) -> usize {
        let values = self.times.values();
        if let Some(near) = near.filter(|near| timed.contains(near)) {
            if values[near] == time {
                return near;
            }
            let next = near + self.taken[near] as usize;
            if timed.contains(&next) && values[next] == time && values[next - 1] < time {
                return next;
            }
        }
        timed.start + values[timed].partition_point(|t| *t < time)
    }

    /// The values of a dense column at some positions.
    pub fn dense(&self, name: &str, part: &[Option<(usize, usize)>]) -> Result<ArrayRef, ArrowError> {
        let rows: UInt64Array = part.iter().map(|position| position.map(|(_, at)| at as u64)).collect();
        take(self.events.column_by_name(name).ok_or_else(missing)?, &rows, None)
    }

    /// The values of a sparse column at some positions.
    pub fn sparse(&self, name: &str, part: &[Option<(usize, usize)>], locations: &[Location]) -> Result<ArrayRef, ArrowError> {
        let lists: &ListArray = self.sparse.as_ref().and_then(|s| s.column_by_name(name)).ok_or_else(missing)?.as_list();
        let pairs = lists.values().as_struct();
        let rows = cast(pairs.column(0), &arrow_schema::DataType::UInt32)?;
        let rows = rows.as_primitive::<UInt32Type>().values();
        let find = |&(patient, at): &(usize, usize)| {
            let location: &Location = &locations[patient];
            let offsets = lists.value_offsets();
            let (begin, end) = (offsets[location.row].unsigned_abs() as usize, offsets[location.row + 1].unsigned_abs() as usize);
            rows[begin..end].binary_search(&((at - location.first) as u32)).ok().map(|found| (begin + found) as u64)
        };
        let indexes: UInt64Array = part.iter().map(|position| position.as_ref().and_then(find)).collect();
        take(pairs.column(1), &indexes, None)
    }
}

/// The shard of a row, if it has one.
pub fn shard_of(position: &Option<(usize, usize)>, locations: &[Location]) -> Option<usize> {
    position.map(|(patient, _)| locations[patient].shard)
}

/// The record batch of patients.arrow.
pub fn patients(store: &Store) -> Result<RecordBatch> {
    decode(&store.patients().map, &store.patients().path)
}

/// The record batch of a shard.
pub fn shard(store: &Store, at: usize) -> Result<RecordBatch> {
    let file = store.shard(at)?;
    decode(&file.map, &file.path)
}

fn missing() -> ArrowError {
    ArrowError::SchemaError("the shard does not have the column".into())
}

/// The error for values that the Arrow library cannot compare.
pub fn internal(error: &ArrowError) -> Error {
    Error::new(Code::Internal, format!("cannot compare: {error}"))
}

/// The one record batch of a file, read by the Arrow library without a copy.
fn decode(map: &Arc<Mapping>, path: &Path) -> Result<RecordBatch> {
    let read = || -> parquet::errors::Result<RecordBatch> {
        let buffer = map.buffer();
        let bytes = buffer.as_slice();
        let broken = |what: &str| ArrowError::IpcError(what.to_string());
        let end = bytes.len().checked_sub(10).ok_or_else(|| broken("too short"))?;
        let length = bytes[end..].first_chunk::<4>().map_or(0, |n| u32::from_le_bytes(*n)) as usize;
        let start = end.checked_sub(length).ok_or_else(|| broken("footer too long"))?;
        let footer = root_as_footer(&bytes[start..end]).map_err(|e| broken(&e.to_string()))?;
        let schema = try_fb_to_schema(footer.schema().ok_or_else(|| broken("no schema"))?)?;
        let mut decoder = FileDecoder::new(Arc::new(schema), footer.version()).with_require_alignment(true);
        let cut = |block: &arrow_ipc::Block| {
            buffer.slice_with_length(block.offset() as usize, block.metaDataLength() as usize + block.bodyLength() as usize)
        };
        for block in footer.dictionaries().into_iter().flatten() {
            decoder.read_dictionary(block, &cut(block))?;
        }
        let block = footer.recordBatches().and_then(|blocks| blocks.iter().next()).ok_or_else(|| broken("no batch"))?;
        let batch = decoder.read_record_batch(block, &cut(block))?;
        Ok(batch.ok_or_else(|| broken("no batch"))?)
    };
    guarded(read).map_err(|e| Error::at(Code::Corrupt, path, format!("the Arrow library cannot read it: {e}. Convert the source again.")))
}
