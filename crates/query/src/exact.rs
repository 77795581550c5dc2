//! Sums of floating-point numbers without rounding: the result does not depend on the order of the numbers, nor
//! on how they are divided among threads and machines.

/// Bits of a chunk.
const BITS: u32 = 32;
/// Numbers that can be added before carries must move: each changes a chunk by less than 2^32.
const MOST: u32 = 1 << 30;

/// A whole number of fixed width (R. Neal, "Fast exact summation using small and large superaccumulators",
/// 2015): chunk k counts 2^(32 k), and has room for the carries of many additions.
#[derive(Clone, Debug)]
pub struct Exact<const N: usize> {
    chunks: [i64; N],
    /// Additions since carries moved.
    added: u32,
}

/// The sum of float64 numbers, in units of 2^-1074: 2,098 bits, and 64 for the number of additions.
pub type Sum = Exact<68>;
/// The sum of their squares, in units of 2^-2148.
pub type Squares = Exact<134>;

/// A finite number as `±whole · 2^(position - 1074)`, with `whole` odd or 0.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    is_negative: bool,
    whole: u64,
    position: u32,
}

impl Parts {
    #[inline(always)]
    pub fn of(value: f64) -> Self {
        let bits = value.to_bits();
        let exponent = (bits >> 52) as u32 & 0x7ff;
        let fraction = bits & ((1 << 52) - 1);
        let whole = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        // Of 0, all 64 bits: shifting by 63 leaves it 0.
        let zeros = whole.trailing_zeros().min(63);
        Self { is_negative: value.is_sign_negative(), whole: whole >> zeros, position: exponent.saturating_sub(1) + zeros }
    }
}

impl Sum {
    /// Adds a number.
    #[inline(always)]
    pub fn add(&mut self, Parts { is_negative, whole, position }: Parts) {
        self.shift_in(u128::from(whole), position, is_negative);
    }

    /// The exponent of the unit.
    pub const UNIT: i32 = -1074;
}

impl Squares {
    /// Adds the square of a number.
    #[inline(always)]
    pub fn add(&mut self, Parts { whole, position, .. }: Parts) {
        self.shift_in(u128::from(whole) * u128::from(whole), 2 * position, false);
    }

    /// The exponent of the unit.
    pub const UNIT: i32 = -2148;
}

impl<const N: usize> Default for Exact<N> {
    fn default() -> Self {
        Self { chunks: [0; N], added: 0 }
    }
}

