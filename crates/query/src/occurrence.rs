//! Finds the first or last row of each group that has one of the codes.

use crate::query::Query;
use meds_store::Result;

/// Which row of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The first row.
    First,
    /// The last row.
    Last,
}

/// One entry per group.
#[derive(Debug, Default, PartialEq)]
pub struct Occurrences {
    /// Row in the patient's timeline; -1 where no row is found.
    pub rows: Vec<i32>,
    /// Time of the row; the int64 minimum for a static row, and where no row is found.
    pub times: Vec<i64>,
    /// Code id of the row; 0 where no row is found.
    pub codes: Vec<u32>,
}

impl Query<'_> {
    /// The first or last row of each group that has one of the codes.
    pub fn occurrence(&self, end: End) -> Result<Occurrences> {
        let look = |(): &mut (), groups: &[_]| {
            let found = groups.iter().map(|group| {
                let Some((row, id)) = self.one(group, end == End::Last)? else { return Ok((-1, i64::MIN, 0)) };
                let time = if group.is_timed(row) { self.shard(group).time(row)? } else { i64::MIN };
                Ok(((row - group.first as usize) as i32, time, id))
            });
            found.collect::<Result<Vec<_>>>()
        };
        let (_, parts) = self.each(|| (), look)?;
        let mut all = Occurrences::default();
        for (row, time, code) in parts.into_iter().flatten() {
            all.rows.push(row);
            all.times.push(time);
            all.codes.push(code);
        }
        Ok(all)
    }
}
