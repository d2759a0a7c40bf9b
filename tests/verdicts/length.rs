//! Long histories, and dense ones, of one tenant: judged in a number of steps that grows with their
//! length, whether all is right in them or something is wrong at the beginning, amid or at the end.

use quintet::rule::RuleId;
use quintet::services::id;
use quintet::verify::{Judgement, Judging, Standing, judge};
use rstest::rstest;

use crate::long::Long;
use crate::random::violations;

/// So many commands are enough to see that what is tried grows with their number: the sizes of the
/// figures are tried by `long_histories_are_judged_whole`.
const COMMANDS: usize = 600;

fn judged(long: Long) -> Judgement {
    let judgement = judge(&long.observed(), &Judging::default());
    println!("{long:?}: {} states", judgement.states);
    judgement
}

#[track_caller]
fn is_settled(judgement: &Judgement) {
    assert!(judgement.unsettled.is_empty(), "{:?}", judgement.unsettled);
}

/// Nothing is wrong in it, and its rules have passed.
#[track_caller]
fn is_right(judgement: &Judgement, rules: &[RuleId]) {
    is_settled(judgement);
    assert!(violations(judgement).is_empty(), "{:#?}", judgement.findings);
    for rule in rules {
        let standing = &judgement.rules[rule];
        assert!(matches!(standing, Standing::Passed { .. }), "{rule}: {standing:?}");
    }
}

fn rules_of(service: &str) -> &'static [RuleId] {
    match service {
        "ban" => &[id::BAN_1, id::BAN_3],
        "account" => &[id::ACC_1, id::ACC_3, id::ACC_9],
        _ => &[id::INV_1, id::INV_4],
    }
}

/// What is tried: so many states for each command.
#[track_caller]
fn is_linear(judgement: &Judgement, commands: usize, most: u64) {
    let allowed = most * commands as u64;
    assert!(judgement.states <= allowed, "{} states, at most {allowed}", judgement.states);
}

#[rstest]
fn serial_commands_take_a_step_each(#[values("ban", "account", "invite")] service: &'static str) {
    let judgement = judged(Long::serial(service, COMMANDS));
    is_right(&judgement, rules_of(service));
    is_linear(&judgement, COMMANDS, 4);
}

/// One event is missing: it is found, once, and what follows is judged.
#[rstest]
#[case::at_first(&[0])]
#[case::amid(&[201])]
#[case::at_last(&[449])]
#[case::thrice(&[20, 200, 400])]
fn what_is_wrong_is_found_wherever_it_lies(#[case] lost: &'static [usize]) {
    let judgement = judged(Long::serial("ban", COMMANDS).without(lost));
    is_settled(&judgement);
    let found = violations(&judgement);
    assert_eq!(found.len(), lost.len(), "{found:#?}");
    // What a DELETE names may have gone by one before it.
    let is_right =
        |one: &&String| ["BAN-1:", "BAN-3:", "BAN-5:"].iter().any(|id| one.starts_with(id));
    assert_eq!(found.iter().filter(is_right).count(), lost.len(), "{found:#?}");
    // What would explain it is looked for from several sides.
    is_linear(&judgement, COMMANDS, 48);
}

#[rstest]
fn bursts_are_judged(
    #[values("ban", "account", "invite")] service: &'static str,
    #[values(1, 3)] partitions: u32,
) {
    let long = Long { partitions, ..Long::burst(service, COMMANDS) };
    let judgement = judged(long);
    is_right(&judgement, &rules_of(service)[..1]);
    is_linear(&judgement, COMMANDS, 8);
}

#[rstest]
fn bursts_without_traces_are_judged(
    #[values("ban", "account", "invite")] service: &'static str,
    #[values(5, 100)] delay_ms: usize,
) {
    let long = Long { delay_ms, ..Long::burst(service, 200).untraced() };
    let judgement = judged(long);
    is_right(&judgement, &rules_of(service)[..1]);
}

/// Ten commands whose spans all overlap, and one event that is missing: what must be tried grows
/// with the number of orders, and is tried.
#[rstest]
fn ten_commands_at_a_time_are_judged(
    #[values("ban", "account", "invite")] service: &'static str,
    #[values(false, true)] traced: bool,
) {
    let long = Long { settle_ms: 2_000, traced, ..Long::burst(service, 10).without(&[3]) };
    is_settled(&judged(long));
}

/// The sizes of the figures.
#[rstest]
#[case::serial(Long::serial("ban", 60_000))]
#[case::serial_accounts(Long::serial("account", 60_000))]
#[case::serial_invites(Long::serial("invite", 60_000))]
#[case::burst(Long::burst("ban", 2_000))]
#[case::burst_of_accounts(Long::burst("account", 2_000))]
#[case::burst_of_invites(Long::burst("invite", 2_000))]
#[ignore = "long: the whole sizes, in a release build; ci/long.sh plays them"]
fn long_histories_are_judged_whole(#[case] long: Long) {
    let began = cpu();
    let judgement = judged(long);
    println!("{} s with its making", began.elapsed().as_secs_f64());
    is_right(&judgement, &rules_of(long.service)[..1]);
}

/// The same with something wrong in it.
#[rstest]
#[case::at_last(Long::serial("ban", 60_000).without(&[44_990]))]
#[case::amid(Long::serial("ban", 60_000).without(&[22_000]))]
#[case::burst(Long::burst("ban", 2_000).without(&[700]))]
#[ignore = "long: the whole sizes, in a release build; ci/long.sh plays them"]
fn what_is_wrong_in_long_histories_is_found(#[case] long: Long) {
    let began = cpu();
    let judgement = judged(long);
    println!("{} s with its making", began.elapsed().as_secs_f64());
    is_settled(&judgement);
    let found = violations(&judgement);
    assert_eq!(found.len(), 1, "{found:#?}");
}

/// For those who read the output: nothing is asserted of it.
#[expect(clippy::disallowed_methods, reason = "it is told, and decides nothing")]
fn cpu() -> std::time::Instant {
    std::time::Instant::now()
}
