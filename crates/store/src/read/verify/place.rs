//! The place of a value: the columns of a shard, and the patient and row of a slot.

use crate::manifest::{Column, Storage};
use crate::read::array::Array;
use crate::read::patients::Patients;
use crate::read::{Problem, Store};

/// A shard under verification.
pub struct Place<'a> {
    pub store: &'a Store,
    pub shard: usize,
}

impl<'a> Place<'a> {
    pub fn new(store: &'a Store, shard: usize) -> Self {
        Self { store, shard }
    }

    fn top(&self, name: &str) -> Option<Array<'a>> {
        self.store.shards[self.shard].array(name)
    }

    /// The list of events.
    pub fn events(&self) -> Option<Array<'a>> {
        self.top("events")
    }

    /// The list of rows and values of a sparse column.
    pub fn sparse(&self, column: &Column) -> Option<Array<'a>> {
        self.top("sparse")?.named(&column.name)
    }

    /// The values of a column: one slot per event, or for a sparse column one slot per value.
    pub fn column(&self, column: &Column) -> Option<Array<'a>> {
        match column.storage {
            Storage::Dense => self.events()?.child(0).named(&column.name),
            Storage::Sparse => self.sparse(column)?.child(0).named("value"),
        }
    }

    /// The row of patients.arrow for each patient of the shard.
    pub fn patients(&self) -> &'a [u32] {
        self.store.order.rows(self.shard)
    }

    /// The columns of patients.arrow.
    pub fn index(&self) -> Option<Patients<'a>> {
        Patients::of(&self.store.patients).ok()
    }

    /// A problem in slot `slot` of a column's values. It names the patient and the patient's row.
    pub fn problem(&self, column: &Column, slot: usize, message: String) -> Problem {
        let place = || {
            let list = match column.storage {
                Storage::Dense => self.events()?,
                Storage::Sparse => self.sparse(column)?,
            };
            // Finds the first patient whose rows end after the slot.
            let (mut low, mut high) = (0, list.len());
            while low < high {
                let middle = low.midpoint(high);
                if list.offset(middle + 1) <= slot { low = middle + 1 } else { high = middle }
            }
            let row = match column.storage {
                Storage::Dense => (slot - list.offset(low)) as u64,
                Storage::Sparse => u64::from(list.child(0).named("row")?.row(slot)),
            };
            Some((self.top("subject_id")?.i64(low), row))
        };
        let (subject, row) = place().unzip();
        Problem { message, subject, column: Some(column.name.clone()), row, ..Problem::default() }
    }
}
