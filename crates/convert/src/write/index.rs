//! Writes the inverted index: for each code, the patients that have it and their rows.
//!
//! A shard's rows are sorted by code in chunks of whole patients. Each chunk is small enough that its tables
//! stay in a cache. Then the chunks are joined code by code, directly in the file. Counts come first, so that
//! every offset is known. If the whole index does not fit in memory, it is made for one range of codes at a
//! time.

use crate::plan::layout::Layout;
use crate::plan::shard::Shard;
use crate::source::patient::Patient;
use crate::write::buffers::{Bytes, Offsets};
use crate::write::file::SharedFile;
use arrow_array::Array;
use arrow_schema::{DataType, Field, Schema};
use meds_store::layout::Span;
use meds_store::manifest::{STORE_ID_KEY, index_name, shard_name};
use meds_store::write::{FilePlan, Shape};
use meds_store::{Code, Error, Positioned, Progress, Result};
use rayon::prelude::*;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Least rows of a chunk, and most rows of a task that joins chunks.
const CHUNK: u64 = 1 << 20;

/// The input of the index: the shards that were just written.
pub struct InvertedIndex<'a> {
    /// The folder into which the store is written.
    pub work: &'a Path,
    /// The layout of the shards.
    pub layout: &'a Layout,
    /// The index of the column `code`.
    pub column: usize,
    /// The patients, in storage order.
    pub patients: &'a [Patient],
    /// The store's content id.
    pub id: &'a str,
    /// Bytes of memory for the whole conversion.
    pub memory: u64,
}

/// Number of rows and of patients of a code.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    rows: u32,
    patients: u32,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.rows += other.rows;
        self.patients += other.patients;
    }
}

/// A run of whole patients of a shard, as rows of the shard.
struct Chunk {
    patients: Range<usize>,
    /// Counts by code id.
    counts: Vec<Count>,
}

/// The rows of a chunk that have one of a range of codes, in order of (code, patient, row). A row number has
/// `W` bytes.
struct SortedRows<const W: usize> {
    rows: Vec<[u8; W]>,
    /// For each (code, patient): the patient, and where its rows start.
    patients: Vec<u32>,
    starts: Vec<u32>,
}

/// Where a code's next row and next patient go, and which patient was the last.
#[derive(Clone, Copy)]
struct Next {
    row: u32,
    patients: u32,
    last: u32,
}

impl InvertedIndex<'_> {
    /// Writes the index of each shard of a range, one after another, each on all threads.
    pub fn write(&self, shards: Range<usize>, progress: &Progress) -> Result<Vec<FilePlan>> {
        let folder = self.work.join("index");
        fs::create_dir(&folder).map_err(|e| Error::io(&folder, "write the index", &e))?;
        let of = |(at, shard): (usize, &Shard)| match shard.row_width {
            2 => self.shard::<2>(at, shard, progress),
            _ => self.shard::<4>(at, shard, progress),
        };
        shards.map(|at| of((at, &self.layout.shards[at]))).collect()
    }

    fn shard<const W: usize>(&self, at: usize, shard: &Shard, progress: &Progress) -> Result<FilePlan> {
        let ids = Ids::open(self, at, shard)?;
        let chunks = self.chunks(shard, ids.codes);
        let chunks: Result<Vec<Chunk>> = chunks.into_par_iter().map(|patients| ids.count(patients, progress)).collect();
        let chunks = chunks?;
        let mut before = vec![Count::default(); ids.codes + 1];
        for code in 0..ids.codes {
            let mut sum = before[code];
            chunks.iter().for_each(|chunk| sum.add(chunk.counts[code]));
            before[code + 1] = sum;
        }
        let plan = self.plan::<W>(&before)?;
        let target = create(self.work.join(index_name(at)), &plan)?;
        let budget = self.memory / 4;
        for range in ranges(&before, |count| count.rows as u64 * W as u64 + u64::from(count.patients) * 8, budget) {
            let sorted: Result<Vec<SortedRows<W>>> = chunks.par_iter().map(|chunk| ids.sort(chunk, &range, progress)).collect();
            let join = Join { plan: &plan, target: &target, chunks: &chunks, sorted: sorted?, before: &before, first: range.start };
            let tasks = ranges(&before[range.start..=range.end], |count| u64::from(count.rows), CHUNK);
            tasks.into_par_iter().try_for_each(|codes| join.write(range.start + codes.start..range.start + codes.end, progress))?;
        }
        Ok(plan)
    }

    /// Runs of patients with enough rows to be worth their tables of counts. They depend on the data only.
    /// The bytes of the index do not depend on them.
    fn chunks(&self, shard: &Shard, codes: usize) -> Vec<Range<usize>> {
        let least = CHUNK.max(4 * codes as u64);
        let (mut chunks, mut start, mut rows) = (Vec::new(), 0, 0);
        for (at, patient) in self.patients[shard.patients.clone()].iter().enumerate() {
            rows += patient.rows;
            if rows >= least {
                chunks.push(start..at + 1);
                (start, rows) = (at + 1, 0);
            }
        }
        chunks.push(start..shard.patients.len());
        chunks
    }

    /// Plans the file of an index with these sums: `patients: list<struct<row, rows: list<row>>>`, one row
    /// per code.
    fn plan<const W: usize>(&self, before: &[Count]) -> Result<FilePlan> {
        let row = if W == 2 { DataType::UInt16 } else { DataType::UInt32 };
        let rows = DataType::List(Arc::new(Field::new("item", row, false)));
        let pair = DataType::Struct(vec![Field::new("row", DataType::UInt32, false), Field::new("rows", rows, false)].into());
        let patients = DataType::List(Arc::new(Field::new("item", pair, false)));
        let metadata = std::collections::HashMap::from([(STORE_ID_KEY.to_string(), self.id.to_string())]);
        let schema = Schema::new(vec![Field::new("patients", patients, false)]).with_metadata(metadata);
        let codes = before.len() as u64 - 1;
        let total = before.last().copied().unwrap_or_default();
        let (patients, rows) = (u64::from(total.patients), u64::from(total.rows));
        let shape = |length: u64, buffers, children| Shape { length, nulls: 0, buffers, children };
        let item = shape(rows, vec![0, rows * W as u64], vec![]);
        let lists = shape(patients, vec![0, 4 * (patients + 1)], vec![item]);
        let pairs = shape(patients, vec![0], vec![shape(patients, vec![0, 4 * patients], vec![]), lists]);
        FilePlan::new(&schema, codes, &[shape(codes, vec![0, 4 * (codes + 1)], vec![pairs])], &[])
    }
}

