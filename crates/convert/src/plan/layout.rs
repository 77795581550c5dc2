//! The decisions between the two passes: how each column is stored, where shards begin, and where every piece
//! of every column goes.

use crate::plan::extent::{self, Extent, width_of};
use crate::plan::measure::Measured;
use crate::plan::pieces::Piece;
use crate::plan::shard::{Shard, row_type, schema, shard};
use crate::plan::storage::{Stored, in_order};
use crate::source::column::Column;
use crate::source::patient::Patient;
use arrow_array::ArrayRef;
use meds_store::Result;
use meds_store::manifest::Storage;

/// Most elements or bytes that int32 offsets can count.
const OFFSETS: u64 = i32::MAX as u64;

/// The start of a node: how many slots and bytes of the shard come before it.
pub type NodePlace = Extent;

/// Where a piece of a column goes, and what the second pass must find in it.
#[derive(Debug)]
pub struct Destination {
    /// The start of its first value in the shard, for each node of its type.
    pub start: Vec<NodePlace>,
    /// The counts of the first pass.
    pub expected: Extent,
}

/// The plan of the second pass.
#[derive(Debug)]
pub struct Layout {
    /// How each column is stored.
    pub stored: Vec<Stored>,
    /// The shards.
    pub shards: Vec<Shard>,
    /// The shard of each segment.
    pub shard_of: Vec<usize>,
    /// For each column, row group and piece: where its values go.
    pub places: Vec<Vec<Vec<Destination>>>,
}

/// A segment that is too large for a shard. It must be cut finer. If it is one patient, the conversion fails.
#[derive(Debug)]
pub struct TooLarge {
    /// The segment.
    pub segment: usize,
    /// The column that is too large.
    pub column: usize,
}

/// The cuts of the source.
#[derive(Clone, Copy, Debug)]
pub struct Cut<'a> {
    /// Its patients.
    pub patients: &'a [Patient],
    /// The first patient of each segment, then the number of patients.
    pub segments: &'a [usize],
    /// The pieces of each row group.
    pub pieces: &'a [Vec<Piece>],
}

/// Plans the shards, of about `shard_bytes` bytes, for the store with content id `id`.
pub fn plan(
    columns: &[Column],
    stored: Vec<Stored>,
    measured: &mut [Measured],
    cut: Cut,
    shard_bytes: u64,
    id: &str,
) -> Result<std::result::Result<Layout, TooLarge>> {
    let Cut { patients, segments, pieces } = cut;
    let sizes = segment_sizes(columns, measured, cut);
    let shard_of = match assign(&stored, &sizes, cut, shard_bytes) {
        Ok(shard_of) => shard_of,
        Err(too_large) => return Ok(Err(too_large)),
    };
    let row = row_type(patients);
    let schema = schema(columns, &stored, &row, id);
    let dictionaries: Vec<ArrayRef> =
        in_order(&stored).filter_map(|at| stored[at].dictionary.as_ref().map(|dictionary| dictionary.values.clone())).collect();
    let mut shards = Vec::new();
    let mut first = 0;
    while first < sizes.len() {
        let last = shard_of.partition_point(|shard| *shard <= shard_of[first]);
        let mut total = sizes[first].clone();
        sizes[first + 1..last].iter().for_each(|size| add(&mut total, size));
        let range = segments[first]..segments[last];
        shards.push(shard(&schema, &stored, &row, &total, patients, range, &dictionaries)?);
        first = last;
    }
    let places = measured.iter_mut().map(|measured| places(std::mem::take(&mut measured.extents), pieces, &shard_of)).collect();
    Ok(Ok(Layout { stored, shards, shard_of, places }))
}

/// The extents of each column's nodes.
type Size = Vec<Vec<Extent>>;

fn add(sum: &mut Size, size: &Size) {
    sum.iter_mut().flatten().zip(size.iter().flatten()).for_each(|(sum, extent)| sum.add(extent));
}

/// The size of each segment.
fn segment_sizes(columns: &[Column], measured: &[Measured], cut: Cut) -> Vec<Size> {
    let empty: Size = columns.iter().map(|column| vec![Extent::default(); extent::nodes(&column.wide)]).collect();
    let mut sizes = vec![empty; cut.segments.len().saturating_sub(1)];
    for (at, measured) in measured.iter().enumerate() {
        for (group, extents) in measured.extents.iter().enumerate() {
            for (piece, extent) in cut.pieces[group].iter().zip(extents) {
                sizes[piece.segment][at].iter_mut().zip(extent).for_each(|(sum, extent)| sum.add(extent));
            }
        }
    }
    sizes
}

