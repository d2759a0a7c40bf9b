//! Progress on a terminal, once a run has taken longer than a second.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::clock::Clock;

/// Shorter runs show nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far a run is; says nothing where stderr is not a terminal.
pub(super) struct Progress {
    clock: Clock,
    total: usize,
    wanted: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Of so many tests none is done.
    pub(super) fn start(total: usize, clock: Clock) -> Self {
        Self { clock, total, wanted: std::io::stderr().is_terminal(), bar: None }
    }

    /// So many tests are done.
    pub(super) fn at(&mut self, done: usize) {
        if !self.wanted || self.clock.elapsed() < PATIENCE {
            return;
        }
        let total = self.total as u64;
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos} of {len} tests");
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_position(done as u64);
    }

    /// Writes something beside the bar.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
