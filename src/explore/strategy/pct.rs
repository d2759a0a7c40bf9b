//! Probabilistic concurrency testing: the thread of the highest priority runs, and at a few points
//! the one that runs falls behind all others.

use std::collections::BTreeMap;

use super::{Thread, few};
use crate::message::Stream;

/// Changes of priority in one schedule, at most: an order of so many pairs of steps is found.
const MOST_CHANGES: usize = 4;

pub(super) struct Pct {
    draws: Stream,
    priorities: BTreeMap<Thread, u64>,
    /// The picks at which the running thread falls behind.
    changes: Vec<u64>,
    picks: u64,
}

impl Pct {
    pub(super) fn new(mut draws: Stream) -> Self {
        let count = draws.below(MOST_CHANGES);
        let mut at = 0;
        let changes = (0..count).map(|_| {
            at += few(&mut draws);
            at
        });
        Self { changes: changes.collect(), draws, priorities: BTreeMap::new(), picks: 0 }
    }

    pub(super) fn pick(&mut self, threads: &[Thread]) -> usize {
        for thread in threads {
            // The low half is for those that have fallen behind.
            let drawn = self.draws.bits() | 1 << 63;
            self.priorities.entry(*thread).or_insert(drawn);
        }
        if self.changes.contains(&self.picks)
            && let Some(running) = self.highest(threads)
        {
            self.priorities.insert(threads[running], u64::MAX / 4 - self.picks);
        }
        self.picks += 1;
        self.highest(threads).unwrap_or(0)
    }

    fn highest(&self, threads: &[Thread]) -> Option<usize> {
        (0..threads.len()).max_by_key(|at| self.priorities.get(&threads[*at]))
    }
}
