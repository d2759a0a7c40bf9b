//! What came before an event, and what else than a rule of its own may explain a missing one.

use super::case::Act;
use super::node::Node;
use super::run::{Call, Offered};
use super::search::Search;
use crate::message::{Json, RecordId};
use crate::rule::RuleId;

impl Search<'_> {
    /// The values of the records that were sent before an output.
    pub(crate) fn sent_before(&self, output: usize) -> Vec<Json> {
        let seen = self.case.outputs[output].seen;
        let before = self.case.inputs.iter().filter(|input| input.start <= seen);
        let records = before.filter_map(|input| match input.act {
            Act::Record(record) => Some(self.scene.seen.history.record(record)),
            _ => None,
        });
        records.filter_map(|placed| Json::parse(placed.record.value_bytes()?).ok()).collect()
    }

    /// The values of the outputs before one.
    pub(crate) fn outputs_before(&self, output: usize) -> impl Iterator<Item = &Json> {
        self.case.outputs[..output].iter().map(|before| &before.shape.value)
    }

    /// What else may be the reason that an input is not answered as it must be.
    pub(super) fn blames(&self, node: &Node, at: usize) -> Option<RuleId> {
        let input = &self.case.inputs[at];
        let Act::Record(record) = input.act else { return None };
        if input.trace.is_none() {
            return Some(self.scene.roles().no_trace);
        }
        if self.is_after_poison(record) {
            return Some(self.scene.roles().unreadable);
        }
        let since = |kill: &super::case::Kill| {
            let before = |(at, earlier): (usize, &super::case::Input)| {
                earlier.start < kill.at && node.delivered.has(at)
            };
            kill.restarted <= input.start && self.case.inputs.iter().enumerate().any(before)
        };
        let may_be_lost = self.scene.kills.iter().any(since) && !self.is_answered_anew(record);
        may_be_lost.then_some(self.scene.roles().restart)
    }

    /// Whether a service in which nothing has happened emits something for a record: then that it
    /// emitted nothing does not show that it lost its state.
    fn is_answered_anew(&self, record: RecordId) -> bool {
        let Some(fresh) = self.start() else { return false };
        let (input, now) = (self.scene.receive(record), self.scene.seen.history.record(record).at);
        let (call, offered) = (Call::Input(&input), Offered::default());
        let outcomes = self.runner.first_outcomes(&*fresh.model, call, now, &offered);
        outcomes.iter().any(|outcome| !outcome.emits.is_empty())
    }

    /// Whether nothing that came after a record that cannot be acted on was answered, up to this
    /// one.
    pub(super) fn is_after_poison(&self, record: RecordId) -> bool {
        let history = &self.scene.seen.history;
        let placed = history.record(record);
        let before = history.records()[..record.at()].iter().rev();
        for earlier in before.filter(|one| self.scene.is_input(one.id)) {
            if self.scene.poison.contains(&earlier.id) {
                return true;
            }
            let answered = self.scene.is_answered(earlier.id);
            if answered || earlier.at.after(self.scene.seen.settle) < placed.at {
                return false;
            }
        }
        false
    }
}
