//! The codes of a query, and the search for their rows.

use crate::shard::Id;

/// Rows that are checked together. Most blocks contain none of a few codes, and vector instructions skip
/// them.
const BLOCK: usize = 64;

/// A set of code ids.
#[derive(Clone, Debug)]
pub struct Codes {
    kind: Kind,
    /// The last id of the table of codes.
    last: u32,
}

#[derive(Clone, Debug)]
enum Kind {
    All,
    None,
    /// The ids from `begin` to `begin + extra`, both included.
    Run {
        begin: u32,
        extra: u32,
    },
    /// For each id of the table: whether it is in the set.
    Set(Vec<bool>),
}

/// An id is outside the table of codes: the store is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside;

type Looked<T> = Result<T, Outside>;

impl Codes {
    /// Every code of a table whose ids run to `last`.
    pub fn all(last: u32) -> Self {
        Self { kind: Kind::All, last }
    }

    /// The codes in ranges: begin, end, begin, end, … Numbers that are not ids are ignored.
    pub fn of(ranges: &[u32], last: u32) -> Self {
        let cut = |pair: &[u32; 2]| (pair[0].max(1), pair[1].min(last.saturating_add(1)));
        let mut runs: Vec<(u32, u32)> = ranges.as_chunks::<2>().0.iter().map(cut).filter(|(begin, end)| begin < end).collect();
        runs.sort_unstable();
        // Ranges that touch or overlap become one.
        runs.dedup_by(|next, run| {
            let touch = next.0 <= run.1;
            if touch {
                run.1 = run.1.max(next.1);
            }
            touch
        });
        let kind = match runs[..] {
            [] => Kind::None,
            [(1, end)] if end > last => Kind::All,
            [(begin, end)] => Kind::Run { begin, extra: end - begin - 1 },
            _ => {
                let mut set = vec![false; last as usize + 1];
                runs.iter().for_each(|&(begin, end)| set[begin as usize..end as usize].fill(true));
                Kind::Set(set)
            }
        };
        Self { kind, last }
    }

