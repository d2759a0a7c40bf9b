//! Tests for people: a line for one that passed, everything for one that did not.

use super::style::{BAD, FAINT, GOOD, UNSURE, count, one_line, paint};
use super::{Told, failure};
use crate::message::VirtualTime;
use crate::scenario::run::Verdict;

/// Names are padded up to this.
const NAME_WIDTH: usize = 44;

/// What came of one test.
pub(crate) fn test(told: &Told<'_>) -> String {
    let mut text = head(told);
    if told.outcome.verdict != Verdict::Passed {
        text.push_str(&format!("\n      {}", one_line(told.title())));
        text.push_str(&failure::body(told));
    }
    text
}

/// `FAIL  account/login      seed 17 · 2.001 s virtual · 6 ms real`
fn head(told: &Told<'_>) -> String {
    let outcome = told.outcome;
    let passed = outcome.verdict == Verdict::Passed;
    let (style, word) = match outcome.verdict {
        Verdict::Passed => (GOOD, "ok    "),
        Verdict::Failed => (BAD, "FAIL  "),
        Verdict::Broken => (UNSURE, "BROKEN  "),
        Verdict::NotRun => (UNSURE, "NOT RUN  "),
    };
    let name = one_line(&outcome.test);
    let mut facts = Vec::new();
    if !passed {
        facts.push(format!("seed {}", outcome.seed.0));
    }
    let schedules = told.plan.scenario.schedules;
    if passed && outcome.schedules > 1 {
        facts.push(format!("{} schedules", outcome.schedules));
    } else if !passed && schedules > 1 {
        facts.push(format!("schedule {} (of {schedules})", outcome.schedule));
    }
    let kind = if outcome.began == VirtualTime::ZERO { "virtual" } else { "real" };
    facts.push(format!("{} {kind}", outcome.since_began(outcome.ended)));
    if let Some(real) = told.real {
        facts.push(format!("{} ms real", real.as_millis()));
    }
    let width = NAME_WIDTH + "FAIL  ".len() - word.len();
    let facts = paint(FAINT, facts.join(" · "));
    format!("{}{name:width$}  {facts}", paint(style, word))
}

/// Tests that passed one after another, told by folder.
#[derive(Debug, Default)]
pub(crate) struct Passing {
    folder: String,
    count: usize,
}

impl Passing {
    /// Counts one more; the line of the folder before, where it is of another.
    pub(crate) fn add(&mut self, test: &str) -> Option<String> {
        let file = test.split("::").next().unwrap_or(test);
        let folder = file.rsplit_once('/').map_or(file, |(folder, _)| folder);
        let before = if folder == self.folder { None } else { self.end() };
        folder.clone_into(&mut self.folder);
        self.count += 1;
        before
    }

    /// The line of those counted so far, if there are any.
    pub(crate) fn end(&mut self) -> Option<String> {
        let tests = count(std::mem::take(&mut self.count), "test", "tests");
        let folder = one_line(&std::mem::take(&mut self.folder));
        let tests_in = paint(FAINT, tests);
        (!folder.is_empty())
            .then(|| format!("{}{folder:NAME_WIDTH$}  {tests_in}", paint(GOOD, "ok    ")))
    }
}

#[cfg(test)]
mod tests {
    use super::Passing;

    #[test]
    fn what_passes_is_told_by_folder() {
        let mut passing = Passing::default();
        let tests = ["ban/a::x/y", "ban/b", "ban/c/d", "own", "own::a row"];
        let mut lines: Vec<_> = tests.into_iter().filter_map(|test| passing.add(test)).collect();
        lines.extend(passing.end());
        let plain = lines.iter().map(|line| anstream::adapter::strip_str(line).to_string());
        let words: Vec<String> =
            plain.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(words, ["ok ban 2 tests", "ok ban/c 1 test", "ok own 2 tests"]);
        assert_eq!(passing.end(), None);
    }
}
