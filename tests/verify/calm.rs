//! No crying wolf: the reference, served in every manner that is seen in the field, and with every
//! accepted behaviour.

use std::sync::Arc;
use std::time::Duration;

use quintet::kafka::On;
use quintet::kafka::host::{Manner, Options};
use quintet::verify::Standing;
use quintet::verify::live::Verified;
use rstest::rstest;

use super::bare::Bare;
use super::bench::{Play, service, verified, verified_process, violations};
use super::in_turn::InTurn;

const FEW: u64 = 16;
/// So many that each choice is there at least once.
const SEVERAL: u64 = 80;
const MANY: u64 = 200;

const SERVICES: [&str; 5] = ["ban", "account", "login", "effective_stats", "invite"];

/// Plays all at a time, for they mostly wait.
fn at_a_time<T: Send>(of: [T; 5], play: impl Fn(T) + Copy + Send) {
    std::thread::scope(|scope| {
        for one in of {
            scope.spawn(move || play(one));
        }
    });
}

fn play(name: &str, options: Options, random: u64) {
    let play = Play { scenarios: None, random, shrink: 0, probed: true };
    let verified = verified(service(name), options, &play);
    is_calm(name, random, &verified);
}

/// Each service as a process that is killed now and then, and keeps its state.
fn play_killed(on: &On, name: &str, manner: &str) {
    let kills = [Duration::from_secs(3), Duration::from_secs(8)];
    let verified = verified_process(on, name, manner, (MANY, &kills));
    assert_eq!(verified.done.kills, kills.len(), "{name}");
    is_calm(name, MANY, &verified);
}

/// Nothing is found, and enough was looked at.
fn is_calm(name: &str, random: u64, verified: &Verified) {
    println!("{name}: {:?}, notes {:?}", verified.done, verified.notes);
    let told = violations(verified);
    assert!(told.is_empty(), "{name}: {}", told.join("\n"));
    let is_little = random < SEVERAL;
    let random = usize::try_from(random).expect("few");
    assert_eq!(verified.done.scripts, random, "{name}");
    let judgement = &verified.judgement;
    println!("{name}: {} states, unsettled: {:?}", judgement.states, judgement.unsettled);
    let passed = |standing: &&Standing| matches!(standing, Standing::Passed { .. });
    assert!(verified.judgement.rules.values().filter(passed).count() >= 3, "{name}");
    let unsure = |standing: &&Standing| matches!(standing, Standing::Inconclusive { .. });
    let unsure: Vec<_> = verified.judgement.rules.values().filter(unsure).collect();
    // How much overlaps rests on how fast answers come: of a few scripts, perhaps all do.
    assert!(unsure.is_empty() || is_little, "{name}: {unsure:?}");
}

#[test]
fn the_reference_passes() {
    at_a_time(SERVICES, |name| play(name, Options::default(), FEW));
}

#[test]
fn whoever_answers_late_commits_first_and_overtakes_passes() {
    at_a_time(SERVICES, |name| {
        let options = Options { manner: Manner::of_the_field(), ..Options::default() };
        play(name, options, FEW);
    });
}

/// What each service may do besides what the reference does: all but what takes minutes (INV-10),
/// and the orders of checks (ACC-4) that the first answers of a run may rule out.
const ACCEPTED: [(&str, &str); 5] = [
    (
        "ban",
        "BAN-2 accept-empty, BAN-2 accept-type, BAN-4 echo, BAN-TWICE same-id-again, \
        BAN-TWICE once",
    ),
    (
        "account",
        "ACC-2 accept, ACC-2 other-of-name, ACC-4 register, ACC-4 no-licence, \
        ACC-4 licence-first, ACC-4 password-first, ACC-5 after-acceptance, \
        ACC-6 other-threshold, ACC-7 float-params, ACC-8 silent-takeover, \
        ACC-8 end-unknown-session, ACC-8 move-unknown-session, ACC-8 open-in-transition, \
        ACC-9 account-id-0, ACC-11 logged-out-anyway, ACC-13 silent, ACC-13 never",
    ),
    ("login", "LOG-3 after-acceptance, LOG-9 also-unbound"),
    ("effective_stats", "EFF-9 ignored, EFF-9 initialises, COM-3 own-tenant"),
    (
        "invite",
        "INV-2 accept-type, INV-3 nothing, INV-4 world-of-command, INV-5 world-of-command, \
        INV-8 only-as-target, INV-9 no-events, INV-9 fresh-transaction-id, \
        INV-9 world-of-command, INV-12 any, COM-3 own-tenant",
    ),
];

#[test]
#[ignore = "takes minutes where cores are busy: 80 scripts of each service; .ci/run plays it"]
fn whatever_is_accepted_passes() {
    at_a_time(ACCEPTED, |(name, behaviours)| {
        let decisions = InTurn::default();
        let taken = Arc::clone(&decisions.taken);
        let options = Options { decisions: Some(Box::new(decisions)), ..Options::default() };
        play(name, options, SEVERAL);
        let taken = taken.lock().expect("no test panics here");
        let missing: Vec<_> =
            behaviours.split(", ").filter(|behaviour| !taken.contains(*behaviour)).collect();
        assert!(missing.is_empty(), "{name} never took {missing:?}, but {taken:?}");
    });
}

#[rstest]
#[ignore = "takes minutes: 200 scripts of each service, in three manners, with kills"]
fn many_scripts_on_the_mock_pass(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
    #[values("", "field", "accepted")] manner: &str,
) {
    play_killed(&On::Mock, name, manner);
}

#[rstest]
#[ignore = "needs Java and Maven, and minutes: 200 scripts of each service on Apache Kafka"]
fn many_scripts_on_a_real_broker_pass(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
    #[values("", "field", "accepted")] manner: &str,
) {
    let broker = Bare::start();
    let on: On = broker.bootstrap().parse().expect("HOST:PORT");
    play_killed(&on, name, manner);
}
