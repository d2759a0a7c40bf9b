//! Tests for people: a line for one that passed, everything for one that did not.

use super::style::{BAD, FAINT, GOOD, UNSURE, one_line, paint};
use super::{Told, failure};
use crate::scenario::run::Verdict;

/// Names are padded up to this.
const NAME_WIDTH: usize = 44;

/// What came of one test.
pub(crate) fn test(told: &Told<'_>) -> String {
    let mut text = head(told);
    if told.outcome.verdict != Verdict::Passed {
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
    facts.push(format!("{} virtual", outcome.ended));
    if let Some(real) = told.real {
        facts.push(format!("{} ms real", real.as_millis()));
    }
    let width = NAME_WIDTH + "FAIL  ".len() - word.len();
    let facts = paint(FAINT, facts.join(" · "));
    format!("{}{name:width$}  {facts}", paint(style, word))
}
