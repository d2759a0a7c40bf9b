//! Where the records of an observation are found.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Act, Case, Input, Scene};
use super::traffic::Writers;
use crate::history::Placed;
use crate::message::{ChannelIx, RecordId, Tenant, VirtualTime, repeated_members};

/// Where records are found.
#[derive(Default)]
pub(super) struct Index {
    /// What the subject reads, by trace.
    pub(super) inputs: BTreeMap<u128, Vec<RecordId>>,
    /// What it writes, by trace and by tenant.
    pub(super) events: BTreeMap<u128, Vec<RecordId>>,
    pub(super) events_of: BTreeMap<Tenant, Vec<RecordId>>,
    /// The channels that the subject reads, each with those on which stands what it may answer to.
    answers: BTreeMap<ChannelIx, Vec<ChannelIx>>,
}

impl<'a> Scene<'a> {
    /// Whether an event has the trace of a record.
    pub(super) fn is_answered(&self, record: RecordId) -> bool {
        self.trace(record).is_some_and(|trace| self.found.events.contains_key(&trace))
    }

    pub(super) fn index(&self) -> Index {
        let mut index = Index::default();
        let writers = Writers::new(self.contracts, &[]);
        for channel in self.contracts.consumed_by(&self.seen.subject).into_iter().flatten() {
            index.answers.insert(channel, writers.causes(channel).to_vec());
        }
        for placed in self.seen.history.records() {
            let (record, trace) = (placed.id, self.trace(placed.id));
            if let (true, Some(trace)) = (self.is_input(record), trace) {
                index.inputs.entry(trace).or_default().push(record);
            }
            if self.is_output(record) {
                if let Ok(tenant) = placed.record.headers.tenant() {
                    index.events_of.entry(tenant.clone()).or_default().push(record);
                }
                if let Some(trace) = trace {
                    index.events.entry(trace).or_default().push(record);
                }
            }
        }
        index
    }

    /// Whether an input with the trace of an event, which was seen at some moment, may have caused
    /// it: it does not come behind it. What others may have answered to the event, and to nothing
    /// else that has the trace, comes behind it whatever the moments at which they were seen.
    pub(super) fn may_cause(&self, input: &Input, (event, seen): (RecordId, VirtualTime)) -> bool {
        let is_before = input.start <= seen.after(self.clocks.skew);
        let Act::Record(record) = input.act else { return is_before };
        is_before && !self.answers_only(record, event)
    }

    /// Whether an input answers an event, if it answers anything: there is nothing else of its
    /// trace that it could answer.
    fn answers_only(&self, input: RecordId, event: RecordId) -> bool {
        let channel = |record| self.seen.history.record(record).channel;
        let answers = self.found.answers.get(&channel(input)).map_or(&[][..], Vec::as_slice);
        let Some(trace) = self.trace(input).filter(|_| answers.contains(&channel(event))) else {
            return false;
        };
        let until = self.latest(input).after(self.clocks.skew);
        let is_answered =
            |other: RecordId| answers.contains(&channel(other)) && self.earliest(other) <= until;
        let inputs = self.inputs_with(trace).map(|placed| placed.id);
        let mut others = inputs.chain(self.events_with(trace)).filter(|one| *one != event);
        !others.any(is_answered)
    }

    /// A trace that the subject began itself, by a timer or for a client, is that of what others
    /// answer, too. It does not say whether one of these caused a later event, or what began it.
    pub(super) fn release(&self, case: &mut Case) {
        let mut begun: BTreeMap<u128, VirtualTime> = BTreeMap::new();
        for output in case.outputs.iter().filter(|output| output.causes.is_empty()) {
            if let Some(trace) = self.trace(output.record) {
                let first = begun.entry(trace).or_insert(output.seen);
                *first = output.seen.min(*first);
            }
        }
        for output in case.outputs.iter_mut().filter(|output| !output.causes.is_empty()) {
            let first = self.trace(output.record).and_then(|trace| begun.get(&trace));
            if first.is_some_and(|first| *first <= output.seen.after(self.clocks.skew)) {
                output.causes.clear();
            }
        }
    }

    /// The inputs with a trace, in the order in which they were seen.
    pub(super) fn inputs_with(&self, trace: u128) -> impl Iterator<Item = &'a Placed> {
        let found = self.found.inputs.get(&trace).cloned().unwrap_or_default();
        let history = &self.seen.history;
        found.into_iter().map(|record| history.record(record))
    }

    /// The events with a trace, in the order in which they were seen.
    pub(super) fn events_with(&self, trace: u128) -> impl Iterator<Item = RecordId> {
        self.found.events.get(&trace).into_iter().flatten().copied()
    }

    /// The inputs that some readers refuse.
    pub(super) fn open(&self) -> impl Iterator<Item = RecordId> {
        self.open.iter().copied()
    }

    /// The inputs with a member that is named twice: no document says what a reader makes of that.
    pub(super) fn find_open(&self) -> BTreeSet<RecordId> {
        let inputs = self.seen.history.records().iter().filter(|placed| self.is_input(placed.id));
        let repeats = |placed: &&Placed| {
            let value = placed.record.value_bytes();
            value.is_some_and(|value| !repeated_members(value).is_empty())
        };
        inputs.filter(repeats).map(|placed| placed.id).collect()
    }
}
