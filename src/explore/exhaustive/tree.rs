//! The tree of all runs, walked depth first: each run replays the path to the first step that is
//! not tried yet, and goes on from there.
//!
//! Sleep sets: once all runs that begin with a step are done, no run that only puts steps before it
//! that commute with it says anything new. So the step sleeps until one is taken that does not.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::FxHasher;

use super::footprint::Footprint;
use crate::bus::{Choice, Chooser, Delivery, Point};
use crate::driver::FaultKind;
use crate::history::{Entry, Event, History};

/// A step by its name: the same in each order of steps that commute with it.
type StepId = u64;

/// The step in which time moves.
const TIME: StepId = 0;

/// A step that is possible at a point.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    id: StepId,
    choice: Choice,
    fault: Option<FaultKind>,
}

/// A step that was tried, and what it did.
#[derive(Clone, Debug)]
struct Tried {
    id: StepId,
    footprint: Footprint,
}

/// A point on the path.
#[derive(Debug)]
struct Node {
    options: Vec<Candidate>,
    /// Which option is tried now.
    at: usize,
    /// What the step that is tried now did, once that is known.
    footprint: Footprint,
    /// Whether time moved behind it, since nothing else could happen.
    then_time: bool,
    /// Steps of which all runs from here are known.
    sleep: Vec<Tried>,
    /// Pairs of deliveries to one service that have the same effect in both orders here.
    commuting: Vec<(StepId, StepId)>,
    faults_left: u32,
}

/// The tree, of which the path that is walked now is kept.
#[derive(Debug)]
pub(super) struct Tree {
    path: Vec<Node>,
    /// How many steps of the path the run has taken.
    depth: usize,
    kinds: Vec<FaultKind>,
    most_faults: u32,
    /// Whether steps that commute are tried in one order only.
    is_reduced: bool,
    /// From which entry on stands what the last step did.
    from: usize,
    test_acts: bool,
    /// A fault that is to strike the delivery that was picked.
    pending: Option<FaultKind>,
    /// What would follow is known already.
    pub(super) is_known: bool,
}

impl Tree {
    /// The tree of all runs with at most so many faults of these kinds.
    pub(super) fn new(kinds: &[FaultKind], most_faults: u32, is_reduced: bool) -> Self {
        Self {
            path: Vec::new(),
            depth: 0,
            kinds: kinds.to_vec(),
            most_faults,
            is_reduced,
            from: 0,
            test_acts: true,
            pending: None,
            is_known: false,
        }
    }

    /// Starts the next run.
    pub(super) fn begin(&mut self) {
        (self.depth, self.from, self.test_acts) = (0, 0, true);
        (self.pending, self.is_known) = (None, false);
    }

    /// Ends a run; whether there is another.
    pub(super) fn end(&mut self, history: &History) -> bool {
        // A run that ended before its whole path was replayed is none of this tree.
        debug_assert_eq!(self.depth, self.path.len());
        self.note_footprint(history);
        while let Some(node) = self.path.last_mut() {
            let tried = node.options[node.at].id;
            let footprint = std::mem::take(&mut node.footprint);
            if self.is_reduced {
                node.sleep.push(Tried { id: tried, footprint });
            }
            node.at += 1;
            if node.at < node.options.len() {
                return true;
            }
            self.path.pop();
        }
        false
    }

    /// The steps of the path, each with what it did. That time moved is a step too.
    pub(super) fn steps(&self) -> impl Iterator<Item = (StepId, &Footprint)> {
        let steps = self.path.iter().map(|node| {
            let step = (node.options[node.at].id, &node.footprint);
            [Some(step), node.then_time.then_some((TIME, Footprint::BARRIER))]
        });
        steps.flatten().flatten()
    }

    /// How many faults the path has.
    pub(super) fn faults(&self) -> u32 {
        let is_fault = |node: &&Node| node.options[node.at].fault.is_some();
        u32::try_from(self.path.iter().filter(is_fault).count()).unwrap_or(u32::MAX)
    }

    /// Notes what the last step of the path did, with what the test and the time did behind it.
    pub(super) fn note_footprint(&mut self, history: &History) {
        if self.depth < self.path.len() {
            return;
        }
        let test_acts = self.test_acts;
        if let Some(node) = self.path.last_mut() {
            let caused = &history.entries()[self.from.min(history.entries().len())..];
            let is_time = |entry: &Entry| matches!(entry.event, Event::Time { .. });
            let moved = caused.iter().position(is_time);
            let caused = &caused[..moved.unwrap_or(caused.len())];
            let choice = node.options[node.at].choice;
            node.footprint = Footprint::of(choice, (history, caused), test_acts);
            node.then_time = moved.is_some();
        }
    }

