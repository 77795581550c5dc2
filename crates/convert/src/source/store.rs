//! Patients of a store as a source: copies their rows from mapped shards, in batches like those of a Parquet
//! reader.

use crate::source::column::{Column, Columns, SUBJECT};
use crate::source::content::{BYTES, Batch, Batches, Content, Opened, ROWS};
use crate::source::files::{Source, SourceFile};
use crate::source::patient::{Patient, segments};
use crate::source::shard::{ShardArrays, columns, decoded, taken};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array, UInt64Array, make_array, new_null_array};
use arrow_data::transform::MutableArrayData;
use arrow_schema::{ArrowError, Schema};
use arrow_select::interleave::interleave;
use meds_store::manifest;
use meds_store::read::Patients;
use meds_store::{Code, Error, Result, Store};
use rayon::prelude::*;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most rows of a group, and its approximate bytes in the shard. Several groups per shard, so that all cores
/// can read one column.
const GROUP: u64 = 1 << 18;
const GROUP_BYTES: u64 = 64 << 20;

/// Some patients of a store, in any order.
#[derive(Debug)]
pub struct Selection {
    shards: Arc<Vec<ShardArrays>>,
    members: Vec<Member>,
    /// The rows of each group, counted over the selected rows.
    groups: Vec<Range<u64>>,
}

/// A selected patient, with `start` counted over the selected rows, and its location.
#[derive(Clone, Copy, Debug)]
struct Member {
    about: Patient,
    /// Index of its shard among the open shards.
    shard: usize,
    /// Its row in the shard.
    row: usize,
    /// Its first event in the shard.
    first: usize,
}

/// Rows of one patient that go into a batch.
struct Run {
    member: Member,
    /// Rows of the patient before these.
    skip: usize,
    rows: usize,
}

/// Describes one file of a [`StoreSource`].
pub struct Lot {
    /// The path for error messages.
    pub path: PathBuf,
    /// The file's name in the source.
    pub name: String,
    /// Approximate bytes of its rows in the store.
    pub bytes: u64,
    /// Its patients, as row numbers in patients.arrow, in the order of the file.
    pub patients: Vec<u32>,
}

/// A store, or some of its patients, as a source.
pub struct StoreSource {
    /// A file for each lot.
    pub source: Source,
    /// Its columns, with the types of the store.
    pub columns: Columns,
    /// Its patients.
    pub patients: Vec<Patient>,
}

impl StoreSource {
    /// The patients with these slots (ascending), or all, in storage order: one lot for each shard that has
    /// any of them.
    pub fn open(store: &Store, slots: Option<&[u32]>) -> Result<Self> {
        let mut base = 0;
        let mut lots = Vec::new();
        for (shard, about) in store.manifest().shards.iter().enumerate() {
            let range = base..base + about.patients;
            let rows = store.patient_rows(shard);
            let patients = match slots {
                None => rows.to_vec(),
                Some(slots) => {
                    let chosen = &slots[below(slots, range.start)..below(slots, range.end)];
                    chosen.iter().map(|slot| rows[(u64::from(*slot) - range.start) as usize]).collect()
                }
            };
            base = range.end;
            if !patients.is_empty() {
                let path = store.shard(shard)?.path.clone();
                lots.push(Lot { path, name: about.file.path.clone(), bytes: about.file.bytes, patients });
            }
        }
        Self::of(store, lots)
    }

    /// Any patients in any order. Compares every byte of their shards with the checksums, because damaged
    /// bytes would get valid checksums in the copy.
    pub fn of(store: &Store, lots: Vec<Lot>) -> Result<Self> {
        let about = Patients::of(store.patients()).map_err(|found| store.patients().corrupt(&found))?;
        let mut used = vec![false; store.manifest().shards.len()];
        lots.iter().flat_map(|lot| &lot.patients).for_each(|of| used[about.shard.u32(*of as usize) as usize] = true);
        let numbers: Vec<usize> = (0..used.len()).filter(|shard| used[*shard]).collect();
        let shards: Result<Vec<ShardArrays>> = numbers.par_iter().map(|shard| ShardArrays::open(store, *shard)).collect();
        let shards = Arc::new(shards?);
        let mut index_of = vec![0; used.len()];
        numbers.iter().enumerate().for_each(|(at, shard)| index_of[*shard] = at);

        let mut patients: Vec<Patient> = Vec::new();
        let mut files = Vec::with_capacity(lots.len());
        for lot in lots {
            let before = patients.last().map_or(0, Patient::end);
            let selection = Selection::new(shards.clone(), &about, &index_of, &lot);
            patients.extend(selection.members.iter().map(|member| Patient { start: before + member.about.start, ..member.about }));
            // The fingerprint comes from the store, and columns need no schema.
            files.push(SourceFile::new(lot.path, lot.name, lot.bytes, Box::new(selection), Arc::new(Schema::empty())));
        }
        let columns = columns(store, files.len())?;
        let mut source = Source::default();
        (source.files, source.metadata) = (files, metadata(store)?);
        Ok(Self { source, columns, patients })
    }
}

