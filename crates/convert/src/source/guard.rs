//! Panics of a library as errors.

use parquet::errors::ParquetError;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs code of the Parquet library on untrusted bytes. A panic becomes an error and prints nothing on
/// stderr.
pub fn guarded<T>(work: impl FnOnce() -> parquet::errors::Result<T>) -> parquet::errors::Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                loud(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    done.unwrap_or_else(|_| Err(ParquetError::General("its bytes contradict each other".into())))
}

/// The text of an error without the names that the libraries put before it.
pub fn reason(error: &ParquetError) -> String {
    const NAMES: [&str; 6] = ["Parquet error: ", "External: ", "Arrow: ", "EOF: ", "Parquet argument error: ", "Invalid argument error: "];
    let text = error.to_string();
    let mut reason = text.as_str();
    while let Some(rest) = NAMES.iter().find_map(|name| reason.strip_prefix(name)) {
        reason = rest;
    }
    reason.to_string()
}

#[cfg(test)]
mod tests {
    use super::reason;
    use parquet::errors::ParquetError;

    #[test]
    fn a_reason_does_not_name_libraries() {
        assert_eq!(reason(&ParquetError::General("a: b".into())), "a: b");
        assert_eq!(reason(&ParquetError::ArrowError("Parquet argument error: Parquet error: short".into())), "short");
        assert_eq!(reason(&ParquetError::External("Parquet argument error: EOF: short".into())), "short");
    }
}
