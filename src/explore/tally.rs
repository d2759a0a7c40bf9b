//! What occurred in schedules, as counts that add up whoever ran which.

use std::collections::{BTreeMap, BTreeSet};

use crate::driver::FaultKind;
use crate::history::Event;
use crate::rule::RuleId;
use crate::scenario::run::Outcome;

/// What occurred so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many schedules ran.
    pub schedules: u64,
    /// In how many of them something was found.
    pub failing: u64,
    /// In how many the test ended early, since faults kept from it what it expects.
    pub cut: u64,
    /// How often a fault struck.
    pub faults: BTreeMap<&'static str, u64>,
    /// How often each accepted behaviour was picked, by rule and option.
    pub decisions: BTreeMap<(RuleId, &'static str), u64>,
    /// How often the premise of each rule held.
    pub rules: BTreeMap<RuleId, u64>,
    /// The messages that were sent (`test`) or emitted (a service), by producer and name.
    pub messages: BTreeSet<(String, String)>,
    /// How many records were delivered.
    pub deliveries: u64,
    /// The hashes of all histories, added up: two explorations that ran the same schedules have
    /// the same.
    pub hash: u64,
}

impl Tally {
    /// Adds one schedule.
    pub(super) fn add(&mut self, outcome: &Outcome, (failed, cut): (bool, bool)) {
        self.schedules += 1;
        self.failing += u64::from(failed);
        self.cut += u64::from(cut);
        self.hash = self.hash.wrapping_add(outcome.history.head());
        for (rule, times) in &outcome.rules {
            *self.rules.entry(*rule).or_insert(0) += times;
        }
        self.messages.extend(outcome.messages.iter().cloned());
        for entry in outcome.history.entries() {
            match &entry.event {
                Event::Delivered { .. } => self.deliveries += 1,
                Event::Decided { rule, option, .. } => {
                    *self.decisions.entry((*rule, option)).or_insert(0) += 1;
                }
                Event::Struck { fault, .. } => {
                    let armed = outcome.faults.get(fault.0 as usize).map(|(name, _)| *name);
                    let name = FaultKind::of_injected(*fault).map(FaultKind::name).or(armed);
                    *self.faults.entry(name.unwrap_or_default()).or_insert(0) += 1;
                }
                _ => {}
            }
        }
    }

    /// Adds what occurred elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.schedules += other.schedules;
        self.failing += other.failing;
        self.cut += other.cut;
        self.deliveries += other.deliveries;
        self.hash = self.hash.wrapping_add(other.hash);
        self.messages.extend(other.messages.iter().cloned());
        add_all(&mut self.faults, &other.faults);
        add_all(&mut self.decisions, &other.decisions);
        add_all(&mut self.rules, &other.rules);
    }
}

fn add_all<K: Copy + Ord>(all: &mut BTreeMap<K, u64>, others: &BTreeMap<K, u64>) {
    for (key, times) in others {
        *all.entry(*key).or_insert(0) += times;
    }
}
