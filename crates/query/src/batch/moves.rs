//! Moves columns of consecutive rows. One loop per array without a branch, so that the compiler turns it into
//! vector instructions.

use super::{CodeCells, Tokens, wrong};
use crate::shard::Id;
use meds_store::Result;

/// Microseconds per day.
const DAY: f64 = 86_400_000_000.0;

/// The float64 whose last bits are an integer's, for integers that are less than 2^51 from 0: 1.5 * 2^52.
/// Older processors have no vector instruction that turns an int64 into a float64.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// 2^51.
const NEAR: i64 = 1 << 51;

/// A numeric value as a shard stores it; null is NaN.
pub trait Number: Copy {
    fn number(self) -> f64;
    fn single(self) -> f32;
}

impl Number for [u8; 4] {
    #[inline(always)]
    fn number(self) -> f64 {
        f64::from(self.single())
    }

    #[inline(always)]
    fn single(self) -> f32 {
        f32::from_le_bytes(self)
    }
}

impl Number for [u8; 8] {
    #[inline(always)]
    fn number(self) -> f64 {
        f64::from_le_bytes(self)
    }

    #[inline(always)]
    fn single(self) -> f32 {
        self.number() as f32
    }
}

/// Refuses an array that is requested and does not have one element per row.
#[inline(always)]
fn fits<T>(out: &[T], rows: usize) -> Result<()> {
    if out.is_empty() || out.len() == rows { Ok(()) } else { Err(wrong("positions")) }
}

#[inline(always)]
pub fn codes<I: Id>(ids: &[I], tokens: &Tokens, out: &mut CodeCells) -> Result<()> {
    match out {
        CodeCells::Narrow(out) => mapped(ids, tokens, out, |id| id),
        CodeCells::Wide(out) => mapped(ids, tokens, out, i64::from),
    }
}

#[inline(always)]
fn mapped<I: Id, T>(ids: &[I], tokens: &Tokens, out: &mut [T], token: impl Fn(i32) -> T) -> Result<()> {
    fits(out, ids.len())?;
    if tokens.ids.is_empty() {
        for (cell, id) in out.iter_mut().zip(ids) {
            *cell = token(id.id() as i32);
        }
        return Ok(());
    }
    for (cell, id) in out.iter_mut().zip(ids) {
        let own = tokens.ids.get(id.id() as usize).ok_or_else(|| wrong("tokens"))?;
        *cell = token(*own);
    }
    Ok(())
}

#[inline(always)]
pub fn numbers<I: Id, N: Number>(ids: &[I], values: &[N], tokens: &Tokens, out: &mut [f32], mask: &mut [u8]) -> Result<()> {
    fits(out, values.len())?;
    fits(mask, values.len())?;
    if tokens.mean.is_empty() {
        for (cell, value) in out.iter_mut().zip(values) {
            let value = value.single();
            *cell = if value.is_nan() { 0.0 } else { value };
        }
        for (cell, value) in mask.iter_mut().zip(values) {
            *cell = u8::from(!value.single().is_nan());
        }
        return Ok(());
    }
    for (i, (id, value)) in ids.iter().zip(values).enumerate() {
        let id = id.id() as usize;
        let (Some(mean), Some(std)) = (tokens.mean.get(id), tokens.std.get(id)) else { return Err(wrong("means")) };
        let value = value.number();
        let score = (value - mean) / std;
        // Infinite values have no score, although a division by an infinite deviation would return one.
        let is = score.is_finite() && value.is_finite();
        if let Some(cell) = out.get_mut(i) {
            // A small negative number divided by an infinite one is -0.
            *cell = if is { (score + 0.0) as f32 } else { 0.0 };
        }
        if let Some(cell) = mask.get_mut(i) {
            *cell = u8::from(is);
        }
    }
    Ok(())
}

/// What is true of the times of a run.
pub struct Proof {
    /// A time is after the limit.
    pub is_late: bool,
    /// Every time is less than 2^51 µs (71 years) after or before the time before it.
    pub is_near: bool,
}

/// Compares each time with the limit, and with the time before it. Rows can be out of order in a damaged
/// store, so the last time proves nothing about the others.
#[inline(always)]
pub fn proved(times: &[[u8; 8]], before: i64, limit: i64) -> Proof {
    let Some((first, rest)) = times.split_first() else { return Proof { is_late: false, is_near: true } };
    let first = i64::from_le_bytes(*first);
    let mut late = first > limit;
    let mut odd = far(first, before) | wide(before) | wide(first);
    for (time, last) in rest.iter().zip(times) {
        let (time, last) = (i64::from_le_bytes(*time), i64::from_le_bytes(*last));
        late |= time > limit;
        odd |= far(time, last) | wide(time);
    }
    Proof { is_late: late, is_near: odd == 0 }
}

