//! Checkers: the rules that can be judged from a history.

use std::collections::BTreeMap;

use super::{Finding, RuleId};
use crate::history::{Event, History};

/// What the rules say about a history.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Violations and advisories.
    pub findings: Vec<Finding>,
    /// How often the premise of each rule held.
    pub premises: BTreeMap<RuleId, u64>,
}

/// Judges a whole history.
#[must_use]
pub fn all(history: &History) -> Report {
    let mut report = Report::default();
    for entry in history.entries() {
        if let Event::Applied { rule, .. } = entry.event {
            *report.premises.entry(rule).or_insert(0) += 1;
        }
    }
    report
}
