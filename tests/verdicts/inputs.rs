//! The inputs that are made from contracts, and the random scripts that send one at a time: the
//! reference and all that is accepted break no rule with them, and they reach what can be reached.

use std::collections::BTreeSet;

use quintet::contract::Contracts;
use quintet::message::Seed;
use quintet::rule::RuleId;
use quintet::services::id;
use quintet::verify::script::random::{self, Abilities};
use quintet::verify::script::{Phase, Script};
use quintet::verify::{Judging, Standing, judge};
use rstest::rstest;

use crate::lane::{Staging, watch};
use crate::play::{Pick, any, as_reference};
use crate::random::{services, violations};
use crate::scripts;

fn staging(seed: u64, pick: Pick) -> Staging {
    Staging { seed, partitions: 3, crashes: false, pick, delay_ms: 50 }
}

#[rstest]
fn made_inputs_break_no_rule(
    #[values("ban", "account", "login", "effective_stats", "invite")] service: &str,
    #[values(as_reference, any)] pick: Pick,
) {
    for phase in Phase::ALL {
        let scripts = scripts::of_sweeps(service, phase);
        let many = scripts.len();
        let seen = watch(services(service), service, scripts, staging(1, pick));
        let judgement = judge(&seen, &Judging::default());
        let wrong = violations(&judgement);
        assert!(wrong.is_empty(), "{service} {phase}: {wrong:#?}");
        let unsettled: usize = judgement.unsettled.values().map(Vec::len).sum();
        assert_eq!(unsettled, 0, "{service} {phase} of {many}: {:?}", judgement.unsettled);
    }
}

/// Serial scripts of a service, by their numbers.
fn serial(service: &str, abilities: &Abilities, many: usize) -> Vec<Script> {
    let script =
        |number| random::script((service, &Contracts::builtin()), abilities, (Seed(5), number));
    (0..).map(script).filter(|script| script.serial).take(many).collect()
}

/// The rules that serial scripts do not reach: they need a probe, a kill, a long wait, or what the
/// service neither reads nor sends.
fn out_of_reach(service: &str, probe: bool) -> BTreeSet<RuleId> {
    // Only a kill shows what outlives it.
    let kills = [id::COM_9, id::COM_10];
    let sequences = [id::SEQ_1, id::SEQ_2, id::SEQ_3, id::SEQ_4, id::SEQ_5, id::SEQ_6];
    // What is about events where there are none.
    let events = [id::COM_1, id::COM_2, id::COM_6, id::COM_7, id::COM_12];
    let (own, never, probed): (&[RuleId], &[RuleId], &[RuleId]) = match service {
        // No command of it has a documented key.
        "ban" => (&[id::SEQ_5, id::SEQ_6], &[id::COM_11], &[id::BAN_6, id::BAN_7, id::BAN_8]),
        "account" => (&[id::SEQ_1, id::SEQ_2, id::SEQ_6], &[], &[]),
        "login" => (&[id::SEQ_1, id::SEQ_3, id::SEQ_6], &[id::COM_11], &LOGIN),
        "effective_stats" => (&[], &events, &STATS),
        // An invite expires after three minutes.
        _ => (&[id::SEQ_4, id::SEQ_6], &[id::INV_10], &[]),
    };
    let mut rules: BTreeSet<_> = kills.into_iter().chain(never.iter().copied()).collect();
    rules.extend(sequences.into_iter().filter(|rule| !own.contains(rule)));
    if !probe {
        rules.extend(probed);
        // Login sends nothing unless somebody is connected.
        rules.extend(events.iter().filter(|_| service == "login"));
        rules.extend(own.iter().filter(|_| service == "login"));
    }
    rules
}

/// What only a client of login sees or brings about.
const LOGIN: [RuleId; 10] = [
    id::LOG_1,
    id::LOG_2,
    id::LOG_3,
    id::LOG_4,
    id::LOG_5,
    id::LOG_6,
    id::LOG_7,
    id::LOG_8,
    id::LOG_9,
    id::LOG_10,
];
/// What only a query of effective stats shows.
const STATS: [RuleId; 9] = [
    id::EFF_1,
    id::EFF_2,
    id::EFF_3,
    id::EFF_4,
    id::EFF_5,
    id::EFF_6,
    id::EFF_8,
    id::EFF_9,
    id::EFF_TWICE,
];

#[rstest]
fn serial_scripts_exercise_what_they_can(
    #[values("ban", "account", "login", "effective_stats", "invite")] service: &str,
    #[values(false, true)] probe: bool,
) {
    let abilities = if probe { scripts::abilities(service) } else { Abilities::default() };
    let scripts = serial(service, &abilities, 40);
    let seen = watch(services(service), service, scripts, staging(3, as_reference));
    let judgement = judge(&seen, &Judging::default());
    assert!(violations(&judgement).is_empty(), "{:#?}", violations(&judgement));
    assert!(judgement.unsettled.is_empty(), "{:?}", judgement.unsettled);
    let passed = |standing: &Standing| matches!(standing, Standing::Passed { .. });
    let idle: BTreeSet<RuleId> =
        judgement.rules.iter().filter(|(_, one)| !passed(one)).map(|(rule, _)| *rule).collect();
    assert_eq!(idle, out_of_reach(service, probe), "{service} with a probe: {probe}");
}
