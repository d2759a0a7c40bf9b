//! Records that were handled again, since the group had lost its partitions on its own: its session
//! ended under load, or another instance joined; or since it was killed long after its last commit.
//! It goes on from there, and all that it had handled since then comes again.
//!
//! What always holds: a whole run of records up to the newest comes again, after all of it was
//! handled, though some of them may leave nothing to do then. Single records in the midst do not
//! come again, nor does anything at once: that is a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::case::{Act, Scene};
use super::node::Node;
use super::run::Way;
use super::search::Search;
use crate::message::{ChannelIx, Partition, RecordId, VirtualTime};

/// A group does not lose its partitions and get them again in less time.
const LEAST: Duration = Duration::from_millis(500);

/// Records that were handled again.
#[derive(Clone, Debug, Default)]
pub(super) struct Again {
    /// From which moment on each of them was.
    pub(super) since: BTreeMap<RecordId, VirtualTime>,
    /// The first and the last of each run.
    pub(super) runs: Vec<(RecordId, RecordId)>,
}

/// An input of a partition, with when its events came.
struct Handled {
    record: RecordId,
    /// All of them, in order.
    events: Vec<VirtualTime>,
    /// The last of those that are the first of their kind, and the first that is not: one that
    /// comes again surely shows that the input was handled again.
    repeated: Option<(VirtualTime, VirtualTime)>,
}

impl Handled {
    /// The last event of the first time, and the first of the second, where it was handled again
    /// from about `since` on: what was sent then may be of another kind than the first time.
    fn around(&self, since: VirtualTime) -> (Option<VirtualTime>, Option<VirtualTime>) {
        if let Some((first, again)) = self.repeated {
            return (Some(first), Some(again));
        }
        let before = self.events.partition_point(|seen| *seen < since);
        match (self.events[..before].last(), self.events.get(before)) {
            (Some(first), Some(again)) => (Some(*first), Some(*again)),
            _ => (self.events.last().copied(), None),
        }
    }

    /// From when on it may have been handled again.
    fn since(&self) -> Option<VirtualTime> {
        let later = |pair: &&[VirtualTime]| pair[1].since(pair[0]) >= LEAST;
        let gap = || Some(self.events.windows(2).find(later)?[1]);
        self.repeated.map(|(_, again)| again).or_else(gap)
    }
}

/// Inputs that were handled again, one after the other.
struct Rerun {
    length: usize,
    since: VirtualTime,
    /// Whether events that came twice show it, or only that the group had lost its partitions.
    is_shown: bool,
}

impl Again {
    /// What was handled again, as the traces of events show.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut partitions: BTreeMap<(ChannelIx, Partition), Vec<Handled>> = BTreeMap::new();
        for placed in scene.seen.history.records() {
            if scene.is_input(placed.id) && !scene.is_output(placed.id) {
                let place = (placed.channel, placed.partition);
                partitions.entry(place).or_default().push(scene.handled(placed.id));
            }
        }
        let mut found = Self::default();
        for inputs in partitions.values_mut() {
            inputs.sort_by_key(|one| scene.seen.history.record(one.record).offset);
            found.look(scene, inputs);
        }
        found
    }

    fn look(&mut self, scene: &Scene<'_>, inputs: &[Handled]) {
        let mut at = 0;
        while let Some(input) = inputs.get(at) {
            match input.since().and_then(|since| rerun(scene, &inputs[at..], since)) {
                Some(rerun) => {
                    let run = &inputs[at..at + rerun.length];
                    at += rerun.length;
                    // What was in hand at a kill is another matter.
                    let before = run.iter().filter(|one| !scene.was_in_hand(one.record));
                    let before: Vec<_> = before.map(|one| one.record).collect();
                    let (Some(first), Some(last)) = (before.first(), before.last()) else {
                        continue;
                    };
                    if rerun.is_shown {
                        self.runs.push((*first, *last));
                    }
                    self.since.extend(before.iter().map(|record| (*record, rerun.since)));
                }
                None => at += 1,
            }
        }
    }
}

/// The inputs from the first on that came again from a moment on, if they did.
fn rerun(scene: &Scene<'_>, inputs: &[Handled], since: VirtualTime) -> Option<Rerun> {
    let (mut since, mut until) = (since, inputs[0].around(since).0?);
    let (mut length, mut shown, mut silent) = (1, usize::from(inputs[0].repeated.is_some()), 0);
    for (at, input) in inputs.iter().enumerate().skip(1) {
        match input.around(since) {
            // It shows nothing, whether it was handled once or twice.
            (None, _) if scene.earliest(input.record) < since => {}
            (Some(first), _) if first >= since => break,
            (Some(first), Some(again)) => {
                (since, until) = (since.min(again), until.max(first));
                (length, shown) = (at + 1, shown + usize::from(input.repeated.is_some()));
            }
            // It was handled before. What it did then may leave nothing to do when it comes again.
            (Some(_), None) => silent += 1,
            (None, _) => break,
        }
    }
    let was_lost = scene
        .seen
        .lost_partitions
        .iter()
        .any(|at| *at <= since.after(LEAST) && until <= at.after(LEAST));
    let is_run = match shown {
        0 => was_lost,
        1 => silent == 0 && since.since(until) >= LEAST || was_lost,
        _ => silent < shown || was_lost,
    };
    let is_again = since >= until && is_run;
    is_again.then_some(Rerun { length, since, is_shown: shown > 0 })
}

impl Scene<'_> {
    fn handled(&self, record: RecordId) -> Handled {
        let mut handled = Handled { record, events: Vec::new(), repeated: None };
        let Some(trace) = self.trace(record) else { return handled };
        if self.inputs_with(trace).nth(1).is_some() {
            return handled;
        }
        let history = &self.seen.history;
        let (mut kinds, mut first, mut again) = (BTreeSet::new(), None, None::<VirtualTime>);
        for event in self.events_with(trace) {
            let placed = history.record(event);
            let seen = self.latest(event);
            handled.events.push(seen);
            let kind = placed
                .record
                .value_bytes()
                .and_then(|value| history.contracts().message_kind(placed.channel, value))
                .map(|kind| kind.index);
            if kinds.insert((placed.channel, kind)) {
                first = first.max(Some(seen));
            } else {
                again = Some(again.map_or(seen, |again| again.min(seen)));
            }
        }
        handled.events.sort_unstable();
        handled.repeated = first.zip(again);
        handled
    }
}

impl Search<'_> {
    /// What was read before a kill, and may be read once more.
    pub(super) fn redeliverable(&self, node: &Node) -> Vec<usize> {
        let after_kill = !self.scene.kills.is_empty() && self.runner.freedom.has(Way::Loss);
        if !after_kill && self.scene.again.since.is_empty() {
            return Vec::new();
        }
        let again = |at: &usize| {
            let Some(again) = self.case.inputs[*at].again else { return false };
            (after_kill || self.is_handled_again(*at))
                && node.delivered.has(*at)
                && self.unexplained_of(node, *at).any(|(_, output)| output.seen >= again)
        };
        self.lookup.again.iter().copied().filter(again).collect()
    }

    /// Whether the group had lost its partitions, so that an input came again.
    pub(super) fn is_handled_again(&self, at: usize) -> bool {
        match self.case.inputs[at].act {
            Act::Record(record) => self.scene.again.since.contains_key(&record),
            _ => false,
        }
    }
}