    /// The index of the option that happens now; `None` where all that could follow is known.
    fn next(&mut self, point: &Point<'_>) -> Option<usize> {
        if self.pending.take().is_some() {
            // The fault could not strike there: the run is that without it.
            self.is_known = true;
            return None;
        }
        if self.depth == self.path.len() {
            self.note_footprint(point.history);
            let node = self.node(point);
            if node.options.is_empty() {
                self.is_known = true;
                return None;
            }
            self.path.push(node);
        }
        let node = &self.path[self.depth];
        let picked = node.options[node.at];
        self.depth += 1;
        self.pending = picked.fault;
        point.options.iter().position(|choice| *choice == picked.choice)
    }

    /// A point at which the walk arrives for the first time.
    fn node(&self, point: &Point<'_>) -> Node {
        let parent = self.path.last();
        let faults_left = match parent {
            Some(node) => node.faults_left - u32::from(node.options[node.at].fault.is_some()),
            None => self.most_faults,
        };
        let sleep = parent.map_or_else(Vec::new, Node::sleep_behind);
        let mut options = Vec::new();
        for choice in point.options {
            let id = step_id(point, *choice, None);
            options.push(Candidate { id, choice: *choice, fault: None });
            if faults_left > 0 && matches!(choice, Choice::Deliver { .. }) {
                options.extend(self.kinds.iter().map(|kind| {
                    let id = step_id(point, *choice, Some(*kind));
                    Candidate { id, choice: *choice, fault: Some(*kind) }
                }));
            }
        }
        let commuting = if self.is_reduced { commuting(point, &options) } else { Vec::new() };
        options.retain(|option| sleep.iter().all(|tried| tried.id != option.id));
        let (footprint, then_time) = (Footprint::default(), false);
        Node { options, at: 0, footprint, then_time, sleep, commuting, faults_left }
    }
}

impl Node {
    /// The steps that go on sleeping behind the one that is tried now.
    fn sleep_behind(&self) -> Vec<Tried> {
        // Where time moved nothing was left to sleep.
        if self.then_time {
            return Vec::new();
        }
        let id = self.options[self.at].id;
        let commutes = |tried: &&Tried| {
            self.footprint.is_independent(&tried.footprint)
                || (self.commuting.contains(&(id.min(tried.id), id.max(tried.id)))
                    && self.footprint.is_of_one_service()
                    && tried.footprint.is_of_one_service())
        };
        self.sleep.iter().filter(commutes).cloned().collect()
    }
}

/// The pairs of deliveries that have the same effect in both orders.
fn commuting(point: &Point<'_>, options: &[Candidate]) -> Vec<(StepId, StepId)> {
    let mut pairs = Vec::new();
    for (at, one) in options.iter().enumerate().filter(|(_, one)| one.fault.is_none()) {
        for other in options[at + 1..].iter().filter(|other| other.fault.is_none()) {
            if point.commute(one.choice, other.choice) {
                pairs.push((one.id.min(other.id), one.id.max(other.id)));
            }
        }
    }
    pairs
}

fn step_id(point: &Point<'_>, choice: Choice, fault: Option<FaultKind>) -> StepId {
    let mut hasher = FxHasher::default();
    fault.hash(&mut hasher);
    match choice {
        // Timers are numbered in the order in which they were set, which is no name.
        Choice::Timer { .. } => point.name(choice).hash(&mut hasher),
        other => other.hash(&mut hasher),
    }
    hasher.finish()
}

/// Walks the tree.
pub(super) struct Walker(pub(super) std::rc::Rc<std::cell::RefCell<Tree>>);

impl Chooser for Walker {
    fn choose(&mut self, point: &Point<'_>) -> Option<usize> {
        self.0.borrow_mut().next(point)
    }

    fn forced(&mut self, point: &Point<'_>) -> bool {
        self.0.borrow_mut().next(point).is_some()
    }

    fn fault(&mut self, _: Delivery, _: &History) -> Option<FaultKind> {
        self.0.borrow_mut().pending.take()
    }

    fn observe(&mut self, _: Choice, _: &History, from: usize) {
        self.0.borrow_mut().from = from;
    }

    fn passive(&mut self) {
        self.0.borrow_mut().test_acts = false;
    }
}
