//! What is judged when the steps are over: strays, faults that never struck, properties, rules.

use std::sync::Arc;

use super::engine::{Engine, code_of};
use super::outcome::Trouble;
use crate::driver::Until;
use crate::history::History;
use crate::message::VirtualTime;
use crate::property::{Checker, Evidence, Properties};
use crate::rule::{self, Finding};
use crate::scenario::Always;

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

    /// The first record of the test's tenant that breaks a property.
    fn property(&self, always: &Always) -> Option<Trouble> {
        let history = self.driver.history();
        let properties = Properties { all: vec![always.property.clone()] };
        let mut checker = Checker::new(Arc::new(properties), Evidence::default());
        checker.follow(history);
        checker.close(history, VirtualTime::NEVER);
        let is_own = |finding: &&Finding| finding.records.iter().any(|id| self.state.is_own(*id));
        let finding = checker.findings().iter().find(is_own)?;
        let message = finding.message.clone();
        let mut trouble = self.trouble("always::broken", message, always.span, "asked for here");
        trouble.records.clone_from(&finding.records);
        Some(trouble)
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
