//! What ends by time in a search: announced, or silently.

use std::time::Duration;

use super::case::Output;
use super::node::{Node, Step};
use super::run::{Call, Offered, Outcome};
use super::search::Search;
use super::shape::Shape;
use crate::message::VirtualTime;
use crate::rule::RuleId;

/// What ends by time ends this much later at most than it can.
const SWEEP: Duration = Duration::from_secs(5);

impl Search<'_> {
    /// Whether time may have caused an output: it may have the trace of whatever touched the timer
    /// last, so that only the time since the beginning counts.
    pub(super) fn may_end_by_time(&self, output: &Output) -> bool {
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
    pub(super) fn firings(&self, node: &Node) -> Vec<Node> {
        let mut next = Vec::new();
        let horizon = self.horizon(node);
        // What is announced later than this ended later than the horizon.
        let until = self.latest(horizon);
        let announces =
            |name: &&String| self.runner.announces(&*node.model, Call::Timer(name), horizon);
        for name in node.timers.iter().filter(announces) {
            for (at, output) in self.unexplained_until(node, until) {
                let started = |cause: &usize| node.delivered.has(*cause);
                let known = output.causes.is_empty() || output.causes.iter().any(started);
                if !known || output.seen.after(self.scene.clocks.skew) < node.clock {
                    continue;
                }
                next.extend(self.fired(node, name, (at, output), (horizon, until)));
            }
        }
        next.retain(|after| !self.is_dead_by_time(node, after));
        next
    }

    /// The ways in which a timer causes an output, before the horizon.
    fn fired(
        &self,
        node: &Node,
        name: &str,
        (at, output): (usize, &Output),
        (horizon, until): (VirtualTime, VirtualTime),
    ) -> Vec<Node> {
        let may = |emit: &Shape, _: bool| {
            self.unexplained_until(node, until).any(|(_, output)| output.shows(emit))
        };
        let mut offered = Offered::default();
        output.offer(&mut offered);
        let now = output.seen.after(self.scene.clocks.skew);
        let call = Call::Timer(name);
        let outcomes = self.runner.outcomes(&*node.model, call, (now, &offered), &may);
        let fit = |outcome: &Outcome| {
            let late = output.seen > self.latest(outcome.due);
            if outcome.emits.is_empty() || outcome.due > horizon || late {
                return None;
            }
            let from: Vec<_> = self.unexplained_until(node, until).collect();
            let outputs = self.assign(&from, &outcome.emits, node.clock, false);
            let outputs = outputs.filter(|outputs| outputs.contains(&at))?;
            let step = Step { broken: outcome.mistaken, ..Step::of(None, outputs, outcome) };
            Some(node.after(outcome, outcome.due, step))
        };
        outcomes.iter().filter_map(fit).collect()
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
    pub(super) fn silent_ends(&self, node: &Node, at: usize) -> Vec<Node> {
        let mut next = Vec::new();
        let (now, offered) = (self.case.inputs[at].bound, Offered::default());
        let at = (now, &offered);
        for name in node.timers.iter() {
            let call = Call::Timer(name);
            for outcome in self.runner.outcomes(&*node.model, call, at, &|_, _| false) {
                if !outcome.emits.is_empty() {
                    continue;
                }
                let step = Step::of(None, vec![], &outcome);
                let after = node.after(&outcome, outcome.due, step);
                if after.fingerprint() != node.fingerprint() {
                    next.push(after);
                }
            }
        }
        next
    }
}
