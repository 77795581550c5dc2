//! Patients of a store as a source: their rows, copied out of a mapped shard in the batches that a reader of Parquet would give.

use crate::held::{Held, columns, decoded, taken};
use crate::pieces::segments;
use crate::read::Batch;
use crate::schema::Columns;
use crate::source::{Content, Source, SourceFile};
use crate::survey::Patient;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, make_array};
use arrow_data::transform::MutableArrayData;
use arrow_schema::ArrowError;
use meds_store::manifest;
use meds_store::read::Patients;
use meds_store::{Code, Error, Result, Store};
use rayon::prelude::*;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Most rows of a group, and its bytes in the shard, about: several groups a shard, so that a column is read on all cores.
const GROUP: u64 = 1 << 18;
const GROUP_BYTES: u64 = 64 << 20;
/// Most rows of a batch.
const ROWS: usize = 1 << 16;
/// Bytes of a batch, about.
const BYTES: usize = 8 << 20;

/// Some patients of a shard, in storage order.
#[derive(Debug)]
pub struct Kept {
    held: Held,
    members: Vec<Member>,
    /// Of each group its rows, counted over the kept ones.
    groups: Vec<Range<u64>>,
}

/// A kept patient: what is known of it, `start` counted over the shard's kept rows, and where it is.
#[derive(Clone, Copy, Debug)]
struct Member {
    about: Patient,
    /// Its row in the shard.
    row: usize,
    /// Its first event in the shard.
    first: usize,
}

/// Rows of one patient that go into a batch.
struct Run {
    member: Member,
    /// Rows of the patient before them.
    skip: usize,
    rows: usize,
}

/// A store, or some of its patients, as a source.
pub struct Cut {
    /// Its shards, those of which no patient is kept left out.
    pub source: Source,
    /// Its columns, as the store has them.
    pub columns: Columns,
    /// Its patients.
    pub patients: Vec<Patient>,
}

impl Cut {
    /// The patients at these slots, ascending; all where none are given.
    pub fn open(store: &Store, slots: Option<&[u32]>) -> Result<Self> {
        let manifest = store.manifest();
        let mut base = 0;
        let mut chosen = Vec::new();
        for (shard, about) in manifest.shards.iter().enumerate() {
            let range = base..base + about.patients;
            let of = slots.map(|slots| &slots[below(slots, range.start)..below(slots, range.end)]);
            if of.is_none_or(|of| !of.is_empty()) {
                chosen.push((shard, base, of));
            }
            base = range.end;
        }
        let open = |&(shard, base, of): &(usize, u64, Option<&[u32]>)| {
            let kept = Kept::open(store, shard, |row| of.is_none_or(|of| of.binary_search(&((base + row as u64) as u32)).is_ok()))?;
            let entry = &manifest.shards[shard].file;
            Ok(SourceFile::of_kept(kept.held.path.clone(), entry.path.clone(), entry.bytes, kept))
        };
        let files: Result<Vec<SourceFile>> = chosen.par_iter().map(open).collect();
        let files = files?;
        let mut patients: Vec<Patient> = Vec::new();
        for file in &files {
            let start = patients.last().map_or(0, Patient::end);
            if let Content::Kept(kept) = &file.content {
                patients.extend(kept.members.iter().map(|member| Patient { start: start + member.about.start, ..member.about }));
            }
        }
        let columns = columns(store, files.len())?;
        let mut source = Source::default();
        (source.files, source.metadata) = (files, metadata(store)?);
        Ok(Self { source, columns, patients })
    }
}

/// Slots before `end`.
fn below(slots: &[u32], end: u64) -> usize {
    slots.partition_point(|slot| u64::from(*slot) < end)
}

/// Copies the metadata folder, every file compared with its checksum.
pub fn copy_metadata(store: &Store, to: &Path) -> Result<()> {
    for (name, bytes) in metadata_files(store) {
        let path = to.join(&name);
        let write = |path: &Path| path.parent().map_or(Ok(()), fs::create_dir_all);
        let bytes = bytes?;
        write(&path).and_then(|()| fs::write(&path, bytes)).map_err(|e| Error::io(&path, "copy the metadata", &e))?;
    }
    Ok(())
}

/// The files of the metadata folder, compared with their checksums.
fn metadata(store: &Store) -> Result<Vec<(String, PathBuf)>> {
    metadata_files(store).map(|(name, bytes)| bytes.map(|_| (name.clone(), store.root().join("metadata").join(name)))).collect()
}

/// The names and bytes of the metadata files; an error for one that has not its checksum.
fn metadata_files(store: &Store) -> impl Iterator<Item = (String, Result<Vec<u8>>)> {
    let files = store.manifest().files.iter();
    files.filter_map(|file| file.path.strip_prefix("metadata/").map(|name| (name.to_string(), file))).map(|(name, file)| {
        let path = store.root().join("metadata").join(&name);
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, "read the metadata", &e));
        let same = bytes.and_then(|bytes| match manifest::hex(crc32c::crc32c(&bytes)) == file.crc32c {
            true => Ok(bytes),
            false => {
                let message =
                    "does not have the checksum of the manifest. Convert the source again (--force), or restore the store from a copy.";
                Err(Error::at(Code::Corrupt, path, message))
            }
        });
        (name, same)
    })
}

