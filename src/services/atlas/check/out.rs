//! Where checkers leave what they found.

use std::collections::BTreeMap;

use super::map::FxMap;
use crate::message::RecordId;
use crate::rule::{Finding, RuleId, Severity};

/// Findings, and how often premises held, so far.
#[derive(Debug, Default)]
pub(in crate::services) struct Out {
    pub(in crate::services) findings: Vec<Finding>,
    /// As checkers count them.
    held: FxMap<RuleId, u64>,
    /// As services note them.
    applied: FxMap<RuleId, u64>,
}

impl Out {
    pub(in crate::services) fn clear(&mut self) {
        self.findings.clear();
        self.held.clear();
        self.applied.clear();
    }

    /// A service notes that the premise of a rule held.
    pub(in crate::services) fn applied(&mut self, rule: RuleId) {
        *self.applied.entry(rule).or_default() += 1;
    }

    /// How often the premise of each rule held: service and checker may both have counted it.
    pub(in crate::services) fn premises(&self) -> BTreeMap<RuleId, u64> {
        let mut all = BTreeMap::new();
        for (rule, times) in self.held.iter().chain(&self.applied) {
            let counted = all.entry(*rule).or_insert(0);
            *counted = (*counted).max(*times);
        }
        all
    }

    /// The premise of a rule held.
    pub(in crate::services) fn held(&mut self, rule: RuleId) {
        *self.held.entry(rule).or_default() += 1;
    }

    /// A rule is broken.
    pub(in crate::services) fn violation(
        &mut self,
        rule: RuleId,
        records: impl IntoIterator<Item = RecordId>,
        message: String,
    ) {
        self.find(Severity::Violation, rule, records, message);
    }

    pub(in crate::services) fn find(
        &mut self,
        severity: Severity,
        rule: RuleId,
        records: impl IntoIterator<Item = RecordId>,
        message: String,
    ) {
        self.findings.push(Finding {
            severity,
            rule,
            message,
            records: records.into_iter().collect(),
        });
    }
}
