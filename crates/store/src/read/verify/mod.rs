//! Verification of every byte and every invariant of a store.

mod codes;
mod counts;
mod folder;
mod index;
mod place;
mod report;
mod rows;
mod values;

use super::{Problem, Store, check};
use crate::error::Result;
use crate::manifest::{MANIFEST, Storage};
use crate::progress::{Phase, Progress};
use counts::Counts;
use place::Place;
use report::Report;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

impl Store {
    /// Checks every byte against the checksums, every id and offset against its table, every order, flag and
    /// count against the data, and that no file is missing or foreign. Returns up to `limit` problems (at
    /// least one, if there are any), ordered by file. No problems means that the store is intact. Uses all
    /// cores. Fails when it is cancelled or a file cannot be read.
    pub fn verify(&self, limit: usize, progress: &Progress) -> Result<Vec<Problem>> {
        let limit = limit.max(1);
        let _scans = self.scan(0..self.shards.len());
        let columns = &self.manifest.columns;
        let bytes = self.shards.iter().map(|file| file.entry.bytes).sum();
        progress.enter(Phase::Check, self.manifest.counts.events * columns.len() as u64, bytes);

        let mut report = Report::new(MANIFEST, limit);
        folder::check(self, &mut report)?;
        report.absorb(codes::check(&self.codes, limit));
        // First the checks that the others rely on. A shard that fails them is not checked further.
        let shards = parallel(self.shards.len(), |shard| {
            let file = &self.shards[shard];
            let mut report = Report::new(&file.entry.path, limit);
            report.check(file.found_crc());
            let sound = report.check(check::shard(file, &self.patients, &self.order, shard)) && report.check(check::sections(file));
            progress.advance(0, file.entry.bytes)?;
            Ok((report, sound))
        })?;
        let sound: Vec<usize> = (0..shards.len()).filter(|shard| shards[*shard].1).collect();
        shards.into_iter().for_each(|(shard, _)| report.absorb(shard));

        let tasks: Vec<(usize, usize)> = sound.iter().flat_map(|shard| (0..columns.len()).map(move |column| (*shard, column))).collect();
        let reports = parallel(tasks.len(), |task| {
            let (shard, column) = tasks[task];
            let place = Place::new(self, shard);
            let mut report = Report::new(&self.shards[shard].entry.path, limit);
            // `open` has found each of these columns: a store that lacks one cannot be open.
            let _ = self.column(&place, column, &mut report);
            progress.advance(self.manifest.shards[shard].events, 0)?;
            Ok(report)
        })?;
        // `folder` has compared the index files with their checksums.
        let indexed: Vec<usize> = sound.iter().copied().filter(|shard| *shard < self.inverted.len()).collect();
        let indexes = parallel(indexed.len(), |task| {
            let shard = indexed[task];
            let mut report = Report::new(&self.inverted[shard].entry.path, limit);
            index::check(&Place::new(self, shard), &self.inverted[shard], &mut report);
            progress.check()?;
            Ok(report)
        })?;
        let mut nulls = vec![0; columns.len()];
        let mut counts = Counts::new(self.codes.layout.rows as usize);
        for ((_, column), mut task) in tasks.iter().zip(reports) {
            nulls[*column] += task.nulls;
            counts.add(task.codes.take());
            report.absorb(task);
        }
        indexes.into_iter().for_each(|index| report.absorb(index));
        if sound.len() == self.shards.len() {
            self.totals(&nulls, &mut report);
            report.absorb(codes::compare(&counts, &self.codes, limit));
        }
        Ok(report.finish())
    }

    /// One column of one shard.
    fn column(&self, place: &Place, at: usize, report: &mut Report) -> Option<()> {
        let column = &self.manifest.columns[at];
        let reference = |shard: usize| Place::new(self, shard).column(column).and_then(|array| array.dictionary());
        let array = place.column(column)?;
        if column.storage == Storage::Sparse {
            rows::sparse(place, column, report)?;
        }
        match column.name.as_str() {
            "time" => rows::times(place, array, report),
            "code" => {
                values::same_dictionary(array, self.codes.array("code"), "codes.arrow", report);
                report.codes = Some(Counts::of(place, array));
            }
            _ if column.coded => values::same_dictionary(array, reference(0), "the first shard", report),
            _ => {}
        }
        values::check(place, array, column, report);
        Some(())
    }

    /// Checks the totals that the manifest lists.
    fn totals(&self, nulls: &[u64], report: &mut Report) {
        let counts = &self.manifest.counts;
        for (column, nulls) in self.manifest.columns.iter().zip(nulls) {
            if column.nulls != *nulls {
                report.problem(Problem {
                    message: format!("says {} nulls, but the data have {nulls}", column.nulls),
                    column: Some(column.name.clone()),
                    ..Problem::default()
                });
            }
        }
        let numeric = self.manifest.columns.iter().zip(nulls).find(|(column, _)| column.name == "numeric_value");
        let numeric = numeric.map_or(0, |(_, nulls)| counts.events - nulls);
        if numeric != counts.numeric_values {
            report.problem(Problem {
                message: format!("says {} numeric values, but the data have {numeric}", counts.numeric_values),
                ..Problem::default()
            });
        }
    }
}

/// Runs `tasks` tasks on all cores. Returns the results in order, or the first error.
fn parallel<T: Send>(tasks: usize, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(tasks);
    let next = AtomicUsize::new(0);
    let run = || {
        let take = || Some(next.fetch_add(1, Relaxed)).filter(|task| *task < tasks);
        std::iter::from_fn(take).map(|task| Ok((task, work(task)?))).collect::<Result<Vec<_>>>()
    };
    let results: Result<Vec<_>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut results: Vec<_> = results?.into_iter().flatten().collect();
    results.sort_by_key(|(task, _)| *task);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}
