//! Runs chunks of work on several threads and returns the results in order.

use meds_store::{Error, Progress, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Least rows of a chunk: a smaller chunk costs more to distribute than to process.
const LEAST: usize = 1 << 15;
/// Most rows of a chunk: a cancelled query waits until its current chunks end.
const MOST: usize = 1 << 20;
/// Chunks per thread: enough for all threads to end at about the same time.
const SHARE: usize = 8;

/// Number of cores.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The threads that help the calling thread, started once. `None` where the system cannot start them.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let build = || ThreadPoolBuilder::new().num_threads(cores()).thread_name(|i| format!("meds-query-{i}")).build().ok();
    POOL.get_or_init(build).as_ref()
}

/// Rows of a chunk, if so many threads share so many rows.
pub fn share_of(total: usize, threads: usize) -> usize {
    (total / (threads * SHARE).max(1)).clamp(LEAST, MOST)
}

/// Cuts items into runs of about equal weight (rows).
pub fn chunks(weights: impl ExactSizeIterator<Item = usize>, most: usize) -> Vec<Range<usize>> {
    let (mut chunks, mut begin, mut sum, count) = (vec![], 0, 0, weights.len());
    for (i, weight) in weights.enumerate() {
        sum += weight;
        if sum >= most {
            chunks.push(begin..i + 1);
            (begin, sum) = (i + 1, 0);
        }
    }
    if begin < count {
        chunks.push(begin..count);
    }
    chunks
}

/// Processes every chunk, with its number. Each thread has its own scratch. Returns the scratches, and the
/// results in order of the chunks. If several chunks fail, the error is that of the first of them, for any
/// number of threads.
pub fn each<S: Send, T: Send>(
    chunks: &[Range<usize>],
    threads: usize,
    progress: &Progress,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize, Range<usize>) -> Result<T> + Sync,
) -> Result<(Vec<S>, Vec<T>)> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let scratches = Mutex::new(vec![]);
    let results = Mutex::new(vec![]);
    let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let lock = PoisonError::into_inner;
    let worker = || {
        let mut own = scratch();
        let mut done = vec![];
        // Chunks are taken in order, so all chunks before one that fails are already started and will end.
        while !stop.load(Relaxed) {
            let i = next.fetch_add(1, Relaxed);
            let Some(chunk) = chunks.get(i) else { break };
            match progress.check().and_then(|()| work(&mut own, i, chunk.clone())) {
                Ok(result) => done.push((i, result)),
                Err(error) => {
                    stop.store(true, Relaxed);
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    if failed.as_ref().is_none_or(|(first, _)| i < *first) {
                        *failed = Some((i, error));
                    }
                    break;
                }
            }
        }
        scratches.lock().unwrap_or_else(PoisonError::into_inner).push(own);
        results.lock().unwrap_or_else(PoisonError::into_inner).append(&mut done);
    };
    match pool().filter(|_| threads.min(chunks.len()) > 1) {
        // The calling thread works too, so a pool that is busy with another query does not block this one.
        Some(pool) => pool.in_place_scope(|scope| {
            for _ in 1..threads.min(chunks.len()) {
                scope.spawn(|_| worker());
            }
            worker();
        }),
        None => worker(),
    }
    if let Some((_, error)) = failed.into_inner().unwrap_or_else(lock) {
        return Err(error);
    }
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(i, _)| *i);
    let scratches = scratches.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((scratches, results.into_iter().map(|(_, result)| result).collect()))
}

/// Processes every item, each once, and returns the results in order of the items. Unlike [`each`], this can
/// hand out memory to write to.
pub fn share<T: Send, R: Send>(items: Vec<T>, threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let pool = pool().filter(|_| threads.min(items.len()) > 1);
    let Some(pool) = pool else { return items.into_iter().map(work).collect() };
    let helpers = threads.min(items.len()) - 1;
    let queue = Mutex::new(items.into_iter().enumerate());
    let results = Mutex::new(vec![]);
    let worker = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((i, item)) = next else { break };
            let result = work(item);
            results.lock().unwrap_or_else(PoisonError::into_inner).push((i, result));
        }
    };
    pool.in_place_scope(|scope| {
        (0..helpers).for_each(|_| scope.spawn(|_| worker()));
        worker();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Joins parts in order to one array. Each part is freed as soon as it is copied. Threads copy in parallel,
/// because the system clears every new page first.
pub fn join<T: Copy + Default + Send>(parts: Vec<Vec<T>>, threads: usize) -> Vec<T> {
    let total = parts.iter().map(Vec::len).sum();
    let mut all = vec![T::default(); total];
    let mut rest = &mut all[..];
    let mut places = vec![];
    for part in parts {
        let (place, after) = rest.split_at_mut(part.len());
        rest = after;
        places.push((place, part));
    }
    share(places, if total > LEAST { threads } else { 1 }, |(place, part)| place.copy_from_slice(&part));
    all
}