/// Number of slots below `end`.
fn below(slots: &[u32], end: u64) -> usize {
    slots.partition_point(|slot| u64::from(*slot) < end)
}

/// Copies the metadata folder. Compares every file with its checksum.
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

/// The names and bytes of the metadata files. A file that does not match its checksum is an error.
fn metadata_files(store: &Store) -> impl Iterator<Item = (String, Result<Vec<u8>>)> {
    let files = store.manifest().files.iter();
    files.filter_map(|file| file.path.strip_prefix("metadata/").map(|name| (name.to_string(), file))).map(|(name, file)| {
        let path = store.root().join("metadata").join(&name);
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, "read the metadata", &e));
        let same = bytes.and_then(|bytes| match manifest::hex(crc32c::crc32c(&bytes)) == file.crc32c {
            true => Ok(bytes),
            false => {
                let message =
                    "does not match its checksum in the manifest. Convert the source again with `force` (--force), or restore the store from a backup.";
                Err(Error::at(Code::Corrupt, path, message))
            }
        });
        (name, same)
    })
}

impl Selection {
    /// The patients of a lot. `index_of` maps the number of a shard to its index among the open shards.
    fn new(shards: Arc<Vec<ShardArrays>>, about: &Patients, index_of: &[usize], lot: &Lot) -> Self {
        let mut start = 0;
        let mut members = Vec::with_capacity(lot.patients.len());
        for of in lot.patients.iter().map(|of| *of as usize) {
            let (shard, row) = (index_of[about.shard.u32(of) as usize], about.row.u32(of) as usize);
            let times = about.first_time.valid(of).then(|| (about.first_time.i64(of), about.last_time.i64(of)));
            let (rows, statics) = (u64::from(about.events.u32(of)), u64::from(about.static_events.u32(of)));
            let patient = Patient { id: about.ids.i64(of), start, rows, statics, times };
            start = patient.end();
            members.push(Member { about: patient, shard, row, first: shards[shard].offsets[row].unsigned_abs() as usize });
        }
        let patients: Vec<Patient> = members.iter().map(|member| member.about).collect();
        let group = GROUP_BYTES.checked_div(lot.bytes / start.max(1)).unwrap_or(GROUP).clamp(1 << 10, GROUP);
        let groups = segments(&patients, group).windows(2).map(|cut| patients[cut[0]].start..patients[cut[1] - 1].end()).collect();
        Self { shards, members, groups }
    }

    /// Rows of a batch of a column: the average size of a row limits them, so that notes of megabytes are read a few
    /// at a time.
    fn batch_rows(&self, column: &str, rows: Range<u64>) -> u64 {
        let each = |shard: &ShardArrays| {
            let values = shard.dense(column).or_else(|| shard.sparse(column));
            values.and_then(|values| values.to_data().get_slice_memory_size().ok()).unwrap_or(0) / shard.events.len().max(1)
        };
        let each = used(&self.runs(rows)).into_iter().map(|shard| each(&self.shards[shard])).max().unwrap_or(0);
        BYTES.checked_div(each as u64).unwrap_or(ROWS).clamp(1, ROWS)
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
        if column == SUBJECT[0] {
            let ids = runs.iter().flat_map(|run| std::iter::repeat_n(run.member.about.id, run.rows));
            return Ok(Batch::Array(Arc::new(Int64Array::from_iter_values(ids))));
        }
        let shards = used(&runs);
        let arrays: Vec<&ShardArrays> = shards.iter().map(|shard| &self.shards[*shard]).collect();
        let Some(first) = arrays.first() else { return Ok(Batch::Nulls(rows)) };
        let internal = |e| first.internal(column, e);
        if let Some(columns) = arrays.iter().map(|shard| shard.dense(column)).collect::<Option<Vec<_>>>() {
            return Ok(Batch::Array(dense(&columns, &shards, &runs, rows).map_err(internal)?));
        }
        let mut values = Vec::new();
        let mut offsets = Vec::new();
        for (arrays, shard) in arrays.iter().zip(&shards) {
            let lists = arrays.sparse(column).ok_or_else(|| arrays.lost(column))?;
            let own = runs.iter().filter(|run| run.member.shard == *shard);
            let rows = own.flat_map(|run| (run.skip..run.skip + run.rows).map(|row| (run.member.row, Some(row))));
            offsets.push(arrays.value_offsets(column, lists, rows)?);
            values.push(lists.as_list::<i32>().values().as_struct().column(1));
        }
        if offsets.iter().all(|offsets| offsets.null_count() == offsets.len()) {
            return Ok(Batch::Nulls(rows));
        }
        let array = match (&values[..], &offsets[..]) {
            ([values], [offsets]) => taken(values, offsets),
            _ => sparse(&values, &offsets, &shards, &runs),
        };
        Ok(Batch::Array(array.map_err(internal)?))
    }
}

