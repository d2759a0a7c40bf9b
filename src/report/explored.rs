//! What exploration found and what occurred in it: for people, for programs, and as test cases.

use std::time::Duration;

use serde_json::{Value, json};

use super::choices::ChoiceFile;
use super::coverage::Coverage;
use super::junit::{Came, Case, plain};
use super::style::{BAD, FAINT, GOOD, STRONG, UNSURE, count, one_line, paint, wrap};
use super::{Told, github, summary, text_of};
use crate::contract::Contracts;
use crate::driver::FaultKind;
use crate::explore::exhaustive::Level;
use crate::explore::{Explored, Failure, Tally};
use crate::rule::Rule;
use crate::scenario::TestPlan;
use crate::scenario::run::Verdict;

/// The version of the form of the JSON lines.
const FORMAT: u32 = 1;
const NAME_WIDTH: usize = 44;
const WIDTH: usize = 100;

/// What is said of a whole exploration.
pub(crate) struct Heading<'a> {
    pub(crate) seed: u64,
    pub(crate) strategy: &'static str,
    /// How many schedules of each test; none where time is the budget, or all are played.
    pub(crate) budget: Option<u32>,
    pub(crate) faults: &'a [FaultKind],
    pub(crate) tests: usize,
}

/// A test, what came of it, and the commands that play its failures again: one each to explore and,
/// where the choices were written, to replay.
pub(crate) struct Subject<'a> {
    pub(crate) plan: &'a TestPlan,
    pub(crate) explored: &'a Explored,
    /// What was searched, where the search is exhaustive.
    pub(crate) levels: &'a [Level],
    pub(crate) again: Vec<(String, Option<String>)>,
}

impl Subject<'_> {
    fn told<'f>(&'f self, failure: &'f Failure, at: usize) -> Told<'f> {
        let (again, replay) = self.again.get(at).cloned().unwrap_or_default();
        Told { plan: self.plan, outcome: &failure.outcome, again, replay, real: None }
    }

    /// For people: a line for a test in which all holds, everything for one in which not.
    pub(crate) fn text(&self) -> String {
        let tally = &self.explored.tally;
        let name = one_line(&self.plan.name);
        let (style, word) = match self.explored.failures.is_empty() {
            true => (GOOD, "ok    "),
            false => (BAD, "FAIL  "),
        };
        let unit = if self.levels.is_empty() { "schedule" } else { "class" };
        let units = if self.levels.is_empty() { "schedules" } else { "classes" };
        let mut facts = vec![counted(tally.schedules, unit, units)];
        if tally.failing > 0 {
            facts.push(format!("{} fail", tally.failing));
        }
        if tally.cut > 0 {
            facts.push(format!("{} cut short by faults", tally.cut));
        }
        let facts = paint(FAINT, facts.join(" · "));
        let mut text = format!("{}{name:NAME_WIDTH$}  {facts}", paint(style, word));
        if !self.levels.is_empty() {
            text.push_str(&format!("\n      {}", levels(self.levels)));
        }
        for (at, failure) in self.explored.failures.iter().enumerate() {
            text.push_str(&format!("\n\n{}", text_of(&self.told(failure, at))));
            text.push_str(&format!(" choices:  {}\n", choices(self.plan, failure)));
        }
        text
    }

    /// For programs.
    pub(crate) fn json(&self) -> String {
        let tally = &self.explored.tally;
        let failed = !self.explored.failures.is_empty();
        let level = |level: &Level| {
            json!({ "faults": level.faults, "classes": level.classes, "runs": level.runs,
                "whole": level.is_whole })
        };
        let levels: Vec<_> = self.levels.iter().map(level).collect();
        let mut lines = vec![
            json!({
                "event": "explored", "test": self.plan.name,
                "title": self.plan.scenario.title,
                "path": self.plan.scenario.file.path,
                "verdict": if failed { "failed" } else { "passed" },
                "schedules": tally.schedules, "failing": tally.failing, "cut": tally.cut,
                "levels": levels, "hash": format!("{:016x}", tally.hash),
            })
            .to_string(),
        ];
        for (at, failure) in self.explored.failures.iter().enumerate() {
            lines.push(super::json::test(&self.told(failure, at)));
            let choices: Value =
                serde_json::from_str(&choices(self.plan, failure)).unwrap_or_default();
            let line = json!({ "event": "choices", "test": self.plan.name,
                "kind": failure.kind, "file": choices });
            lines.push(line.to_string());
        }
        lines.join("\n")
    }

    /// Annotations of what fails.
    pub(crate) fn github(&self) -> Vec<String> {
        let failures = self.explored.failures.iter().enumerate();
        failures.flat_map(|(at, failure)| github::test(&self.told(failure, at))).collect()
    }

    /// As a test case: of several kinds of failure the first decides which it is.
    pub(crate) fn case(&self) -> Case {
        let path = self.plan.scenario.file.path.clone();
        let text = || plain(&self.text());
        let first = self.explored.failures.first();
        let came = match first {
            None => Came::Passed(text()),
            Some(failure) => {
                let trouble = failure.outcome.troubles.first();
                let message = trouble.map_or_else(String::new, |one| one.message.clone());
                match failure.outcome.verdict {
                    Verdict::Broken | Verdict::NotRun => Came::Broken { message, text: text() },
                    _ => Came::Failed { kind: failure.kind.clone(), message, text: text() },
                }
            }
        };
        Case { class: path, name: self.plan.name.clone(), came, real: None }
    }
}

