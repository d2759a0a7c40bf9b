//! What came of a test: data, from which reports are made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{SourceFile, Span};
use crate::history::History;
use crate::message::{RecordId, Seed, VirtualTime};
use crate::rule::{Finding, RuleId};

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Everything that was asked for holds.
    Passed,
    /// Something does not hold.
    Failed,
    /// The setup did not succeed, so nothing was tested.
    Broken,
    /// It could not be run here; the reason is the outcome's first trouble.
    NotRun,
}

impl Verdict {
    /// The word for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Broken => "broken",
            Self::NotRun => "not run",
        }
    }
}

/// One thing that does not hold.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Its code, e.g. `expect::not-seen`; `quintet explain` knows it.
    pub code: &'static str,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Where in which file it was asked for; a rule's finding has no place.
    pub place: Option<Place>,
    /// The record that comes nearest to what was asked for, and how it differs.
    pub nearest: Option<Nearest>,
    /// The records that it is about.
    pub records: Vec<RecordId>,
    /// More that helps.
    pub notes: Vec<String>,
    /// The finding, where a rule is broken.
    pub finding: Option<Finding>,
}

/// A place in a file, with what is said of it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Where in it.
    pub span: Span,
    /// What to say beside the place.
    pub label: String,
    /// The `use` steps through which a fragment's place was reached, innermost first.
    pub through: Vec<(Arc<SourceFile>, Span)>,
}

/// A record that almost matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// Which record.
    pub record: RecordId,
    /// How many fields were compared.
    pub compared: usize,
    /// Those that differ.
    pub differences: Vec<Difference>,
}

/// One field that differs; sensitive values are redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field, e.g. `body.code`.
    pub path: String,
    /// What was expected, as the scenario writes it, with the values of its variables.
    pub expected: String,
    /// What was there.
    pub got: String,
    /// Where a variable in `expected` got its value.
    pub bound_at: Option<String>,
}

/// What came of one test.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The test's name.
    pub test: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Why, unless it passed.
    pub troubles: Vec<Trouble>,
    /// What rules remark without failing the test.
    pub advisories: Vec<Finding>,
    /// The seed of the run.
    pub seed: Seed,
    /// How many schedules were run.
    pub schedules: u32,
    /// The schedule that the history is of: the first that failed, else the last.
    pub schedule: u32,
    /// Its history.
    pub history: History,
    /// Its choices, by name.
    pub choices: Vec<String>,
    /// When it began: at zero, where time is virtual.
    pub began: VirtualTime,
    /// When it ended.
    pub ended: VirtualTime,
    /// The faults that were armed, in order: what they are called, and where.
    pub faults: Vec<(&'static str, Place)>,
    /// How many entries of the history belong to the setup.
    pub set_up: usize,
    /// Who claimed a record: a line of a file, or `the test` for what it sent.
    pub claimed: BTreeMap<RecordId, Claim>,
    /// The messages that were sent (`test`) or emitted (a service), by producer and name.
    pub messages: BTreeSet<(String, String)>,
    /// How often the premise of each rule held.
    pub rules: BTreeMap<RuleId, u64>,
}

impl Outcome {
    /// A moment, by how long the test had run then.
    #[must_use]
    pub fn since_began(&self, at: VirtualTime) -> VirtualTime {
        VirtualTime::ZERO.after(at.since(self.began))
    }
}

/// Who claimed a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The test sent it.
    Sent,
    /// An expectation at this line of this file.
    Line {
        /// The file's path.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// A message that `allow` names.
    Allowed,
}
