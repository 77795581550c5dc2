//! The input of the second pass.

use crate::plan::layout::Layout;
use crate::plan::pieces::Piece;
use crate::source::column::Column;
use crate::source::files::Source;
use crate::source::group::Group;
use crate::source::patient::Patient;
use crate::write::file::SharedFile;
use std::ops::Range;
use std::sync::Arc;

/// The input of the second pass, which [`Pass::run`] is.
pub struct Pass<'a> {
    /// The source.
    pub source: &'a Source,
    /// The source's columns.
    pub columns: &'a [Column],
    /// The source's row groups.
    pub groups: &'a [Group],
    /// The pieces of each row group.
    pub pieces: &'a [Vec<Piece>],
    /// The source's patients.
    pub patients: &'a [Patient],
    /// Where everything goes.
    pub layout: &'a Layout,
    /// The shards to write.
    pub shards: Range<usize>,
    /// Their files.
    pub targets: &'a [Arc<SharedFile>],
}
