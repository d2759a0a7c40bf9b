//! Findings: what rules say about a history.

use std::collections::BTreeMap;

use super::RuleId;
use crate::message::RecordId;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A rule is broken.
    Violation,
    /// Something differs from the reference and is accepted.
    Advisory,
}

/// What a rule says about a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Which rule.
    pub rule: RuleId,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The records that it is about.
    pub records: Vec<RecordId>,
}

/// What the rules say about a history.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Violations and advisories.
    pub findings: Vec<Finding>,
    /// How often the premise of each rule held.
    pub premises: BTreeMap<RuleId, u64>,
}
