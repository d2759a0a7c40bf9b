//! What is asked through the probe while scripts are played, and what goes unanswered.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use super::halt_finding::{placed, rule_of};
use super::probe::ProbeError;
use crate::kafka::wall_ms;
use crate::message::{Json, Tenant, VirtualTime};
use crate::rule::Severity;
use crate::verify::script::random::Abilities;
use crate::verify::script::{Act, Phase, Step};
use crate::verify::{Asked, Found, Observation, Provided, What};

/// What a command of the probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    Query,
    Stimulus,
    Data,
}

impl From<What> for Purpose {
    fn from(what: What) -> Self {
        match what {
            What::Query => Self::Query,
            What::Stimulus => Self::Stimulus,
        }
    }
}

/// A question that was not answered, or something that may not have been told.
#[derive(Clone, Debug)]
pub(super) struct ProbeFailure {
    pub(super) purpose: Purpose,
    /// The name of the query, the stimulus or the kind of data.
    pub(super) name: String,
    pub(super) tenant: Tenant,
    /// The trace of the input that was sent to the tenant last, on which the implementation may
    /// have choked; `None` where nothing was.
    pub(super) after: Option<u128>,
    pub(super) error: ProbeError,
}

/// A command that took too long so often is not run again: each time nothing else is done.
const MOST_SLOW: usize = 3;

/// All questions that were not answered.
#[derive(Debug, Default)]
pub(super) struct ProbeFailures {
    all: Vec<ProbeFailure>,
}

impl ProbeFailures {
    pub(super) fn all(&self) -> &[ProbeFailure] {
        &self.all
    }

    pub(super) fn push(&mut self, failure: ProbeFailure) {
        self.all.push(failure);
    }

    /// Whether nothing more is asked: the command took too long again and again, or it is not
    /// known what the tenant was told.
    pub(super) fn give_up(&self, (purpose, name): (Purpose, &str), tenant: &Tenant) -> bool {
        let is_slow = |one: &&ProbeFailure| {
            (one.purpose, one.name.as_str()) == (purpose, name)
                && matches!(one.error, ProbeError::TooSlow { .. })
        };
        self.all.iter().filter(is_slow).count() >= MOST_SLOW || self.untold().contains(tenant)
    }

    /// The tenants of which it is not known what they were told: a stimulus or data may have come
    /// through or not, so nothing can be said of what they do afterwards.
    pub(super) fn untold(&self) -> BTreeSet<&Tenant> {
        let told = self.all.iter().filter(|one| one.purpose != Purpose::Query);
        told.map(|one| &one.tenant).collect()
    }

    /// What reports say: a sentence for each command, with its first failure.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut commands: BTreeMap<(Purpose, &str), Vec<&ProbeFailure>> = BTreeMap::new();
        for one in &self.all {
            commands.entry((one.purpose, &one.name)).or_default().push(one);
        }
        let note = |((purpose, _), failures): (_, Vec<&ProbeFailure>)| {
            let times = match failures.len() {
                1 => "once".to_owned(),
                times => format!("{times} times"),
            };
            let costs = match purpose {
                Purpose::Query => "these questions have no answer",
                Purpose::Stimulus | Purpose::Data => {
                    "nothing is said of the tenants that it was for"
                }
            };
            let slow = |one: &&&ProbeFailure| matches!(one.error, ProbeError::TooSlow { .. });
            let given_up = match failures.iter().filter(slow).count() >= MOST_SLOW {
                true => "; it was not run again",
                false => "",
            };
            format!("{}; it failed {times}: {costs}{given_up}", failures[0].error)
        };
        commands.into_iter().map(note).collect()
    }
}

