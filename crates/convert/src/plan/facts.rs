//! Properties of a column's values, and the narrower types that they allow.

use arrow_schema::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};

/// Properties of the values.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Facts {
    /// Some value is NaN.
    pub nan: bool,
    /// Some value is the int64 minimum.
    pub sentinel: bool,
    /// Every value fits without loss in microseconds (times) or days (date64).
    pub narrow: bool,
    /// Every byte of text is ASCII.
    pub ascii: bool,
}

impl Facts {
    /// The properties of no values.
    pub(super) const NONE: Self = Self { nan: false, sentinel: false, narrow: true, ascii: true };

    /// Combines them with those of other values.
    pub(super) fn add(&mut self, other: Self) {
        self.nan |= other.nan;
        self.sentinel |= other.sentinel;
        self.narrow &= other.narrow;
        self.ascii &= other.ascii;
    }
}

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// How a time of another unit becomes microseconds, and a date64 becomes days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Narrowing {
    /// Milliseconds to the days of a date32. Exact if there is no time of day and the days fit in 32 bits.
    Days,
    /// A finer unit. Exact if there is no remainder.
    Divide(i64),
    /// A coarser unit. Exact if it does not overflow.
    Multiply(i64),
}

/// The narrowing of a type, if it has one.
pub fn narrowing(data_type: &DataType) -> Option<Narrowing> {
    let unit = match data_type {
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) | DataType::Duration(unit) => unit,
        DataType::Date64 => return Some(Narrowing::Days),
        _ => return None,
    };
    match unit {
        TimeUnit::Second => Some(Narrowing::Multiply(1_000_000)),
        TimeUnit::Millisecond => Some(Narrowing::Multiply(1_000)),
        TimeUnit::Microsecond => None,
        TimeUnit::Nanosecond => Some(Narrowing::Divide(1_000)),
    }
}
