//! JSON lines for programs: one object a line, each with its `event`.
//!
//! What always holds: the first line names the version of the form; without timings the same seed
//! gives the same bytes; sensitive fields are redacted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::coverage::{Direction, Exercised};
use super::summary::Summary;
use super::{Told, timeline};
use crate::contract::Contracts;
use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span};
use crate::message::{Json, RecordId};
use crate::rule::{self, Finding};
use crate::scenario::run::{Outcome, Place, Trouble, Verdict};

/// The version of the form.
const FORMAT: u32 = 1;

/// One line.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Run {
        format: u32,
        version: &'static str,
        seed: u64,
        tests: usize,
    },
    Diagnostic {
        code: &'static str,
        severity: &'static str,
        message: &'a str,
        #[serde(flatten)]
        at: At,
        help: Option<&'a str>,
        notes: &'a [String],
    },
    Test {
        test: &'a str,
        title: &'a str,
        path: &'a str,
        verdict: &'static str,
        seed: u64,
        schedules: u32,
        schedule: u32,
        virtual_ms: u64,
        records: usize,
        hash: String,
        again: Option<&'a str>,
        replay: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        real_us: Option<u64>,
    },
    Trouble {
        test: &'a str,
        code: &'static str,
        message: &'a str,
        rule: Option<&'static str>,
        at: Option<At>,
        through: Vec<At>,
        nearest: Option<NearestOf<'a>>,
        records: Vec<RecordOf>,
        notes: &'a [String],
    },
    Advisory {
        test: &'a str,
        rule: &'static str,
        message: &'a str,
        records: Vec<RecordOf>,
    },
    Step {
        test: &'a str,
        at_ms: u64,
        who: &'a str,
        does: &'static str,
        what: &'a str,
        note: &'a str,
        record: Option<u32>,
        setup: bool,
    },
    #[cfg(feature = "kafka")]
    Error {
        message: &'a str,
    },
    Summary {
        tests: usize,
        passed: usize,
        failed: usize,
        broken: usize,
        not_run: usize,
        not_started: usize,
        bad_files: usize,
        messages: Share<DirectionOf<'a>>,
        rules: Rules,
        exit: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        real_us: Option<u64>,
    },
}

/// A place in a file.
#[derive(Serialize)]
struct At {
    path: String,
    line: usize,
    column: usize,
}

impl At {
    fn of(file: &SourceFile, span: Span) -> Self {
        let (line, column) = file.position(span.start);
        let path = file.path.clone();
        Self { path, line, column }
    }
}

#[derive(Serialize)]
struct RecordOf {
    record: u32,
    producer: String,
    at_ms: u64,
    #[serde(flatten)]
    placed: Json,
}

#[derive(Serialize)]
struct NearestOf<'a> {
    #[serde(flatten)]
    record: RecordOf,
    compared: usize,
    differences: Vec<DifferenceOf<'a>>,
}

#[derive(Serialize)]
struct DifferenceOf<'a> {
    path: &'a str,
    expected: &'a str,
    got: &'a str,
    bound_at: Option<&'a str>,
}

#[derive(Serialize)]
struct Share<T> {
    exercised: Vec<T>,
    never: Vec<T>,
}

#[derive(Serialize)]
struct Rules {
    exercised: BTreeMap<&'static str, u64>,
    never: Vec<&'static str>,
}

#[derive(Serialize)]
struct DirectionOf<'a> {
    service: &'a str,
    action: &'static str,
    message: &'a str,
}

impl<'a> DirectionOf<'a> {
    fn of(direction: &'a Direction) -> Self {
        Self {
            service: &direction.service,
            action: direction.action.name(),
            message: &direction.message,
        }
    }
}

fn line(line: &Line<'_>) -> String {
    serde_json::to_string(line).expect("texts, numbers and maps by text are always written")
}

fn micros(real: Duration) -> u64 {
    u64::try_from(real.as_micros()).unwrap_or(u64::MAX)
}

/// The first line.
pub(crate) fn run(seed: u64, tests: usize) -> String {
    line(&Line::Run { format: FORMAT, version: env!("CARGO_PKG_VERSION"), seed, tests })
}

/// A problem of a file.
pub(crate) fn diagnostic(diagnostic: &Diagnostic) -> String {
    line(&Line::Diagnostic {
        code: diagnostic.code,
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &diagnostic.message,
        at: At::of(&diagnostic.file, diagnostic.span),
        help: diagnostic.help.as_deref(),
        notes: &diagnostic.notes,
    })
}