/// The shard of each segment: each shard gets as many segments as fit.
fn assign(stored: &[Stored], sizes: &[Size], cut: Cut, shard_bytes: u64) -> std::result::Result<Vec<usize>, TooLarge> {
    let mut shard_of = Vec::with_capacity(sizes.len());
    let mut current: Option<(u64, u64, Size)> = None;
    for (segment, size) in sizes.iter().enumerate() {
        let rows = cut.patients[cut.segments[segment]..cut.segments[segment + 1]].iter().map(|patient| patient.rows).sum();
        let bytes = bytes(stored, size, rows);
        if let Some(column) = overflow(stored, size, rows) {
            return Err(TooLarge { segment, column });
        }
        let shard = shard_of.last().copied().unwrap_or(0);
        current = match current {
            Some((all_bytes, all_rows, mut all)) => {
                add(&mut all, size);
                if all_bytes + bytes > shard_bytes || overflow(stored, &all, all_rows + rows).is_some() {
                    shard_of.push(shard + 1);
                    Some((bytes, rows, size.clone()))
                } else {
                    shard_of.push(shard);
                    Some((all_bytes + bytes, all_rows + rows, all))
                }
            }
            None => {
                shard_of.push(shard);
                Some((bytes, rows, size.clone()))
            }
        };
    }
    Ok(shard_of)
}

/// Sums the extents of the pieces before each piece in its shard: where the piece starts.
fn places(extents: Vec<Vec<Vec<Extent>>>, pieces: &[Vec<Piece>], shard_of: &[usize]) -> Vec<Vec<Destination>> {
    let mut at: (usize, Vec<Extent>) = (usize::MAX, Vec::new());
    let of_group = |(group, extents): (usize, Vec<Vec<Extent>>)| {
        let of_piece = |(piece, extent): (&Piece, Vec<Extent>)| {
            let shard = shard_of[piece.segment];
            if at.0 != shard {
                at = (shard, vec![Extent::default(); extent.len()]);
            }
            let start = at.1.clone();
            at.1.iter_mut().zip(&extent).for_each(|(sum, extent)| sum.add(extent));
            Destination { start, expected: extent[0] }
        };
        pieces[group].iter().zip(extents).map(of_piece).collect()
    };
    extents.into_iter().enumerate().map(of_group).collect()
}

/// Bytes that columns with these extents take.
fn bytes(stored: &[Stored], size: &[Vec<Extent>], rows: u64) -> u64 {
    let of = |(stored, size): (&Stored, &Vec<Extent>)| {
        let slots = if stored.storage == Storage::Dense { rows } else { size[0].length };
        let own = match width_of(&stored.buffer_type()) {
            Some(width) => slots * u64::from(width),
            None => slots / 8 + 4 * slots + size[0].bytes,
        };
        let sparse = if stored.storage == Storage::Sparse { 4 * slots } else { slots / 8 };
        own + sparse + size[1..].iter().map(|e| 8 * e.length + e.bytes).sum::<u64>()
    };
    stored.iter().zip(size).map(of).sum()
}

/// Finds a column that int32 offsets cannot count.
fn overflow(stored: &[Stored], size: &[Vec<Extent>], rows: u64) -> Option<usize> {
    let full = |at: usize| {
        let text = if stored[at].dictionary.is_some() { 0 } else { size[at][0].bytes };
        rows > OFFSETS || text > OFFSETS || size[at].iter().any(|e| e.length > OFFSETS) || size[at][1..].iter().any(|e| e.bytes > OFFSETS)
    };
    // Node 20 cannot have a file of 4 GiB as one ArrayBuffer.
    let too_many = bytes(stored, size, rows) > 3 << 30;
    (0..stored.len()).find(|at| full(*at)).or(too_many.then(|| largest(stored, size, rows)))
}

fn largest(stored: &[Stored], size: &[Vec<Extent>], rows: u64) -> usize {
    let of = |at: &usize| bytes(&stored[*at..=*at], &size[*at..=*at], rows);
    (0..stored.len()).max_by_key(of).unwrap_or(0)
}
