//! The end of a report: how many tests came out how, what was exercised, and what never was.

use std::time::Duration;

use super::coverage::{Coverage, Direction, Exercised};
use super::style::{BAD, FAINT, GOOD, STRONG, UNSURE, count, paint, wrap};
use crate::contract::{Action, Contracts};
use crate::rule::{Finding, RuleId};
use crate::scenario::run::{Outcome, Verdict};

/// Lines are broken here.
const WIDTH: usize = 100;

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    /// Tests in which everything holds.
    pub(crate) passed: usize,
    /// Tests in which something does not.
    pub(crate) failed: usize,
    /// Tests whose setup did not succeed.
    pub(crate) broken: usize,
    /// Tests that could not be run here.
    pub(crate) not_run: usize,
    /// Tests after the first that did not pass.
    pub(crate) not_started: usize,
    /// Files that have errors; their tests are not counted anywhere.
    pub(crate) bad_files: usize,
    /// Warnings of files that were used.
    pub(crate) warnings: usize,
    /// How the last test ended.
    pub(crate) last: Option<Verdict>,
    /// What was exercised.
    pub(crate) coverage: Coverage,
    /// Remarks of rules.
    pub(crate) advisories: Vec<(String, Finding)>,
}

impl Summary {
    /// Counts one test.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        match outcome.verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Broken => self.broken += 1,
            Verdict::NotRun => self.not_run += 1,
        }
        self.last = Some(outcome.verdict);
        self.coverage.add(outcome);
        let own = outcome.advisories.iter().cloned();
        self.advisories.extend(own.map(|finding| (outcome.test.clone(), finding)));
    }

    /// Whether the last test took just one line.
    pub(crate) fn ends_well(&self) -> bool {
        self.last.is_none_or(|verdict| verdict == Verdict::Passed)
    }

    /// How many tests were run.
    pub(crate) fn ran(&self) -> usize {
        self.passed + self.failed + self.broken
    }
}

/// The summary for people.
pub(crate) fn text(summary: &Summary, contracts: &Contracts, real: Option<Duration>) -> String {
    let mut text = String::new();
    for (test, finding) in &summary.advisories {
        let rule = paint(UNSURE, format!("advisory[{}]", finding.rule));
        text.push_str(&format!("{rule}: {test}: {}\n", finding.message));
    }
    text.push_str(&counts_of(summary));
    if let Some(real) = real {
        let real = format!("  {}.{:03} s real", real.as_secs(), real.subsec_millis());
        text.push_str(&paint(FAINT, real));
    }
    if summary.ran() > 0 {
        text.push_str(&messages(&summary.coverage.messages(contracts)));
        text.push_str(&rules(&summary.coverage.rules(contracts.packs())));
    }
    text
}

/// How many tests came out how, in one line.
pub(crate) fn counts_of(summary: &Summary) -> String {
    let mut parts = vec![paint(GOOD, format!("{} passed", summary.passed))];
    let mut part = |number: usize, style, what: &str| {
        if number > 0 {
            parts.push(paint(style, format!("{number} {what}")));
        }
    };
    part(summary.failed, BAD, "failed");
    part(summary.broken, UNSURE, "broken");
    part(summary.not_run, UNSURE, "could not run here");
    let ran = count(summary.ran() + summary.not_run, "test", "tests");
    let mut text = format!("{}: {}", paint(STRONG, ran), parts.join(", "));
    if summary.not_started > 0 {
        let rest = count(summary.not_started, "test was", "tests were");
        text.push_str(&format!("; {rest} not started (--keep-going runs all)"));
    }
    if summary.bad_files > 0 {
        let files = count(summary.bad_files, "file has", "files have");
        text.push_str(&format!("; {}", paint(BAD, format!("{files} errors"))));
    }
    if summary.warnings > 0 {
        let warnings = count(summary.warnings, "warning", "warnings");
        text.push_str(&format!("; {warnings} (quintet lint)"));
    }
    text
}

fn share<T>(what: &str, exercised: &Exercised<T>) -> String {
    let (some, all) = (exercised.some.len(), exercised.total());
    format!("\n\n{} {some} of {all} exercised", paint(STRONG, what))
}

pub(crate) fn messages(messages: &Exercised<Direction>) -> String {
    let mut text = share("messages", messages);
    text.push_str(&by_service("exercised", &messages.some));
    text.push_str(&by_service("never", &messages.never));
    text
}

/// One paragraph for each service and direction.
fn by_service(heading: &str, all: &[Direction]) -> String {
    let groups = all.chunk_by(|a, b| (&a.service, a.action) == (&b.service, b.action));
    let name = |group: &[Direction]| {
        let does = match group[0].action {
            Action::Send => "sends",
            Action::Receive => "reads",
        };
        format!("{} {does}", group[0].service)
    };
    let named: Vec<_> = groups.map(|group| (name(group), by_channel(group))).collect();
    let width = named.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = named.iter().map(|(name, channels)| {
        let channels = wrap(channels, 6 + width, WIDTH);
        format!("\n    {name:width$}  {channels}")
    });
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("\n  {heading}{lines}") }
}

/// `account.session.status/CREATED,ERROR`: each channel once.
fn by_channel(group: &[Direction]) -> Vec<String> {
    let split = |one: &Direction| {
        let (channel, kind) = one.message.split_once('/').unwrap_or((&one.message, ""));
        (channel.to_owned(), kind.to_owned())
    };
    let all: Vec<_> = group.iter().map(split).collect();
    let channels = all.chunk_by(|a, b| a.0 == b.0);
    let written = channels.map(|kinds| {
        let names: Vec<_> = kinds.iter().map(|(_, kind)| kind.as_str()).collect();
        let channel = &kinds[0].0;
        match names[..] {
            [""] => channel.clone(),
            _ => format!("{channel}/{}", names.join(",")),
        }
    });
    written.collect()
}

fn rules(rules: &Exercised<(RuleId, u64)>) -> String {
    let mut text = share("rules", rules);
    let mut list = |heading: &str, of: &[(RuleId, u64)]| {
        if !of.is_empty() {
            let names: Vec<_> = of.iter().map(|(id, _)| id.to_string()).collect();
            text.push_str(&format!("\n  {heading:9}  {}", wrap(&names, 13, WIDTH)));
        }
    };
    list("exercised", &rules.some);
    list("never", &rules.never);
    text
}
