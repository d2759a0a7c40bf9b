//! Panics of libraries at what they are given, which are caught and so no bug of quintet.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// What the work returns; `None` where it panics. It must leave nothing behind that is used then.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = CATCHES.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    CATCHES.set(before);
    done.ok()
}

/// Whether a panic of this thread is caught here: nobody needs to be told of it.
pub(crate) fn catches() -> bool {
    CATCHES.get()
}

#[cfg(test)]
mod tests {
    use super::{catches, caught};

    #[test]
    fn only_what_is_caught_is_expected() {
        assert_eq!(caught(catches), Some(true));
        assert_eq!(caught(|| caught(|| panic!("on purpose")).is_none() && catches()), Some(true));
        assert!(!catches());
    }
}
