//! Planted bugs in served services, each found by the right rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use quintet::kafka::host::Options;
use quintet::rule::Severity;

use super::bench::{Play, service, verified};
use super::table::{Bug, bugs};

/// How many services are verified at a time: they mostly wait.
const AT_A_TIME: usize = 6;

/// Other rules that name a bug rightly: what it does breaks them as well.
const ALSO: &[(&str, &[&str])] = &[
    ("what is refused is announced", &["BAN-2", "BAN-4"]),
    ("REJECT is silent", &["INV-7"]),
    ("all are rejected", &["INV-7"]),
];

/// Bugs that a short verification of a process that is not killed cannot show, and why.
const NOT_SHOWN: &[(&str, &str)] = &[
];

/// The rules that a verification of a service with a bug finds broken.
fn broken(bug: &Bug) -> BTreeSet<&'static str> {
    let play = Play { scenarios: Some(bug.tests), random: 12, shrink: 0, probed: true };
    let verified = verified((bug.plant)(service(bug.service)), Options::default(), &play);
    let found = verified.judgement.findings.into_iter();
    let violations = found.filter(|found| found.severity == Severity::Violation);
    violations.map(|found| found.rule.as_str()).collect()
}

fn is_named(bug: &Bug, broken: &BTreeSet<&str>) -> bool {
    let also = ALSO.iter().find(|(what, _)| *what == bug.what).map_or(&[][..], |(_, also)| also);
    broken.contains(bug.rule.as_str()) || also.iter().any(|rule| broken.contains(rule))
}

#[test]
fn each_bug_is_found_by_its_rule() {
    let not_shown: BTreeMap<_, _> = NOT_SHOWN.iter().copied().collect();
    let all: Vec<_> = bugs().filter(|bug| !not_shown.contains_key(bug.what)).collect();
    assert!(all.len() >= 40, "{} bugs", all.len());
    let next = AtomicUsize::new(0);
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(bug) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let broken = broken(bug);
                    println!("{} {}: {} -> {broken:?}", bug.service, bug.rule, bug.what);
                    if !is_named(bug, &broken) {
                        let missed_one = format!("{} {}: {broken:?}", bug.rule, bug.what);
                        missed.lock().expect("no test panics here").push(missed_one);
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().expect("no test panics here");
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
