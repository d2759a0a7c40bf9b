//! The one clock of everything that happens on a broker, and the waits that it bounds.

use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Unix time in milliseconds, by this machine's clock.
///
/// Moments are compared by this clock alone: timestamps of records come from those of others.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "what happens on a broker happens in real time")]
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The end of a wait.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    started: Instant,
    wait: Duration,
}

impl Deadline {
    /// A wait that starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "waits for a broker are real")]
    pub fn after(wait: Duration) -> Self {
        Self { started: Instant::now(), wait }
    }

    /// How long it has been waited.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How long it may still be waited.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.wait.saturating_sub(self.elapsed())
    }

    /// Whether the wait is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// What is left of the wait, `at_most` at a time.
    #[must_use]
    pub fn slice(&self, at_most: Duration) -> Duration {
        self.left().min(at_most)
    }
}

/// Sleeps between two looks at something that only the broker can change.
#[expect(clippy::disallowed_methods, reason = "the broker has no way to call back")]
pub(crate) fn pause(wait: Duration) {
    std::thread::sleep(wait);
}

/// Does something for which librdkafka may wait for ever where the broker goes away meanwhile; what
/// came of it, or none after `wait`. Then it goes on in its own thread, until the broker is back or
/// the process ends.
pub(crate) fn within<T: Send + 'static>(
    wait: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = mpsc::channel();
    let work = move || {
        // Whoever waited may have given up.
        let _ = done.send(work());
    };
    std::thread::Builder::new().name("waiting".into()).spawn(work).ok()?;
    result.recv_timeout(wait).ok()
}
