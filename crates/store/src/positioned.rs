//! Reads and writes of a file at an offset, by many threads at once.

#[cfg(unix)]
pub use std::os::unix::fs::FileExt as Positioned;

/// What `FileExt` of Unix has. Windows moves the cursor of the file too, which no caller uses.
#[cfg(windows)]
pub trait Positioned {
    /// Fills `bytes` from an offset.
    fn read_exact_at(&self, bytes: &mut [u8], at: u64) -> std::io::Result<()>;

    /// Writes all `bytes` at an offset.
    fn write_all_at(&self, bytes: &[u8], at: u64) -> std::io::Result<()>;
}

#[cfg(windows)]
impl Positioned for std::fs::File {
    fn read_exact_at(&self, mut bytes: &mut [u8], mut at: u64) -> std::io::Result<()> {
        use std::os::windows::fs::FileExt;
        while !bytes.is_empty() {
            match self.seek_read(bytes, at)? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                count => (bytes, at) = (&mut bytes[count..], at + count as u64),
            }
        }
        Ok(())
    }

    fn write_all_at(&self, mut bytes: &[u8], mut at: u64) -> std::io::Result<()> {
        use std::os::windows::fs::FileExt;
        while !bytes.is_empty() {
            match self.seek_write(bytes, at)? {
                0 => return Err(std::io::ErrorKind::WriteZero.into()),
                count => (bytes, at) = (&bytes[count..], at + count as u64),
            }
        }
        Ok(())
    }
}
