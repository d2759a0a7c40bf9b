//! Planted bugs in served services, each found by the right rule.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use quintet::kafka::host::Options;
use quintet::rule::{RuleId, Severity};

use super::bench::{Play, service, verified};
use super::outside::{names, not_shown};
use super::table::{Bug, bugs};

/// How many services are verified at a time: they mostly wait.
const AT_A_TIME: usize = 8;

/// Bugs that this verification does not show although others do, with the reason.
const NOT_HERE: &[(&str, &str)] = &[("a restart forgets all", "nobody is killed here")];

/// The rules that a verification of a service with a bug finds broken.
fn broken(bug: &Bug) -> BTreeSet<RuleId> {
    let play = Play { scenarios: Some(bug.tests), random: 32, shrink: 0, probed: true };
    let verified = verified((bug.plant)(service(bug.service)), Options::default(), &play);
    let found = verified.judgement.findings.into_iter();
    let violations = found.filter(|found| found.severity == Severity::Violation);
    violations.map(|found| found.rule).collect()
}

/// Whether a bug must be found here.
fn is_shown(bug: &Bug) -> bool {
    not_shown(bug).is_none() && !NOT_HERE.iter().any(|(what, _)| *what == bug.what)
}

#[test]
#[ignore = "takes minutes: more than 70 services are verified"]
fn each_bug_is_found_by_its_rule() {
    let all: Vec<_> = bugs().filter(|bug| is_shown(bug)).collect();
    assert!(all.len() >= 70, "{} bugs", all.len());
    let next = AtomicUsize::new(0);
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(bug) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let broken = broken(bug);
                    println!("{} {}: {} -> {broken:?}", bug.service, bug.rule, bug.what);
                    if names(bug).is_disjoint(&broken) {
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
