//! What is judged when the steps are over: strays, faults that never struck, properties, rules.

use std::collections::BTreeMap;

use super::engine::{Engine, code_of, target_name};
use super::outcome::Trouble;
use super::shown::show_value;
use crate::driver::Until;
use crate::history::History;
use crate::message::{Json, RecordId};
use crate::rule::{self, Finding};
use crate::scenario::{Always, Property, Target};
use crate::yaml::is_secret_name;

/// How many stray records are told one by one.
const STRAYS_TOLD: usize = 5;

impl Engine<'_> {
    /// Lets happen what can happen now, and judges the whole.
    pub(super) fn end(
        &mut self,
        always: &[Always],
        title: crate::diagnostic::Span,
    ) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        if let Err(error) = self.driver.run(Until::Quiet, &mut |_| false) {
            troubles.push(self.trouble(code_of(&error), error.to_string(), title, "at its end"));
        }
        self.state.look(self.driver.history());
        troubles.extend(self.strays(title));
        troubles.extend(self.idle_faults());
        for property in always {
            troubles.extend(self.property(property));
        }
        troubles
    }

    fn strays(&mut self, title: crate::diagnostic::Span) -> Vec<Trouble> {
        let history = self.driver.history();
        let strays: Vec<_> = self
            .state
            .strays(history)
            .into_iter()
            .map(|placed| (placed.id, history.message_name(placed), history.shown_value(placed)))
            .collect();
        let more = strays.len().saturating_sub(STRAYS_TOLD);
        let mut told: Vec<_> = strays
            .into_iter()
            .take(STRAYS_TOLD)
            .map(|(id, name, value)| {
                let message = format!("{id} {name} was not expected and is not allowed");
                let label = "at the end of this test each record must be claimed";
                let mut trouble = self.trouble("end::unclaimed", message, title, label);
                trouble.notes.push(format!("{id} {value}"));
                trouble.records.push(id);
                trouble
            })
            .collect();
        if let (Some(last), true) = (told.last_mut(), more > 0) {
            last.notes.push(format!("and {more} more"));
        }
        told
    }

    fn idle_faults(&self) -> Vec<Trouble> {
        let idle = self.faults.iter().filter(|(id, ..)| !self.driver.has_struck(*id));
        idle.map(|(_, place, name)| Trouble {
            code: "fault::not-struck",
            message: format!("{name} was armed and never struck: the test did not test it"),
            place: Some(place.clone()),
            nearest: None,
            records: Vec::new(),
            notes: Vec::new(),
            finding: None,
        })
        .collect()
    }

    fn property(&self, always: &Always) -> Option<Trouble> {
        let (message, records) = match &always.property {
            Property::AnswersCarry { field, from, to } => self.answers_carry(field, (from, to)),
            Property::AtMostOnce { message, by } => self.at_most_once(message, by),
            Property::ExactlyOnce { message, by, for_each } => {
                self.exactly_once((message, for_each), by)
            }
            Property::Ordered { first, then, by } => self.ordered((first, then), by),
        }?;
        let mut trouble = self.trouble("always::broken", message, always.span, "asked for here");
        trouble.records = records;
        Some(trouble)
    }

    /// The value at a dotted path; what is not there counts as null.
    fn field(&self, record: RecordId, path: &str) -> Json {
        let pointer = format!("/{}", path.replace('.', "/"));
        let value = self.state.value(record).and_then(|value| value.pointer(&pointer));
        value.cloned().unwrap_or_default()
    }

    /// The value at a dotted path without what is never shown.
    fn shown(&self, path: &str, value: &Json) -> String {
        let contracts = self.driver.contracts();
        let is_sensitive = |field: &str| contracts.is_sensitive(field) || is_secret_name(field);
        if path.split('.').any(is_sensitive) {
            return "***".to_owned();
        }
        show_value(value, &is_sensitive)
    }

    fn answers_carry(
        &self,
        field: &str,
        (from, to): (&Target, &Target),
    ) -> Option<(String, Vec<RecordId>)> {
        let asked = self.state.all_of(from);
        let stray = self.state.all_of(to).into_iter().find(|answer| {
            let value = self.field(*answer, field);
            !asked.iter().any(|id| id < answer && self.field(*id, field) == value)
        })?;
        let name = target_name(from);
        let message = format!("{stray} carries a {field} that no {name} before it carried");
        Some((message, vec![stray]))
    }

    fn at_most_once(&self, message: &Target, by: &str) -> Option<(String, Vec<RecordId>)> {
        let mut seen: BTreeMap<String, RecordId> = BTreeMap::new();
        for record in self.state.all_of(message) {
            let value = self.field(record, by);
            if let Some(first) = seen.insert(value.to_string(), record) {
                let (name, value) = (target_name(message), self.shown(by, &value));
                let message = format!("{first} and {record} are both {name} with {by} {value}");
                return Some((message, vec![first, record]));
            }
        }
        None
    }

    fn exactly_once(
        &self,
        (message, for_each): (&Target, &Target),
        by: &str,
    ) -> Option<(String, Vec<RecordId>)> {
        let records = self.state.all_of(message);
        for cause in self.state.all_of(for_each) {
            let value = self.field(cause, by);
            let same = |id: &&RecordId| self.field(**id, by) == value;
            let count = records.iter().filter(same).count();
            if count != 1 {
                let (name, value) = (target_name(message), self.shown(by, &value));
                let message = format!("for {cause} with {by} {value} there are {count} {name}");
                return Some((message, vec![cause]));
            }
        }
        None
    }

    fn ordered(
        &self,
        (first, then): (&Target, &Target),
        by: &str,
    ) -> Option<(String, Vec<RecordId>)> {
        let earlier = self.state.all_of(first);
        let early = self.state.all_of(then).into_iter().find(|id| {
            let value = self.field(*id, by);
            !earlier.iter().any(|other| other < id && self.field(*other, by) == value)
        })?;
        let message = format!(
            "{early} {} comes before any {} with its {by}",
            target_name(then),
            target_name(first)
        );
        Some((message, vec![early]))
    }
}

/// A broken rule as a trouble of the test.
pub(super) fn violation(finding: Finding, history: &History) -> Trouble {
    let rule = finding.rule.rule();
    let service = finding.records.last().and_then(|id| history.concerned(*id));
    let own = service.and_then(|name| history.contracts().packs().document(name));
    let (document, section) = rule.cited(own);
    Trouble {
        code: "rule::violated",
        message: format!("{}: {}", finding.rule, finding.message),
        place: None,
        nearest: None,
        records: finding.records.clone(),
        notes: vec![
            format!("{} ({document}, {section})", rule.text),
            format!("basis: {}", rule.basis.as_str()),
        ],
        finding: Some(finding),
    }
}

/// Whether a finding fails a test.
pub(super) fn fails(finding: &Finding) -> bool {
    finding.severity == rule::Severity::Violation
}
