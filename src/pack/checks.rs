//! The checkers of a history, at work together.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use crate::history::History;
use crate::message::{RecordId, VirtualTime};
use crate::property::{self, Doubt};
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

    /// Notes records whose moments are in doubt.
    fn untimed(&mut self, records: &[RecordId]) {
        let _ = records;
    }

    /// Notes how far clocks differ, and how long an answer may take. Where it is not called, the
    /// order of a history is the order in which things happened.
    fn clocks(&mut self, skew: Duration, settle: Duration) {
        let _ = (skew, settle);
    }

    /// Looks at what was added to the history since the last call.
    fn follow(&mut self, history: &History);

    /// Notes that no record comes any more, up to this moment, of a history that is captured.
    fn close(&mut self, history: &History, ended: VirtualTime) {
        let _ = (history, ended);
    }

    /// What could not be told, by rule.
    fn doubts(&self) -> BTreeMap<RuleId, Doubt> {
        BTreeMap::new()
    }

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

    /// Takes in what was found since the last call.
    fn gather(&mut self) {
        for (one, taken) in self.all.iter().zip(&mut self.taken) {
            let found = one.findings();
            self.findings.extend_from_slice(&found[*taken..]);
            *taken = found.len();
        }
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

    fn untimed(&mut self, records: &[RecordId]) {
        self.all.iter_mut().for_each(|one| one.untimed(records));
    }

    fn clocks(&mut self, skew: Duration, settle: Duration) {
        self.all.iter_mut().for_each(|one| one.clocks(skew, settle));
    }

    fn close(&mut self, history: &History, ended: VirtualTime) {
        self.all.iter_mut().for_each(|one| one.close(history, ended));
        self.gather();
    }

    fn doubts(&self) -> BTreeMap<RuleId, Doubt> {
        self.all.iter().flat_map(|one| one.doubts()).collect()
    }

    fn follow(&mut self, history: &History) {
        self.all.iter_mut().for_each(|one| one.follow(history));
        self.gather();
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

impl HistoryChecker for property::Checker {
    fn begin(&mut self, _: &History) {
        Self::begin(self);
    }

    fn doubt(&mut self, holes: &[RecordId]) {
        self.evidence().holes.extend(holes);
    }

    fn untimed(&mut self, records: &[RecordId]) {
        self.evidence().untimed.extend(records);
    }

    fn clocks(&mut self, skew: Duration, settle: Duration) {
        let evidence = self.evidence();
        (evidence.skew, evidence.settle) = (skew, settle);
    }

    fn follow(&mut self, history: &History) {
        Self::follow(self, history);
    }

    fn close(&mut self, history: &History, ended: VirtualTime) {
        Self::close(self, history, ended);
    }

    fn findings(&self) -> &[Finding] {
        Self::findings(self)
    }

    fn premises(&self) -> BTreeMap<RuleId, u64> {
        Self::premises(self).clone()
    }

    fn doubts(&self) -> BTreeMap<RuleId, Doubt> {
        Self::doubts(self).clone()
    }

    fn end(&mut self, history: &History) -> Report {
        let ended = history.entries().last().map_or(VirtualTime::ZERO, |entry| entry.at);
        Self::follow(self, history);
        Self::close(self, history, ended);
        Report { findings: Self::findings(self).to_vec(), premises: Self::premises(self).clone() }
    }
}
