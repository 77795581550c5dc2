//! Checksums of bytes against those of the manifest.

use super::Found;
use crate::manifest::{self, hex};

/// Compares the CRC-32C of bytes with the manifest's.
pub fn crc(bytes: &[u8], expected: &str) -> Found<()> {
    let found = hex(crc32c::crc32c(bytes));
    if found == expected { Ok(()) } else { Err(format!("has checksum {found}, but the manifest says {expected}")) }
}

/// Checks the parts of a file that say where its buffers are. A wrong place would return the bytes of another
/// column, and of another patient.
pub fn frames(bytes: &[u8], entry: &manifest::File) -> Found<()> {
    entry.frames.iter().try_for_each(|part| {
        let end = part.offset.checked_add(part.bytes).and_then(|end| usize::try_from(end).ok());
        let part_bytes = end.and_then(|end| bytes.get(part.offset as usize..end));
        let part_bytes = part_bytes.ok_or_else(|| format!("ends before byte {} of its table of buffers", part.offset))?;
        crc(part_bytes, &part.crc32c).map_err(|e| format!("{e} (table of buffers, byte {} on)", part.offset))
    })
}