/// Columns are found by their names, `subject_id` too.
impl Content for Selection {
    fn groups(&self) -> usize {
        self.groups.len()
    }

    fn rows(&self, group: usize) -> u64 {
        self.groups[group].end - self.groups[group].start
    }

    fn open<'a>(&'a self, group: usize, _: usize, column: &'a Column, _: bool) -> Result<Opened<'a>> {
        let rows = self.groups[group].clone();
        let step = self.batch_rows(&column.name, rows.clone());
        let batches = SelectionBatches { selection: self, column: &column.name, next: rows.start, end: rows.end, step };
        Ok(Opened { batches: Box::new(batches), bytes: 0, unproven: false })
    }
}

/// The indexes of the shards of some runs, ascending.
fn used(runs: &[Run]) -> Vec<usize> {
    let mut shards: Vec<usize> = runs.iter().map(|run| run.member.shard).collect();
    shards.sort_unstable();
    shards.dedup();
    shards
}

/// The index of a run's shard in the result of [`used`].
fn source(shards: &[usize], run: &Run) -> usize {
    shards.partition_point(|shard| *shard < run.member.shard)
}

/// The keys of coded text and numbers, whose dictionary is the same in every shard. Other values are
/// unchanged.
fn plain(values: &ArrayRef) -> ArrayRef {
    values.as_any_dictionary_opt().map_or_else(|| values.clone(), |coded| make_array(coded.keys().to_data()))
}

/// Copied [`plain`] values, with the dictionary of the original.
fn whole(copied: ArrayRef, of: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    of.as_any_dictionary_opt().map_or(Ok(copied.clone()), |coded| decoded(&copied, coded.values()))
}

fn dense(columns: &[&ArrayRef], shards: &[usize], runs: &[Run], rows: usize) -> Result<ArrayRef, ArrowError> {
    let data: Vec<_> = columns.iter().map(|column| plain(column).to_data()).collect();
    let mut copy = MutableArrayData::new(data.iter().collect(), false, rows);
    for run in runs {
        let start = run.member.first + run.skip;
        copy.try_extend(source(shards, run), start, start + run.rows)?;
    }
    whole(make_array(copy.freeze()), columns[0])
}

/// Values of several shards, at the offsets that each of them has for its runs.
fn sparse(values: &[&ArrayRef], offsets: &[UInt64Array], shards: &[usize], runs: &[Run]) -> Result<ArrayRef, ArrowError> {
    let plain: Vec<ArrayRef> = values.iter().map(|values| plain(values)).collect();
    let none = new_null_array(plain[0].data_type(), 1);
    let mut next = vec![0; offsets.len()];
    let pick = |at: usize| {
        let row = next[at];
        next[at] += 1;
        if offsets[at].is_valid(row) { (at, offsets[at].value(row) as usize) } else { (offsets.len(), 0) }
    };
    let picked: Vec<_> = runs.iter().flat_map(|run| std::iter::repeat_n(source(shards, run), run.rows)).map(pick).collect();
    let all: Vec<&dyn Array> = plain.iter().chain([&none]).map(AsRef::as_ref).collect();
    whole(interleave(&all, &picked)?, values[0])
}

/// Batches of a column.
struct SelectionBatches<'a> {
    selection: &'a Selection,
    column: &'a str,
    next: u64,
    end: u64,
    step: u64,
}

impl Batches for SelectionBatches<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.next == self.end {
            return Ok(None);
        }
        let rows = self.next..self.end.min(self.next + self.step);
        self.next = rows.end;
        self.selection.read(self.column, rows).map(Some)
    }
}
