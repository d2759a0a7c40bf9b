//! JUnit XML: what violates is a failure, what could not be set up is an error, what was not run is
//! skipped.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Told, text_of};
use crate::diagnostic::{Diagnostic, render};
use crate::scenario::run::Verdict;

/// One test case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What it belongs to.
    pub(crate) class: String,
    /// Its name.
    pub(crate) name: String,
    /// What came of it.
    pub(crate) came: Came,
    /// How long it took, where that is to be said.
    pub(crate) real: Option<Duration>,
}

/// What came of a test case.
#[derive(Clone, Debug)]
pub(crate) enum Came {
    /// It holds; and what else is to be said.
    Passed(String),
    /// It does not hold.
    Failed {
        /// Of which kind the failure is.
        kind: String,
        /// Why, in a line.
        message: String,
        /// All that shows it.
        text: String,
    },
    /// It could not be set up.
    Broken {
        /// Why, in a line.
        message: String,
        /// All that shows it.
        text: String,
    },
    /// It was not run, or nothing can be said: why.
    Skipped(String),
}

impl Case {
    /// A test.
    pub(crate) fn of(told: &Told<'_>) -> Self {
        let (outcome, text) = (told.outcome, || plain(&text_of(told)));
        let first = outcome.troubles.first();
        let message = || first.map_or_else(String::new, |trouble| trouble.message.clone());
        let came = match outcome.verdict {
            Verdict::Passed => Came::Passed(String::new()),
            Verdict::Failed => Came::Failed {
                kind: first.map_or("failed", |trouble| trouble.code).to_owned(),
                message: message(),
                text: text(),
            },
            Verdict::Broken => Came::Broken { message: message(), text: text() },
            Verdict::NotRun => Came::Skipped(format!("not run: {}", message())),
        };
        let real = told.real;
        Self { class: told.path().to_owned(), name: outcome.test.clone(), came, real }
    }

    /// A test that was not started because an earlier one did not pass.
    pub(crate) fn not_started(path: &str, test: &str) -> Self {
        let came = Came::Skipped("not started: a test before it did not pass".to_owned());
        Self { class: path.to_owned(), name: test.to_owned(), came, real: None }
    }

    /// What could not be set up, so that nothing is known of what it is for.
    pub(crate) fn not_set_up(class: &str, why: &str) -> Self {
        let text = plain(why);
        let message = text.lines().next().unwrap_or_default().to_owned();
        let came = Came::Broken { message, text };
        Self { class: class.to_owned(), name: "set-up".to_owned(), came, real: None }
    }

    /// A file that cannot be used.
    pub(crate) fn unusable(diagnostic: &Diagnostic) -> Self {
        let path = diagnostic.file.path.clone();
        let (line, column) = diagnostic.position();
        let name = format!("{path}:{line}:{column} {}", diagnostic.code);
        let (message, text) = (diagnostic.message.clone(), render(diagnostic, false));
        Self { class: path, name, came: Came::Broken { message, text }, real: None }
    }
}

/// The document with these cases.
pub(crate) fn document(suite: &str, cases: Vec<Case>) -> String {
    let mut all = TestSuite::new(suite);
    all.add_test_cases(cases.into_iter().map(case));
    let mut report = Report::new("quintet");
    report.add_test_suite(all);
    // The writer writes into memory.
    report.to_string().unwrap_or_default()
}

fn case(case: Case) -> TestCase {
    let mut said = String::new();
    let status = match case.came {
        Came::Passed(text) => {
            said = text;
            TestCaseStatus::success()
        }
        Came::Failed { kind, message, text } => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(kind).set_message(message).set_description(text);
            status
        }
        Came::Broken { message, text } => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("set-up").set_message(message).set_description(text);
            status
        }
        Came::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why);
            status
        }
    };
    let mut written = TestCase::new(case.name, status);
    written.set_classname(case.class);
    if !said.is_empty() {
        written.set_system_out(said);
    }
    if let Some(real) = case.real {
        written.set_time(real);
    }
    written
}

/// A text without the colours of a terminal.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
