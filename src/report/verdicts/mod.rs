//! What is told of an implementation: the verdict on each rule, and the evidence of each finding.
//!
//! What this is: [`Verdicts`], put together from judgements, and its forms: text, JSON lines,
//! JUnit, GitHub annotations. What it is not: it judges nothing; which violations are accepted, and
//! how one is reproduced, is told to it.
//!
//! What always holds: records are taken from the history that was judged and are redacted when they
//! are taken, so that no form can show what is sensitive; of the verdicts of several judgements on
//! a rule the gravest counts. Start at [`Verdicts::add`].

pub(crate) mod github;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod text;

use std::collections::BTreeMap;
use std::ops::Range;

use super::style::count;
use crate::history::History;
use crate::message::{Json, RecordId, VirtualTime};
use crate::rule::{RuleId, Severity};
use crate::verify::{Found, Judgement, More, Reproduced, Standing};

/// The verdicts on an implementation, or on all that flows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    /// Why nothing could be judged, if it could not.
    pub(crate) error: Option<String>,
    /// The service that is judged; none where all channels were looked at.
    pub(crate) subject: Option<String>,
    /// Whether the records are traffic, of which nobody says who wrote it.
    pub(crate) of_traffic: bool,
    /// Violations and advisories, in the order in which they were found.
    pub(crate) findings: Vec<Reported>,
    /// How many findings more there were that are not shown.
    pub(crate) not_shown: Counts,
    /// How each rule stands.
    pub(crate) rules: BTreeMap<RuleId, Standing>,
    /// What else is to be known before a verdict is believed.
    pub(crate) notes: Vec<String>,
    /// How many records of each message were looked at.
    pub(crate) messages: BTreeMap<String, u64>,
}

/// A finding with its evidence.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    /// How grave it is.
    pub(crate) severity: Severity,
    /// The rule that it breaks.
    pub(crate) rule: RuleId,
    /// What was seen and what was to be seen.
    pub(crate) message: String,
    /// In which tenant.
    pub(crate) tenant: Option<String>,
    /// The records that show it.
    pub(crate) records: Vec<Shown>,
    /// The least that would have to be taken back for the rest to be explained.
    pub(crate) relaxation: Option<String>,
    /// The document that the rule rests on, and its section.
    pub(crate) document: (&'static str, &'static str),
    /// How many more of its kind there are that are only counted.
    pub(crate) more: Option<More>,
    /// Whether it came again when its inputs were played by themselves.
    pub(crate) reproduced: Reproduced,
    /// How it is brought about again.
    pub(crate) reproduction: Option<Reproduction>,
    /// Whether it is known.
    pub(crate) acceptance: Option<Acceptance>,
}

/// A record as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Its number.
    pub(crate) id: RecordId,
    /// Who wrote it: a service, or `test`.
    pub(crate) producer: String,
    /// Whether that is known, and not only what its channel suggests.
    pub(crate) is_known: bool,
    /// When.
    pub(crate) at: VirtualTime,
    /// Message, place, key, headers and redacted value.
    pub(crate) placed: Json,
}

impl Shown {
    /// A record of a history.
    pub(crate) fn of(history: &History, id: RecordId) -> Self {
        let placed = history.record(id);
        Self {
            id,
            producer: history.producer(placed).to_owned(),
            is_known: true,
            at: placed.at,
            placed: history.placed_json(placed),
        }
    }
}

/// The least that brings a violation about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reproduction {
    /// The seed that its ids and values come from.
    pub(crate) seed: Option<u64>,
    /// The tenant that it was last seen in.
    pub(crate) tenant: Option<String>,
    /// What is to be done, in order, a line each: `send ban.command/CREATE {…}`.
    pub(crate) steps: Vec<String>,
    /// The command that does it.
    pub(crate) command: String,
}

/// An entry of a list of accepted violations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acceptance {
    /// Why it is accepted.
    pub(crate) reason: String,
    /// The last day on which it is, as `YYYY-MM-DD`.
    pub(crate) until: String,
    /// Where it stands: `FILE:LINE`.
    pub(crate) place: String,
    /// Whether that day is over; the violation counts again.
    pub(crate) expired: bool,
}

/// How many findings and rules there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Violations that count.
    pub(crate) violations: usize,
    /// Violations that are accepted.
    pub(crate) accepted: usize,
    /// Advisories.
    pub(crate) advisories: usize,
    /// Rules that passed.
    pub(crate) passed: usize,
    /// Rules of which nothing can be said.
    pub(crate) inconclusive: usize,
    /// Rules whose premise never held.
    pub(crate) not_exercised: usize,
}

