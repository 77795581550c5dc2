//! Binary searches for times, several at once: while one search waits for memory, the others continue.

use std::ops::Range;

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

impl<'a> Search<'a> {
    /// Searches some rows for the end of those before a time, or at it too if the flag is true. No time: for
    /// their end.
    pub fn new(times: &'a [[u8; 8]], bound: Option<(i64, bool)>, Range { start: low, end: high }: Range<usize>) -> Self {
        match bound {
            None => Self { times, limit: 0, low: high, high },
            Some((limit, true)) => Self { times, limit, low, high },
            Some((i64::MIN, false)) => Self { times, limit: 0, low, high: low },
            Some((bound, false)) => Self { times, limit: bound - 1, low, high },
        }
    }

    /// Whether the result is not known yet.
    pub fn is_open(&self) -> bool {
        self.low < self.high
    }

    /// The row that is compared next.
    pub fn middle(&self) -> usize {
        self.low.midpoint(self.high)
    }

    /// Halves the range.
    pub fn step(&mut self) {
        let middle = self.middle();
        if i64::from_le_bytes(self.times[middle]) <= self.limit {
            self.low = middle + 1;
        } else {
            self.high = middle;
        }
    }
}

/// Runs searches to their end.
pub fn run(searches: &mut [Search]) {
    let mut open = true;
    while open {
        open = false;
        for search in searches.iter_mut().filter(|search| search.is_open()) {
            open = true;
            search.step();
        }
    }
}
