//! The threads of an operation.

use meds_store::{Code, Error, Result};

/// Most threads of a pool.
const MOST_THREADS: usize = 1024;

/// Refuses a number of threads. Every thread needs memory for its stack: a typing error must not exhaust the
/// machine.
pub fn check(threads: usize) -> Result<()> {
    if threads > MOST_THREADS {
        let message = format!("{threads} threads are too many. The maximum is {MOST_THREADS}.");
        return Err(Error::new(Code::InvalidArgument, message));
    }
    Ok(())
}

/// Runs work on its own threads; 0 = one per core.
pub fn pool<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    check(threads)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| Error::new(Code::Internal, format!("cannot start threads: {e}")))?.install(work)
}

/// The threads of a conversion. A task needs a window of its file, a batch, and the bytes that it is about to
/// write: more threads than the memory allows would exceed the limit.
pub fn within(memory: u64, threads: usize) -> usize {
    const TASK: u64 = 24 << 20;
    let wanted = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    wanted.min((memory / TASK).max(1) as usize)
}
