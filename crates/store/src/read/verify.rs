//! Every byte and every invariant of a store.

use super::{Problem, Store};
use crate::error::Result;
use crate::progress::Progress;

impl Store {
    /// Placeholder while the rest is built.
    pub fn verify(&self, _limit: usize, _progress: &Progress) -> Result<Vec<Problem>> {
        Ok(vec![])
    }
}
