//! How far a partition is read, where records need not be finished in order.

use std::collections::BTreeSet;

/// The records of a partition that are begun and not finished, and the end of what was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    open: BTreeSet<u64>,
    /// Finished records behind the first open one.
    ahead: BTreeSet<u64>,
    /// The offset behind the last record that was begun.
    next: u64,
}

impl Window {
    /// A window in which everything below `low`, and `ahead`, is finished.
    pub(super) fn kept(low: u64, ahead: BTreeSet<u64>) -> Self {
        Self { open: BTreeSet::new(), ahead, next: low }
    }

    /// A record is begun.
    pub(super) fn begin(&mut self, offset: u64) {
        self.open.insert(offset);
        self.next = self.next.max(offset + 1);
    }

    /// A record that was begun is finished.
    pub(super) fn finish(&mut self, offset: u64) {
        self.open.remove(&offset);
        self.next = self.next.max(offset + 1);
        self.ahead.insert(offset);
        let low = self.low();
        self.ahead.retain(|ahead| *ahead >= low);
    }

    /// Forgets what is begun and not finished: it will be read again.
    pub(super) fn forget_open(&mut self) {
        let low = self.low();
        self.open.clear();
        self.next = low;
    }

    /// Every record below this offset is finished.
    pub(super) fn low(&self) -> u64 {
        self.open.first().copied().unwrap_or(self.next)
    }

    /// The offset behind the last record that was begun.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Finished records that are not below [`Window::low`].
    pub(super) fn ahead(&self) -> &BTreeSet<u64> {
        &self.ahead
    }

    pub(super) fn is_open(&self, offset: u64) -> bool {
        self.open.contains(&offset)
    }

    pub(super) fn is_finished(&self, offset: u64) -> bool {
        self.ahead.contains(&offset) || (offset < self.low() && !self.is_open(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn the_low_end_waits_for_the_oldest() {
        let mut window = Window::default();
        [0, 1, 5].into_iter().for_each(|offset| window.begin(offset));
        window.finish(5);
        assert_eq!((window.low(), window.is_finished(5), window.is_finished(1)), (0, true, false));
        window.finish(0);
        assert_eq!(window.low(), 1);
        window.finish(1);
        assert_eq!((window.low(), window.ahead().len()), (6, 0));
        assert!(window.is_finished(3) && !window.is_finished(6));
    }

    #[test]
    fn what_was_finished_ahead_is_known_after_a_restart() {
        let mut window = Window::default();
        [0, 1].into_iter().for_each(|offset| window.begin(offset));
        window.finish(1);
        let mut again = Window::kept(window.low(), window.ahead().clone());
        assert!(again.is_finished(1) && !again.is_finished(0));
        again.begin(0);
        again.finish(0);
        assert!(again.is_finished(1) && again.is_finished(0));
        window.forget_open();
        assert_eq!((window.low(), window.is_open(0)), (0, false));
    }
}
