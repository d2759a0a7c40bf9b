//! Random runs of the reference, and of every accepted behaviour, break no rule.

use quintet::message::Stream;
use quintet::rule::{RuleId, Severity};
use quintet::service::Service;
use quintet::services::{
    account::Account, ban::Ban, effective_stats::EffectiveStats, invite::Invite, login::Login,
};
use quintet::verify::{Judgement, Judging, Observation, judge};
use rstest::rstest;

use crate::outsider::View;
use crate::play::{Course, Play, any, as_reference, play};
use crate::steps;

/// The services that a run of one needs, the one itself first.
pub(crate) fn services(name: &str) -> Vec<Box<dyn Service>> {
    match name {
        "ban" => vec![Box::new(Ban::default())],
        "account" => vec![Box::new(Account::default()), Box::new(Ban::default())],
        "login" => vec![Box::new(Login::default())],
        "effective_stats" => vec![Box::new(EffectiveStats::default())],
        _ => vec![Box::new(Invite::default())],
    }
}

/// A random input of a service.
fn step(name: &str) -> fn(&mut Play) {
    match name {
        "ban" => steps::ban,
        "account" => steps::account,
        "login" => steps::login,
        "effective_stats" => steps::effective_stats,
        _ => steps::invite,
    }
}

pub(crate) fn violations(judgement: &Judgement) -> Vec<String> {
    let broken = judgement.findings.iter().filter(|one| one.severity == Severity::Violation);
    broken.map(|one| format!("{}: {}", one.rule, one.message)).collect()
}

pub(crate) fn seen(
    name: &str,
    seed: u64,
    pick: fn(&mut Stream, RuleId, &[&'static str]) -> usize,
) -> Observation {
    let partitions = 1 + u32::try_from(seed % 3).unwrap_or_default();
    let course = Course { seed, inputs: 40, partitions, crashes: seed % 2 == 1, pick };
    let view = View { delay_ms: usize::try_from(seed % 4).unwrap_or_default() * 100, seed };
    play(services(name), name, course, step(name)).observed(name, view)
}

/// How many runs of each service; more where somebody has the time.
pub(crate) fn runs() -> u64 {
    std::env::var("QUINTET_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(6)
}

/// The seeds of the runs.
pub(crate) fn seeds() -> std::ops::Range<u64> {
    let first = std::env::var("QUINTET_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    first..first + runs()
}

#[rstest]
#[case("ban", as_reference)]
#[case("account", as_reference)]
#[case("login", as_reference)]
#[case("effective_stats", as_reference)]
#[case("invite", as_reference)]
#[case("ban", any)]
#[case("login", any)]
#[case("invite", any)]
fn random_runs_break_no_rule(
    #[case] name: &str,
    #[case] pick: fn(&mut Stream, RuleId, &[&'static str]) -> usize,
) {
    let (mut most, mut all, mut wrong) = (0, 0, Vec::new());
    for seed in seeds() {
        let seen = seen(name, seed, pick);
        let judgement = judge(&seen, &Judging::default());
        most = most.max(judgement.states);
        all += judgement.states;
        let found = violations(&judgement);
        if !found.is_empty() {
            if wrong.len() < 2 {
                println!("{}", quintet::history::to_json_lines(&seen.history));
                println!("{:?}", seen.asked);
                println!("{name} seed {seed}: {found:#?}");
            }
            wrong.push(format!("{name} {seed}: {}", found[0]));
        }
    }
    println!("{name}: {all} states in {} runs, at most {most}", runs());
    // About one state an input, with room for crashes.
    assert!(most <= 5_000, "{most} states in one run");
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}
