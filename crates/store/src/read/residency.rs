//! How much of a store is in memory.

use super::array::Array;
use super::file::File;
use super::store::Store;
use crate::layout::{Node, Span};

/// The bytes of a file, or of one column of a shard.
#[derive(Clone, Debug, PartialEq)]
pub struct Residency {
    /// Path of the file in the store.
    pub file: String,
    /// The column; `None` for the file.
    pub column: Option<String>,
    /// Number of bytes.
    pub bytes: u64,
    /// Bytes in memory. `None` where the system does not say.
    pub resident: Option<u64>,
}

impl Store {
    /// The mapped files, each followed by its columns where it is a shard.
    pub fn residency(&self) -> Vec<Residency> {
        let mut all = vec![];
        let small = [Some(self.patients()), Some(self.codes()), self.ancestors.as_ref()];
        for file in small.into_iter().flatten() {
            all.push(whole(file));
        }
        for file in &self.shards {
            all.push(whole(file));
            let dense = file.array("events").into_iter().flat_map(|events| events.child(0).children().collect::<Vec<_>>());
            let sparse = file.array("sparse").into_iter().flat_map(|sparse| sparse.children().collect::<Vec<_>>());
            all.extend(dense.chain(sparse).map(|array| column(file, array)));
        }
        all.extend(self.inverted.iter().map(whole));
        all
    }
}

fn whole(file: &File) -> Residency {
    let bytes = file.map.bytes().len();
    let resident = file.map.resident(0..bytes).map(|found| found as u64);
    Residency { file: file.entry.path.clone(), column: None, bytes: bytes as u64, resident }
}

/// A column with its bitmap, offsets, values and dictionary.
fn column(file: &File, array: Array) -> Residency {
    let mut buffers = vec![];
    spans(array.node, &mut buffers);
    let resident = |span: &Span| file.map.resident(span.offset as usize..(span.offset + span.bytes) as usize).map(|found| found as u64);
    Residency {
        file: file.entry.path.clone(),
        column: Some(array.node.name.clone()),
        bytes: buffers.iter().map(|span| span.bytes).sum(),
        resident: buffers.iter().map(resident).sum(),
    }
}

fn spans(node: &Node, out: &mut Vec<Span>) {
    out.extend([node.validity, node.offsets, node.data].into_iter().flatten());
    node.children.iter().chain(node.dictionary.iter().map(|dictionary| &dictionary.values)).for_each(|below| spans(below, out));
}
