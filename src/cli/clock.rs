//! The real clock: how long things took, for people who wait. No verdict depends on it.

use std::time::{Duration, Instant};

/// A moment from which time is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    /// Starts to count.
    #[expect(clippy::disallowed_methods, reason = "shown to people, read by nothing else")]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long ago it was started.
    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
