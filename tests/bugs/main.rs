//! Planted bugs: each rule has at least one, and the scenario suite finds every one of them.
//!
//! A bug is a wrapper around a reference service (`Warp`), planted into the world of the
//! scenarios that speak of its rule. A bug that no scenario finds, a rule without a bug, and a
//! scenario that fails without one are failures here.

#[path = "../scenarios/support.rs"]
mod support;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet::rule::Rule;
use quintet::scenario::run::{Options, Setup, Verdict, run};
use quintet::service::Service;
use quintet::services::reference;
use quintet::services::rules;

use support::{OUTCOMES, SETUP, SUITE};
use table::{Bug, Found, bugs};

fn with(bug: &'static Bug) -> Setup {
    let services = move || {
        let plant = |service: Box<dyn Service>| {
            if service.name() == bug.service { (bug.plant)(service) } else { service }
        };
        reference().into_iter().map(plant).collect()
    };
    Setup { services: Arc::new(services), ..SETUP.clone() }
}

#[test]
fn each_bug_is_found() {
    let mut missed = Vec::new();
    for bug in bugs() {
        let setup = with(bug);
        let plans: Vec<_> = SUITE.iter().filter(|plan| plan.name.starts_with(bug.tests)).collect();
        assert!(!plans.is_empty(), "{}: no test is named {}", bug.rule, bug.tests);
        let mut outcomes = plans.iter().map(|plan| run(plan, &setup, &Options::default()));
        let found = outcomes.any(|outcome| match bug.found {
            Found::ByScenario => outcome.verdict == Verdict::Failed,
            Found::ByRule => outcome.troubles.iter().any(|trouble| {
                trouble.finding.as_ref().is_some_and(|finding| finding.rule == bug.rule)
            }),
        });
        if !found {
            missed.push(format!("{} ({}) in {}", bug.rule, bug.what, bug.tests));
        }
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
}

#[test]
fn without_bugs_nothing_is_found() {
    let named: BTreeSet<_> = bugs().map(|bug| bug.tests).collect();
    let speaks = |test: &str| named.iter().any(|name| test.starts_with(name));
    for outcome in OUTCOMES.iter().filter(|outcome| speaks(&outcome.test)) {
        assert_eq!(outcome.verdict, Verdict::Passed, "{}", support::told(outcome));
    }
}

#[test]
fn each_rule_has_a_bug() {
    let planted: BTreeSet<_> = bugs().map(|bug| bug.rule).collect();
    let bare: Vec<_> =
        rules().into_iter().map(Rule::id).filter(|rule| !planted.contains(rule)).collect();
    assert!(bare.is_empty(), "rules without a planted bug: {bare:?}");
}