    /// The last id of the table.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// Number of codes in the set.
    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::All => self.last as usize,
            Kind::None => 0,
            Kind::Run { extra, .. } => *extra as usize + 1,
            Kind::Set(set) => set.iter().filter(|chosen| **chosen).count(),
        }
    }

    /// The ids in the set, ascending; `None` for all codes.
    pub fn ids(&self) -> Option<Vec<u32>> {
        match &self.kind {
            Kind::All => None,
            Kind::None => Some(Vec::new()),
            Kind::Run { begin, extra } => Some((*begin..=begin + extra).collect()),
            Kind::Set(set) => Some((0..).zip(set).filter(|(_, chosen)| **chosen).map(|(id, _)| id).collect()),
        }
    }

    /// Whether the set contains every id.
    pub fn is_all(&self) -> bool {
        matches!(self.kind, Kind::All)
    }

    /// Whether the set contains this id.
    #[inline(always)]
    pub fn has(&self, id: u32) -> bool {
        match &self.kind {
            Kind::All => id.wrapping_sub(1) < self.last,
            Kind::None => false,
            Kind::Run { begin, extra } => id.wrapping_sub(*begin) <= *extra,
            Kind::Set(set) => set.get(id as usize).is_some_and(|chosen| *chosen),
        }
    }

    /// Whether a block contains an id of the set.
    #[inline(always)]
    fn any<I: Id>(&self, block: &[I]) -> Looked<bool> {
        let (any, sound) = match &self.kind {
            Kind::All => (true, I::scan(block, 0, 0, self.last).1),
            Kind::None => (false, I::scan(block, 0, 0, self.last).1),
            Kind::Run { begin, extra } => I::scan(block, *begin, *extra, self.last),
            Kind::Set(set) => {
                let (mut any, mut sound) = (false, true);
                for id in block {
                    let chosen = set.get(id.id() as usize);
                    any |= chosen.copied().unwrap_or_default();
                    sound &= chosen.is_some() && id.id() > 0;
                }
                (any, sound)
            }
        };
        if sound { Ok(any) } else { Err(Outside) }
    }

    /// Calls `found` with the index and the id of every row that has one of the codes, in order.
    #[inline(always)]
    pub fn each<I: Id>(&self, ids: &[I], mut found: impl FnMut(usize, u32)) -> Looked<()> {
        if let Kind::All = self.kind {
            self.any(ids)?;
            ids.iter().enumerate().for_each(|(i, id)| found(i, id.id()));
            return Ok(());
        }
        for (i, block) in ids.chunks(BLOCK).enumerate() {
            if self.any(block)? {
                for (k, id) in block.iter().enumerate().filter(|(_, id)| self.has(id.id())) {
                    found(i * BLOCK + k, id.id());
                }
            }
        }
        Ok(())
    }

    /// Calls `found` with the index and the id of rows that have one of the codes, the last first, until it
    /// returns true.
    #[inline(always)]
    pub fn back<I: Id>(&self, ids: &[I], mut found: impl FnMut(usize, u32) -> bool) -> Looked<()> {
        let mut end = ids.len();
        for block in ids.rchunks(BLOCK) {
            end -= block.len();
            if self.any(block)? {
                for (k, id) in block.iter().enumerate().rev().filter(|(_, id)| self.has(id.id())) {
                    if found(end + k, id.id()) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// The first such row.
    pub fn first<I: Id>(&self, ids: &[I]) -> Looked<Option<(usize, u32)>> {
        for (i, block) in ids.chunks(BLOCK).enumerate() {
            if self.any(block)?
                && let Some(k) = block.iter().position(|id| self.has(id.id()))
            {
                return Ok(Some((i * BLOCK + k, block[k].id())));
            }
        }
        Ok(None)
    }

    /// The last such row.
    pub fn last_of<I: Id>(&self, ids: &[I]) -> Looked<Option<(usize, u32)>> {
        let mut end = ids.len();
        for block in ids.rchunks(BLOCK) {
            end -= block.len();
            if self.any(block)?
                && let Some(k) = block.iter().rposition(|id| self.has(id.id()))
            {
                return Ok(Some((end + k, block[k].id())));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_loop_finds(
            ids in prop::collection::vec(0u16..=40, 0..300),
            ranges in prop::collection::vec(0u32..=45, 0..7),
            last in prop::sample::select(vec![0u32, 5, 38, 40, 50]),
            all: bool,
        ) {
            let codes = if all { Codes::all(last) } else { Codes::of(&ranges, last) };
            let inside = |id: u32| id >= 1 && id <= last;
            let chosen = |id: u32| inside(id) && (all || ranges.chunks_exact(2).any(|r| (r[0]..r[1]).contains(&id)));
            for id in 0..60 {
                prop_assert_eq!(codes.has(id), chosen(id));
            }
            prop_assert_eq!(codes.count(), (0..60).filter(|id| chosen(*id)).count());
            if let Some(ids) = codes.ids() {
                prop_assert_eq!(ids, (0..60).filter(|id| chosen(*id)).collect::<Vec<_>>());
            }
            let plain: Vec<(usize, u32)> =
                ids.iter().enumerate().map(|(i, id)| (i, u32::from(*id))).filter(|(_, id)| chosen(*id)).collect();
            let sound = ids.iter().all(|id| inside(u32::from(*id)));
            let one: Vec<[u8; 1]> = ids.iter().map(|id| [*id as u8]).collect();
            let two: Vec<[u8; 2]> = ids.iter().map(|id| id.to_le_bytes()).collect();
            let four: Vec<[u8; 4]> = ids.iter().map(|id| u32::from(*id).to_le_bytes()).collect();
            check(&codes, &one, &plain, sound)?;
            check(&codes, &two, &plain, sound)?;
            check(&codes, &four, &plain, sound)?;
        }
    }

    fn check<I: Id>(codes: &Codes, ids: &[I], plain: &[(usize, u32)], sound: bool) -> Result<(), TestCaseError> {
        let mut found = vec![];
        let each = codes.each(ids, |at, id| found.push((at, id)));
        prop_assert_eq!(each.is_ok(), sound);
        if sound {
            prop_assert_eq!(&found[..], plain);
            let mut back = vec![];
            prop_assert_eq!(
                codes.back(ids, |at, id| {
                    back.push((at, id));
                    false
                }),
                Ok(())
            );
            back.reverse();
            prop_assert_eq!(&back[..], plain);
            let mut last = None;
            prop_assert_eq!(
                codes.back(ids, |at, id| {
                    last = Some((at, id));
                    true
                }),
                Ok(())
            );
            prop_assert_eq!(last, plain.last().copied());
            prop_assert_eq!(codes.first(ids), Ok(plain.first().copied()));
            prop_assert_eq!(codes.last_of(ids), Ok(plain.last().copied()));
        }
        Ok(())
    }
}
