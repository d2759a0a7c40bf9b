//! Planted bugs, seen from outside: each is found, and by which rule.

use std::collections::{BTreeMap, BTreeSet};

use quintet::rule::{RuleId, Severity, id};
use quintet::verify::{Judging, judge};
use rstest::rstest;

use crate::outsider::View;
use crate::play::{Course, as_reference, play};
use crate::random::subject;
use crate::table::{Bug, bugs};

/// Rules that name a bug as well as its own does: from outside they are the same breach.
const AS_GOOD: &[(RuleId, &[RuleId])] =
    &[(id::COM_1, &[id::BAN_2, id::BAN_4]), (id::BAN_TWICE, &[id::BAN_1])];

/// Bugs that these runs do not show, by rule and phrase, each with the reason.
const UNSEEN: &[(RuleId, &str, &str)] = &[
    (
        id::COM_3,
        "what had no tenant is announced to the next one",
        "no input without a tenant is sent; what is announced twice is found as BAN-3",
    ),
    (
        id::COM_10,
        "what was in hand at a crash is taken for done",
        "what was in flight at a kill may be lost",
    ),
    (id::BAN_2, "an unknown type is an IP", "no event shows it, and the question comes too seldom"),
    (
        id::BAN_7,
        "the expiry is in milliseconds",
        "no event shows it, and no question is asked then",
    ),
    (id::BAN_8, "no HWID is looked for", "no event shows it, and no question is asked then"),
];

/// Runs of each bug.
const RUNS: u64 = 4;

/// The rules that are found broken in runs of a service with a bug.
fn found(bug: &Bug) -> BTreeMap<RuleId, String> {
    let mut rules = BTreeMap::new();
    for seed in 0..RUNS {
        let (services, step) = subject(bug.service);
        let plant = |service: Box<dyn quintet::service::Service>| {
            if service.name() == bug.service { (bug.plant)(service) } else { service }
        };
        let services = services.into_iter().map(plant).collect();
        let course =
            Course { seed, inputs: 40, partitions: 1, crashes: seed % 4 == 3, pick: as_reference };
        let view = View { delay_ms: 100, seed };
        let seen = play(services, bug.service, course, step).observed(bug.service, view);
        let judgement = judge(&seen, &Judging::default());
        for found in judgement.findings {
            if found.severity == Severity::Violation {
                rules.entry(found.rule).or_insert(found.message);
            }
        }
        if rules.contains_key(&bug.rule) {
            break;
        }
    }
    rules
}

#[rstest]
fn each_bug_is_found_from_outside(#[values("ban")] service: &str) {
    let mut wrong = Vec::new();
    let mut right = 0;
    for bug in bugs().filter(|bug| bug.service == service) {
        let unseen = UNSEEN.iter().any(|(rule, what, _)| *rule == bug.rule && *what == bug.what);
        let found = found(bug);
        let also = AS_GOOD.iter().find(|(rule, _)| *rule == bug.rule).map(|(_, also)| *also);
        let named: BTreeSet<_> =
            also.unwrap_or_default().iter().copied().chain([bug.rule]).collect();
        let by_name = found.keys().any(|rule| named.contains(rule));
        let told: Vec<_> =
            found.iter().map(|(rule, message)| format!("{rule} {message}")).collect();
        println!("{} {} ({}): {told:#?}", bug.service, bug.rule, bug.what);
        if by_name == unseen {
            let rules: Vec<_> = found.keys().collect();
            wrong.push(format!("{} {} ({}): {rules:?}", bug.service, bug.rule, bug.what));
        }
        right += usize::from(by_name);
    }
    println!("{service}: {right} bugs are found by their rule");
    assert!(wrong.is_empty(), "{} not as expected:\n{}", wrong.len(), wrong.join("\n"));
}
