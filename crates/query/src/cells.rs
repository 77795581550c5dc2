//! Maps a code id to its cell among the codes of one group, for one group after another.

/// The ids of a group in order of appearance, which are returned in ascending order.
pub struct Marks {
    /// The ids, and their number.
    ids: Vec<u32>,
    len: usize,
    /// One bit per id, and one bit per word of these. They are used to sort the ids.
    bits: Vec<u64>,
    words: Vec<u64>,
}

/// Calls `each` with the index of each set bit of a word, and clears the word.
#[inline(always)]
fn take_bits(word: &mut u64, mut each: impl FnMut(usize)) {
    let mut rest = std::mem::take(word);
    while rest != 0 {
        each(rest.trailing_zeros() as usize);
        rest &= rest - 1;
    }
}

impl Marks {
    /// For ids up to `last`.
    pub fn new(last: u32) -> Self {
        let n = last as usize + 1;
        Self { ids: vec![0; n + 1], len: 0, bits: vec![0; n.div_ceil(64)], words: vec![0; n.div_ceil(64 * 64)] }
    }

    /// Adds an id if it is new. There is no branch on that: about every fourth is, which is unpredictable.
    #[inline(always)]
    pub fn note(&mut self, id: u32, is_new: bool) {
        if let Some(place) = self.ids.get_mut(self.len) {
            *place = id;
            self.len += usize::from(is_new);
        }
    }

    /// Calls `each` with the ids in ascending order, and forgets them.
    #[inline(always)]
    pub fn drain(&mut self, mut each: impl FnMut(u32)) {
        let Self { ids, bits, words, len } = self;
        for id in &ids[..*len] {
            let id = *id as usize;
            bits[id / 64] |= 1 << (id % 64);
            words[id / 64 / 64] |= 1 << (id / 64 % 64);
        }
        for (i, word) in words.iter_mut().enumerate() {
            take_bits(word, |k| {
                let at = i * 64 + k;
                take_bits(&mut bits[at], |k| each((at * 64 + k) as u32));
            });
        }
        *len = 0;
    }
}

/// A table with the cell of each id. It is emptied by the list of ids, not over its whole width.
pub struct Cells {
    /// For each id its cell plus 1; 0 where the group does not have the id.
    cell: Vec<u32>,
    marks: Marks,
}

impl Cells {
    /// A table for ids up to `last`.
    pub fn new(last: u32) -> Self {
        Self { cell: vec![0; last as usize + 1], marks: Marks::new(last) }
    }

    /// The cell of an id, numbered from 0 in order of appearance. `None` for an id outside the table.
    #[inline(always)]
    pub fn at(&mut self, id: u32) -> Option<usize> {
        let cell = self.cell.get_mut(id as usize)?;
        let is_new = *cell == 0;
        self.marks.note(id, is_new);
        *cell = if is_new { self.marks.len as u32 } else { *cell };
        Some(*cell as usize - 1)
    }

    /// Calls `each` with the ids in ascending order and their cells, and empties the table.
    #[inline(always)]
    pub fn drain(&mut self, mut each: impl FnMut(u32, usize)) {
        let Self { cell, marks } = self;
        marks.drain(|id| each(id, std::mem::take(&mut cell[id as usize]) as usize - 1));
    }
}

#[cfg(test)]
mod tests {
    use super::Cells;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn returns_the_ids_of_each_group_in_order(last in 1u32..5000, groups in prop::collection::vec(prop::collection::vec(0u32..5000, 0..200), 0..6)) {
            let mut cells = Cells::new(last);
            for group in groups {
                let (mut expected, mut counts) = (BTreeMap::new(), vec![]);
                for id in group.into_iter().filter(|id| *id <= last + 1) {
                    match cells.at(id) {
                        None => prop_assert!(id > last),
                        Some(cell) => {
                            prop_assert_eq!(cell == counts.len(), !expected.contains_key(&id));
                            if cell == counts.len() { counts.push(0) }
                            counts[cell] += 1;
                            *expected.entry(id).or_insert(0) += 1;
                        }
                    }
                }
                let mut found = vec![];
                cells.drain(|id, cell| found.push((id, counts[cell])));
                prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
            }
        }
    }
}
