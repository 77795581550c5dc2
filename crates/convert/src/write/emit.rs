//! The second pass writes every value to its place. Each task is one column of one row group; tasks run in
//! parallel.

use crate::plan::pieces::{Piece, walk};
use crate::source::content::Batch;
use crate::source::group::Group;
use crate::source::read::Reader;
use crate::write::buffers::{Bytes, Offsets};
use crate::write::column::{Failure, Writer};
use crate::write::pass::Pass;
use meds_store::{Code, Error, Progress, Result};
use rayon::prelude::*;

impl Pass<'_> {
    /// Writes the shards.
    pub fn run(&self, progress: &Progress) -> Result<()> {
        let groups: Vec<usize> = (0..self.groups.len()).filter(|&group| self.pieces[group].iter().any(|piece| self.has(piece))).collect();
        let tasks: Vec<_> = (0..self.columns.len()).flat_map(|column| groups.iter().map(move |&group| (column, group))).collect();
        tasks.par_iter().try_for_each(|&(column, group)| self.task(column, group, progress))?;
        self.frames(progress)?;
        self.targets.par_iter().try_for_each(|target| target.write_edges())
    }

    /// Whether a piece is in the shards to write.
    fn has(&self, piece: &Piece) -> bool {
        self.shards.contains(&self.layout.shard_of[piece.segment])
    }

    /// Writes head, tail, subject ids and the offsets of the events of each shard.
    fn frames(&self, progress: &Progress) -> Result<()> {
        self.layout.shards[self.shards.clone()].par_iter().zip(self.targets).try_for_each(|(shard, target)| {
            progress.check()?;
            let to = target.open()?;
            to.write(0, &shard.file.head)?;
            to.write(shard.file.bytes - shard.file.tail.len() as u64, &shard.file.tail)?;
            let mut ids = Bytes::new(to.clone(), shard.ids.offset);
            let mut events = Offsets::new(to, shard.events.offset, 0, 0)?;
            for patient in &self.patients[shard.patients.clone()] {
                ids.push(&patient.id.to_le_bytes())?;
                events.push(patient.rows as usize)?;
            }
            ids.flush()?;
            events.flush()
        })
    }

    fn task(&self, column: usize, group: usize, progress: &Progress) -> Result<()> {
        let Group { file, group: in_file, .. } = self.groups[group];
        let (about, name) = (&self.source.files[file], &self.columns[column].name);
        let reader = Reader::open(about, file, in_file, &self.columns[column])?;
        let pieces = &self.pieces[group];
        let mut writer: Option<Writer> = None;
        let mut done = walk(reader, pieces, progress, |piece, rows, at| {
            if !self.has(&pieces[piece]) {
                return Ok(());
            }
            if writer.as_ref().is_none_or(|writer| writer.piece != piece) {
                writer = Some(Writer::turn(writer.take(), self, column, group, piece)?);
            }
            match (&mut writer, rows) {
                (Some(writer), Batch::Array(array)) => writer.push(&array, at, self.patients),
                (Some(writer), Batch::Nulls(rows)) => Ok(writer.push_nulls(rows, at, self.patients)?),
                (None, _) => Ok(()),
            }
        });
        if let (Ok(()), Some(writer)) = (&done, writer) {
            done = writer.finish();
        }
        done.map_err(|failure| match failure {
            Failure::Other(error) => error,
            Failure::Changed => {
                let message = format!("column {name:?} changed during the conversion. Retry when nothing is writing to the source.");
                Error::at(Code::SourceChanged, &about.path, message)
            }
        })
    }
}
