//! Reports: what came of tests, as text for people and as JSON lines for programs.
//!
//! What this is: functions from outcomes to text. What it is not: it decides nothing and writes
//! nowhere.
//!
//! What always holds: a report is made from outcomes and their histories alone; no value of a
//! sensitive field is in it; without timings the same outcomes give the same bytes.
//! Start at [`Told`].

pub(crate) mod choices;
pub(crate) mod coverage;
pub(crate) mod explored;
mod failure;
pub(crate) mod findings;
pub(crate) mod github;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod style;
pub(crate) mod summary;
mod text;
mod timeline;
pub(crate) mod verdicts;

pub(crate) use text::{Passing, test as text_of};

use std::time::Duration;

use crate::scenario::TestPlan;
use crate::scenario::run::Outcome;

/// A test and what came of it.
pub(crate) struct Told<'a> {
    /// The test.
    pub(crate) plan: &'a TestPlan,
    /// What came of it.
    pub(crate) outcome: &'a Outcome,
    /// The command that runs it again in the same way.
    pub(crate) again: String,
    /// The command that replays its choices, where they were written down.
    pub(crate) replay: Option<String>,
    /// How long it took; reports that are to be the same each time leave it out.
    pub(crate) real: Option<Duration>,
}

impl Told<'_> {
    /// The sentence that says what holds.
    pub(crate) fn title(&self) -> &str {
        &self.plan.scenario.title
    }

    /// The path of the scenario's file.
    pub(crate) fn path(&self) -> &str {
        &self.plan.scenario.file.path
    }
}
