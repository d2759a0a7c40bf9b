//! The search for an explanation: an order of the inputs and a choice of decisions under which the
//! reference does what was seen.

use std::cmp::Ordering;
use std::rc::Rc;
use std::time::Duration;

use rustc_hash::FxHashSet;
use uuid::Uuid;

use super::case::{Act, Case, Input, Output, Scene};
use super::node::{Ends, Node, Step};
use super::run::{Call, Freedom, Offered, Outcome, Runner, Way};
use super::shape::Shape;
use crate::message::VirtualTime;
use crate::rule::RuleId;

/// What ends by time ends this much later at most than it can.
const SWEEP: Duration = Duration::from_secs(5);
/// How often the model is tried for one state, as a rule.
const TRIES: u64 = 4;

/// How a search ended.
pub(crate) enum Found {
    /// Everything is explained.
    Explained(Node),
    /// Nothing explains it; the states that came furthest.
    Nothing(Vec<Node>),
    /// There was too much to try.
    TooMany,
}

/// Searches in one case.
pub(crate) struct Search<'a> {
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) case: &'a Case,
    pub(crate) runner: Runner<'a>,
    /// States tried so far, and how many may be.
    pub(crate) states: u64,
    pub(crate) budget: u64,
    visited: FxHashSet<(u64, u64)>,
    /// The only order in which inputs may take effect, as the rank of each; any where not given.
    ranks: Option<Vec<usize>>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(scene: &'a Scene<'a>, case: &'a Case, bans: bool, budget: u64) -> Self {
        let runner = Runner::new(scene, &case.tenant, bans);
        let (visited, ranks) = (FxHashSet::default(), scene.known_ranks(case));
        Self { scene, case, runner, states: 0, budget, visited, ranks }
    }

    /// Lets inputs take effect in this order only.
    pub(crate) fn in_order(mut self, order: &[usize]) -> Self {
        let mut ranks = vec![usize::MAX; self.case.inputs.len()];
        for (rank, at) in order.iter().enumerate() {
            ranks[*at] = rank;
        }
        self.ranks = Some(ranks);
        self
    }

    /// Lets inputs take effect in the order only in which they were sent, or are known to have.
    pub(crate) fn in_order_of_sending(self) -> Self {
        if self.ranks.is_some() {
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
        let mut stack = vec![from];
        let mut spent = 0;
        while let Some(node) = stack.pop() {
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
            if all > self.budget || !may_go_on {
                return Found::TooMany;
            }
            let mut next = self.successors(&node);
            ends.offer(&node);
            next.reverse();
            stack.append(&mut next);
        }
        match self.runner.has_overflowed() {
            true => Found::TooMany,
            false => Found::Nothing(ends.nodes),
        }
    }

    /// Whether all is explained that must be.
    fn is_over(&self, node: &Node) -> bool {
        let missing = |(at, input): (usize, &Input)| !input.skippable && !node.delivered.has(at);
        !self.unexplained(node).any(|(_, output)| !output.doubled)
            && !self.case.inputs.iter().enumerate().any(missing)
    }

    /// What may happen next, likely things first.
    pub(crate) fn successors(&self, node: &Node) -> Vec<Node> {
        let mut next = Vec::new();
        for at in self.candidates(node) {
            let ways = self.deliveries(node, at);
            // What neither says nor changes anything can as well be now.
            let idle = |after: &Node| {
                !ways.iter().any(Node::ends_in_breach)
                    && after.explained == node.explained
                    && after.timers == node.timers
                    && after.model.fingerprint() == node.model.fingerprint()
            };
            if let Some(idle) = ways.iter().position(idle).filter(|_| self.is_settled(node, at)) {
                return vec![ways[idle].clone()];
            }
            next.extend(ways);
        }
        next.extend(self.firings(node));
        next
    }

    /// Whether an input that has no effect now would show one that it had later.
    fn is_settled(&self, node: &Node, at: usize) -> bool {
        let input = &self.case.inputs[at];
        let from = node.delivered.first_free(0);
        let earlier = self.case.inputs.get(from..at).unwrap_or_default();
        let mut earlier = earlier.iter().enumerate();
        let shown = |at: usize| self.unexplained(node).any(|(_, output)| output.may_come_from(at));
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
        if input.start > node.clock && (earlier.any(waits) || self.unexplained(node).any(ended)) {
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
        found.retain(|at| inputs[*at].start <= horizon && self.is_its_turn(node, *at));
        found.extend(self.redeliverable(node));
        found.sort_by_key(|at| (inputs[*at].likely, inputs[*at].start));
        found
    }

    /// Whether an input may be next in the order that is asked for; a restart may be at any time.
    fn is_its_turn(&self, node: &Node, at: usize) -> bool {
        let Some(ranks) = &self.ranks else { return true };
        let inputs = self.case.inputs.iter().enumerate();
        let is_sent = |input: &Input| !matches!(input.act, Act::Restart(_));
        let sent = inputs.filter(|(_, input)| is_sent(input));
        let in_turn = |(other, input): (usize, &Input)| match ranks[other].cmp(&ranks[at]) {
            Ordering::Less => input.skippable || node.delivered.has(other),
            Ordering::Equal => true,
            Ordering::Greater => !node.delivered.has(other),
        };
        !is_sent(&self.case.inputs[at]) || sent.into_iter().all(in_turn)
    }

    pub(crate) fn unexplained(&self, node: &Node) -> impl Iterator<Item = (usize, &'a Output)> {
        let explained = node.explained.clone();
        let outputs = self.case.outputs.iter().enumerate().skip(explained.first_free(0));
        outputs.filter(move |(at, _)| !explained.has(*at))
    }

    /// The ways in which an input may take effect now, also after something has silently ended.
    fn deliveries(&self, node: &Node, at: usize) -> Vec<Node> {
        let mut next = self.delivered(node, at);
        for ended in self.silent_ends(node, at) {
            let also = self.delivered(&ended, at);
            // Where the order makes no difference, what ended can wait.
            let later: FxHashSet<_> = next
                .iter()
                .flat_map(|next| self.silent_ends(next, at))
                .map(|node| node.key())
                .collect();
            next.extend(also.into_iter().filter(|node| !later.contains(&node.key())));
        }
        next
    }

    /// The ways in which an input may take effect now.
    fn delivered(&self, node: &Node, at: usize) -> Vec<Node> {
        let input = &self.case.inputs[at];
        if let Act::Query(number) = input.act {
            return self.asked(node, at, number);
        }
        let again = node.delivered.has(at);
        let lossy = input.lossy && self.runner.freedom.has(Way::Loss);
        let offered = self.offered(node, at);
        let now = input.start.max(node.clock);
        let may = |emit: &Shape, as_reference: bool| {
            let mut shown = self.unexplained(node);
            if shown.any(|(_, shown)| shown.may_come_from(at) && shown.shows(emit)) {
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
            let outputs = self.assign(node, &outcome.emits, Some(at), lossy)?;
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
            (!self.is_dead(&next)).then_some(next)
        };
        let mut next: Vec<_> = outcomes.iter().filter_map(fit).collect();
        if input.is_open && !again {
            next.push(node.without_effect(at, input.start));
        }
        if let (Act::Restart(_), Some(state)) = (input.act, self.restarted()) {
            for node in &mut next {
                node.model = Rc::clone(&state.model);
                node.timers = Rc::default();
            }
        }
        next
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

    /// The outputs that show an outcome's events; none where one is missing that must not be.
    pub(crate) fn assign(
        &self,
        node: &Node,
        emits: &[Shape],
        input: Option<usize>,
        may_lack: bool,
    ) -> Option<Vec<usize>> {
        let mut taken: Vec<usize> = Vec::with_capacity(emits.len());
        let from = input.map_or(node.clock, |at| self.case.inputs[at].start);
        for emit in emits {
            let mut best: Option<(u8, usize)> = None;
            for (at, output) in self.unexplained(node) {
                let comes = input.is_none_or(|input| output.may_come_from(input));
                if taken.contains(&at) || !comes || output.seen.after(self.scene.clocks.skew) < from
                {
                    continue;
                }
                let Some(rank) = output.rank(emit) else { continue };
                let rank = rank + u8::from(output.causes.is_empty());
                if best.is_none_or(|(least, _)| rank < least) {
                    best = Some((rank, at));
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
        for (_, output) in self.unexplained(node) {
            if output.may_come_from(at)
                && output.seen.after(self.scene.clocks.skew) >= self.case.inputs[at].start
            {
                output.offer(&mut offered);
            }
        }
        offered
    }

    /// Whether an output is left that nothing can explain any more.
    fn is_dead(&self, node: &Node) -> bool {
        self.unexplained(node).any(|(_, output)| {
            let gone =
                |at: &usize| node.delivered.has(*at) && self.case.inputs[*at].again.is_none();
            let caused = !output.causes.is_empty() && output.causes.iter().all(gone);
            let by_time = self.may_end_by_time(output) && !node.timers.is_empty();
            caused && !output.doubled && !by_time
        })
    }

    /// Whether time may have caused an output: it may have the trace of whatever touched the timer
    /// last, so that only the time since the beginning counts.
    fn may_end_by_time(&self, output: &Output) -> bool {
        // What breaks its contract passes for any event.
        if output.spoiled {
            return true;
        }
        let Some((_, least)) = self.ends_by_time(&output.shape) else { return false };
        let first = self.case.inputs.first();
        first.is_some_and(|first| {
            first.start.after(least) <= output.seen.after(self.scene.clocks.skew)
        })
    }

    /// The rule by which time causes such an event, and how long that takes at least.
    pub(crate) fn ends_by_time(&self, shape: &Shape) -> Option<(RuleId, Duration)> {
        let channel = self.scene.contracts.channel_name(shape.channel);
        self.scene.attribution().by_time(channel, shape.kind.as_deref()?)
    }

    /// What ends by time and is announced.
    fn firings(&self, node: &Node) -> Vec<Node> {
        let mut next = Vec::new();
        let horizon = self.horizon(node);
        let may =
            |emit: &Shape, _: bool| self.unexplained(node).any(|(_, output)| output.shows(emit));
        for name in node.timers.iter() {
            for (at, output) in self.unexplained(node) {
                let started = |cause: &usize| node.delivered.has(*cause);
                let known = output.causes.is_empty() || output.causes.iter().any(started);
                if !known || output.seen.after(self.scene.clocks.skew) < node.clock {
                    continue;
                }
                let mut offered = Offered::default();
                output.offer(&mut offered);
                let now = output.seen.after(self.scene.clocks.skew);
                let call = Call::Timer(name);
                for outcome in self.runner.outcomes(&*node.model, call, (now, &offered), &may) {
                    let late = output.seen > self.latest(outcome.due);
                    if outcome.emits.is_empty() || outcome.due > horizon || late {
                        continue;
                    }
                    let outputs = self.assign(node, &outcome.emits, None, false);
                    let Some(outputs) = outputs.filter(|outputs| outputs.contains(&at)) else {
                        continue;
                    };
                    let broken = outcome.mistaken;
                    let step = Step { broken, ..Step::of(None, outputs, &outcome) };
                    next.push(node.after(&outcome, outcome.due, step));
                }
            }
        }
        next.retain(|node| !self.is_dead(node));
        next
    }

    /// Until when what may end from `due` on must have been announced.
    fn latest(&self, due: VirtualTime) -> VirtualTime {
        let settle = self.scene.seen.settle;
        let latest = due.after(SWEEP).after(settle).after(settle);
        let down = self.scene.kills.iter().filter(|kill| kill.at <= latest);
        down.map(|kill| kill.reads.after(SWEEP).after(settle)).fold(latest, VirtualTime::max)
    }

    /// The moment before which some input must take effect.
    fn horizon(&self, node: &Node) -> VirtualTime {
        let mut horizon = VirtualTime::NEVER;
        for (at, input) in self.case.inputs.iter().enumerate().skip(node.delivered.first_free(0)) {
            if input.start > horizon {
                break;
            }
            if !node.delivered.has(at) && !input.skippable {
                horizon = horizon.min(input.bound);
            }
        }
        horizon
    }

    /// The states in which something has silently ended before an input takes effect.
    fn silent_ends(&self, node: &Node, at: usize) -> Vec<Node> {
        let mut next = Vec::new();
        let (now, offered) = (self.case.inputs[at].bound, Offered::default());
        let at = (now, &offered);
        let before = node.model.fingerprint();
        for name in node.timers.iter() {
            let call = Call::Timer(name);
            for outcome in self.runner.outcomes(&*node.model, call, at, &|_, _| false) {
                if outcome.emits.is_empty() && outcome.model.fingerprint() != before {
                    let step = Step::of(None, vec![], &outcome);
                    next.push(node.after(&outcome, outcome.due, step));
                }
            }
        }
        next
    }
}
