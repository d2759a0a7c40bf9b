//! What would have to be taken back for an explanation to go on, from a state in which the strict
//! search came to an end.

use std::collections::BTreeSet;

use super::blame::{Blame, Wrong};
use super::case::{Act, Input, Output};
use super::node::{Node, Step};
use super::run::Call;
use super::search::Search;
use super::shape::Shape;
use crate::message::RecordId;
use crate::rule::RuleId;

/// A way to go on, with what it says of the implementation.
#[derive(Clone)]
pub(super) struct Repair {
    pub(super) node: Node,
    /// How much is taken back; named breaches cost less than unnamed ones.
    pub(super) cost: u32,
    pub(super) rule: RuleId,
    pub(super) message: String,
    pub(super) records: Vec<RecordId>,
    pub(super) relaxation: String,
    pub(super) evidence: Evidence,
    /// Events that say something else than they must.
    pub(super) misstated: Vec<RecordId>,
    /// Whether a record that was not seen could explain what is taken back.
    pub(super) may_lack: bool,
}

/// What shows that something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// An event of an input that says something else, comes twice, or must not come.
    Event,
    /// An input without this event.
    Missing(Shape),
    /// The answer to a question.
    Answer,
    /// An event that is no input's.
    Unexplained,
}

/// Inputs that are looked at in a dead end, and repairs that are kept of each.
const MOST_INPUTS: usize = 4;
const MOST_REPAIRS: usize = 4;
/// An accepted behaviour that is not the reference's weighs 1 for this.
const COSTS: u32 = 8;

/// How an outcome and the outputs of an input go together.
#[derive(Default)]
struct Match {
    /// Outputs that are as expected.
    fitting: Vec<usize>,
    /// Expected events with outputs of their type that say something else.
    differing: Vec<(usize, usize)>,
    /// Expected events that are missing.
    missing: Vec<usize>,
    /// Outputs that nothing expects.
    extra: Vec<usize>,
}

impl Match {
    /// All outputs that go with the input.
    fn outputs(&self) -> BTreeSet<usize> {
        let differing = self.differing.iter().map(|(_, output)| output);
        self.fitting.iter().chain(differing).chain(&self.extra).copied().collect()
    }
}

