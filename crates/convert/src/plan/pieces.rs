//! Cuts the source. A *segment* is a run of whole patients: the unit from which shards are made. A *piece* is
//! the part of a segment in one row group: the unit in which columns are measured and placed.

use crate::source::content::Batch;
use crate::source::group::Group;
use crate::source::patient::Patient;
use crate::source::read::Reader;
use meds_store::{Code, Error, Progress, Result};

/// The rows of a segment in one row group.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// Index of the segment.
    pub segment: usize,
    /// First row, counted over the whole source.
    pub start: u64,
    /// One past the last row.
    pub end: u64,
}

/// The pieces of each row group.
pub fn pieces(groups: &[Group], patients: &[Patient], segments: &[usize]) -> Vec<Vec<Piece>> {
    let ends: Vec<u64> = segments.iter().skip(1).map(|&cut| patients[cut - 1].end()).collect();
    let of_group = |group: &Group| {
        let mut pieces = Vec::new();
        let mut start = group.start;
        let mut segment = ends.partition_point(|end| *end <= start);
        while start < group.end {
            let end = ends[segment].min(group.end);
            pieces.push(Piece { segment, start, end });
            start = end;
            segment += 1;
        }
        pieces
    };
    groups.iter().map(of_group).collect()
}

/// Reads a column of a row group, cut where its pieces end. `each` receives the index of the piece, rows of
/// it, and the number of the first of these rows.
pub fn walk<E: From<Error>>(
    mut reader: Reader,
    pieces: &[Piece],
    progress: &Progress,
    mut each: impl FnMut(usize, Batch, u64) -> Result<(), E>,
) -> Result<(), E> {
    let mut at = pieces.first().map_or(0, |piece| piece.start);
    let mut piece = 0;
    while let Some(batch) = reader.next()? {
        let (start, end) = (at, at + batch.len() as u64);
        while at < end {
            while pieces.get(piece).is_some_and(|piece| piece.end <= at) {
                piece += 1;
            }
            let here = pieces.get(piece).ok_or_else(|| Error::new(Code::Internal, "a row group has more rows than its pieces"))?;
            let until = end.min(here.end);
            each(piece, batch.slice((at - start) as usize, (until - at) as usize), at)?;
            at = until;
        }
        progress.advance(end - start, reader.bytes_of(end - start))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::patient::segments;
    use proptest::prelude::*;

    proptest! {
        /// Pieces tile the row groups, each piece is in one segment, and segments begin where patients begin.
        #[test]
        fn pieces_tile_the_source(rows in prop::collection::vec(1u64..40, 1..30), cuts in prop::collection::vec(0u64..600, 0..8), size in 1u64..100) {
            let mut start = 0;
            let patients: Vec<Patient> = rows.iter().enumerate().map(|(id, &rows)| {
                let patient = Patient { id: id as i64, start, rows, statics: 0, times: None };
                start += rows;
                patient
            }).collect();
            let mut ends: Vec<u64> = cuts.into_iter().filter(|cut| *cut < start).chain([start]).collect();
            ends.sort_unstable();
            let mut groups = Vec::new();
            let mut begin = 0;
            for (group, end) in ends.into_iter().enumerate() {
                groups.push(Group { file: 0, group, start: begin, end });
                begin = end;
            }
            let segments = segments(&patients, size);
            let pieces = pieces(&groups, &patients, &segments);
            let mut at = 0;
            for (group, pieces) in groups.iter().zip(&pieces) {
                for piece in pieces {
                    prop_assert_eq!(piece.start, at);
                    prop_assert!(piece.end > piece.start && piece.end <= group.end);
                    let (first, last) = (&patients[segments[piece.segment]], &patients[segments[piece.segment + 1] - 1]);
                    prop_assert!(first.start <= piece.start && piece.end <= last.end());
                    at = piece.end;
                }
                prop_assert_eq!(at, group.end);
            }
            prop_assert_eq!(at, start);
        }
    }
}
