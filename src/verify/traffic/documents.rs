//! Each record against the AsyncAPI documents of anybody: DOC-1.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::{self, Contracts};
use crate::history::History;
use crate::message::ChannelIx;
use crate::pack::{Checks, HistoryChecker};
use crate::rule::{DOC_1, Finding, Report, RuleId, Severity};

/// All checkers of what flows: those of the packs, and that of documents.
pub(super) fn checks(contracts: &Contracts, from_midstream: bool) -> Checks {
    let checks = contracts.packs().checks(from_midstream);
    match contracts.has_open() {
        true => checks.and(Box::new(Documents::default())),
        false => checks,
    }
}

#[derive(Debug, Default)]
struct Documents {
    /// How many records were looked at.
    seen: usize,
    findings: Vec<Finding>,
    /// How many records a document has something to say of.
    held: u64,
    /// Messages that nothing tells apart: told once.
    ambiguous: BTreeSet<(ChannelIx, String, String)>,
}

impl HistoryChecker for Documents {
    fn begin(&mut self, _: &History) {
        *self = Self::default();
    }

    fn follow(&mut self, history: &History) {
        let contracts = history.contracts();
        for placed in &history.records()[self.seen..] {
            let is_open = |channel: &contract::Channel| channel.open.is_some();
            if !contracts.channel(placed.channel).is_some_and(is_open) {
                continue;
            }
            let name = || format!("{} {}", placed.id, history.message_name(placed));
            let mut is_checked = false;
            for opinion in contracts.open_opinions(placed.channel, &placed.record) {
                is_checked |= opinion.is_checked;
                for problem in &opinion.problems {
                    let severity = match problem.is_violation() {
                        true => Severity::Violation,
                        false => Severity::Advisory,
                    };
                    let message = format!("{}: {problem}", name());
                    self.find(severity, message, placed.id);
                }
                let Some(two) = opinion.ambiguous else { continue };
                let (one, other) = two.messages;
                if self.ambiguous.insert((placed.channel, one.clone(), other.clone())) {
                    let message = format!(
                        "{}: fits both {one} ({}) and {other} ({}), and nothing tells which it is",
                        name(),
                        two.places.0,
                        two.places.1
                    );
                    self.find(Severity::Advisory, message, placed.id);
                }
            }
            self.held += u64::from(is_checked);
        }
        self.seen = history.records().len();
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn premises(&self) -> BTreeMap<RuleId, u64> {
        BTreeMap::from([(DOC_1, self.held)])
    }

    fn end(&mut self, history: &History) -> Report {
        self.follow(history);
        Report { findings: std::mem::take(&mut self.findings), premises: self.premises() }
    }
}

impl Documents {
    fn find(&mut self, severity: Severity, message: String, record: crate::message::RecordId) {
        self.findings.push(Finding { severity, rule: DOC_1, message, records: vec![record] });
    }
}