impl Run<'_> {
    /// Asks or tells the implementation something through the probe.
    pub(super) fn probe(&mut self, at: usize, step: &Step) {
        let (what, name, args) = match &step.act {
            Act::Stimulus { name, args } => (What::Stimulus, name, args),
            Act::Query { name, args } => (What::Query, name, args),
            Act::Give { data, entry } => {
                let tenant = self.lanes[at].tenants[step.tenant].clone();
                return self.give(at, tenant, (data, entry));
            }
            Act::Send(_) | Act::Pause(_) | Act::Kill => return,
        };
        let Abilities { stimuli, queries, .. } = self.plan.probe.abilities();
        let known = if what == What::Query { queries } else { stimuli };
        if !known.contains(name) {
            return;
        }
        let args = crate::verify::script::filled(args, &self.lanes[at]);
        let tenant = self.lanes[at].tenants[step.tenant].clone();
        let asked = (what.into(), name.as_str());
        if self.probe_failures.give_up(asked, &tenant) {
            return;
        }
        let from = VirtualTime::from_unix_ms(wall_ms());
        let answer = match self.plan.probe.ask(what, name, &tenant, &args) {
            Ok(answer) => answer,
            Err(error) => return self.probe_failed(at, tenant, asked, error),
        };
        let to = VirtualTime::from_unix_ms(wall_ms());
        self.lanes[at].was_answered(step.id, answer.clone());
        let name = name.clone();
        self.field.asked.push(Asked { from, to, tenant, what, name, args, answer });
    }

    /// Lets the implementation know something that it looks up elsewhere.
    fn give(&mut self, at: usize, tenant: Tenant, (data, entry): (&str, &Json)) {
        let asked = (Purpose::Data, data);
        if self.probe_failures.give_up(asked, &tenant) {
            return;
        }
        if let Err(error) = self.plan.probe.give(data, &tenant, entry) {
            return self.probe_failed(at, tenant, asked, error);
        }
        let data = vec![(data.to_owned(), Json::Array(vec![entry.clone()]))];
        self.field.given.push(Provided { tenant, settings: None, data });
    }

    /// Violations that questions show which found no answer behind an input that must have no
    /// effect, though the same question is answered elsewhere: one for each question and kind.
    pub(super) fn choked(&self, observation: &Observation) -> Vec<Found> {
        let mut told = BTreeSet::new();
        let mut findings = Vec::new();
        for failure in self.probe_failures.all() {
            let ProbeFailure { purpose, name, tenant, after, error } = failure;
            let is_answered = self.field.asked.iter().any(|asked| asked.name == *name);
            let lanes = || self.played.iter().filter(|lane| lane.tenants.contains(tenant));
            let input = after.and_then(|after| {
                lanes().find_map(|lane| lane.inputs(|sent| sent.trace == after).pop())
            });
            let Some(input) = input.filter(|_| *purpose == Purpose::Query && is_answered) else {
                continue;
            };
            let Some(kind) = input.step.kind.as_ref().filter(|one| one.phase > Phase::Expected)
            else {
                continue;
            };
            if told.insert((name.clone(), kind.name.clone())) {
                let record = placed(observation, input.trace).map(|(record, _)| record);
                let message = format!("{error}, behind an input of the kind {kind}");
                let records = record.into_iter().collect();
                let found = Found::new(
                    Severity::Violation,
                    rule_of(&input, observation.history.contracts().packs()),
                    message,
                    (Some(tenant.clone()), records),
                );
                findings.push(found);
            }
        }
        findings
    }

    /// Notes that a command of the probe failed: its question has no answer.
    fn probe_failed(
        &mut self,
        at: usize,
        tenant: Tenant,
        (purpose, name): (Purpose, &str),
        error: ProbeError,
    ) {
        let lane = &self.lanes[at];
        let is_of = |step: &Step| lane.tenants.get(step.tenant) == Some(&tenant);
        let inputs = lane.inputs(|_| true).into_iter().filter(|input| is_of(&input.step));
        let after = inputs.max_by_key(|input| input.at_ms).map(|input| input.trace);
        let name = name.to_owned();
        self.probe_failures.push(ProbeFailure { purpose, name, tenant, after, error });
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{ProbeFailure, ProbeFailures, Purpose};
    use crate::message::Tenant;
    use crate::verify::live::ProbeError;

    fn failed(said: &str) -> ProbeError {
        ProbeError::Failed {
            asked: "query \"check\"".to_owned(),
            command: "ask".to_owned(),
            status: "exit status: 22".to_owned(),
            said: said.to_owned(),
        }
    }

    #[test]
    fn a_failure_costs_its_question_and_is_told_once() {
        let tenant =
            |id| Tenant { id: Uuid::from_u128(id), region: "G".into(), major: 1, minor: 1 };
        let failure = |(purpose, name): (Purpose, &str), id, command| ProbeFailure {
            purpose,
            name: name.to_owned(),
            tenant: tenant(id),
            after: None,
            error: failed(command),
        };
        let mut failures = ProbeFailures::default();
        failures.push(failure((Purpose::Query, "check"), 1, "500"));
        failures.push(failure((Purpose::Query, "check"), 2, ""));
        failures.push(failure((Purpose::Stimulus, "connect"), 3, ""));
        assert!(!failures.give_up((Purpose::Query, "check"), &tenant(1)));
        assert!(failures.give_up((Purpose::Query, "check"), &tenant(3)), "what was it told?");
        assert_eq!(failures.untold(), [&tenant(3)].into());
        let notes = failures.notes();
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(
            notes[0].ends_with(
                "ended with exit status: 22 and wrote: 500; it failed 2 times: these questions have \
                 no answer"
            ),
            "{notes:?}"
        );
        assert!(
            notes[1].ends_with("it failed once: nothing is said of the tenants that it was for")
        );
    }

    #[test]
    fn a_command_that_hangs_is_given_up() {
        let tenant = Tenant { id: Uuid::nil(), region: "G".into(), major: 1, minor: 1 };
        let mut failures = ProbeFailures::default();
        let asked = (Purpose::Query, "check");
        for _ in 0..3 {
            assert!(!failures.give_up(asked, &tenant));
            let (asked, command) = ("query \"check\"".to_owned(), "sleep 99".to_owned());
            failures.push(ProbeFailure {
                purpose: Purpose::Query,
                name: "check".to_owned(),
                tenant: tenant.clone(),
                after: None,
                error: ProbeError::TooSlow { asked, command },
            });
        }
        assert!(failures.give_up(asked, &tenant));
        assert!(!failures.give_up((Purpose::Query, "ban"), &tenant));
        assert!(failures.notes()[0].ends_with("it was not run again"), "{:?}", failures.notes());
    }
}