/// The choices of a failing schedule, as a choice file in one line.
fn choices(plan: &TestPlan, failure: &Failure) -> String {
    let file = ChoiceFile::of(plan, &failure.outcome);
    serde_json::to_string(&file).expect("texts and numbers are always written")
}

/// `0 faults: all 1680 classes; 1 fault: 41 classes so far`
fn levels(levels: &[Level]) -> String {
    let said = levels.iter().map(|level| {
        let faults = count(level.faults as usize, "fault", "faults");
        let classes = counted(level.classes, "class", "classes");
        match level.is_whole {
            true => format!("{faults}: all {classes}"),
            false => format!("{faults}: {classes} so far, not all"),
        }
    });
    said.collect::<Vec<_>>().join("; ")
}

/// `1,680 classes`
fn counted(number: u64, one: &str, many: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} {}", if number == 1 { one } else { many })
}

/// The first line for programs.
pub(crate) fn heading(heading: &Heading<'_>) -> String {
    let faults: Vec<_> = heading.faults.iter().map(|kind| kind.name()).collect();
    json!({
        "event": "exploration", "format": FORMAT, "version": env!("CARGO_PKG_VERSION"),
        "seed": heading.seed, "strategy": heading.strategy, "budget": heading.budget,
        "faults": faults, "tests": heading.tests,
    })
    .to_string()
}

/// The kinds of faults that may have struck and never did.
fn idle(tally: &Tally, faults: &[FaultKind]) -> Vec<&'static str> {
    let names = faults.iter().map(|kind| kind.name());
    names.filter(|name| !tally.faults.contains_key(name)).collect()
}

/// What else is accepted and was never picked, as rule and option.
fn unpicked(tally: &Tally, rules: impl Iterator<Item = &'static Rule>) -> Vec<(String, String)> {
    let all = rules.flat_map(|rule| rule.also_accepted.iter().map(move |one| (rule, one.name)));
    let picked = |rule: &Rule, name: &str| {
        tally.decisions.keys().any(|(id, option)| id.as_str() == rule.name && *option == name)
    };
    let never = all.filter(|(rule, name)| !picked(rule, name));
    never.map(|(rule, name)| (rule.name.to_owned(), name.to_owned())).collect()
}

