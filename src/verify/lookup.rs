//! Where a search finds what concerns one step of it, without looking at the whole history.

use std::ops::Range;

use smallvec::SmallVec;

use super::case::{Act, Case};
use crate::message::VirtualTime;

/// So many events that may be anybody's are looked at for one input, where more were seen than
/// could still be its own.
const MOST_UNTRACED: usize = 64;

/// What a case holds, by what it is asked for.
pub(super) struct Lookup {
    /// The outputs that have an input's trace, by input.
    outputs_of: Vec<SmallVec<[usize; 2]>>,
    /// The outputs that have nobody's.
    untraced: Vec<usize>,
    /// The earliest moment at which an output from this one on was seen.
    seen_from: Vec<VirtualTime>,
    /// The inputs that may have been read once more.
    pub(super) again: Vec<usize>,
}

impl Lookup {
    pub(super) fn new(case: &Case) -> Self {
        let mut outputs_of = vec![SmallVec::new(); case.inputs.len()];
        let mut untraced = Vec::new();
        let mut seen_from = vec![VirtualTime::NEVER; case.outputs.len()];
        let mut earliest = VirtualTime::NEVER;
        for (at, output) in case.outputs.iter().enumerate().rev() {
            earliest = earliest.min(output.seen);
            seen_from[at] = earliest;
        }
        for (at, output) in case.outputs.iter().enumerate() {
            for cause in &output.causes {
                outputs_of[*cause].push(at);
            }
            if output.causes.is_empty() {
                untraced.push(at);
            }
        }
        let again = (0..case.inputs.len()).filter(|at| case.inputs[*at].again.is_some());
        Self { outputs_of, untraced, seen_from, again: again.collect() }
    }

    /// The outputs that an input may have caused, by their traces, those with its own in front. Of
    /// those with nobody's trace, from `first` on, all that were seen while it could still cause
    /// some, and a number behind that.
    pub(super) fn outputs_of<'a>(
        &'a self,
        case: &'a Case,
        input: usize,
        first: usize,
    ) -> impl Iterator<Item = usize> + 'a {
        let from = self.untraced.partition_point(|at| *at < first);
        let bound = case.inputs[input].bound;
        let near = self.untraced[from..].iter().copied().enumerate();
        let near = near.take_while(move |(number, at)| {
            *number < MOST_UNTRACED || self.seen_from[*at] <= bound
        });
        self.outputs_of[input].iter().copied().chain(near.map(|(_, at)| at))
    }

    /// The outputs from `first` on, up to where none was seen by `until`.
    pub(super) fn seen_until(&self, first: usize, until: VirtualTime) -> Range<usize> {
        let first = first.min(self.seen_from.len());
        let many = self.seen_from[first..].partition_point(|earliest| *earliest <= until);
        first..first + many
    }
}

/// The only order in which inputs may take effect. Restarts are no commands: they may be at any
/// time.
pub(super) struct Order {
    /// The rank of each input.
    ranks: Vec<usize>,
    /// The input of each rank; restarts have none.
    inputs: Vec<usize>,
}

impl Order {
    pub(super) fn new(case: &Case, order: &[usize]) -> Self {
        let is_sent = |at: &usize| !matches!(case.inputs[*at].act, Act::Restart(_));
        let inputs: Vec<_> = order.iter().copied().filter(is_sent).collect();
        let mut ranks = vec![usize::MAX; case.inputs.len()];
        for (rank, at) in inputs.iter().enumerate() {
            ranks[*at] = rank;
        }
        Self { ranks, inputs }
    }

    /// The rank behind an input's; none for a restart.
    pub(super) fn behind(&self, input: usize) -> Option<usize> {
        self.ranks[input].checked_add(1)
    }

    /// Whether an input's turn has come, where all of a lower rank than `turn` had theirs: those in
    /// between may be left out.
    pub(super) fn is_turn(&self, case: &Case, input: usize, turn: usize) -> bool {
        let rank = self.ranks[input];
        rank == usize::MAX
            || rank >= turn
                && self.inputs[turn..rank].iter().all(|before| case.inputs[*before].skippable)
    }
}
