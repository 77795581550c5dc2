//! Row groups of a source.

use crate::source::files::Source;

/// A row group, with its rows counted over the whole source.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Index of the file.
    pub file: usize,
    /// Index of the row group in the file.
    pub group: usize,
    /// First row, counted over the whole source.
    pub start: u64,
    /// One past the last row.
    pub end: u64,
}

/// The row groups of a source, in order.
pub fn groups(source: &Source) -> Vec<Group> {
    let mut start = 0;
    let mut groups = Vec::new();
    for (file, about) in source.files.iter().enumerate() {
        for group in 0..about.groups() {
            let end = start + about.rows(group);
            groups.push(Group { file, group, start, end });
            start = end;
        }
    }
    groups
}

/// First row of a file, counted over the whole source.
pub fn file_start(groups: &[Group], file: usize) -> u64 {
    groups.iter().find(|g| g.file == file).map_or(0, |g| g.start)
}

/// Rows of all groups.
pub fn total_rows(groups: &[Group]) -> u64 {
    groups.last().map_or(0, |group| group.end)
}
