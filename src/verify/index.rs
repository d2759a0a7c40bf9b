//! Where the records of an observation are found.

use std::collections::{BTreeMap, BTreeSet};

use super::case::Scene;
use crate::history::Placed;
use crate::message::{RecordId, Tenant, repeated_members};

/// Where records are found.
#[derive(Default)]
pub(super) struct Index {
    /// What the subject reads, by trace.
    pub(super) inputs: BTreeMap<u128, Vec<RecordId>>,
    /// What it writes, by trace and by tenant.
    pub(super) events: BTreeMap<u128, Vec<RecordId>>,
    pub(super) events_of: BTreeMap<Tenant, Vec<RecordId>>,
}

impl<'a> Scene<'a> {
    /// Whether an event has the trace of a record.
    pub(super) fn is_answered(&self, record: RecordId) -> bool {
        self.trace(record).is_some_and(|trace| self.found.events.contains_key(&trace))
    }

    pub(super) fn index(&self) -> Index {
        let mut index = Index::default();
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