/// Not 0 where two times are not near each other. Only right for times that are not [`wide`].
#[inline(always)]
fn far(time: i64, last: i64) -> u64 {
    (time.wrapping_sub(last).wrapping_add(NEAR) as u64) >> 52
}

/// Not 0 where differences from a time may exceed int64.
#[inline(always)]
fn wide(time: i64) -> u64 {
    ((time ^ (time << 1)) as u64) >> 63
}

#[inline(always)]
pub fn times(column: &[[u8; 8]], out: &mut [i64]) -> Result<()> {
    fits(out, column.len())?;
    for (cell, time) in out.iter_mut().zip(column) {
        *cell = i64::from_le_bytes(*time);
    }
    Ok(())
}

/// Fills the days from row to row. Exact, except for differences that exceed int64.
#[inline(always)]
pub fn days(column: &[[u8; 8]], before: i64, is_near: bool, out: &mut [f32]) -> Result<()> {
    fits(out, column.len())?;
    let (Some((first, rest)), Some((cell, cells))) = (column.split_first(), out.split_first_mut()) else { return Ok(()) };
    *cell = passed(i64::from_le_bytes(*first), before);
    if is_near {
        for ((cell, time), last) in cells.iter_mut().zip(rest).zip(column) {
            let passed = i64::from_le_bytes(*time).wrapping_sub(i64::from_le_bytes(*last));
            let passed = f64::from_bits(passed.wrapping_add(SHIFT.to_bits() as i64) as u64) - SHIFT;
            *cell = (passed / DAY) as f32;
        }
        return Ok(());
    }
    for ((cell, time), last) in cells.iter_mut().zip(rest).zip(column) {
        *cell = passed(i64::from_le_bytes(*time), i64::from_le_bytes(*last));
    }
    Ok(())
}

fn passed(time: i64, last: i64) -> f32 {
    let passed = time.checked_sub(last).map_or_else(|| time as f64 - last as f64, |passed| passed as f64);
    (passed / DAY) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Times near each other, far from each other, and at the ends of int64.
    fn times() -> impl Strategy<Value = Vec<i64>> {
        let time = prop_oneof![
            4 => -(1i64 << 52)..(1i64 << 52),
            1 => any::<i64>(),
            1 => prop::sample::select(vec![i64::MIN, i64::MAX, 0, 1 << 51, -(1 << 51), (1 << 51) - 1, 1 << 62, -(1 << 62)]),
            2 => (0i64..1 << 26).prop_map(|n| n * 10_546_875), // quotients that are exact in base 2, so that rounding to float32 has ties
        ];
        prop::collection::vec(time, 1..70)
    }

    proptest! {
        #[test]
        fn days_and_proofs_are_those_of_a_plain_loop(all in times(), near in any::<bool>(), start in any::<i64>(), limit in any::<i64>()) {
            // Half of the cases have times that follow each other closely.
            let mut sum = start >> 2;
            let all: Vec<i64> = all.into_iter().map(|time| if near { sum += (time % NEAR).abs() >> 8; sum } else { time }).collect();
            let (before, rest) = all.split_first().expect("one or more");
            let column: Vec<[u8; 8]> = rest.iter().map(|time| time.to_le_bytes()).collect();
            let proof = proved(&column, *before, limit);
            prop_assert_eq!(proof.is_late, rest.iter().any(|time| *time > limit));
            let is_near = all.windows(2).all(|pair| (pair[1] as i128 - pair[0] as i128 + NEAR as i128) as u128 >> 52 == 0);
            prop_assert!(is_near || !proof.is_near);
            if near {
                prop_assert!(proof.is_near);
            }
            let mut out = vec![f32::NAN; rest.len()];
            days(&column, *before, proof.is_near, &mut out).expect("it fits");
            for (i, pair) in all.windows(2).enumerate() {
                let exact = pair[1].checked_sub(pair[0]).map_or_else(|| pair[1] as f64 - pair[0] as f64, |passed| passed as f64);
                prop_assert_eq!(out[i].to_bits(), ((exact / 86_400_000_000.0) as f32).to_bits());
            }
        }
    }
}