/// The buffers of offsets of an index file, for the manifest.
pub fn offset_sections(plan: &FilePlan) -> Vec<(u64, u64)> {
    [CODES, LISTS].map(|at| (plan.buffers[at].offset, plan.buffers[at].bytes)).to_vec()
}

// The buffers of an index file that are not validities: offsets of the codes, patients, offsets of their
// rows, rows.
const CODES: usize = 1;
const PATIENTS: usize = 4;
const LISTS: usize = 6;
const ROWS: usize = 8;

fn create(path: PathBuf, plan: &FilePlan) -> Result<Arc<SharedFile>> {
    let made = File::create(&path).and_then(|file| file.set_len(plan.bytes));
    made.map_err(|e| Error::io(&path, "write the index", &e))?;
    let target = Arc::new(SharedFile::new(path));
    let to = target.open()?;
    to.write(0, &plan.head)?;
    to.write(plan.bytes - plan.tail.len() as u64, &plan.tail)?;
    Ok(target)
}

/// Cuts codes into runs. Each weighs at most `most` or is a single code. `before` has the sums up to each
/// code.
fn ranges(before: &[Count], weight: impl Fn(Count) -> u64, most: u64) -> Vec<Range<usize>> {
    let codes = before.len() - 1;
    let (mut ranges, mut start) = (Vec::new(), 0);
    while start < codes {
        let most = weight(before[start]).saturating_add(most);
        let end = before.partition_point(|sum| weight(*sum) <= most) - 1;
        let end = end.max(start + 1);
        ranges.push(start..end);
        start = end;
    }
    ranges
}

/// The code ids of a shard, read from its file.
struct Ids<'a> {
    path: PathBuf,
    file: File,
    span: Span,
    width: u64,
    /// First row of the shard, counted over the whole source.
    first: u64,
    patients: &'a [Patient],
    /// Number of code ids, including the unused 0.
    codes: usize,
}

impl<'a> Ids<'a> {
    fn open(of: &InvertedIndex<'a>, at: usize, shard: &Shard) -> Result<Self> {
        let path = of.work.join(shard_name(at));
        let file = File::open(&path).map_err(|e| Error::io(&path, "read back what was written", &e))?;
        let dictionary = of.layout.stored[of.column].dictionary.as_ref();
        let known = dictionary.zip(shard.columns[of.column].values.data);
        let (dictionary, span) = known.ok_or_else(|| Error::new(Code::Internal, "the column `code` is not dictionary-coded"))?;
        let (width, codes) = (u64::from(dictionary.width), dictionary.values.len());
        Ok(Self { path, file, span, width, first: shard.rows.start, patients: &of.patients[shard.patients.clone()], codes })
    }

    fn count(&self, patients: Range<usize>, progress: &Progress) -> Result<Chunk> {
        let mut counts = vec![Count::default(); self.codes];
        let mut last = vec![u32::MAX; self.codes];
        let ids = self.read(&patients)?;
        progress.check()?;
        self.each(&patients, &ids, |patient, _, id| {
            let (count, last) = (&mut counts[id as usize], &mut last[id as usize]);
            count.rows += 1;
            count.patients += u32::from(*last != patient);
            *last = patient;
        });
        Ok(Chunk { patients, counts })
    }

