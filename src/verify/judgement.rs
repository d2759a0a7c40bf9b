//! What is said of an implementation.

use std::collections::BTreeMap;

use crate::message::{RecordId, Tenant};
use crate::rule::{RuleId, Severity};

/// The verdict on each rule, with the evidence.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Violations and advisories, in the order of what they speak of.
    pub findings: Vec<Found>,
    /// How each rule that concerns the subject stands.
    pub rules: BTreeMap<RuleId, Standing>,
    /// How many states of the reference were tried to explain what was seen.
    pub states: u64,
    /// The tenants of which not everything can be said, by why not. A rule is inconclusive where
    /// there is no other tenant.
    pub unsettled: BTreeMap<&'static str, Vec<Tenant>>,
}

/// One violation or advisory.
#[derive(Clone, Debug)]
pub struct Found {
    /// How grave it is.
    pub severity: Severity,
    /// The rule that it breaks.
    pub rule: RuleId,
    /// What was seen and what was to be seen.
    pub message: String,
    /// In which tenant; none where records have none.
    pub tenant: Option<Tenant>,
    /// The records that show it, in order.
    pub records: Vec<RecordId>,
    /// The least that would have to be taken back for the rest to be explained, in words.
    pub relaxation: Option<String>,
}

/// How a rule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its premise held so often, and each time the rule did.
    Passed {
        /// How often.
        times: u64,
    },
    /// It was broken.
    Violated {
        /// How often.
        times: u64,
    },
    /// The implementation differs from the reference where the documents are silent.
    Advisory {
        /// How often.
        times: u64,
    },
    /// Its premise never held, or nothing that was observed can show it.
    NotExercised,
    /// It cannot be told.
    Inconclusive {
        /// Why not.
        why: String,
    },
}
