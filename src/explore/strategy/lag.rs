//! Lag: some threads wait while any other can go on, from the start or from some point on.

use std::collections::BTreeMap;

use super::{Thread, few};
use crate::message::Stream;

pub(super) struct Lag {
    draws: Stream,
    /// Whether a thread lags.
    lags: BTreeMap<Thread, bool>,
    /// The picks after which those that lag catch up and the others lag.
    turn: Option<u64>,
    picks: u64,
}

impl Lag {
    pub(super) fn new(mut draws: Stream) -> Self {
        let turn = (draws.below(2) == 0).then(|| few(&mut draws));
        Self { draws, lags: BTreeMap::new(), turn, picks: 0 }
    }

    pub(super) fn pick(&mut self, threads: &[Thread]) -> usize {
        for thread in threads {
            let lags = self.draws.below(3) == 0;
            self.lags.entry(*thread).or_insert(lags);
        }
        self.picks += 1;
        if self.turn == Some(self.picks) {
            self.lags.values_mut().for_each(|lags| *lags = !*lags);
        }
        let goes = |at: &usize| self.lags.get(&threads[*at]) == Some(&false);
        let going: Vec<_> = (0..threads.len()).filter(goes).collect();
        match going.len() {
            0 => self.draws.below(threads.len()),
            some => going[self.draws.below(some)],
        }
    }
}