/// A test: what came of it and, unless it passed, why and how.
pub(crate) fn test(told: &Told<'_>) -> String {
    let outcome = told.outcome;
    let passed = outcome.verdict == Verdict::Passed;
    let mut lines = vec![line(&Line::Test {
        test: &outcome.test,
        title: told.title(),
        path: told.path(),
        verdict: outcome.verdict.as_str(),
        seed: outcome.seed.0,
        schedules: outcome.schedules,
        schedule: outcome.schedule,
        virtual_ms: outcome.since_began(outcome.ended).as_ms(),
        records: outcome.history.records().len(),
        hash: format!("{:016x}", outcome.history.head()),
        again: (!passed).then_some(&told.again),
        replay: told.replay.as_deref(),
        real_us: told.real.map(micros),
    })];
    lines.extend(outcome.troubles.iter().map(|one| trouble(one, outcome)));
    lines.extend(outcome.advisories.iter().map(|one| advisory(one, outcome)));
    if !passed {
        for row in timeline::rows(told) {
            lines.push(line(&Line::Step {
                test: &outcome.test,
                at_ms: row.at.as_ms(),
                who: &row.who,
                does: row.does,
                what: &row.what,
                note: &row.note,
                record: row.record.map(|record| record.0),
                setup: row.in_setup,
            }));
        }
    }
    lines.join("\n")
}

fn trouble(trouble: &Trouble, outcome: &Outcome) -> String {
    let place = trouble.place.as_ref();
    let through = place.map_or(&[][..], |place: &Place| &place.through);
    line(&Line::Trouble {
        test: &outcome.test,
        code: trouble.code,
        message: &trouble.message,
        rule: trouble.finding.as_ref().map(|finding| finding.rule.as_str()),
        at: place.map(|place| At::of(&place.file, place.span)),
        through: through.iter().map(|(file, span)| At::of(file, *span)).collect(),
        nearest: trouble.nearest.as_ref().map(|nearest| NearestOf {
            record: record(nearest.record, outcome),
            compared: nearest.compared,
            differences: nearest
                .differences
                .iter()
                .map(|one| DifferenceOf {
                    path: &one.path,
                    expected: &one.expected,
                    got: &one.got,
                    bound_at: one.bound_at.as_deref(),
                })
                .collect(),
        }),
        records: records(&trouble.records, outcome),
        notes: &trouble.notes,
    })
}

fn advisory(finding: &Finding, outcome: &Outcome) -> String {
    line(&Line::Advisory {
        test: &outcome.test,
        rule: finding.rule.as_str(),
        message: &finding.message,
        records: records(&finding.records, outcome),
    })
}

fn records(ids: &[RecordId], outcome: &Outcome) -> Vec<RecordOf> {
    ids.iter().map(|id| record(*id, outcome)).collect()
}

fn record(id: RecordId, outcome: &Outcome) -> RecordOf {
    let placed = outcome.history.record(id);
    RecordOf {
        record: id.0,
        producer: outcome.history.producer(placed).to_owned(),
        at_ms: outcome.since_began(placed.at).as_ms(),
        placed: outcome.history.placed_json(placed),
    }
}

/// Why no test could be run.
#[cfg(feature = "kafka")]
pub(crate) fn error(message: &str) -> String {
    line(&Line::Error { message })
}

/// The last line.
pub(crate) fn summary(
    summary: &Summary,
    contracts: &Contracts,
    (exit, real): (u8, Option<Duration>),
) -> String {
    let messages = summary.coverage.messages(contracts);
    let rules = summary.coverage.rules(contracts.packs());
    let name = |id: &rule::RuleId| id.as_str();
    line(&Line::Summary {
        tests: summary.ran() + summary.not_run + summary.not_started,
        passed: summary.passed,
        failed: summary.failed,
        broken: summary.broken,
        not_run: summary.not_run,
        not_started: summary.not_started,
        bad_files: summary.bad_files,
        messages: share(&messages),
        rules: Rules {
            exercised: rules.some.iter().map(|(id, count)| (name(id), *count)).collect(),
            never: rules.never.iter().map(|(id, _)| name(id)).collect(),
        },
        exit,
        real_us: real.map(micros),
    })
}

fn share(messages: &Exercised<Direction>) -> Share<DirectionOf<'_>> {
    Share {
        exercised: messages.some.iter().map(DirectionOf::of).collect(),
        never: messages.never.iter().map(DirectionOf::of).collect(),
    }
}