impl<const N: usize> Exact<N> {
    /// Adds `±whole · 2^position`. `whole` has at most 106 bits.
    #[inline(always)]
    fn shift_in(&mut self, whole: u128, position: u32, is_negative: bool) {
        let (mut at, shift) = ((position / BITS) as usize, position % BITS);
        // The lowest chunk first, because the shifted number can have more than 128 bits.
        let mut part = ((whole as u64) << shift) & u64::from(u32::MAX);
        let mut rest = whole >> (BITS - shift);
        loop {
            if let Some(chunk) = self.chunks.get_mut(at) {
                *chunk += if is_negative { -(part as i64) } else { part as i64 };
            }
            if rest == 0 {
                break;
            }
            part = rest as u64 & u64::from(u32::MAX);
            rest >>= BITS;
            at += 1;
        }
        self.added += 1;
        if self.added == MOST {
            self.carry();
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, mut other: Self) {
        self.carry();
        other.carry();
        self.chunks.iter_mut().zip(other.chunks).for_each(|(chunk, more)| *chunk += more);
        self.carry();
    }

    /// Moves carries up. Then all chunks but the last are 32-bit words, and the last has the sign.
    fn carry(&mut self) {
        let mut carry = 0;
        for chunk in &mut self.chunks[..N - 1] {
            let sum = *chunk + carry;
            carry = sum >> BITS;
            *chunk = sum & i64::from(u32::MAX);
        }
        self.chunks[N - 1] += carry;
        self.added = 0;
    }

    /// The sum as words of 32 bits in two's complement, the lowest first, and the number of zero words that are
    /// left out before them. There are as few words as possible: none for 0.
    pub fn words(mut self) -> (usize, Vec<u32>) {
        self.carry();
        let mut words: Vec<u32> = self.chunks.iter().map(|chunk| *chunk as u32).collect();
        // A last word that only repeats the sign of the one before.
        while let [.., before, last] = words[..]
            && last == (if before >> 31 == 1 { u32::MAX } else { 0 })
        {
            words.pop();
        }
        let zeros = words.iter().take_while(|word| **word == 0).count();
        if zeros == words.len() { (0, vec![]) } else { (zeros, words.split_off(zeros)) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Parts, Squares, Sum};
    use proptest::prelude::*;

    /// Sums and squares, as words.
    fn of(values: &[f64]) -> ((usize, Vec<u32>), (usize, Vec<u32>)) {
        let (sum, squares) = added(values);
        (sum.words(), squares.words())
    }

    fn added(values: &[f64]) -> (Sum, Squares) {
        let (mut sum, mut squares) = (Sum::default(), Squares::default());
        for value in values {
            sum.add(Parts::of(*value));
            squares.add(Parts::of(*value));
        }
        (sum, squares)
    }

    /// The number in some words, where it is exact in i128 and the unit is 2^0.
    fn whole((zeros, words): (usize, Vec<u32>), unit: i32) -> i128 {
        let Some(last) = words.last() else { return 0 };
        let sign = i128::from(*last as i32 >> 31);
        let number = words.iter().rev().fold(sign, |number, word| number << 32 | i128::from(*word));
        let shift = 32 * zeros as i32 + unit;
        if shift >= 0 { number << shift } else { number >> -shift }
    }

    #[test]
    fn holds_the_extremes() {
        let (tiny, huge) = (f64::from_bits(1), f64::MAX);
        assert_eq!(of(&[]), ((0, vec![]), (0, vec![])));
        assert_eq!(of(&[0.0, -0.0]).0, (0, vec![]));
        assert_eq!(of(&[tiny]), ((0, vec![1]), (0, vec![1])));
        assert_eq!(of(&[-tiny]), ((0, vec![u32::MAX]), (0, vec![1])));
        assert_eq!(of(&[huge, tiny, -huge, huge, -huge, -tiny]).0, (0, vec![]));
        assert_eq!(of(&[huge, tiny, -huge]).0, (0, vec![1]));
        let mut all = added(&[huge]);
        // 2^62 times the largest number.
        for _ in 0..62 {
            let (sum, squares) = all.clone();
            all.0.merge(sum);
            all.1.merge(squares);
        }
        // 2^1086 - 2^1033, in units of 2^-1074: ones from bit 2107 to bit 2159.
        assert_eq!(all.0.words(), (65, vec![u32::MAX << 27, u32::MAX, 0xffff]));
        assert_eq!(all.1.words().1.last(), Some(&0b11));
    }

    proptest! {
        #[test]
        fn is_the_sum_of_whole_numbers(values in prop::collection::vec(-(1i64 << 53)..1 << 53, 0..40)) {
            let (sum, squares) = of(&values.iter().map(|value| *value as f64).collect::<Vec<_>>());
            prop_assert_eq!(whole(sum, Sum::UNIT), values.iter().map(|value| i128::from(*value)).sum::<i128>());
            prop_assert_eq!(whole(squares, Squares::UNIT), values.iter().map(|value| i128::from(*value).pow(2)).sum::<i128>());
        }

        #[test]
        fn does_not_depend_on_order_and_parts(bits in prop::collection::vec(any::<u64>(), 0..60), cut in any::<prop::sample::Index>()) {
            let values: Vec<f64> = bits.into_iter().map(f64::from_bits).filter(|value| value.is_finite()).collect();
            let back: Vec<f64> = values.iter().rev().copied().collect();
            prop_assert_eq!(of(&values), of(&back));
            let (head, tail) = values.split_at(cut.index(values.len() + 1));
            let ((mut sum, mut squares), rest) = (added(tail), added(head));
            sum.merge(rest.0);
            squares.merge(rest.1);
            prop_assert_eq!((sum.words(), squares.words()), of(&values));
        }
    }
}
