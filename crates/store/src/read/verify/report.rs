//! The problems that one task of the verification finds.

use super::counts::Counts;
use crate::read::{Found, Problem};

/// Problems of one file, up to a limit, and counts that are summed over files.
pub struct Report {
    path: String,
    limit: usize,
    problems: Vec<Problem>,
    /// Null rows of the column that was checked.
    pub nulls: u64,
    /// For the column `code`: the counts to compare with codes.arrow.
    pub codes: Option<Counts>,
}

impl Report {
    /// A report about a file. The path is relative to the store.
    pub fn new(path: &str, limit: usize) -> Self {
        Self { path: path.into(), limit, problems: vec![], nulls: 0, codes: None }
    }

    /// Adds a problem of the report's file.
    pub fn problem(&mut self, problem: Problem) {
        if !self.full() {
            self.problems.push(Problem { path: self.path.clone(), ..problem });
        }
    }

    /// Adds the result of a check of the whole file. Returns whether it passed.
    pub fn check(&mut self, found: Found<()>) -> bool {
        let sound = found.is_ok();
        if let Err(message) = found {
            self.problem(Problem { message, ..Problem::default() });
        }
        sound
    }

    /// Adds another report's problems.
    pub fn absorb(&mut self, other: Report) {
        let room = self.limit - self.problems.len();
        self.problems.extend(other.problems.into_iter().take(room));
    }

    /// Whether the limit is reached.
    pub fn full(&self) -> bool {
        self.problems.len() >= self.limit
    }

    /// Returns the problems.
    pub fn finish(self) -> Vec<Problem> {
        self.problems
    }
}
