//! Static rows: rows without a time, such as sex. They come first in the timeline of a patient.
//!
//! The survey of a source counts patients with a late static row. If there are any, the rows of the source are
//! sorted: static rows first, all other rows in order of time (`write/sort.rs` sorts no time before every time).

use meds_store::manifest::Note;

/// Is a static row late, after rows up to the time `last`?
pub fn is_late(last: Option<i64>) -> bool {
    last.is_some()
}

/// The note about patients with a row without a time after a row with one.
pub fn moved_note(count: u64) -> Option<Note> {
    let message = "patients with static rows (rows without a time) after other rows: the static rows were moved to the front".to_string();
    (count > 0).then_some(Note { kind: "converted".into(), message, count })
}
