//! Turns: the thread that has waited for longest goes on, for as many steps as each has a turn.

use std::collections::BTreeMap;

use super::Thread;
use crate::message::Stream;

pub(super) struct Turns {
    draws: Stream,
    /// When a thread ran last, and its place among those that ran equally long ago.
    ran: BTreeMap<Thread, (u64, u64)>,
    /// How many picks one turn lasts.
    turn: u64,
    picks: u64,
}

impl Turns {
    pub(super) fn new(mut draws: Stream) -> Self {
        let turn = if draws.below(4) == 0 { 2 + draws.below(3) as u64 } else { 1 };
        Self { draws, ran: BTreeMap::new(), turn, picks: 0 }
    }

    pub(super) fn pick(&mut self, threads: &[Thread]) -> usize {
        for thread in threads {
            let place = self.draws.bits();
            self.ran.entry(*thread).or_insert((0, place));
        }
        // All picks of one turn count as one moment, and whoever ran in it goes on.
        let now = 1 + self.picks / self.turn;
        self.picks += 1;
        let ran = |at: &usize| self.ran.get(&threads[*at]).copied().unwrap_or_default();
        let goes_on = (0..threads.len()).find(|at| ran(at).0 == now);
        let waits = (0..threads.len()).min_by_key(ran);
        let picked = goes_on.or(waits).unwrap_or(0);
        if let Some(ran) = self.ran.get_mut(&threads[picked]) {
            ran.0 = now;
        }
        picked
    }
}
