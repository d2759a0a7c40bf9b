//! What is said when an expectation is not met.

use std::time::Duration;

use super::engine::{Engine, Stopped, target_name};
use super::shown::{show_duration, show_variables};
use crate::diagnostic::Span;
use crate::message::VirtualTime;
use crate::scenario::Expectation;

/// How many records that fit are told.
const FITTING_TOLD: usize = 5;

impl Engine<'_> {
    /// Names the first expectation that no record fits, or says that order or number is wrong.
    pub(super) fn not_seen(
        &self,
        expectations: &[Expectation],
        in_order: bool,
        (from, wait): (VirtualTime, Duration),
    ) -> Stopped {
        let at = (from, self.driver.history());
        let lone = |want: &&Expectation| self.state.find(want, at).is_none();
        let missing = expectations.iter().find(lone);
        let shown = show_duration(wait);
        let Some(wanted) = missing.or(expectations.first()) else {
            return Box::new(self.trouble("expect::not-seen", "nothing", Span::default(), ""));
        };
        let (code, message) = match missing {
            Some(_) => {
                let name = self.wanted(wanted);
                ("expect::not-seen", format!("no {name} within {shown}"))
            }
            None if in_order => (
                "expect_in_order::wrong-order",
                format!("each of these was seen within {shown}, but not in this order"),
            ),
            None => (
                "expect_all::too-few",
                format!("each of these fits a record, but not each one of its own, within {shown}"),
            ),
        };
        let label = self.span_of("looked", (from, wait));
        let mut trouble = self.trouble(code, message, wanted.target.span, label);
        match missing {
            Some(_) => trouble.nearest = self.state.nearest(wanted, at),
            None => trouble.notes = self.found(expectations, at),
        }
        Box::new(trouble)
    }

    /// `account.status/LOGGED_IN for $account = 41`
    fn wanted(&self, wanted: &Expectation) -> String {
        let name = target_name(&wanted.target);
        let is_sensitive = |field: &str| self.driver.contracts().is_sensitive(field);
        let variables = show_variables(wanted, &self.state.scope, &is_sensitive);
        match variables.as_str() {
            "" => name,
            variables => format!("{name} for {variables}"),
        }
    }

    /// Which records fit each expectation.
    fn found(
        &self,
        expectations: &[Expectation],
        at: (VirtualTime, &crate::history::History),
    ) -> Vec<String> {
        let mut found = Vec::new();
        for want in expectations {
            let records = self.state.fitting(want, at);
            let mut names: Vec<_> = records.iter().map(ToString::to_string).collect();
            if names.len() > FITTING_TOLD {
                names.truncate(FITTING_TOLD);
                names.push("…".to_owned());
            }
            let (line, _) = self.state.file.position(want.target.span.start);
            let name = target_name(&want.target);
            let told = format!("line {line}, {name}: fits {}", names.join(", "));
            if !found.contains(&told) {
                found.push(told);
            }
        }
        found
    }
}
