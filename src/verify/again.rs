//! Records that were handled again, since the group had lost its partitions on its own: its session
//! ended under load, or another instance joined. It goes on from the last commit, and all that it
//! had handled since then comes again.
//!
//! What always holds: a whole run of records up to the newest comes again, after all of it was
//! handled. Single records in the midst do not, nor does anything at once: that is a fault.

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

/// An input of a partition, with when its events came: for the first time, and again.
#[derive(Clone, Copy)]
struct Handled {
    record: RecordId,
    first: Option<VirtualTime>,
    again: Option<VirtualTime>,
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
            match input.again.and_then(|again| run(scene, &inputs[at..], again)) {
                Some((length, since)) => {
                    let run = &inputs[at..at + length];
                    self.since.extend(run.iter().map(|one| (one.record, since)));
                    self.runs.push((input.record, run[length - 1].record));
                    at += length;
                }
                None => at += 1,
            }
        }
    }
}

/// How many records the run has that begins here, and from when on it came again.
fn run(scene: &Scene<'_>, inputs: &[Handled], again: VirtualTime) -> Option<(usize, VirtualTime)> {
    let (mut since, mut until) = (again, inputs[0].first?);
    let (mut length, mut shown) = (1, 1);
    for (at, input) in inputs.iter().enumerate().skip(1) {
        match (input.first, input.again) {
            // It shows nothing, whether it was handled once or twice.
            (None, _) if scene.earliest(input.record) < since => {}
            (Some(first), _) if first >= since => break,
            (Some(first), Some(again)) => {
                (since, until) = (since.min(again), until.max(first));
                (length, shown) = (at + 1, shown + 1);
            }
            // It was handled before, and did not come again.
            (Some(_), None) => return None,
            (None, _) => break,
        }
    }
    let was_lost = scene
        .seen
        .lost_partitions
        .iter()
        .any(|at| *at <= since.after(LEAST) && until <= at.after(LEAST));
    let is_run = shown > 1 || since.since(until) >= LEAST || was_lost;
    // What was in hand at a kill is another matter.
    let from = scene.earliest(inputs[0].record);
    let was_killed = scene.kills.iter().any(|kill| from <= kill.at && kill.at <= since);
    (since >= until && is_run && !was_killed).then_some((length, since))
}

impl Scene<'_> {
    fn handled(&self, record: RecordId) -> Handled {
        let mut handled = Handled { record, first: None, again: None };
        let Some(trace) = self.trace(record) else { return handled };
        if self.inputs_with(trace).nth(1).is_some() {
            return handled;
        }
        let history = &self.seen.history;
        let mut kinds = BTreeSet::new();
        for event in self.events_with(trace) {
            let placed = history.record(event);
            let seen = self.latest(event);
            let kind = placed
                .record
                .value_bytes()
                .and_then(|value| history.contracts().message_kind(placed.channel, value))
                .map(|kind| kind.index);
            if kinds.insert((placed.channel, kind)) {
                handled.first = handled.first.max(Some(seen));
            } else {
                handled.again = Some(handled.again.map_or(seen, |again| again.min(seen)));
            }
        }
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
