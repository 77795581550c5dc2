//! The columns of a shard that queries read.

use meds_store::read::{Array, File};
use meds_store::{Error, Result, Store};

/// A code id as a shard stores it: 1, 2 or 4 little-endian bytes.
pub trait Id: Copy + Send + Sync {
    /// The id.
    fn id(self) -> u32;
    /// Whether any id of the block is in `[begin, begin + extra]`, and whether every id is in `[1, last]`.
    /// Computed in the id's own width, so that a vector register has room for as many ids as possible.
    fn scan(block: &[Self], begin: u32, extra: u32, last: u32) -> (bool, bool);
}

macro_rules! ids {
    ($($int:ty = $bytes:literal),*) => {$(
        impl Id for [u8; $bytes] {
            #[inline(always)]
            fn id(self) -> u32 {
                u32::from(<$int>::from_le_bytes(self))
            }

            #[inline(always)]
            fn scan(block: &[Self], begin: u32, extra: u32, last: u32) -> (bool, bool) {
                let narrow = |wide: u32| <$int>::try_from(wide).unwrap_or(<$int>::MAX);
                let (begin, extra, outside) = (narrow(begin), narrow(extra), narrow(last.saturating_sub(1)));
                let (mut any, mut wrong) = (false, false);
                for word in block {
                    let id = <$int>::from_le_bytes(*word);
                    any |= id.wrapping_sub(begin) <= extra;
                    wrong |= id.wrapping_sub(1) > outside;
                }
                // Without codes every id is wrong, except in an empty block.
                (any, !wrong && (last > 0 || block.is_empty()))
            }
        }
    )*};
}
ids!(u8 = 1, u16 = 2, u32 = 4);

/// The code ids of all rows of a shard.
#[derive(Clone, Copy)]
pub enum Ids<'a> {
    One(&'a [[u8; 1]]),
    Two(&'a [[u8; 2]]),
    Four(&'a [[u8; 4]]),
}

/// Runs `$body` with `$name` bound to the ids of a range of rows, compiled once per width. Returns an error
/// where the range is outside the column.
macro_rules! with_ids {
    ($shard:expr, $range:expr, $name:ident => $body:expr) => {
        match $shard.ids {
            $crate::shard::Ids::One(all) => $crate::shard::part($shard, all, $range).and_then(|$name| $body),
            $crate::shard::Ids::Two(all) => $crate::shard::part($shard, all, $range).and_then(|$name| $body),
            $crate::shard::Ids::Four(all) => $crate::shard::part($shard, all, $range).and_then(|$name| $body),
        }
    };
}
pub(crate) use with_ids;

/// The numeric values of all rows of a shard.
#[derive(Clone, Copy)]
pub enum Values<'a> {
    None,
    Single(&'a [[u8; 4]]),
    Double(&'a [[u8; 8]]),
}

/// A shard whose lists of events [`Store::shard`] has checked.
pub struct Shard<'a> {
    file: &'a File,
    events: Array<'a>,
    pub times: &'a [[u8; 8]],
    pub ids: Ids<'a>,
    pub values: Values<'a>,
    /// The values with their bitmap, where some value is a real NaN, so that NaN alone does not mean null.
    valid: Option<Array<'a>>,
}

impl<'a> Shard<'a> {
    /// Binds the columns of a shard.
    pub fn new(store: &'a Store, shard: usize) -> Result<Self> {
        let file = store.shard(shard)?;
        let lacks = |name: &str| file.corrupt(&format!("does not have column \"{name}\""));
        let events = file.array("events").ok_or_else(|| lacks("events"))?;
        let item = events.child(0);
        let column = |name: &str| item.named(name).ok_or_else(|| lacks(name));
        let code = column("code")?;
        let ids = match code.node.dictionary.as_ref().map(|d| d.index_width) {
            Some(1) => Ids::One(code.words()),
            Some(2) => Ids::Two(code.words()),
            Some(4) => Ids::Four(code.words()),
            _ => return Err(file.corrupt("has codes without a dictionary")),
        };
        let value = item.named("numeric_value");
        let values = match value.map(|value| (value.node.data_type.id, value)) {
            None => Values::None,
            Some(("float32", value)) if value.node.dictionary.is_none() => Values::Single(value.words()),
            Some(("float64", value)) if value.node.dictionary.is_none() => Values::Double(value.words()),
            Some(_) => return Err(file.corrupt("has a numeric_value that is not a float")),
        };
        let nan = store.manifest().columns.iter().any(|column| column.name == "numeric_value" && column.nan);
        Ok(Self { file, events, times: column("time")?.words(), ids, values, valid: value.filter(|_| nan) })
    }

    /// The rows of a patient in the shard.
    pub fn rows_of(&self, patient: usize) -> std::ops::Range<usize> {
        self.events.offset(patient)..self.events.offset(patient + 1)
    }

    /// The time of a row.
    pub fn time(&self, row: usize) -> Result<i64> {
        self.times.get(row).map(|word| i64::from_le_bytes(*word)).ok_or_else(|| self.short())
    }

    /// The code id of a row. `last`: the last id of the table of codes.
    pub fn id(&self, row: usize, last: u32) -> Result<u32> {
        let id = with_ids!(self, row..row + 1, ids => Ok(ids[0].id()))?;
        if id.wrapping_sub(1) < last { Ok(id) } else { Err(self.wrong_id()) }
    }

    /// The numeric value of a row; `None` where it is null.
    pub fn value(&self, row: usize) -> Result<Option<f64>> {
        let value = match self.values {
            Values::None => return Ok(None),
            Values::Single(all) => all.get(row).map(|word| f64::from(f32::from_le_bytes(*word))),
            Values::Double(all) => all.get(row).map(|word| f64::from_le_bytes(*word)),
        };
        let value = value.ok_or_else(|| self.short())?;
        Ok((!value.is_nan() || self.is_real_nan(row)).then_some(value))
    }

    /// Whether some value is a real NaN.
    pub fn has_real_nans(&self) -> bool {
        self.valid.is_some()
    }

    /// Whether a NaN in this row's slot is a value.
    pub fn is_real_nan(&self, row: usize) -> bool {
        self.valid.is_some_and(|values| values.valid(row))
    }

    /// Checks that a column with this number of slots has one for every row of some runs.
    pub fn reaches(&self, mut runs: impl Iterator<Item = std::ops::Range<usize>>, slots: usize) -> Result<()> {
        if runs.all(|run| run.end <= slots) { Ok(()) } else { Err(self.short()) }
    }

    /// The error for a column with fewer slots than rows.
    pub fn short(&self) -> Error {
        self.file.corrupt("has a column that is shorter than its rows")
    }

    /// The error for a time outside the first and last time of the store.
    pub fn wrong_time(&self) -> Error {
        self.file.corrupt("has times outside the store's first and last time")
    }

    /// The error for a code id outside the table of codes.
    pub fn wrong_id(&self) -> Error {
        self.file.corrupt("has code ids outside the table of codes")
    }
}

/// A range of a column's words. A range outside the column means that the store is damaged.
#[inline]
pub fn part<'a, W>(shard: &Shard, all: &'a [W], range: std::ops::Range<usize>) -> Result<&'a [W]> {
    all.get(range).ok_or_else(|| shard.short())
}