impl Counts {
    /// Counts a finding.
    pub(crate) fn add(&mut self, finding: &Reported) {
        let times = usize::try_from(finding.times()).unwrap_or(usize::MAX);
        match finding.severity {
            Severity::Violation if finding.counts() => self.violations += times,
            Severity::Violation => self.accepted += times,
            Severity::Advisory => self.advisories += times,
        }
    }
}

impl Verdicts {
    /// Verdicts on a service; on all channels where none is named.
    pub(crate) fn on(subject: Option<&str>) -> Self {
        Self { subject: subject.map(str::to_owned), ..Self::default() }
    }

    /// Verdicts on traffic, whoever wrote it.
    pub(crate) fn on_traffic(subject: Option<&str>) -> Self {
        Self { of_traffic: true, ..Self::on(subject) }
    }

    /// Adds a judgement on a history; the places of its findings among all.
    pub(crate) fn add(&mut self, history: &History, judgement: &Judgement) -> Range<usize> {
        let from = self.findings.len();
        for found in &judgement.findings {
            self.find(history, found);
        }
        self.notes.extend(judgement.notes.iter().cloned());
        for (why, tenants) in &judgement.unsettled {
            let first: Vec<_> = tenants.iter().take(3).map(ToString::to_string).collect();
            let more = tenants.len() - first.len();
            let and = if more > 0 { format!(" and {more} more") } else { String::new() };
            let of = format!(
                "{} ({}{and})",
                count(tenants.len(), "tenant", "tenants"),
                first.join(", ")
            );
            self.notes.push(format!("not everything can be said of {of}: {why}"));
        }
        for (rule, standing) in &judgement.rules {
            let graver = match self.rules.get(rule) {
                Some(known) => graver(known, standing),
                None => standing.clone(),
            };
            self.rules.insert(*rule, graver);
        }
        from..self.findings.len()
    }

    /// Adds a finding on a history.
    pub(crate) fn find(&mut self, history: &History, found: &Found) {
        let shown = |id: &RecordId| Shown { is_known: !self.of_traffic, ..Shown::of(history, *id) };
        let concerned = found.records.last().and_then(|id| history.concerned(*id));
        let own = self.subject.as_deref().or(concerned);
        let own = own.and_then(|name| history.contracts().packs().document(name));
        self.findings.push(Reported {
            severity: found.severity,
            rule: found.rule,
            message: found.message.clone(),
            tenant: found.tenant.as_ref().map(ToString::to_string),
            records: found.records.iter().map(shown).collect(),
            relaxation: found.relaxation.clone(),
            document: found.rule.rule().cited(own),
            more: found.more,
            reproduced: found.reproduced,
            reproduction: None,
            acceptance: None,
        });
    }

    /// Counts the messages of a history.
    pub(crate) fn count_messages(&mut self, history: &History) {
        for placed in history.records() {
            let value = placed.record.value_bytes();
            let name = history.contracts().counted_as(placed.channel, value);
            *self.messages.entry(name).or_default() += 1;
        }
    }

    /// How many there are of each kind, shown or not.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = self.not_shown;
        self.findings.iter().for_each(|finding| counts.add(finding));
        for standing in self.rules.values() {
            match standing {
                Standing::Passed { .. } => counts.passed += 1,
                Standing::Inconclusive { .. } => counts.inconclusive += 1,
                Standing::NotExercised { .. } => counts.not_exercised += 1,
                Standing::Violated { .. } | Standing::Advisory { .. } => {}
            }
        }
        counts
    }

    /// Whether the premise of any rule held.
    pub(crate) fn exercised_any(&self) -> bool {
        let said = |standing: &Standing| match standing {
            Standing::NotExercised { .. } | Standing::Inconclusive { .. } => false,
            Standing::Passed { .. } | Standing::Violated { .. } | Standing::Advisory { .. } => true,
        };
        !self.findings.is_empty() || self.rules.values().any(said)
    }

    /// The findings in the order in which they are listed: what came again when its inputs were
    /// played by themselves first, and what did not last.
    pub(crate) fn listed(&self) -> Vec<&Reported> {
        let mut listed: Vec<_> = self.findings.iter().collect();
        listed.sort_by_key(|one| one.reproduced);
        listed
    }

    /// The findings on a rule.
    pub(crate) fn of(&self, rule: RuleId) -> impl Iterator<Item = &Reported> {
        self.findings.iter().filter(move |finding| finding.rule == rule)
    }

    /// Whose verdicts they are, in words.
    pub(crate) fn whose(&self) -> &str {
        self.subject.as_deref().unwrap_or("all channels")
    }

    /// The verdict on a rule in a word, as all forms say it.
    pub(crate) fn word(&self, rule: RuleId, standing: &Standing) -> &'static str {
        let violations = || self.of(rule).filter(|one| one.severity == Severity::Violation);
        match standing {
            Standing::Passed { .. } => "passed",
            Standing::Violated { .. } => {
                let accepted = violations().next().is_some() && !violations().any(Reported::counts);
                if accepted { "accepted" } else { "violation" }
            }
            Standing::Advisory { .. } => "advisory",
            Standing::NotExercised { .. } => "not exercised",
            Standing::Inconclusive { .. } => "inconclusive",
        }
    }
}

