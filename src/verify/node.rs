//! A state of the search: what has happened so far, by one explanation.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::bits::Bits;
use super::run::{Decided, Outcome, Way};
use crate::message::VirtualTime;
use crate::rule::RuleId;
use crate::service::{Model, TimerChange, digest};

/// What has happened so far.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) model: Rc<dyn Model>,
    /// The model's fingerprint, once it was asked for.
    fingerprint: OnceCell<u128>,
    /// The inputs that have taken effect.
    pub(crate) delivered: Bits,
    /// The outputs that are explained.
    pub(crate) explained: Bits,
    /// The timers that are set.
    pub(crate) timers: Rc<BTreeSet<String>>,
    /// Nothing more takes effect before this moment.
    pub(crate) clock: VirtualTime,
    /// Where inputs take effect in one order only: those of a lower rank had their turn.
    pub(crate) turn: usize,
    pub(crate) trail: Option<Rc<Trail>>,
}

/// The last step of an explanation, and the ones before it.
pub(crate) struct Trail {
    pub(crate) step: Step,
    pub(crate) before: Option<Rc<Trail>>,
}

/// One step of an explanation.
#[derive(Clone)]
pub(crate) struct Step {
    /// The input; none for a timer.
    pub(crate) input: Option<usize>,
    pub(crate) outputs: Vec<usize>,
    pub(crate) applied: Rc<[RuleId]>,
    pub(crate) decided: Rc<[Decided]>,
    /// Whether events are missing, or came twice, around a kill.
    pub(crate) lost_at_kill: bool,
    /// The rule that is broken in it, where it is not as the reference would have it.
    pub(crate) broken: Option<RuleId>,
}

impl Step {
    /// A step in which all is as it must be.
    pub(crate) fn of(input: Option<usize>, outputs: Vec<usize>, outcome: &Outcome) -> Self {
        Self {
            input,
            outputs,
            applied: Rc::clone(&outcome.applied),
            decided: Rc::clone(&outcome.decided),
            lost_at_kill: false,
            broken: None,
        }
    }

    /// A question that is answered.
    pub(crate) fn answer(input: usize, broken: Option<RuleId>) -> Self {
        let (applied, decided) = (Rc::from([]), Rc::from([]));
        let (input, outputs) = (Some(input), Vec::new());
        Self { input, outputs, applied, decided, lost_at_kill: false, broken }
    }
}

impl Node {
    pub(crate) fn start(model: Rc<dyn Model>) -> Self {
        Self {
            model,
            fingerprint: OnceCell::new(),
            delivered: Bits::default(),
            explained: Bits::default(),
            timers: Rc::default(),
            clock: VirtualTime::ZERO,
            turn: 0,
            trail: None,
        }
    }

    /// What two explanations have in common that may go on in the same ways: a digest, which is
    /// taken for the state itself, and has the bits for it.
    pub(crate) fn key(&self) -> u128 {
        let Self { delivered, explained, timers, clock, .. } = self;
        digest(&(delivered, explained, timers, clock, self.fingerprint()))
    }

    /// What tells the model's state from others.
    pub(crate) fn fingerprint(&self) -> u128 {
        *self.fingerprint.get_or_init(|| self.model.fingerprint())
    }

    /// Takes another state, with its timers.
    pub(crate) fn take_state(&mut self, of: &Self) {
        self.model = Rc::clone(&of.model);
        self.fingerprint = of.fingerprint.clone();
        self.timers = Rc::clone(&of.timers);
    }

    /// The ways in which the explanation differs from the reference.
    pub(crate) fn ways(&self) -> BTreeSet<Way> {
        let mut ways = BTreeSet::new();
        for step in self.steps() {
            ways.extend(step.decided.iter().filter_map(Decided::way));
            ways.extend(step.lost_at_kill.then_some(Way::Loss));
        }
        ways
    }

    /// How far the explanation has come.
    pub(crate) fn progress(&self) -> usize {
        self.delivered.count() + self.explained.count()
    }

    /// After a step that goes this way, at `start` or later.
    pub(crate) fn after(&self, outcome: &Outcome, start: VirtualTime, step: Step) -> Self {
        let mut next = self.clone();
        next.model = Rc::clone(&outcome.model);
        next.fingerprint = OnceCell::new();
        if !outcome.timers.is_empty() {
            let timers = Rc::make_mut(&mut next.timers);
            for change in &outcome.timers {
                match change {
                    TimerChange::Set(name, _) => timers.insert(name.clone()),
                    TimerChange::Cancel(name) => timers.remove(name),
                };
            }
        }
        if let Some(input) = step.input {
            next.delivered.add(input);
        }
        for output in &step.outputs {
            next.explained.add(*output);
        }
        next.clock = next.clock.max(start);
        next.with(step)
    }

    /// After an input that takes effect at `start` or later, and has none.
    pub(super) fn without_effect(&self, input: usize, start: VirtualTime) -> Self {
        self.at(input, start).with(Step::answer(input, None))
    }

    /// At an input that takes effect at `start` or later.
    pub(super) fn at(&self, input: usize, start: VirtualTime) -> Self {
        let mut next = self.clone();
        next.delivered.add(input);
        next.clock = next.clock.max(start);
        next
    }

    /// Whether the last step is not as the reference would have it.
    pub(crate) fn ends_in_breach(&self) -> bool {
        self.trail.as_ref().is_some_and(|trail| trail.step.broken.is_some())
    }

    /// With one more step.
    pub(crate) fn with(mut self, step: Step) -> Self {
        self.trail = Some(Rc::new(Trail { step, before: self.trail.take() }));
        self
    }

    /// The steps so far, first to last.
    pub(crate) fn steps(&self) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut at = &self.trail;
        while let Some(trail) = at {
            steps.push(&trail.step);
            at = &trail.before;
        }
        steps.reverse();
        steps
    }
}

impl Drop for Trail {
    /// Long explanations are dropped without recursion.
    fn drop(&mut self) {
        let mut before = self.before.take();
        while let Some(trail) = before {
            match Rc::try_unwrap(trail) {
                Ok(mut trail) => before = trail.before.take(),
                Err(_) => break,
            }
        }
    }
}

/// Dead ends that are kept to go on from.
const MOST_ENDS: usize = 6;

/// The states that came furthest.
#[derive(Default)]
pub(crate) struct Ends {
    pub(crate) nodes: Vec<Node>,
}

impl Ends {
    /// How far they came.
    pub(crate) fn progress(&self) -> usize {
        self.nodes.first().map_or(0, Node::progress)
    }

    pub(crate) fn offer(&mut self, node: &Node) {
        let progress = node.progress();
        let best = self.progress();
        if progress > best {
            self.nodes.clear();
        }
        let same =
            |other: &Node| other.delivered == node.delivered && other.explained == node.explained;
        if progress >= best && self.nodes.len() < MOST_ENDS && !self.nodes.iter().any(same) {
            self.nodes.push(node.clone());
        }
    }
}
