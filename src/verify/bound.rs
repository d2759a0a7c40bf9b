//! What judging may cost in all.

use std::cell::Cell;

/// States that are tried for all tenants together, and so many more for each record.
const MOST_STATES: u64 = 1_500_000;
const MORE_STATES: u64 = 40;

/// How much may still be tried, and whether it is to end now.
pub(super) struct Bound<'a> {
    stop: &'a dyn Fn() -> bool,
    left: Cell<u64>,
    stopped: Cell<bool>,
}

impl<'a> Bound<'a> {
    pub(super) fn new(stop: &'a dyn Fn() -> bool, records: usize) -> Self {
        let more = u64::try_from(records).unwrap_or_default().saturating_mul(MORE_STATES);
        let left = Cell::new(MOST_STATES.saturating_add(more));
        Self { stop, left, stopped: Cell::new(false) }
    }

    /// Notes that so much was tried; whether more may be.
    pub(super) fn spend(&self, states: u64) -> bool {
        self.left.set(self.left.get().saturating_sub(states));
        self.over().is_none()
    }

    /// Why nothing more is tried, if it is not.
    pub(super) fn over(&self) -> Option<&'static str> {
        self.stopped.set(self.stopped.get() || (self.stop)());
        if self.stopped.get() {
            Some("time was up before it was judged")
        } else if self.left.get() == 0 {
            Some("too much had been tried for other tenants before it")
        } else {
            None
        }
    }
}
