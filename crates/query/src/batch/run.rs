//! A run: rows of one sample that go to consecutive positions of a batch.

use super::wrong;
use meds_store::{Error, Result};

/// Rows of one sample that go to consecutive positions of a batch.
#[derive(Clone, Copy)]
pub struct Run {
    /// Index of the sample in the batch.
    pub sample: usize,
    pub shard: usize,
    /// Row of the patient in the shard.
    pub patient: usize,
    /// The first row, or the index of its number in the list.
    pub begin: usize,
    pub count: usize,
    /// Position of the first row, and position of the first time.
    pub position: usize,
    pub time_position: usize,
    /// Number of times: equal to the number of rows, except in nested batches.
    pub time_count: usize,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Static rows, whose numbers are in the list: no time passes between them.
    Statics,
    /// Consecutive rows. The value is the row from which the first row's days are counted.
    Run(usize),
    /// Rows whose numbers are in the list. The number before them is the row from which the first row's days
    /// are counted.
    List,
}

/// Declares the words of a run once: their names, their order and their number.
macro_rules! run_words {
    ($($word:ident),+) => {
        /// Names of the words of a run, in order. `src/batches/run.ts` has the same; a test compares both.
        pub const RUN_WORDS: &[&str] = &[$(stringify!($word)),+];

        /// The words of a run, as the caller passes them.
        struct Words {
            $($word: i32),+
        }

        impl Words {
            fn read(words: &[i32]) -> Result<Self> {
                let &[$($word),+] = words else { return Err(wrong("runs")) };
                Ok(Self { $($word),+ })
            }
        }
    };
}

run_words!(sample, shard, patient, begin, count, position, time_position, time_count, kind);

/// The `kind` of a run whose rows are in the list, after the row before them. Otherwise `kind` is that row.
pub const LIST: i32 = -1;

/// The `kind` of a run of static rows.
pub const STATICS: i32 = -2;

impl Run {
    pub fn read(words: &[i32]) -> Result<Self> {
        let words = Words::read(words)?;
        let whole = |word: i32| usize::try_from(word).map_err(|_| -> Error { wrong("runs") });
        let kind = match words.kind {
            STATICS => Kind::Statics,
            LIST => Kind::List,
            row => Kind::Run(whole(row)?),
        };
        Ok(Self {
            sample: whole(words.sample)?,
            shard: whole(words.shard)?,
            patient: whole(words.patient)?,
            begin: whole(words.begin)?,
            count: whole(words.count)?,
            position: whole(words.position)?,
            time_position: whole(words.time_position)?,
            time_count: whole(words.time_count)?,
            kind,
        })
    }
}