impl Reported {
    /// The document that the rule rests on, and its section.
    pub(crate) fn cited(&self) -> String {
        match self.document {
            (document, "") => document.to_owned(),
            (document, section) => format!("{document}, {section}"),
        }
    }

    /// Whether it is a violation that nobody accepts any more.
    pub(crate) fn counts(&self) -> bool {
        let accepted = self.acceptance.as_ref().is_some_and(|acceptance| !acceptance.expired);
        self.severity == Severity::Violation && !accepted
    }

    /// How many findings it stands for.
    pub(crate) fn times(&self) -> u64 {
        1 + self.more.map_or(0, |more| more.times)
    }

    /// How many more of its kind are only counted, in words.
    pub(crate) fn and_more(&self) -> Option<String> {
        let More { times, tenants } = self.more?;
        let times = usize::try_from(times).unwrap_or(usize::MAX);
        Some(format!("{times} more of this kind, in {}", count(tenants, "tenant", "tenants")))
    }

    /// One word: `violation`, `accepted`, `advisory`.
    pub(crate) fn word(&self) -> &'static str {
        match self.severity {
            Severity::Advisory => "advisory",
            Severity::Violation if self.counts() => "violation",
            Severity::Violation => "accepted",
        }
    }
}

/// How often the premise of a rule held.
pub(crate) fn times(standing: &Standing) -> u64 {
    match standing {
        Standing::Passed { times }
        | Standing::Violated { times }
        | Standing::Advisory { times } => *times,
        Standing::NotExercised { .. } | Standing::Inconclusive { .. } => 0,
    }
}

/// The verdict of two on the same rule.
fn graver(one: &Standing, other: &Standing) -> Standing {
    use Standing::{Advisory, Inconclusive, NotExercised, Passed, Violated};
    let sum = times(one) + times(other);
    match (one, other) {
        (Violated { times: a }, Violated { times: b }) => Violated { times: a + b },
        (Violated { times }, _) | (_, Violated { times }) => Violated { times: *times },
        (Inconclusive { why }, _) | (_, Inconclusive { why }) => Inconclusive { why: why.clone() },
        (Advisory { times: a }, Advisory { times: b }) => Advisory { times: a + b },
        (Advisory { times }, _) | (_, Advisory { times }) => Advisory { times: *times },
        (Passed { .. }, _) | (_, Passed { .. }) => Passed { times: sum },
        (NotExercised { why }, NotExercised { .. }) => NotExercised { why: why.clone() },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Verdicts;
    use crate::contract::Contracts;
    use crate::history::History;
    use crate::services::id;
    use crate::verify::{Judgement, Standing};

    #[test]
    fn each_judgement_counts_once() {
        let history = History::new(Arc::clone(&Contracts::builtin()), Vec::new());
        let mut judgement = Judgement::default();
        judgement.rules.insert(id::BAN_1, Standing::Passed { times: 3 });
        judgement.rules.insert(id::COM_5, Standing::Violated { times: 1 });
        let mut verdicts = Verdicts::on(Some("ban"));
        verdicts.add(&history, &judgement);
        assert_eq!(verdicts.rules, judgement.rules);
        verdicts.add(&history, &judgement);
        assert_eq!(verdicts.rules[&id::BAN_1], Standing::Passed { times: 6 });
        assert_eq!(verdicts.rules[&id::COM_5], Standing::Violated { times: 2 });
    }
}
