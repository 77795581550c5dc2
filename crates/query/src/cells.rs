//! From a code id to its cell among the codes of one group, for one group after another.

/// A table as wide as the codes, and the ids whose entries are not 0: emptied by these, not by its width.
pub struct Cells {
    /// Of each id one more than its cell; 0 where the group has none.
    cell: Vec<u32>,
    ids: Vec<u32>,
    bits: Vec<u64>,
}

impl Cells {
    /// For ids up to `last`.
    pub fn new(last: u32) -> Self {
        let n = last as usize + 1;
        Self { cell: vec![0; n], ids: vec![], bits: vec![0; n.div_ceil(64)] }
    }

    /// The cell of an id, numbered as ids come; `true` where it is new. `None` for an id outside the table.
    #[inline(always)]
    pub fn at(&mut self, id: u32) -> Option<(usize, bool)> {
        let cell = self.cell.get_mut(id as usize)?;
        if *cell == 0 {
            self.ids.push(id);
            *cell = self.ids.len() as u32;
            return Some((self.ids.len() - 1, true));
        }
        Some((*cell as usize - 1, false))
    }

    /// Calls `each` with the ids in ascending order and their cells, and empties the table.
    pub fn drain(&mut self, mut each: impl FnMut(u32, usize)) {
        let Self { cell, ids, bits } = self;
        let mut take = |id: u32| each(id, std::mem::take(&mut cell[id as usize]) as usize - 1);
        if ids.len() < bits.len() / 8 {
            ids.sort_unstable();
            ids.iter().for_each(|id| take(*id));
        } else {
            // Many ids: passing over a bitmap is cheaper than sorting.
            ids.iter().for_each(|id| bits[*id as usize / 64] |= 1 << (id % 64));
            for (i, word) in bits.iter_mut().enumerate() {
                let mut rest = std::mem::take(word);
                while rest != 0 {
                    take(i as u32 * 64 + rest.trailing_zeros());
                    rest &= rest - 1;
                }
            }
        }
        ids.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Cells;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn gives_each_group_its_own_ids_in_order(last in 1u32..5000, groups in prop::collection::vec(prop::collection::vec(0u32..5000, 0..200), 0..6)) {
            let mut cells = Cells::new(last);
            for group in groups {
                let (mut expected, mut counts) = (BTreeMap::new(), vec![]);
                for id in group.into_iter().filter(|id| *id <= last + 1) {
                    match cells.at(id) {
                        None => prop_assert!(id > last),
                        Some((cell, new)) => {
                            prop_assert_eq!(new, !expected.contains_key(&id));
                            if new { counts.push(0) }
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
