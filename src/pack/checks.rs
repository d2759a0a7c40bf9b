//! The checkers of a history, at work together.

use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::history::History;
use crate::message::RecordId;
use crate::rule::{Finding, Report, RuleId};

/// Looks at one history after another, each from its first entry to its last, in order.
pub trait HistoryChecker: Debug + Send {
    /// Starts on another history.
    fn begin(&mut self, history: &History);

    /// Notes records behind which others of their channel may be missing: nothing is to be said
    /// that those could explain.
    fn doubt(&mut self, holes: &[RecordId]) {
        let _ = holes;
    }

    /// Looks at what was added to the history since the last call.
    fn follow(&mut self, history: &History);

    /// What was found so far.
    fn findings(&self) -> &[Finding];

    /// How often the premise of each rule held so far.
    fn premises(&self) -> BTreeMap<RuleId, u64>;

    /// Ends the history, which may have been cut anywhere, and says what was found.
    fn end(&mut self, history: &History) -> Report;
}

/// All checkers of a list of packs.
#[derive(Debug, Default)]
pub struct Checks {
    all: Vec<Box<dyn HistoryChecker>>,
    findings: Vec<Finding>,
    /// How many findings of each checker are among these.
    taken: Vec<usize>,
}

impl Checks {
    /// These checkers.
    #[must_use]
    pub fn of(all: Vec<Box<dyn HistoryChecker>>) -> Self {
        Self { taken: vec![0; all.len()], findings: Vec::new(), all }
    }

    /// These, and one more.
    #[must_use]
    pub(crate) fn and(mut self, one: Box<dyn HistoryChecker>) -> Self {
        self.all.push(one);
        self.taken.push(0);
        self
    }
}

impl HistoryChecker for Checks {
    fn begin(&mut self, history: &History) {
        self.all.iter_mut().for_each(|one| one.begin(history));
        self.findings.clear();
        self.taken.fill(0);
    }

    fn doubt(&mut self, holes: &[RecordId]) {
        self.all.iter_mut().for_each(|one| one.doubt(holes));
    }

    fn follow(&mut self, history: &History) {
        for (one, taken) in self.all.iter_mut().zip(&mut self.taken) {
            one.follow(history);
            let found = one.findings();
            self.findings.extend_from_slice(&found[*taken..]);
            *taken = found.len();
        }
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn premises(&self) -> BTreeMap<RuleId, u64> {
        let mut all = BTreeMap::new();
        for (rule, times) in self.all.iter().flat_map(|one| one.premises()) {
            let counted = all.entry(rule).or_insert(0);
            *counted = times.max(*counted);
        }
        all
    }

    fn end(&mut self, history: &History) -> Report {
        let ended: Vec<_> = self.all.iter_mut().map(|one| one.end(history)).collect();
        self.findings.clear();
        self.taken.fill(0);
        let mut all = Report::default();
        for report in ended {
            all.findings.extend(report.findings);
            for (rule, times) in report.premises {
                let counted = all.premises.entry(rule).or_insert(0);
                *counted = times.max(*counted);
            }
        }
        all
    }
}
