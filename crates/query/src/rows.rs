//! Finds the rows of each group that have one of the codes.

use crate::query::{Query, offsets};
use meds_store::Result;
use std::mem::take;

/// Rows per group.
#[derive(Debug, Default, PartialEq)]
pub struct CodeRows {
    /// The patient's slot, for each group. Where groups are patients, only patients with one of the codes are
    /// included.
    pub slots: Vec<u32>,
    /// The first entry in `rows` of each group, then the number of entries.
    pub offsets: Vec<f64>,
    /// Rows in the patient's timeline, ascending within a group.
    pub rows: Vec<u32>,
}

impl Query<'_> {
    /// The rows that have one of the codes.
    pub fn rows_with_code(&self) -> Result<CodeRows> {
        let look = |(): &mut (), groups: &[_]| {
            let (mut slots, mut lengths, mut rows) = (vec![], vec![], vec![]);
            for group in groups {
                let before = rows.len();
                self.matches(group, |row, _| rows.push(row as u32 - group.first))?;
                if rows.len() > before || !self.whole {
                    slots.push(group.slot);
                    lengths.push((rows.len() - before) as u32);
                }
            }
            Ok((slots, lengths, rows))
        };
        let (_, mut parts) = self.each(|| (), look)?;
        let slots = self.join(parts.iter_mut().map(|part| take(&mut part.0)));
        Ok(CodeRows {
            offsets: offsets(slots.len(), parts.iter().flat_map(|part| part.1.iter().copied())),
            slots,
            rows: self.join(parts.iter_mut().map(|part| take(&mut part.2))),
        })
    }
}