impl Kept {
    /// The patients of a shard whose row of it `keep` takes. Every byte of the shard is compared with its checksum: what is damaged would get a new one.
    pub fn open(store: &Store, shard: usize, keep: impl Fn(usize) -> bool) -> Result<Self> {
        let held = Held::open(store, shard)?;
        let about = Patients::of(store.patients()).map_err(|found| store.patients().corrupt(&found))?;
        let mut start = 0;
        let mut members = Vec::new();
        for (row, &of) in store.patient_rows(shard).iter().enumerate().filter(|(row, _)| keep(*row)) {
            let of = of as usize;
            let times = about.first_time.valid(of).then(|| (about.first_time.i64(of), about.last_time.i64(of)));
            let statics = u64::from(about.static_events.u32(of));
            let patient = Patient { id: held.ids.value(row), start, rows: u64::from(about.events.u32(of)), statics, times };
            start = patient.end();
            members.push(Member { about: patient, row, first: held.offsets[row].unsigned_abs() as usize });
        }
        let patients: Vec<Patient> = members.iter().map(|member| member.about).collect();
        let each = store.shard(shard)?.entry.bytes / (held.events.len() as u64).max(1);
        let group = GROUP_BYTES.checked_div(each).unwrap_or(GROUP).clamp(1 << 10, GROUP);
        let groups = segments(&patients, group).windows(2).map(|cut| patients[cut[0]].start..patients[cut[1] - 1].end()).collect();
        Ok(Self { held, members, groups })
    }

    /// The groups' rows, counted over the kept ones: whole patients each.
    pub fn groups(&self) -> &[Range<u64>] {
        &self.groups
    }

    /// Reads a column from row to row.
    pub fn rows(&self, column: &str, rows: Range<u64>) -> Rows<'_> {
        let held = self.held.dense(column).or_else(|| self.held.sparse(column));
        // What a row takes on average; notes of megabytes come a few at a time.
        let bytes = held.and_then(|held| held.to_data().get_slice_memory_size().ok()).unwrap_or(0);
        let each = bytes / self.held.events.len().max(1);
        let step = BYTES.checked_div(each).unwrap_or(ROWS).clamp(1, ROWS) as u64;
        Rows { kept: self, column: column.to_string(), next: rows.start, end: rows.end, step }
    }

    /// The subject of each row.
    pub fn subjects(&self, rows: Range<u64>) -> impl Iterator<Item = i64> {
        let ids: Vec<_> = self.runs(rows).into_iter().map(|run| (run.member.about.id, run.rows)).collect();
        ids.into_iter().flat_map(|(id, rows)| std::iter::repeat_n(id, rows))
    }

    fn runs(&self, rows: Range<u64>) -> Vec<Run> {
        let first = self.members.partition_point(|member| member.about.end() <= rows.start);
        let mut at = rows.start;
        let mut runs = Vec::new();
        for member in self.members[first..].iter().take_while(|member| member.about.start < rows.end) {
            let until = member.about.end().min(rows.end);
            let run = Run { member: *member, skip: (at - member.about.start) as usize, rows: (until - at) as usize };
            runs.push(run);
            at = until;
        }
        runs
    }

    fn read(&self, column: &str, rows: Range<u64>) -> Result<Batch> {
        let runs = self.runs(rows.clone());
        let rows = (rows.end - rows.start) as usize;
        let internal = |e| self.held.internal(column, e);
        if let Some(held) = self.held.dense(column) {
            return Ok(Batch::Array(dense(held, &runs, rows).map_err(internal)?));
        }
        let lists = self.held.sparse(column).ok_or_else(|| self.held.lost(column))?;
        let picked = self.held.places(
            column,
            lists,
            runs.iter().flat_map(|run| (run.skip..run.skip + run.rows).map(|row| (run.member.row, Some(row)))),
        )?;
        if picked.null_count() == rows {
            return Ok(Batch::Nulls(rows));
        }
        let values = lists.as_list::<i32>().values().as_struct().column(1);
        Ok(Batch::Array(taken(values, &picked).map_err(internal)?))
    }
}

fn dense(held: &ArrayRef, runs: &[Run], rows: usize) -> Result<ArrayRef, ArrowError> {
    let coded = held.as_any_dictionary_opt();
    let data = coded.map_or_else(|| held.to_data(), |coded| coded.keys().to_data());
    let mut copy = MutableArrayData::new(vec![&data], false, rows);
    for run in runs {
        let start = run.member.first + run.skip;
        copy.try_extend(0, start, start + run.rows)?;
    }
    let copied = make_array(copy.freeze());
    coded.map_or(Ok(copied.clone()), |coded| decoded(&copied, coded.values()))
}

/// Batches of a column.
pub struct Rows<'a> {
    kept: &'a Kept,
    column: String,
    next: u64,
    end: u64,
    step: u64,
}

impl Rows<'_> {
    /// The next batch; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Batch>> {
        if self.next == self.end {
            return Ok(None);
        }
        let rows = self.next..self.end.min(self.next + self.step);
        self.next = rows.end;
        self.kept.read(&self.column, rows).map(Some)
    }
}
