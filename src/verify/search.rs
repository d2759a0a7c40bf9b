//! The search for an explanation: an order of the inputs and a choice of decisions under which the
//! reference does what was seen.

use std::rc::Rc;

use rustc_hash::FxHashSet;
use uuid::Uuid;

use super::case::{Act, Case, Input, Output, Scene};
use super::lookup::{Lookup, Order};
use super::node::{Ends, Node, Step};
use super::run::{Call, Freedom, Offered, Outcome, Runner, Way};
use super::shape::Shape;
use crate::message::VirtualTime;

/// How often the model is tried for one state, as a rule.
const TRIES: u64 = 16;
/// So many outputs are looked at where the last timer has ended, to find early that it leads
/// nowhere.
const MOST_ENDED: usize = 64;

/// How a search ended.
pub(crate) enum Found {
    /// Everything is explained.
    Explained(Node),
    /// Nothing explains it; the states that came furthest.
    Nothing(Vec<Node>),
    /// There was too much to try; the states that came furthest.
    TooMany(Vec<Node>),
}

/// Searches in one case.
pub(crate) struct Search<'a> {
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) case: &'a Case,
    pub(crate) runner: Runner<'a>,
    /// States tried so far, and how many may be.
    pub(crate) states: u64,
    pub(crate) budget: u64,
    pub(super) lookup: Lookup,
    visited: FxHashSet<u128>,
    /// The only order in which inputs may take effect; any where not given.
    order: Option<Order>,
}

/// A state from which the search goes on, with the ways that are left to be tried.
struct Branch {
    node: Node,
    /// The states that come next, the last first.
    ready: Vec<Node>,
    /// What is only worked out when its turn comes, the last first.
    left: Vec<Turn>,
}

/// Something that may happen next.
enum Turn {
    /// An input takes effect: in the ways that are likely, or in all.
    Likely(usize),
    All(usize),
    /// The same, where that has been worked out.
    Known(Vec<Node>),
    /// Something ends by time.
    Ending,
}

impl<'a> Search<'a> {
    pub(crate) fn new(scene: &'a Scene<'a>, case: &'a Case, bans: bool, budget: u64) -> Self {
        let runner = Runner::new(scene, &case.tenant, bans);
        let (lookup, visited) = (Lookup::new(case), FxHashSet::default());
        let order = scene.known_order(case).map(|order| Order::new(case, &order));
        Self { scene, case, runner, states: 0, budget, lookup, visited, order }
    }

    /// Lets inputs take effect in this order only.
    pub(crate) fn in_order(mut self, order: &[usize]) -> Self {
        self.order = Some(Order::new(self.case, order));
        self
    }

    /// Lets inputs take effect in the order only in which they were sent, or are known to have.
    pub(crate) fn in_order_of_sending(self) -> Self {
        if self.order.is_some() {
            return self;
        }
        let order: Vec<_> = (0..self.case.inputs.len()).collect();
        self.in_order(&order)
    }

    /// The same search from the beginning, with another budget.
    pub(crate) fn anew(&self, budget: u64) -> Self {
        let mut anew = Self::new(self.scene, self.case, self.runner.bans, budget);
        anew.runner.freedom.clone_from(&self.runner.freedom);
        anew.runner.mistake.clone_from(&self.runner.mistake);
        anew
    }

    /// Tries only these ways to differ from the reference.
    pub(crate) fn with(mut self, freedom: Freedom) -> Self {
        self.runner.freedom = freedom;
        self
    }

    /// The state in which nothing has happened.
    pub(crate) fn start(&self) -> Option<Node> {
        let mut start = self.scene.contracts.packs().model(&self.scene.seen.subject)?;
        self.scene.provide(&self.case.tenant, &mut *start);
        Some(Node::start(Rc::from(start)))
    }

    /// Looks for an explanation that begins as `from` does.
    pub(crate) fn run(&mut self, from: Node) -> Found {
        let mut ends = Ends::default();
        let mut next = Some(from);
        let mut stack: Vec<Branch> = Vec::new();
        let mut spent = 0;
        loop {
            let Some(node) = next.take().or_else(|| self.next(&mut stack)) else { break };
            if !self.visited.insert(node.key()) {
                continue;
            }
            if self.is_over(&node) {
                return Found::Explained(node);
            }
            self.states += 1;
            let all = self.states.max(self.runner.tried() / TRIES);
            let may_go_on = self.scene.bound.spend(all - spent);
            spent = all;
            ends.offer(&node);
            if all > self.budget || !may_go_on {
                return Found::TooMany(ends.nodes);
            }
            stack.push(self.branch(node));
        }
        match self.runner.has_overflowed() {
            true => Found::TooMany(ends.nodes),
            false => Found::Nothing(ends.nodes),
        }
    }

