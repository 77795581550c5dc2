//! Stream VByte: 32-bit integers in up to four bytes each. First the widths, two bits per integer and four
//! integers per byte, from the lowest bits; then the bytes of the integers.

/// The widths for text.
pub const FROM_ONE: [usize; 4] = [1, 2, 3, 4];
/// The widths for times: a zero takes no byte.
pub const FROM_ZERO: [usize; 4] = [0, 1, 2, 4];

/// Decodes `count` integers into `out`. Returns the number of bytes used, or `None` where there are too few.
#[inline]
pub fn decode(widths: [usize; 4], bytes: &[u8], count: usize, out: &mut Vec<u32>) -> Option<usize> {
    let (controls, data) = bytes.split_at_checked(count.div_ceil(4))?;
    if count.checked_mul(widths[0])? > data.len() {
        return None;
    }
    out.clear();
    // At most four times the number of bytes.
    out.reserve(count);
    let mut at = 0;
    for (control, left) in controls.iter().zip((0..=count).rev().step_by(4)) {
        let width = |index: usize| widths[usize::from(control >> (2 * index) & 3)];
        match data.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
            Some(next) if left >= 4 => {
                let word = u128::from_le_bytes(*next);
                let mut taken = 0;
                let four = [0, 1, 2, 3].map(|index| {
                    let value = (word >> (8 * taken)) as u64 & ((1 << (8 * width(index))) - 1);
                    taken += width(index);
                    value as u32
                });
                out.extend_from_slice(&four);
                at += taken;
            }
            _ => {
                for index in 0..left.min(4) {
                    let mut value = [0; 4];
                    let from = data.get(at..at + width(index))?;
                    value[..from.len()].copy_from_slice(from);
                    out.push(u32::from_le_bytes(value));
                    at += from.len();
                }
            }
        }
    }
    Some(controls.len() + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(widths: [usize; 4], values: &[u32]) -> Vec<u8> {
        let mut controls = vec![0; values.len().div_ceil(4)];
        let mut data = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let code = (0..4).find(|&code| u64::from(*value) < 1 << (8 * widths[code])).unwrap_or(3);
            controls[at / 4] |= (code as u8) << (2 * (at % 4));
            data.extend_from_slice(&value.to_le_bytes()[..widths[code]]);
        }
        [controls, data].concat()
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(values in prop::collection::vec((any::<u32>(), 0u32..33).prop_map(|(v, bits)| v.checked_shr(bits).unwrap_or(0)), 0..90), rest in 0usize..20) {
            for widths in [FROM_ONE, FROM_ZERO] {
                let mut bytes = encode(widths, &values);
                let length = bytes.len();
                bytes.resize(length + rest, 0xff);
                let mut out = Vec::new();
                prop_assert_eq!(decode(widths, &bytes, values.len(), &mut out), Some(length));
                prop_assert_eq!(&out, &values);
                if rest == 0 && length > 0 {
                    prop_assert_eq!(decode(widths, &bytes[..length - 1], values.len(), &mut out), None);
                }
            }
        }

        #[test]
        fn any_bytes_decode_or_do_not(bytes in prop::collection::vec(any::<u8>(), 0..60), count in 0usize..300) {
            for widths in [FROM_ONE, FROM_ZERO] {
                let mut out = Vec::new();
                let used = decode(widths, &bytes, count, &mut out);
                prop_assert!(used.is_none_or(|used| used <= bytes.len() && out.len() == count));
            }
        }
    }
}
