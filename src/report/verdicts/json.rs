//! Verdicts as JSON lines: one object a line, each with its `event`.

use serde::Serialize;

use super::{Acceptance, Reported, Reproduction, Shown, Verdicts, times};
use crate::message::Json;
use crate::rule::RuleId;
use crate::verify::{More, Standing};

/// The version of the form.
const FORMAT: u32 = 2;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a line is written at once, and none is kept")]
enum Line<'a> {
    Verdicts {
        format: u32,
        version: &'static str,
        command: &'a str,
        service: Option<&'a str>,
    },
    Finding {
        severity: &'static str,
        rule: &'static str,
        message: &'a str,
        text: &'static str,
        document: String,
        tenant: Option<&'a str>,
        records: Vec<ShownOf<'a>>,
        relaxation: Option<&'a str>,
        more: Option<MoreOf>,
        reproduced: &'static str,
        reproduction: Option<ReproductionOf<'a>>,
        accepted: Option<AcceptanceOf<'a>>,
    },
    Rule {
        rule: &'static str,
        verdict: &'static str,
        times: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<&'a str>,
    },
    Message {
        message: &'a str,
        records: u64,
    },
    Note {
        note: &'a str,
    },
    Error {
        message: &'a str,
    },
    Summary {
        service: Option<&'a str>,
        records: u64,
        violations: usize,
        accepted: usize,
        advisories: usize,
        passed: usize,
        inconclusive: usize,
        not_exercised: usize,
        exit: u8,
    },
}

#[derive(Serialize)]
struct ShownOf<'a> {
    record: u32,
    producer: Option<&'a str>,
    at: String,
    #[serde(flatten)]
    placed: &'a Json,
}

#[derive(Serialize)]
struct MoreOf {
    times: u64,
    tenants: usize,
}

#[derive(Serialize)]
struct ReproductionOf<'a> {
    seed: Option<u64>,
    tenant: Option<&'a str>,
    steps: &'a [String],
    command: &'a str,
}

#[derive(Serialize)]
struct AcceptanceOf<'a> {
    reason: &'a str,
    until: &'a str,
    place: &'a str,
    expired: bool,
}

fn line(line: &Line<'_>) -> String {
    serde_json::to_string(line).expect("texts, numbers and maps by text are always written")
}

/// The first line.
pub(crate) fn head(command: &str, service: Option<&str>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    line(&Line::Verdicts { format: FORMAT, version, command, service })
}

/// A finding.
pub(crate) fn finding(one: &Reported) -> String {
    line(&Line::Finding {
        severity: match one.severity {
            crate::rule::Severity::Violation => "violation",
            crate::rule::Severity::Advisory => "advisory",
        },
        rule: one.rule.as_str(),
        message: &one.message,
        text: one.rule.rule().text,
        document: one.cited(),
        tenant: one.tenant.as_deref(),
        records: one.records.iter().map(shown).collect(),
        relaxation: one.relaxation.as_deref(),
        more: one.more.map(|More { times, tenants }| MoreOf { times, tenants }),
        reproduced: one.reproduced.as_str(),
        reproduction: one.reproduction.as_ref().map(reproduction),
        accepted: one.acceptance.as_ref().map(acceptance),
    })
}

fn shown(one: &Shown) -> ShownOf<'_> {
    let Shown { id, producer, is_known, at, placed } = one;
    let producer = is_known.then_some(producer.as_str());
    ShownOf { record: id.0, producer, at: at.to_rfc3339(), placed }
}

fn reproduction(one: &Reproduction) -> ReproductionOf<'_> {
    let Reproduction { seed, tenant, steps, command } = one;
    ReproductionOf { seed: *seed, tenant: tenant.as_deref(), steps, command }
}

fn acceptance(one: &Acceptance) -> AcceptanceOf<'_> {
    let Acceptance { reason, until, place, expired } = one;
    AcceptanceOf { reason, until, place, expired: *expired }
}

/// How a rule stands.
fn rule(verdicts: &Verdicts, id: RuleId, standing: &Standing) -> String {
    let why = match standing {
        Standing::Inconclusive { why } | Standing::NotExercised { why } => Some(why.as_str()),
        _ => None,
    };
    let verdict = verdicts.word(id, standing);
    line(&Line::Rule { rule: id.as_str(), verdict, times: times(standing), why })
}

/// All lines but the first and the findings.
pub(crate) fn end(verdicts: &Verdicts, exit: u8) -> Vec<String> {
    let rules = verdicts.rules.iter().map(|(id, standing)| rule(verdicts, *id, standing));
    let errors = verdicts.error.iter().map(|message| line(&Line::Error { message }));
    let mut lines: Vec<_> = errors.chain(rules).collect();
    let messages = verdicts.messages.iter();
    lines.extend(
        messages.map(|(message, records)| line(&Line::Message { message, records: *records })),
    );
    lines.extend(verdicts.notes.iter().map(|note| line(&Line::Note { note })));
    let counts = verdicts.counts();
    lines.push(line(&Line::Summary {
        service: verdicts.subject.as_deref(),
        records: verdicts.messages.values().sum(),
        violations: counts.violations,
        accepted: counts.accepted,
        advisories: counts.advisories,
        passed: counts.passed,
        inconclusive: counts.inconclusive,
        not_exercised: counts.not_exercised,
        exit,
    }));
    lines
}
