//! Digests as text.

/// The first 32 hexadecimal digits of a hash.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}