    /// The state that is to be tried next. What has nothing left to be tried is dropped before what
    /// follows it, so that a history in which nothing overlaps is not kept.
    fn next(&self, stack: &mut Vec<Branch>) -> Option<Node> {
        loop {
            let top = stack.last_mut()?;
            if let Some(node) = top.ready.pop() {
                if top.ready.is_empty() && top.left.is_empty() {
                    stack.pop();
                }
                return Some(node);
            }
            let Some(turn) = top.left.pop() else {
                stack.pop();
                continue;
            };
            let mut ready = match turn {
                Turn::Likely(at) => {
                    let (ways, are_all) = self.deliveries(&top.node, at, true);
                    top.left.extend((!are_all).then_some(Turn::All(at)));
                    ways
                }
                Turn::All(at) => self.deliveries(&top.node, at, false).0,
                Turn::Known(ways) => ways,
                Turn::Ending => self.firings(&top.node),
            };
            ready.reverse();
            top.ready = ready;
        }
    }

    /// Whether all is explained that must be.
    fn is_over(&self, node: &Node) -> bool {
        let first = node.delivered.first_free(0);
        let inputs = self.case.inputs.iter().enumerate().skip(first);
        !self.unexplained(node).any(|(_, output)| !output.doubled)
            && !inputs.into_iter().any(|(at, input)| !input.skippable && !node.delivered.has(at))
    }

    /// What may happen next, likely things first.
    fn branch(&self, node: Node) -> Branch {
        let mut left = Vec::new();
        for at in self.candidates(&node) {
            if !self.is_settled(&node, at) {
                left.push(Turn::Likely(at));
                continue;
            }
            let (ways, are_all) = self.deliveries(&node, at, true);
            // What neither says nor changes anything can as well be now.
            let idle = |after: &Node| {
                !ways.iter().any(Node::ends_in_breach)
                    && after.explained == node.explained
                    && after.timers == node.timers
                    && after.fingerprint() == node.fingerprint()
            };
            if let Some(idle) = ways.iter().position(idle) {
                let ready = vec![ways[idle].clone()];
                return Branch { node, ready, left: Vec::new() };
            }
            left.push(Turn::Known(ways));
            left.extend((!are_all).then_some(Turn::All(at)));
        }
        if !node.timers.is_empty() {
            left.push(Turn::Ending);
        }
        left.reverse();
        Branch { node, ready: Vec::new(), left }
    }

    /// Whether an input that has no effect now would show one that it had later.
    fn is_settled(&self, node: &Node, at: usize) -> bool {
        let input = &self.case.inputs[at];
        let from = node.delivered.first_free(0);
        let earlier = self.case.inputs.get(from..at).unwrap_or_default();
        let mut earlier = earlier.iter().enumerate();
        let shown = |at: usize| self.unexplained_of(node, at).next().is_some();
        let waits = |(other, earlier): (usize, &Input)| {
            !node.delivered.has(from + other)
                && earlier.start < input.start
                && (!earlier.skippable
                    || shown(from + other)
                    || earlier.is_adopted && earlier.bound >= node.clock)
        };
        // It must not make another one come too late, nor what time has ended before it.
        let ended = |(_, output): (usize, &Output)| {
            output.seen.after(self.scene.clocks.skew) < input.start && !output.doubled
        };
        let mut before = self.unexplained_until(node, input.start);
        if input.start > node.clock && (earlier.any(waits) || before.any(ended)) {
            return false;
        }
        let shows = match input.act {
            Act::Query(_) => return true,
            Act::Record(record) => {
                let channel = self.scene.seen.history.record(record).channel;
                let name = self.scene.contracts.channel_name(channel);
                self.scene.attribution().announced().contains(&name)
                    || self.scene.poison.contains(&record)
            }
            Act::Stimulus(_) | Act::Restart(_) => false,
        };
        shows && !shown(at)
    }

