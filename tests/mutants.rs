//! Mutants: each mistake that a rule forbids is found, by that rule.

#[path = "scenarios/support.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::collections::BTreeSet;

use quintet::mutants::{Budget, Kind, Mutant, Survey, Survivors};
use quintet::rule::Rule;
use quintet::services::rules;

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
        let is_killed = survey.audit(mutant, &budget).is_killed();
        let is_known = known.0.contains_key(&mutant.name);
        (is_killed == is_known).then(|| format!("{}: killed is {is_killed}", mutant.name))
    });
    judged.collect()
}

#[test]
fn each_mistake_that_an_invite_rule_forbids_is_found() {
    let plans: Vec<_> =
        SUITE.iter().filter(|plan| plan.name.starts_with("invite/")).cloned().collect();
    let survey = Survey::new(&plans, &SETUP);
    let mut mutants = survey.mutants(&["invite".to_owned()]);
    mutants.retain(|mutant| matches!(mutant.kind, Kind::Forbidden(_)));
    assert!(mutants.len() >= 20, "{} mutants", mutants.len());
    let wrong = wrong(&survey, &mutants);
    assert!(wrong.is_empty(), "{wrong:#?}");
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
}
