//! Planted bugs in served services, each found by the right rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use quintet::kafka::host::Options;
use quintet::rule::Severity;

use super::bench::{Play, service, verified};
use super::table::{Bug, bugs};

/// How many services are verified at a time: they mostly wait.
const AT_A_TIME: usize = 8;

/// Other rules that name a bug rightly: what it does breaks them as well.
const ALSO: &[(&str, &[&str])] = &[
    ("what is refused is announced", &["BAN-2", "BAN-4"]),
    ("who is refused is announced", &["SEQ-1"]),
    ("LOGOUT is announced for an account that is not there", &["SEQ-2"]),
    ("REJECT is silent", &["INV-7"]),
    ("ACCEPT takes any type", &["INV-7"]),
    ("all are rejected", &["INV-7"]),
];

/// Bugs that this verification does not show, or only under the name of another rule. Those that
/// need a kill have tests of their own (`command`); scenarios find all of them on the bus.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("what has no trace is refused", "too few inputs of random scripts have no trace"),
    ("what had no tenant is announced to the next one", "named as what the next tenant sees"),
    ("all tenants are the first one", "named as what is seen in one tenant"),
    ("what was in hand at a crash is taken for done", "nobody is killed here"),
    ("a restart forgets all", "nobody is killed here"),
    ("what comes again is about something else", "named as what it is about then"),
    ("an id of 0 is the first", "what is gone with it is seldom asked for"),
    ("an unknown type is an IP", "accepted: what it bans is seldom asked for"),
    ("no HWID is looked for", "seldom asked for"),
    ("who is locked out stays so", "takes five minutes"),
    ("no channel can take over", "scripts seldom come so far"),
    ("state 0 does not tell that it was the last session", "scripts seldom come so far"),
    ("a transition ends after half a minute", "accepted: it may never end"),
    ("what came a moment ago is not read again", "named as what is missing then"),
    ("who is asked is not announced", "accepted, until what it says later"),
    ("LOGIN initialises, too", "named by what a query was about"),
    ("DESTROYED is ignored", "named by what a query was about"),
    ("what moves in the bag is put on", "equipment is known by what it was given"),
    ("EXPIRED is ignored", "named by what a query was about"),
    ("any slot is worn", "equipment is known by what it was given"),
    ("a buff is announced", "it announces on a channel of another service"),
    ("a buff holds equipment on", "equipment is known by what it was given"),
    ("who asks again is named", "named as what a later event of the invite shows"),
    ("who is silent accepts", "takes three minutes"),
    ("who is deleted stays", "what stays is seldom asked for"),
    ("a repeated CREATE revokes", "named as what is missing then"),
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
#[ignore = "takes minutes: more than 50 services are verified"]
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
