//! Where checkers leave what they found.

use crate::message::RecordId;
use crate::rule::{Finding, RULES, RuleId, Severity};

/// Findings, and how often premises held, so far.
#[derive(Debug)]
pub(super) struct Out {
    pub(super) findings: Vec<Finding>,
    /// As checkers count them.
    held: Vec<u64>,
    /// As services note them.
    applied: Vec<u64>,
}

impl Default for Out {
    fn default() -> Self {
        Self { findings: Vec::new(), held: vec![0; RULES.len()], applied: vec![0; RULES.len()] }
    }
}

impl Out {
    pub(super) fn clear(&mut self) {
        self.findings.clear();
        self.held.fill(0);
        self.applied.fill(0);
    }

    /// A service notes that the premise of a rule held.
    pub(super) fn applied(&mut self, rule: RuleId) {
        self.applied[rule.at()] += 1;
    }

    /// How often the premise of a rule held: service and checker may both have counted it.
    pub(super) fn premise(&self, rule: RuleId) -> u64 {
        self.held[rule.at()].max(self.applied[rule.at()])
    }

    /// The premise of a rule held.
    pub(super) fn held(&mut self, rule: RuleId) {
        self.held[rule.at()] += 1;
    }

    /// A rule is broken.
    pub(super) fn violation(
        &mut self,
        rule: RuleId,
        records: impl IntoIterator<Item = RecordId>,
        message: String,
    ) {
        self.find(Severity::Violation, rule, records, message);
    }

    pub(super) fn find(
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
