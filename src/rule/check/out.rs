//! Where checkers leave what they found.

use crate::message::RecordId;
use crate::rule::{Finding, RULES, RuleId, Severity};

/// Findings, and how often premises held, so far.
#[derive(Debug)]
pub(super) struct Out {
    pub(super) findings: Vec<Finding>,
    pub(super) premises: Vec<u64>,
}

impl Default for Out {
    fn default() -> Self {
        Self {
            findings: Vec::new(),
            premises: vec![0; RULES.len()],
        }
    }
}

impl Out {
    pub(super) fn clear(&mut self) {
        self.findings.clear();
        self.premises.fill(0);
    }

    /// The premise of a rule held.
    pub(super) fn held(&mut self, rule: RuleId) {
        self.premises[rule.at()] += 1;
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
