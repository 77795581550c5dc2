//! Binary searches for times, several at once: while one search waits for memory, the others continue.

/// Number of interleaved searches.
pub const AT_ONCE: usize = 16;

/// A search among ascending times for the first row after a limit.
#[derive(Clone, Copy, Default)]
pub struct Search<'a> {
    /// Times of all rows of a shard.
    pub times: &'a [[u8; 8]],
    /// The latest time before the result.
    pub limit: i64,
    /// The result is at least `low` and at most `high`, both at the end. Rows from `low` to `high` exist.
    pub low: usize,
    pub high: usize,
}

/// Runs searches to their end.
pub fn run(searches: &mut [Search]) {
    let mut open = true;
    while open {
        open = false;
        for search in &mut *searches {
            if search.low >= search.high {
                continue;
            }
            open = true;
            let middle = search.low.midpoint(search.high);
            if i64::from_le_bytes(search.times[middle]) <= search.limit {
                search.low = middle + 1;
            } else {
                search.high = middle;
            }
        }
    }
}