/// The end for people: what occurred in all, and what never did.
pub(crate) fn text(
    tally: &Tally,
    (heading, failed): (&Heading<'_>, usize),
    contracts: &Contracts,
    real: Option<Duration>,
) -> String {
    let tests = count(heading.tests, "test", "tests");
    let schedules = counted(tally.schedules, "schedule", "schedules");
    let mut text = format!("{}, {schedules}: ", paint(STRONG, tests));
    text.push_str(&match failed {
        0 => paint(GOOD, "all hold"),
        some => paint(BAD, count(some, "test fails", "tests fail")),
    });
    let deliveries = counted(tally.deliveries, "delivery", "deliveries");
    text.push_str(&format!(" · {deliveries} · {}, seed {}", heading.strategy, heading.seed));
    if let Some(real) = real {
        let real = format!("  {}.{:03} s real", real.as_secs(), real.subsec_millis());
        text.push_str(&paint(FAINT, real));
    }
    let mut list = |title: &str, words: Vec<String>| {
        if !words.is_empty() {
            let words = wrap(&words, 13, WIDTH);
            text.push_str(&format!("\n  {title:9}  {words}"));
        }
    };
    let times = |(name, times): (&&'static str, &u64)| format!("{name}×{times}");
    list("faults", tally.faults.iter().map(times).collect());
    let idle = idle(tally, heading.faults).into_iter().map(str::to_owned);
    list("never", idle.collect());
    let decided = tally.decisions.iter();
    let decided = decided
        .map(|((rule, option), times)| format!("{rule}:{}×{times}", option.replace(' ', "-")));
    list("decided", decided.collect());
    let coverage = Coverage::of(&tally.messages, &tally.rules);
    text.push_str(&summary::messages(&coverage.messages(contracts)));
    let rules = coverage.rules(contracts.packs());
    text.push_str(&format!(
        "\n\n{} {} of {} exercised",
        paint(STRONG, "rules"),
        rules.some.len(),
        rules.total()
    ));
    let some = rules.some.iter().map(|(id, times)| format!("{id}×{times}"));
    let mut list = |title: &str, words: Vec<String>| {
        if !words.is_empty() {
            let words = wrap(&words, 13, WIDTH);
            text.push_str(&format!("\n  {title:9}  {words}"));
        }
    };
    list("exercised", some.collect());
    let never = rules.never.iter().map(|(id, _)| id.to_string()).collect();
    list(&paint(UNSURE, "never"), never);
    text
}

/// The last line for programs.
pub(crate) fn summary(
    tally: &Tally,
    (heading, failed): (&Heading<'_>, usize),
    contracts: &Contracts,
    exit: u8,
) -> String {
    let coverage = Coverage::of(&tally.messages, &tally.rules);
    let (messages, rules) = (coverage.messages(contracts), coverage.rules(contracts.packs()));
    let direction = |one: &super::coverage::Direction| json!({ "service": one.service, "action": one.action.name(), "message": one.message });
    let directions =
        |all: &[super::coverage::Direction]| -> Vec<Value> { all.iter().map(direction).collect() };
    let decided = tally.decisions.iter().map(|((rule, option), times)| {
        json!({ "rule": rule.as_str(), "option": option, "times": times })
    });
    let unpicked = unpicked(tally, contracts.packs().rules());
    let unpicked = unpicked.iter().map(|(rule, option)| json!({ "rule": rule, "option": option }));
    let counts: serde_json::Map<String, Value> =
        rules.some.iter().map(|(id, times)| (id.to_string(), json!(times))).collect();
    let never: Vec<_> = rules.never.iter().map(|(id, _)| id.to_string()).collect();
    json!({
        "event": "summary", "tests": heading.tests, "failed": failed,
        "schedules": tally.schedules, "failing": tally.failing, "cut": tally.cut,
        "deliveries": tally.deliveries,
        "messages": { "exercised": directions(&messages.some),
            "never": directions(&messages.never) },
        "rules": { "exercised": counts, "never": never },
        "faults": { "struck": tally.faults, "never": idle(tally, heading.faults) },
        "decisions": { "picked": decided.collect::<Vec<_>>(),
            "never": unpicked.collect::<Vec<_>>() },
        "exit": exit,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::{counted, levels};
    use crate::explore::exhaustive::Level;

    #[test]
    fn what_is_exhausted_is_said_by_the_number_of_faults() {
        let level = |faults, classes, is_whole| Level { faults, classes, runs: classes, is_whole };
        let all = [level(0, 1_680, true), level(1, 1, true), level(2, 34_650, false)];
        let said = "0 faults: all 1,680 classes; 1 fault: all 1 class; \
                    2 faults: 34,650 classes so far, not all";
        assert_eq!(levels(&all), said);
        assert_eq!(counted(1_000_000, "one", "many"), "1,000,000 many");
    }
}
