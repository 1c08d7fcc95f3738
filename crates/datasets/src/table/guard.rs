//! What polars does not catch: on some damaged files it panics.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::thread;

use super::error::TableProblem;

thread_local! {
    /// Whether a panic of this thread is caught.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Reads a Parquet file; a panic on the way says that the file is damaged, and is not printed.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, TableProblem>) -> Result<T, TableProblem> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !is_silent() {
                print(panic);
            }
        }));
    });
    let outer = IS_GUARDED.replace(true);
    // What is left of a file that could not be read is dropped.
    let read = panic::catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(outer);
    read.unwrap_or_else(|panic| Err(TableProblem::DamagedParquet(message(panic.as_ref()))))
}

/// Polars hands the panics of its threads on to the one that waits for them.
fn is_silent() -> bool {
    IS_GUARDED.get() || thread::current().name().is_some_and(|name| name.starts_with("polars"))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.and_then(|text| text.lines().next()).unwrap_or("it cannot be read").to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_error_that_the_file_is_damaged() {
        let problem = guarded(|| -> Result<(), _> { panic!("no page {}\nat all", 7) }).unwrap_err();
        assert_eq!(problem.to_string(), "is a damaged Parquet file: no page 7");
        assert!(!IS_GUARDED.get());
        assert_eq!(guarded(|| Ok(7)).unwrap(), 7);
    }
}
