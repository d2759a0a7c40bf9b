//! What the rules say of a test with implementations.

use std::collections::{BTreeMap, BTreeSet};

use super::aside::{Shared, locked};
use crate::history::{Event, History, Placed, Producer, ServiceIx};
use crate::kafka::host::Clock;
use crate::message::{ChannelIx, Partition, RecordId};
use crate::pack::HistoryChecker;
use crate::rule::{Finding, Report, RuleId};
use crate::scenario::run::{Outcome, Trouble, Verdict};
use crate::verify::{Judging, Observation, Standing, judge};

/// Judges what implementations did, each by itself, as a verification does.
#[derive(Debug)]
pub(crate) struct Outside {
    services: Vec<String>,
    judging: Judging,
    aside: Shared,
}

impl Outside {
    /// Of these services.
    pub(crate) fn new(services: Vec<String>, judging: Judging, aside: Shared) -> Self {
        Self { services, judging, aside }
    }

    /// What was seen of one service. Records have the numbers that they have in the test.
    fn observation(&self, service: &str, history: &History) -> Observation {
        let at = history.services().iter().position(|name| name == service);
        let ix = ServiceIx(at.and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX));
        let names = history.services().to_vec();
        let mut seen = History::new(history.shared_contracts().clone(), names);
        for entry in history.entries() {
            match &entry.event {
                Event::Sent { record } | Event::Emitted { record, .. } => {
                    let placed = history.record(*record);
                    let producer = match placed.producer {
                        Producer::Test => Producer::Test,
                        Producer::Service { service, .. } => {
                            Producer::Service { service, cause: None }
                        }
                    };
                    let place = (placed.channel, placed.partition, placed.offset);
                    seen.append(entry.at, place, placed.record.clone(), producer);
                }
                Event::Crashed { service }
                | Event::Restarted { service }
                | Event::Observed { service, .. }
                    if *service == ix =>
                {
                    seen.push(entry.at, entry.event.clone());
                }
                _ => {}
            }
        }
        let aside = locked(&self.aside);
        let unread = self.unread(service, history, &aside.committed);
        let asked = aside.asked.iter().filter(|(of, _)| of == service);
        let given = aside.given.iter().filter(|(of, _)| of == service);
        Observation {
            asked: asked.map(|(_, asked)| asked.clone()).collect(),
            given: given.map(|(_, given)| given.clone()).collect(),
            unread,
            ..Observation::new(seen, service, Clock::Wall.now(), aside.settle)
        }
    }

    /// The inputs that the service is not known to have read: not committed, and neither they nor
    /// any behind them in their partition answered.
    fn unread(
        &self,
        service: &str,
        history: &History,
        committed: &BTreeMap<String, Committed>,
    ) -> BTreeSet<RecordId> {
        let reads = history.contracts().consumed_by(service).unwrap_or_default();
        let mut read: Committed = committed.get(service).cloned().unwrap_or_default();
        for placed in history.records() {
            let Producer::Service { service: by, cause: Some(cause) } = placed.producer else {
                continue;
            };
            if history.service(by) == service {
                let cause = history.record(cause);
                let behind = i64::try_from(cause.offset.0).unwrap_or(i64::MAX).saturating_add(1);
                let known = read.entry((cause.channel, cause.partition)).or_default();
                *known = behind.max(*known);
            }
        }
        let is_unread = |placed: &&Placed| {
            let known = read.get(&(placed.channel, placed.partition)).copied().unwrap_or_default();
            reads.contains(&placed.channel)
                && i64::try_from(placed.offset.0).is_ok_and(|offset| offset >= known)
        };
        history.records().iter().filter(is_unread).map(|placed| placed.id).collect()
    }
}

type Committed = BTreeMap<(ChannelIx, Partition), i64>;

impl HistoryChecker for Outside {
    fn begin(&mut self, _: &History) {}

    fn follow(&mut self, _: &History) {}

    fn findings(&self) -> &[Finding] {
        &[]
    }

    fn premises(&self) -> BTreeMap<RuleId, u64> {
        BTreeMap::new()
    }

    fn end(&mut self, history: &History) -> Report {
        let mut report = Report::default();
        for service in &self.services {
            let judgement = judge(&self.observation(service, history), &self.judging);
            report.findings.extend(judgement.findings.into_iter().map(|found| Finding {
                severity: found.severity,
                rule: found.rule,
                message: match found.relaxation {
                    Some(why) => format!("{}; {why}", found.message),
                    None => found.message,
                },
                records: found.records,
            }));
            for (rule, standing) in judgement.rules {
                if let Standing::Passed { times } | Standing::Violated { times } = standing {
                    *report.premises.entry(rule).or_insert(0) += times;
                }
            }
        }
        report
    }
}

/// Says of a test what only its world knows: which implementations ended while it ran, and, where
/// an expectation does not hold though no rule is broken, that the test may ask for too much.
pub(crate) fn explained(mut outcome: Outcome, aside: &Shared) -> Outcome {
    let ended = std::mem::take(&mut locked(aside).ended);
    let is_of_rule = |trouble: &Trouble| trouble.code == "rule::violated";
    let is_quiet = ended.is_empty() && !outcome.troubles.iter().any(is_of_rule);
    if outcome.verdict == Verdict::Failed && is_quiet {
        let accepted: Vec<_> =
            outcome.advisories.iter().map(|one| format!("{}: {}", one.rule, one.message)).collect();
        let note = match accepted.as_slice() {
            [] => "no rule is broken by what came: the test may ask for more than the documents do"
                .to_owned(),
            accepted => format!(
                "no rule is broken by what came, though the documents leave open what the \
                 reference does otherwise: {}",
                accepted.join("; ")
            ),
        };
        outcome.troubles.iter_mut().take(1).for_each(|one| one.notes.push(note.clone()));
    }
    for message in ended {
        outcome.troubles.push(Trouble {
            code: "run::ended",
            message,
            place: None,
            nearest: None,
            records: Vec::new(),
            notes: Vec::new(),
            finding: None,
        });
        if outcome.verdict == Verdict::Passed {
            outcome.verdict = Verdict::Failed;
        }
    }
    outcome
}
