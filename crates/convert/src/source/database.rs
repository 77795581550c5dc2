//! A meds_reader database, whose groups are runs of subjects.

use crate::source::column::Column;
use crate::source::content::{Batch, Batches, Content, Opened};
use meds_import::{Database, Reader};
use meds_store::Result;

impl Content for Database {
    fn groups(&self) -> usize {
        self.runs()
    }

    fn rows(&self, group: usize) -> u64 {
        Database::rows(self, group)
    }

    fn open<'a>(&'a self, group: usize, root: usize, _: &'a Column, _: bool) -> Result<Opened<'a>> {
        let reader = self.reader(group, root)?;
        Ok(Opened { bytes: reader.bytes(), batches: Box::new(reader), unproven: false })
    }
}

impl Batches for Reader<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        Ok(self.batch()?.map(Batch::Array))
    }
}
