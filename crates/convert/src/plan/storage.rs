//! Decides how each column is stored: its type, dense or sparse, and its dictionary.

use crate::plan::facts::narrowing;
use crate::plan::intern::{Distinct, Interner};
use crate::plan::measure::Measured;
use crate::source::children::children;
use crate::source::column::{Column, Role};
use arrow_array::{ArrayRef, Int64Array, StringArray, UInt64Array};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use meds_store::manifest::Storage;
use meds_store::{Code, Error, Result};
use std::sync::Arc;

/// The largest safe integer of JavaScript.
const EXACT: i64 = (1 << 53) - 1;

/// The dictionary of a coded column.
#[derive(Debug)]
pub struct Dictionary {
    /// Bytes per index.
    pub width: u8,
    /// The values. Entry 0 is a value that the column does not have.
    pub values: ArrayRef,
    /// Maps a value to its entry.
    pub entries: Entries,
}

/// Maps values to entries of a dictionary.
#[derive(Debug)]
pub enum Entries {
    /// For strings: their numbers, and the entry of each number.
    Texts(Interner, Vec<u32>),
    /// For 64-bit integers, by bit pattern.
    Integers(HashMap<i64, u32, FixedState>),
}

/// How a column is stored.
#[derive(Debug)]
pub struct Stored {
    /// The type of its values in the store, without the dictionary.
    pub data_type: DataType,
    /// Dense or sparse.
    pub storage: Storage,
    /// The dictionary of a dictionary-coded column.
    pub dictionary: Option<Dictionary>,
    /// Number of null rows.
    pub nulls: u64,
}

impl Stored {
    /// The field's type in the file.
    pub fn field_type(&self) -> DataType {
        match &self.dictionary {
            Some(dictionary) => DataType::Dictionary(Box::new(index_type(dictionary.width)), Box::new(self.data_type.clone())),
            None => self.data_type.clone(),
        }
    }

    /// The type of the buffers of values.
    pub fn buffer_type(&self) -> DataType {
        self.dictionary.as_ref().map_or_else(|| self.data_type.clone(), |dictionary| index_type(dictionary.width))
    }
}

fn index_type(width: u8) -> DataType {
    match width {
        1 => DataType::UInt8,
        2 => DataType::UInt16,
        _ => DataType::UInt32,
    }
}

/// Decides how a column is stored. `copies` is about how often a dictionary is written: once per shard.
pub fn decide(column: &Column, measured: &mut Measured, rows: u64, copies: u64) -> Result<Stored> {
    let nulls = rows - measured.present;
    let data_type = match narrowing(&column.wide) {
        Some(_) if measured.facts.narrow => narrow_type(&column.wide),
        _ => column.wide.clone(),
    };
    // Nested values do not have slots of a fixed size, and values of type null do not have slots at all. So
    // only rows with a value are stored.
    let nested = data_type == DataType::Null || !children(&data_type).is_empty();
    let sparse = column.role == Role::Extra && (nested || (rows > 0 && nulls / 3 >= measured.present));
    let storage = if sparse { Storage::Sparse } else { Storage::Dense };
    let slots = if sparse { measured.present } else { rows };
    let dictionary = match std::mem::replace(&mut measured.distinct, Distinct::Unknown) {
        Distinct::Texts(interner) => {
            let count = interner.len() as u64;
            let plain = 4 * slots + measured.bytes;
            let coded = u64::from(width(count)?) * slots + copies * (4 * count + interner.bytes() as u64);
            (column.role == Role::Code || (count > 0 && coded < plain)).then(|| text_dictionary(interner)).transpose()?
        }
        Distinct::Integers(integers) => {
            let values = integers.values();
            let count = values.len() as u64;
            let coded = u64::from(width(count)?) * slots + copies * 8 * count;
            (count > 0 && coded < 8 * slots).then(|| integer_dictionary(values, data_type == DataType::UInt64)).transpose()?
        }
        Distinct::Unknown => None,
    };
    Ok(Stored { data_type, storage, dictionary, nulls })
}

fn narrow_type(wide: &DataType) -> DataType {
    match wide {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
        DataType::Duration(_) => DataType::Duration(TimeUnit::Microsecond),
        _ => DataType::Date32,
    }
}

/// Bytes per index into `values` values and the unused entry 0.
fn width(values: u64) -> Result<u8> {
    Ok(match values {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => {
            return Err(Error::new(
                Code::PatientTooLarge,
                format!(
                    "A column has {values} distinct values, more than 32-bit indexes can number. Leave that column out with `exclude` (--exclude)."
                ),
            ));
        }
    })
}

fn text_dictionary(interner: Interner) -> Result<Dictionary> {
    let mut order: Vec<u32> = (0..interner.len() as u32).collect();
    order.sort_unstable_by(|a, b| interner.get(*a).cmp(interner.get(*b)));
    let mut slots = vec![0; order.len()];
    let mut filler = 0;
    while interner.lookup(&vec![0; filler]).is_some() {
        filler += 1;
    }
    let mut bytes = vec![0; filler];
    let mut offsets = vec![0, filler];
    for (slot, id) in (1..).zip(&order) {
        slots[*id as usize] = slot;
        bytes.extend_from_slice(interner.get(*id));
        offsets.push(bytes.len());
    }
    let offsets: Option<Vec<i32>> = offsets.into_iter().map(|n| i32::try_from(n).ok()).collect();
    let offsets = offsets.ok_or_else(|| {
        Error::new(
            Code::PatientTooLarge,
            "The distinct codes have more than 2 GiB of text, the limit of a store. Shorten the codes in the source.",
        )
    })?;
    let values = StringArray::try_new(OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from_vec(bytes), None);
    let values = values.map_err(|e| Error::new(Code::Internal, e.to_string()))?;
    Ok(Dictionary { width: width(order.len() as u64)?, values: Arc::new(values), entries: Entries::Texts(interner, slots) })
}

fn integer_dictionary(mut values: Vec<i64>, unsigned: bool) -> Result<Dictionary> {
    if unsigned {
        values.sort_unstable_by_key(|v| v.cast_unsigned());
    } else {
        values.sort_unstable();
    }
    // Entry 0 is the smallest integer that is absent: values ascend, so it is in the first gap. JavaScript
    // converts the whole dictionary to numbers, so the search is limited to safe integers. There are 2^54 - 1
    // of these (2^53 if unsigned), and a dictionary has fewer than 2^32 values.
    let mut filler = if unsigned { 0 } else { -EXACT };
    for value in values.iter().skip_while(|value| !unsigned && **value < -EXACT) {
        if *value != filler {
            break;
        }
        filler += 1;
    }
    let slots = values.iter().copied().zip(1..).collect();
    let width = width(values.len() as u64)?;
    values.insert(0, filler);
    let values: ArrayRef = match unsigned {
        true => Arc::new(UInt64Array::from_iter_values(values.iter().map(|v| v.cast_unsigned()))),
        false => Arc::new(Int64Array::from(values)),
    };
    Ok(Dictionary { width, values, entries: Entries::Integers(slots) })
}

/// The columns in the order of the file: dense columns, then sparse columns.
pub fn in_order(stored: &[Stored]) -> impl Iterator<Item = usize> + '_ {
    let of = |storage| (0..stored.len()).filter(move |&at| stored[at].storage == storage);
    of(Storage::Dense).chain(of(Storage::Sparse))
}
