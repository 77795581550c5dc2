//! Writes the small files of a store (patients.arrow, codes.arrow, ancestors.arrow) and computes checksums.

use crate::plan::layout::Layout;
use crate::source::metadata::Splits;
use crate::source::patient::Patient;
use arrow_array::types::UInt32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array, UInt16Array, UInt32Array,
};
use arrow_ipc::MetadataVersion;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::{ArrowError, Field, Schema};
use meds_store::manifest::{self, STORE_ID_KEY, Section};
use meds_store::{Code, Error, Positioned, Progress, Result};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

/// The table patients.arrow, in order of subject id.
pub fn patients(patients: &[Patient], layout: &Layout, splits: Option<&Splits>) -> Result<RecordBatch> {
    let mut order: Vec<(usize, usize)> =
        layout.shards.iter().enumerate().flat_map(|(shard, about)| about.patients.clone().map(move |patient| (shard, patient))).collect();
    order.sort_unstable_by_key(|&(_, patient)| patients[patient].id);
    let numbers = |of: &dyn Fn(usize, usize) -> u64| -> ArrayRef {
        // The layout keeps the rows and patients of a shard below 2^31.
        Arc::new(UInt32Array::from_iter_values(order.iter().map(|&(shard, patient)| of(shard, patient) as u32)))
    };
    let times = |of: fn((i64, i64)) -> i64| -> ArrayRef {
        Arc::new(order.iter().map(|&(_, patient)| patients[patient].times.map(of)).collect::<TimestampMicrosecondArray>())
    };
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(order.iter().map(|&(_, patient)| patients[patient].id)));
    let mut columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("subject_id", ids, false),
        ("shard", numbers(&|shard, _| shard as u64), false),
        ("row", numbers(&|shard, patient| (patient - layout.shards[shard].patients.start) as u64), false),
        ("events", numbers(&|_, patient| patients[patient].rows), false),
        ("static_events", numbers(&|_, patient| patients[patient].statics), false),
        ("first_time", times(|(first, _)| first), true),
        ("last_time", times(|(_, last)| last), true),
    ];
    if let Some(splits) = splits {
        let of: Vec<Option<&str>> = order.iter().map(|&(_, patient)| splits.get(&patients[patient].id).map(String::as_str)).collect();
        columns.push(("split", coded(&of).map_err(internal)?, true));
    }
    let fields: Vec<_> = columns.iter().map(|(name, array, nullable)| Field::new(*name, array.data_type().clone(), *nullable)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array, _)| array).collect()).map_err(internal)
}

fn internal(error: ArrowError) -> Error {
    Error::new(Code::Internal, format!("cannot make patients.arrow: {error}"))
}

/// A dictionary-coded array with the narrowest indexes. Entry 0 is unused, as in every dictionary of the
/// store.
fn coded(values: &[Option<&str>]) -> std::result::Result<ArrayRef, ArrowError> {
    let names: BTreeSet<&str> = values.iter().flatten().copied().collect();
    let mut filler = String::new();
    while names.contains(filler.as_str()) {
        filler.push('\0');
    }
    let slots: BTreeMap<&str, u32> = names.iter().copied().zip(1..).collect();
    let keys: Vec<Option<u32>> = values.iter().map(|name| name.and_then(|name| slots.get(name).copied())).collect();
    let dictionary: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::once(filler.as_str()).chain(names)));
    Ok(match dictionary.len() {
        0..=0x100 => Arc::new(DictionaryArray::try_new(keys.iter().map(|k| k.map(|k| k as u8)).collect::<UInt8Array>(), dictionary)?),
        0x101..=0x1_0000 => {
            Arc::new(DictionaryArray::try_new(keys.iter().map(|k| k.map(|k| k as u16)).collect::<UInt16Array>(), dictionary)?)
        }
        _ => Arc::new(DictionaryArray::<UInt32Type>::try_new(keys.into_iter().collect::<UInt32Array>(), dictionary)?),
    })
}

/// Writes a batch as an Arrow file of the store.
pub fn write(path: &Path, batch: &RecordBatch, id: &str) -> Result<()> {
    let schema =
        batch.schema().as_ref().clone().with_metadata(std::collections::HashMap::from([(STORE_ID_KEY.to_string(), id.to_string())]));
    let file = File::create(path).map_err(|e| Error::io(path, "write the store", &e))?;
    let write = || -> std::result::Result<(), ArrowError> {
        let batch = batch.clone().with_schema(Arc::new(schema.clone()))?;
        let options = IpcWriteOptions::try_new(64, false, MetadataVersion::V5)?;
        let mut writer = FileWriter::try_new_with_options(BufWriter::with_capacity(1 << 20, file), &schema, options)?;
        writer.write(&batch)?;
        writer.finish()
    };
    write().map_err(|e| match e {
        ArrowError::IoError(_, io) => Error::io(path, "write the store", &io),
        other => Error::at(Code::Internal, path, other.to_string()),
    })
}

/// Bytes per task of a checksum.
const STRETCH: u64 = 32 << 20;

/// Reads a written file back and returns its length and the CRC-32C of it and of its parts. Stretches are
/// read in parallel.
pub fn checksum(root: &Path, name: &str, frames: &[(u64, u64)], offsets: &[(u64, u64)], progress: &Progress) -> Result<manifest::File> {
    let path = root.join(name);
    let failed = |e: std::io::Error| Error::io(&path, "read back what was written", &e);
    let file = File::open(&path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let sum = |start: u64, length: u64| -> Result<u32> {
        let stretches: Vec<u64> = (start..start + length).step_by(STRETCH as usize).collect();
        let sums: Result<Vec<(u32, usize)>> = stretches
            .par_iter()
            .map(|&at| {
                let length = STRETCH.min(start + length - at);
                let mut buffer = vec![0; 1 << 20];
                let mut crc = 0;
                let mut done = 0;
                while done < length {
                    let part = &mut buffer[..(length - done).min(1 << 20) as usize];
                    file.read_exact_at(part, at + done).map_err(failed)?;
                    crc = crc32c::crc32c_append(crc, part);
                    done += part.len() as u64;
                }
                progress.advance(0, length)?;
                Ok((crc, length as usize))
            })
            .collect();
        Ok(sums?.into_iter().fold(0, |all, (crc, length)| crc32c::crc32c_combine(all, crc, length)))
    };
    let crc32c = manifest::hex(sum(0, bytes)?);
    let sections = |parts: &[(u64, u64)]| -> Result<Vec<Section>> {
        parts.iter().map(|&(offset, bytes)| Ok(Section { offset, bytes, crc32c: manifest::hex(sum(offset, bytes)?) })).collect()
    };
    Ok(manifest::File { path: name.into(), bytes, crc32c, frames: sections(frames)?, offsets: sections(offsets)? })
}