    /// The inputs that may take effect next, those that must do so first in front.
    pub(crate) fn candidates(&self, node: &Node) -> Vec<usize> {
        let inputs = &self.case.inputs;
        let mut found = Vec::new();
        let mut horizon = VirtualTime::NEVER;
        let mut at = node.delivered.first_free(0);
        while let Some(input) = inputs.get(at) {
            if input.start > horizon {
                break;
            }
            if !node.delivered.has(at) {
                if !input.skippable {
                    horizon = horizon.min(input.bound);
                }
                let waits = |after: usize| !node.delivered.has(after) && !inputs[after].skippable;
                if input.bound.after(self.scene.clocks.skew) >= node.clock
                    && !input.after.is_some_and(waits)
                {
                    found.push(at);
                }
            }
            at += 1;
        }
        let is_turn = |at: usize| {
            self.order.as_ref().is_none_or(|order| order.is_turn(self.case, at, node.turn))
        };
        found.retain(|at| inputs[*at].start <= horizon && is_turn(*at));
        found.extend(self.redeliverable(node));
        found.sort_by_key(|at| (inputs[*at].likely, inputs[*at].start));
        found
    }

    /// The outputs that nothing has explained yet.
    pub(crate) fn unexplained<'n>(
        &'n self,
        node: &'n Node,
    ) -> impl Iterator<Item = (usize, &'a Output)> + 'n {
        self.unexplained_until(node, VirtualTime::NEVER)
    }

    /// Those of them among which are all that were seen by a moment.
    pub(super) fn unexplained_until<'n>(
        &'n self,
        node: &'n Node,
        until: VirtualTime,
    ) -> impl Iterator<Item = (usize, &'a Output)> + 'n {
        let outputs = &self.case.outputs;
        let among = self.lookup.seen_until(node.explained.first_free(0), until);
        among.filter(move |at| !node.explained.has(*at)).map(move |at| (at, &outputs[at]))
    }

    /// Those of them that an input may have caused.
    pub(super) fn unexplained_of<'n>(
        &'n self,
        node: &'n Node,
        input: usize,
    ) -> impl Iterator<Item = (usize, &'a Output)> + 'n {
        let outputs = &self.case.outputs;
        let among = self.lookup.outputs_of(self.case, input, node.explained.first_free(0));
        among.filter(move |at| !node.explained.has(*at)).map(move |at| (at, &outputs[at]))
    }

    /// The ways in which an input may take effect now, also after something has silently ended.
    /// The likely ones are those in which new things get the likeliest ids; and whether these are
    /// all.
    fn deliveries(&self, node: &Node, at: usize, likely: bool) -> (Vec<Node>, bool) {
        let (mut next, mut are_all) = self.delivered(node, at, likely);
        for ended in self.silent_ends(node, at) {
            let (also, also_all) = self.delivered(&ended, at, likely);
            are_all &= also_all;
            // Where the order makes no difference, what ended can wait.
            let later: FxHashSet<_> = next
                .iter()
                .flat_map(|next| self.silent_ends(next, at))
                .map(|node| node.key())
                .collect();
            next.extend(also.into_iter().filter(|node| !later.contains(&node.key())));
        }
        if let Some(behind) = self.order.as_ref().and_then(|order| order.behind(at)) {
            next.iter_mut().for_each(|node| node.turn = node.turn.max(behind));
        }
        (next, are_all)
    }

    /// The ways in which an input may take effect now, and whether these are all.
    fn delivered(&self, node: &Node, at: usize, likely: bool) -> (Vec<Node>, bool) {
        let input = &self.case.inputs[at];
        if let Act::Query(number) = input.act {
            return (self.asked(node, at, number), true);
        }
        let again = node.delivered.has(at);
        let lossy = input.lossy && self.runner.freedom.has(Way::Loss);
        let mut offered = self.offered(node, at);
        let are_all = !(likely && offered.likely_only());
        let from: Vec<_> = self.unexplained_of(node, at).collect();
        let now = input.start.max(node.clock);
        let may = |emit: &Shape, as_reference: bool| {
            if from.iter().any(|(_, shown)| shown.shows(emit)) {
                return true;
            }
            // An event that is lost may have been any; only the reference's is tried.
            if lossy && !as_reference {
                self.runner.overflow();
            }
            lossy && as_reference
        };
        let call = Call::Input(input);
        let outcomes = self.runner.outcomes(&*node.model, call, (now, &offered), &may);
        let fit = |outcome: &Outcome| {
            let outputs = self.assign(&from, &outcome.emits, input.start, lossy)?;
            if again && outputs.is_empty() {
                return None;
            }
            let end = self.end(&outputs).unwrap_or(input.end).max(input.start);
            if end.after(self.scene.clocks.skew) < node.clock {
                return None;
            }
            let lost = again || outputs.len() < outcome.emits.len() && input.again.is_some();
            let lost = lost && !self.is_handled_again(at);
            let broken = outcome.mistaken;
            let step = Step { lost_at_kill: lost, broken, ..Step::of(Some(at), outputs, outcome) };
            let next = node.after(outcome, input.start, step);
            let is_dead = self.is_dead(&next, at) || self.is_dead_by_time(node, &next);
            (!is_dead).then_some(next)
        };
        let mut next: Vec<_> = outcomes.iter().filter_map(fit).collect();
        if input.is_open && !again {
            next.push(node.without_effect(at, input.start));
        }
        if let (Act::Restart(_), Some(state)) = (input.act, self.restarted()) {
            next.iter_mut().for_each(|node| node.take_state(&state));
        }
        (next, are_all)
    }

    /// The state after a restart, where nothing is kept.
    fn restarted(&self) -> Option<Node> {
        let empty = self.scene.persistence == super::Persistence::Empty;
        empty.then(|| self.start()).flatten()
    }

    /// The moment of the first of some outputs.
    fn end(&self, outputs: &[usize]) -> Option<VirtualTime> {
        outputs.iter().map(|at| self.case.outputs[*at].seen).min()
    }

    /// The outputs that show an outcome's events, of those that may and were not seen before
    /// `start`; none where one is missing that must not be.
    pub(super) fn assign(
        &self,
        from: &[(usize, &Output)],
        emits: &[Shape],
        start: VirtualTime,
        may_lack: bool,
    ) -> Option<Vec<usize>> {
        let mut taken: Vec<usize> = Vec::with_capacity(emits.len());
        for emit in emits {
            let mut best: Option<(u8, usize)> = None;
            for (at, output) in from {
                if taken.contains(at) || output.seen.after(self.scene.clocks.skew) < start {
                    continue;
                }
                let Some(rank) = output.rank(emit) else { continue };
                let rank = rank + u8::from(output.causes.is_empty());
                if best.is_none_or(|(least, _)| rank < least) {
                    best = Some((rank, *at));
                }
            }
            match best {
                Some((_, at)) => taken.push(at),
                None if may_lack => {}
                None => return None,
            }
        }
        Some(taken)
    }

    /// The ids that an input may have given, by the events that it may have caused.
    pub(crate) fn offered(&self, node: &Node, at: usize) -> Offered {
        let mut offered = Offered::default();
        if let Act::Stimulus(number) = self.case.inputs[at].act {
            let answer = self.scene.seen.asked[number].answer.as_str();
            offered.uuids.extend(answer.and_then(|text| Uuid::try_parse(text).ok()));
        }
        for (_, output) in self.unexplained_of(node, at) {
            if output.seen.after(self.scene.clocks.skew) >= self.case.inputs[at].start {
                output.offer(&mut offered);
            }
        }
        offered
    }

    /// Whether an input has taken effect and left an output that nothing can explain any more.
    fn is_dead(&self, node: &Node, input: usize) -> bool {
        let mut of_input = self.unexplained_of(node, input);
        of_input.any(|(_, output)| self.is_inexplicable(node, output))
    }

    /// Whether the last timer has ended, and left an output that only time could explain.
    pub(super) fn is_dead_by_time(&self, before: &Node, after: &Node) -> bool {
        let mut near = self.unexplained(after).take(MOST_ENDED);
        (after.timers.is_empty() && !before.timers.is_empty())
            && near.any(|(_, output)| self.is_inexplicable(after, output))
    }

    fn is_inexplicable(&self, node: &Node, output: &Output) -> bool {
        let gone = |at: &usize| node.delivered.has(*at) && self.case.inputs[*at].again.is_none();
        let caused = !output.causes.is_empty() && output.causes.iter().all(gone);
        let by_time = || !node.timers.is_empty() && self.may_end_by_time(output);
        caused && !output.doubled && !by_time()
    }
}