    fn sort<const W: usize>(&self, chunk: &Chunk, codes: &Range<usize>, progress: &Progress) -> Result<SortedRows<W>> {
        let mut sum = Count::default();
        let place = |count: &Count| {
            let place = Next { row: sum.rows, patients: sum.patients, last: u32::MAX };
            sum.add(*count);
            place
        };
        let mut places: Vec<Next> = chunk.counts[codes.clone()].iter().map(place).collect();
        let (rows, patients) = (sum.rows as usize, sum.patients as usize);
        let mut sorted = SortedRows { rows: vec![[0; W]; rows], patients: vec![0; patients], starts: vec![0; patients] };
        let ids = self.read(&chunk.patients)?;
        progress.check()?;
        self.each(&chunk.patients, &ids, |patient, row, id| {
            // Codes before the range wrap around to numbers after its end.
            let Some(place) = places.get_mut((id as usize).wrapping_sub(codes.start)) else { return };
            if place.last != patient {
                place.last = patient;
                sorted.patients[place.patients as usize] = patient;
                sorted.starts[place.patients as usize] = place.row;
                place.patients += 1;
            }
            // The layout chose a width that fits the longest patient's row numbers.
            sorted.rows[place.row as usize].copy_from_slice(&row.to_le_bytes()[..W]);
            place.row += 1;
        });
        Ok(sorted)
    }

    /// Calls `visit` with each (patient, row of the patient, code id).
    fn each(&self, patients: &Range<usize>, ids: &[u32], mut visit: impl FnMut(u32, u32, u32)) {
        let mut rest = ids;
        for patient in patients.clone() {
            let (own, after) = rest.split_at(self.patients[patient].rows as usize);
            (0..).zip(own).for_each(|(row, id)| visit(patient as u32, row, *id));
            rest = after;
        }
    }

    fn read(&self, patients: &Range<usize>) -> Result<Vec<u32>> {
        let Some((first, last)) = self.patients[patients.clone()].first().zip(self.patients[patients.clone()].last()) else {
            return Ok(Vec::new());
        };
        let mut bytes = vec![0; ((last.end() - first.start) * self.width) as usize];
        let read = self.file.read_exact_at(&mut bytes, self.span.offset + (first.start - self.first) * self.width);
        read.map_err(|e| Error::io(&self.path, "read back what was written", &e))?;
        let ids: Vec<u32> = match self.width {
            1 => bytes.into_iter().map(u32::from).collect(),
            2 => bytes.as_chunks().0.iter().map(|word| u32::from(u16::from_le_bytes(*word))).collect(),
            _ => bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect(),
        };
        match ids.iter().max() {
            Some(id) if *id as usize >= self.codes => Err(Error::at(Code::Internal, &self.path, "a code id is outside the table of codes")),
            _ => Ok(ids),
        }
    }
}

/// Joins the chunks of a range of codes in the file.
struct Join<'a, const W: usize> {
    plan: &'a FilePlan,
    target: &'a Arc<SharedFile>,
    chunks: &'a [Chunk],
    sorted: Vec<SortedRows<W>>,
    before: &'a [Count],
    /// The range's first code.
    first: usize,
}

impl<const W: usize> Join<'_, W> {
    fn write(&self, codes: Range<usize>, progress: &Progress) -> Result<()> {
        let to = self.target.open()?;
        let start = self.before[codes.start];
        let (patients_before, rows_before) = (u64::from(start.patients), u64::from(start.rows));
        let place = |at: usize| self.plan.buffers[at].offset;
        let mut ends = Offsets::new(to.clone(), place(CODES), codes.start as u64, patients_before)?;
        let mut patients = Bytes::new(to.clone(), place(PATIENTS) + 4 * patients_before);
        let mut lists = Offsets::new(to.clone(), place(LISTS), patients_before, rows_before)?;
        let mut rows = Bytes::new(to, place(ROWS) + W as u64 * rows_before);
        // Where the current code starts in each chunk.
        let skipped = |chunk: &Chunk| {
            let mut sum = Count::default();
            chunk.counts[self.first..codes.start].iter().for_each(|count| sum.add(*count));
            sum
        };
        let mut at: Vec<Count> = self.chunks.iter().map(skipped).collect();
        for code in codes.clone() {
            for ((chunk, sorted), at) in self.chunks.iter().zip(&self.sorted).zip(&mut at) {
                let count = chunk.counts[code];
                if count.rows == 0 {
                    continue;
                }
                let mut next = *at;
                next.add(count);
                let own = at.patients as usize..next.patients as usize;
                patients.with(|held| sorted.patients[own.clone()].iter().for_each(|patient| held.extend(patient.to_le_bytes())))?;
                for pair in own.clone() {
                    let end = if pair + 1 < own.end { sorted.starts[pair + 1] } else { next.rows };
                    lists.push((end - sorted.starts[pair]) as usize)?;
                }
                rows.push(sorted.rows[at.rows as usize..next.rows as usize].as_flattened())?;
                ends.grow(own.len())?;
                *at = next;
            }
            ends.close()?;
        }
        ends.flush()?;
        patients.flush()?;
        lists.flush()?;
        rows.flush()?;
        progress.advance(u64::from(self.before[codes.end].rows - start.rows), 0)
    }
}
