//! Mutants: each mistake that a rule forbids is found, by that rule.

#[path = "scenarios/support.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::collections::BTreeSet;

use quintet::mutants::{Budget, Kind, Mutant, Survey, Survivors};
use quintet::rule::Rule;
use quintet::scenario::TestPlan;
use quintet::services::{id, rules};

use support::{SETUP, SUITE, root};

fn survivors() -> Survivors {
    let text = std::fs::read_to_string(root().join("mutants.txt")).unwrap();
    Survivors::read(&text).unwrap()
}

/// What is not as it should be: a mutant that survives, or one that is known to and is killed.
fn wrong(survey: &Survey<'_>, mutants: &[Mutant]) -> Vec<String> {
    let known = survivors();
    let budget = Budget { runs: 12, is_spent: &|| false };
    let judged = mutants.iter().filter_map(|mutant| {
        let audit = survey.audit(mutant, &budget);
        let survives = !audit.is_killed() && !known.0.contains_key(&mutant.name);
        let is_wrong = survives || known.is_outdated(&mutant.name, &audit);
        is_wrong.then(|| format!("{}: named {:?}", mutant.name, audit.named))
    });
    judged.collect()
}

#[test]
fn each_mistake_that_an_invite_rule_forbids_is_found() {
    let plans = plans(&["invite/"]);
    let survey = Survey::new(&plans, &SETUP);
    let mut mutants = survey.mutants(&["invite".to_owned()]);
    mutants.retain(|mutant| matches!(mutant.kind, Kind::Forbidden(_)));
    assert!(mutants.len() >= 20, "{} mutants", mutants.len());
    let wrong = wrong(&survey, &mutants);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The tests whose names begin with one of these.
fn plans(of: &[&str]) -> Vec<TestPlan> {
    let is_one = |plan: &&TestPlan| of.iter().any(|name| plan.name.starts_with(name));
    SUITE.iter().filter(is_one).cloned().collect()
}

#[test]
fn what_only_the_run_knows_is_named_by_it() {
    let plans = plans(&["ban/", "bad-input/untenanted", "faults/crash"]);
    let survey = Survey::new(&plans, &SETUP);
    let budget = Budget { runs: 0, is_spent: &|| false };
    let all = survey.mutants(&["ban".to_owned()]);
    for (name, rule) in [
        ("ban/COM-1/announces-refused", id::COM_1),
        ("ban/COM-3/takes-untenanted", id::COM_3),
        ("ban/COM-10/skips-redelivered", id::COM_10),
    ] {
        let mutant = all.iter().find(|mutant| mutant.name == name);
        let audit = survey.audit(mutant.expect(name), &budget);
        let named: Vec<_> = audit.named.keys().copied().collect();
        assert_eq!(named, [rule], "{name}: {:?}", audit.killed_by);
    }
}

#[test]
fn the_judge_accuses_no_reference() {
    // Question, answer and what comes of it have one trace and one moment here; faults strike.
    let plans = plans(&["across/", "login/", "faults/"]);
    assert_eq!(Survey::new(&plans, &SETUP).accused(&[]), Vec::<String>::new());
}

#[test]
fn what_no_document_forbids_is_no_mutant() {
    let plans = plans(&["account/login"]);
    let all = Survey::new(&plans, &SETUP).mutants(&["account".to_owned()]);
    let has = |part: &str| all.iter().any(|mutant| mutant.name.contains(part));
    assert!(has("account.session.status/CREATED/sessionId:missing"));
    assert!(!has("account.session.status/CREATED/accountName:missing"), "it is not declared");
    assert!(!has("account.session.status/CREATED/no-key"), "account.md names no key");
}

#[test]
fn each_rule_has_a_mutant() {
    let survey = Survey::new(&SUITE, &SETUP);
    let mutants = survey.mutants(&[]);
    assert!(mutants.len() >= 400, "{} mutants", mutants.len());
    let names: BTreeSet<_> = mutants.iter().map(|mutant| &mutant.name).collect();
    assert_eq!(names.len(), mutants.len(), "two mutants have one name");
    let broken: BTreeSet<_> =
        mutants.iter().flat_map(|mutant| mutant.breaks.iter().copied()).collect();
    let bare: Vec<_> =
        rules().into_iter().map(Rule::id).filter(|rule| !broken.contains(rule)).collect();
    assert!(bare.is_empty(), "rules that no mutant breaks: {bare:?}");
    for known in survivors().0.keys() {
        assert!(names.contains(known), "there is no mutant {known}");
    }
}

#[test]
#[ignore = "takes minutes: more than a thousand mutants"]
fn each_mutant_is_found() {
    let survey = Survey::new(&SUITE, &SETUP);
    let wrong = wrong(&survey, &survey.mutants(&[]));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(survey.accused(&[]), Vec::<String>::new());
}
