//! Planted bugs, seen from outside: each is found, and by which rule.

use std::collections::BTreeSet;

use quintet::contract::Contracts;
use quintet::history::History;
use quintet::message::{Json, Tenant, VirtualTime};
use quintet::rule::{RuleId, Severity};
use quintet::service::Service;
use quintet::verify::script::{Phase, Script};
use quintet::verify::{Asked, Judging, Observation, What, judge};
use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use crate::lane::{Staging, watch};
use crate::outside::{names, not_shown};
use crate::outsider::SETTLE;
use crate::play::as_reference;
use crate::random::services;
use crate::scripts;
use crate::table::{Bug, bugs};

/// Random scripts that are played with a bug, one after the other, after those of its scenarios:
/// fewer than a verification plays in its time; at last comes all bad input at once.
const MOST: u64 = 36;

/// Where the scripts come from; another place where somebody wants to see others.
fn seed() -> u64 {
    std::env::var("QUINTET_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7)
}

/// The rules that are found broken while a service with a bug plays scripts at a time.
fn broken(bug: &Bug, scripts: Vec<Script>, seed: u64) -> BTreeSet<RuleId> {
    let plant = |service: Box<dyn Service>| {
        if service.name() == bug.service { (bug.plant)(service) } else { service }
    };
    let services = services(bug.service).into_iter().map(plant).collect();
    let staging =
        Staging { seed, partitions: 3, crashes: seed % 3 == 2, pick: as_reference, delay_ms: 100 };
    let seen = watch(services, bug.service, scripts, staging);
    let judgement = judge(&seen, &Judging::default());
    let found = judgement.findings.into_iter();
    let violations = found.filter(|found| found.severity == Severity::Violation);
    violations.map(|found| found.rule).collect()
}

/// Plays scripts until a bug is named by one of its rules; whether it is, and what each showed.
fn play(bug: &Bug) -> (bool, Vec<BTreeSet<RuleId>>) {
    let named = scripts::of_scenarios(bug.service, bug.tests).into_iter();
    let random = scripts::random(bug.service, seed(), MOST).into_iter();
    let bad = std::iter::once_with(|| scripts::of_sweeps(bug.service, Phase::Undecodable));
    let alone = named.chain(random).map(|script| vec![script]);
    let mut said = Vec::new();
    for (seed, scripts) in (0..).zip(alone.chain(bad)) {
        let found = broken(bug, scripts, seed);
        let is_named = names(bug).iter().any(|rule| found.contains(rule));
        said.push(found);
        if is_named {
            return (true, said);
        }
    }
    (false, said)
}

#[rstest]
fn each_bug_is_found_by_its_rule(
    #[values("ban", "account", "login", "effective_stats", "invite")] service: &str,
) {
    let only = std::env::var("QUINTET_BUG").unwrap_or_default();
    let bugs: Vec<_> =
        bugs().filter(|bug| bug.service == service && bug.what.contains(&only)).collect();
    let mut wrong = Vec::new();
    for bug in &bugs {
        let (named, said) = play(bug);
        let what = format!("{} ({})", bug.rule, bug.what);
        println!("{service} {what}: {named} after {} scripts: {said:?}", said.len());
        match (named, not_shown(bug)) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(why)) => wrong.push(format!("{what} is found, though: {why}")),
            (false, None) => wrong.push(format!("{what} is not found by its rule: {said:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} not as expected:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_wrong_answer_is_told_with_its_moment() {
    let history = History::new(Contracts::builtin(), vec!["ban".to_owned()]);
    let from = VirtualTime::from_ms(1_234);
    let mut seen = Observation::new(history, "ban", from.after(SETTLE), SETTLE);
    let tenant = Tenant { id: Uuid::from_u128(1), region: "GMS".into(), major: 83, minor: 1 };
    seen.asked.push(Asked {
        from,
        to: from,
        tenant,
        what: What::Query,
        name: "ban".to_owned(),
        args: Json::from(json!({ "banId": 1 })),
        answer: Json::from(json!({ "exists": true })),
    });
    let judgement = judge(&seen, &Judging::default());
    let [found] = &judgement.findings[..] else { panic!("{:?}", judgement.findings) };
    let moment = "at 2026-01-01T00:00:01.234Z, and is";
    assert!(found.message.contains(moment), "{}", found.message);
}