impl Search<'_> {
    /// The ways to go on from a dead end, cheapest first.
    pub(super) fn repairs(&self, node: &Node) -> Vec<Repair> {
        let mut found = Vec::new();
        for at in self.candidates(node).into_iter().take(MOST_INPUTS) {
            let mut own = match self.case.inputs[at].act {
                Act::Query(number) => self.wrong_answer(node, at, number),
                _ => self.wrong_effects(node, at),
            };
            own.sort_by_key(|repair| repair.cost);
            own.truncate(MOST_REPAIRS);
            found.extend(own);
        }
        found.extend(self.unexpected(node));
        found.sort_by_key(|repair| repair.cost);
        found
    }

    /// The input takes effect, with other events than it must.
    fn wrong_effects(&self, node: &Node, at: usize) -> Vec<Repair> {
        let input = &self.case.inputs[at];
        let now = input.start.max(node.clock);
        let offered = self.offered(node, at);
        let outcomes = self.runner.first_outcomes(&*node.model, Call::Input(input), now, &offered);
        let mut found = Vec::new();
        for outcome in &outcomes {
            let matched = self.compare(node, at, &outcome.emits);
            let blame = Blame { search: self, node, at, outcome };
            let others = outcome.decided.iter().filter(|one| one.option != one.reference).count();
            let others = u32::try_from(others).unwrap_or(9);
            let Some(mut repair) = self.repair(&blame, &matched) else { continue };
            repair.cost += others;
            // What was not announced may not have been done either.
            if !matched.missing.is_empty() && outcome.reject.is_none() {
                let mut undone = Repair { cost: repair.cost + COSTS, ..repair.clone() };
                undone.node.take_state(node);
                found.push(undone);
            }
            found.push(repair);
        }
        found
    }

    fn repair(&self, blame: &Blame<'_>, matched: &Match) -> Option<Repair> {
        let emits = &blame.outcome.emits;
        let mut cost = 0;
        let mut wrongs = Vec::new();
        for (emit, output) in &matched.differing {
            let differences = emits[*emit].differences(&self.case.outputs[*output].shape);
            cost += 2 + u32::try_from(differences.len()).unwrap_or(9);
            wrongs.push(Wrong::Differs(&emits[*emit], *output, differences));
        }
        for emit in &matched.missing {
            cost += 5;
            wrongs.push(Wrong::Missing(&emits[*emit]));
        }
        for output in &matched.extra {
            let twice = matched
                .fitting
                .iter()
                .any(|other| self.case.outputs[*other].shape == self.case.outputs[*output].shape);
            cost += if twice { 3 } else { 5 };
            wrongs.push(if twice { Wrong::Twice(*output) } else { Wrong::Extra(*output) });
        }
        let named = blame.name(wrongs.first()?);
        let evidence = match wrongs.first()? {
            Wrong::Missing(event) => Evidence::Missing((*event).clone()),
            Wrong::Differs(..) | Wrong::Twice(_) | Wrong::Extra(_) => Evidence::Event,
        };
        let misstated = matched.differing.iter().map(|(_, at)| self.case.outputs[*at].record);
        let mut records: Vec<_> = blame.record().into_iter().collect();
        records.extend(self.records(matched));
        let input = &self.case.inputs[blame.at];
        let outputs = matched.outputs().into_iter().collect();
        let step = Step::of(Some(blame.at), outputs, blame.outcome);
        let step = Step { broken: Some(named.rule), ..step };
        Some(Repair {
            node: blame.node.after(blame.outcome, input.start, step),
            cost: cost * COSTS,
            rule: named.rule,
            message: named.message,
            records,
            relaxation: named.relaxation,
            evidence,
            misstated: misstated.collect(),
            may_lack: self.may_lack(blame, matched, &wrongs),
        })
    }

    /// Whether a record that was not seen could explain what is wrong: a command that came before,
    /// whatever it changed, or the event that is missing. That one command has the same event twice
    /// no other command explains.
    fn may_lack(&self, blame: &Blame<'_>, matched: &Match, wrongs: &[Wrong<'_>]) -> bool {
        let input = &self.case.inputs[blame.at];
        let seen = matched.outputs().into_iter().map(|at| self.case.outputs[at].seen);
        let until = seen.chain([input.end]).max().unwrap_or(input.end);
        let is_twice = |wrong: &Wrong<'_>| matches!(wrong, Wrong::Twice(_));
        let by_command = !wrongs.iter().all(is_twice) && self.scene.lacks_input(until);
        let by_event = |wrong: &Wrong<'_>| match wrong {
            Wrong::Missing(event) => {
                self.scene.lacks_event(event.channel, (input.start, input.bound))
            }
            _ => false,
        };
        by_command || wrongs.iter().any(by_event)
    }

    fn records(&self, matched: &Match) -> Vec<RecordId> {
        matched.outputs().into_iter().map(|at| self.case.outputs[at].record).collect()
    }

    /// Puts expected events and the outputs of an input side by side.
    fn compare(&self, node: &Node, at: usize, emits: &[Shape]) -> Match {
        let input = &self.case.inputs[at];
        let mut own: Vec<(usize, &Output)> = self
            .unexplained(node)
            .filter(|(_, output)| output.may_come_from(at) && self.in_time(input, output))
            .collect();
        let mut matched = Match::default();
        let mut left: Vec<usize> = Vec::new();
        for (number, emit) in emits.iter().enumerate() {
            let same = own.iter().position(|(_, output)| output.shows(emit));
            match same {
                Some(place) => matched.fitting.push(own.remove(place).0),
                None => left.push(number),
            }
        }
        for number in left {
            let emit = &emits[number];
            let alike = |output: &Output, kind: bool| {
                output.shape.channel == emit.channel && (!kind || output.shape.kind == emit.kind)
            };
            let of_kind = own.iter().position(|(_, output)| alike(output, true));
            // An answer may be one of another type.
            let traced = |output: &Output| !output.causes.is_empty();
            let of_channel =
                || own.iter().position(|(_, output)| alike(output, false) && traced(output));
            match of_kind.or_else(of_channel) {
                Some(place) => matched.differing.push((number, own.remove(place).0)),
                None => matched.missing.push(number),
            }
        }
        let traced = own.iter().filter(|(_, output)| output.causes == [at]);
        matched.extra = traced.filter(|(_, output)| !output.doubled).map(|(at, _)| *at).collect();
        matched
    }

    /// Whether an output without a known trace can still be an input's.
    fn in_time(&self, input: &Input, output: &Output) -> bool {
        !output.causes.is_empty() || (input.start <= output.seen && output.seen <= input.bound)
    }

    /// The answer to a question is another than the model's.
    fn wrong_answer(&self, node: &Node, at: usize, number: usize) -> Vec<Repair> {
        let mut next = node.clone();
        next.delivered.add(at);
        let named = super::blame::answer(self, node, number);
        vec![Repair {
            node: next.with(Step::answer(at, Some(named.rule))),
            cost: 4 * COSTS,
            rule: named.rule,
            message: named.message,
            records: Vec::new(),
            relaxation: named.relaxation,
            evidence: Evidence::Answer,
            misstated: Vec::new(),
            may_lack: self.scene.lacks_input(self.case.inputs[at].bound),
        }]
    }

    /// The first output that is left is explained by nothing.
    fn unexpected(&self, node: &Node) -> Option<Repair> {
        let (at, _) = self.unexplained(node).find(|(_, output)| !output.doubled)?;
        let mut next = node.clone();
        next.explained.add(at);
        let named = super::blame::unexpected(self, node, at);
        Some(Repair {
            node: next,
            cost: 9 * COSTS,
            rule: named.rule,
            message: named.message,
            records: vec![self.case.outputs[at].record],
            relaxation: named.relaxation,
            evidence: Evidence::Unexplained,
            misstated: Vec::new(),
            may_lack: self.scene.lacks_input(self.case.outputs[at].seen),
        })
    }
}
